"""The structure of notes: that a form filled in stays as long as it was, how far a part reaches, what answers what was asked."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equina.notes.forms import filled_in
from equina.notes.lexicon import lexicon
from equina.notes.looks import ALL
from equina.notes.reading import Found, _is_message, _prepared, find, read, read_note
from equina.notes.sections import sections
from equina.notes.vocabulary import folded
from equina.protocol import load
from equina.tables import ProtocolError

PROTOCOL = load()

PIECES = [
    "Fever",
    "numb",
    "Yes",
    "No",
    "N",
    "Y",
    "x",
    " ",
    "  ",
    "\n",
    "\t",
    "|",
    "....",
    "- ",
    "+ ",
    "[x]",
    ":",
    ". ",
    "? ",
    "=N ",
    "PMH",
    "Plan",
]

SIGHTS = [
    "yes",
    "NO",
    "nil",
    "neg",
    "None",
    "pos",
    "____",
    "_",
    ".",
    "<b>",
    "&nbsp;",
    "é",
    '"',
    "\r\n",
    "=",
    "history of ",
    "PMHx: ",
    "ye",
    "a long line of words that goes on and on and on",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_a_form_filled_in_is_as_long_as_it_was(text: str) -> None:
    assert len(filled_in(folded(text), text)) == len(text)


@pytest.mark.skipif(lexicon(PROTOCOL).compiled is None, reason="no compiled reader here")
@settings(deadline=None, max_examples=1000)
@given(st.lists(st.sampled_from([*PIECES, *SIGHTS]), max_size=25).map("".join))
def test_one_look_misses_nothing_that_is_looked_for(text: str) -> None:
    own = lexicon(PROTOCOL)
    assert own.compiled is not None
    looks, small = own.compiled.looks(text), folded(text)
    assert filled_in(small, text, looks) == filled_in(small, text)
    assert _prepared(text, looks) == _prepared(text, ALL)
    assert sections(own, text, looks) == sections(own, text)


WRITTEN = [
    "my mum ",
    "she has a numb bum",
    "Plan - ",
    "Past medical history -- ",
    "3. Plan",
    "I) ",
    "Family history",
    "past medical history of ",
    "y\u00e9s",
    "\u00c9 ",
    "\u00b5g",
    "\u00a0",
    "\u00b4",
    "\u0085",
    "\f",
    "\u2014 ",
    "word word word word word word word word word word word ",
]


@pytest.mark.skipif(lexicon(PROTOCOL).compiled is None, reason="no compiled reader here")
@settings(deadline=None, max_examples=2000)
@given(st.lists(st.sampled_from([*PIECES, *SIGHTS, *WRITTEN]), max_size=25).map("".join))
def test_a_text_as_it_was_written_says_what_it_says_prepared(text: str) -> None:
    own = lexicon(PROTOCOL)
    assert own.compiled is not None
    begun = sections(own, text)
    assert sections(own, text, ALL, own.compiled.see(text).heads) == begun
    numbers = own.compiled.read(_prepared(text, ALL), message=_is_message(begun))
    assert numbers is None or find(own, text) == Found(numbers, begun)


@settings(deadline=None)  # the first text has the lexicon read
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_quotes_stand_where_they_are_said_to(text: str) -> None:
    for mention in read_note(PROTOCOL, f"the patient has {text}").mentions:
        assert f"the patient has {text}"[mention.start : mention.end] == mention.quote


# Each holds an emergency that no heading, answer or box may take away.
OPENINGS = (
    *(
        "PMH: nil.",
        "PMH\nAsthma\n\n",
        "Past medical history: asthma.\nToday",
        "FH: none.",
        "Family history\nNil\n",
        "Allergies: NKDA\n",
    ),
    *(
        "Plan\n",
        "Instructions: none.",
        "Advice given.",
        "PAST MEDICAL HISTORY\nAsthma\nEXAM\n",
        "Asked about fever. No.",
        "Fever? No.",
    ),
    *(
        "All denied.",
        "[ ] fever [ ] chills\n",
        "Fever ..... no\n",
        "Fever\nNo\n",
        "PMH significant for asthma, who",
        "N fever\nN chills\n",
    ),
)
FLAGS = (
    "she cannot pass urine since last night",
    "now unable to pass urine",
    "new saddle numbness today",
    "both legs are weak since Monday",
)


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("opening", OPENINGS)
def test_what_stands_before_takes_no_emergency_away(opening: str, flag: str) -> None:
    reading = read_note(PROTOCOL, f"{opening} {flag}.")
    assert [mention for mention in reading.mentions if mention.assertion == "present" and mention.start >= len(opening)], reading


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize(
    "after", ["He denies fever.", "No fever.", "Denies.", "No.", "None of the usual tablets help.", "Plan\nMRI", "I haven't slept."]
)
def test_what_stands_behind_takes_no_emergency_away(after: str, flag: str) -> None:
    reading = read_note(PROTOCOL, f"Today {flag}. {after}")
    assert [mention for mention in reading.mentions if mention.assertion == "present" and mention.start < len(flag) + 6], reading


@pytest.mark.parametrize(
    "unit",
    ["yes no\nfever x\n", "PMH:\nbreast cancer. ", "PMH\nfever\n\n", "Fever? ", "Asked about fever. He denies. ", "Fever\nNo\n"],
)
def test_the_cost_of_structure_grows_with_the_length_alone(unit: str) -> None:
    words = lexicon(PROTOCOL)

    def cost(times: int) -> float:
        text = "The patient has been told of it. " + unit * times
        best = 9.0
        for _ in range(3):
            began = time.process_time()
            read(words, text)
            best = min(best, time.process_time() - began)
        return best

    cost(100)
    assert cost(4000) < 8 * max(cost(1000), 0.002)


def test_what_stops_a_cue_can_be_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    own = tmp_path / "own.toml"
    lacks = '[context.lacks]\nkind = "negated"\nsays = ["lacketh"]\n'
    own.write_text(f'{lacks}stopped_by = ["historical"]\n{lacks.replace("lack", "want")}', encoding="utf-8")
    words = lexicon(PROTOCOL, own)
    for verb, said in (("lacketh", "absent"), ("wanteth", "present")):
        text = f"The patient {verb} pain and I have fever."
        assert [m.assertion for m in read(words, text).mentions if m.finding == "fever"] == [said]
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[context.lacks]\nkind = "negated"\nsays = ["lacketh"]\nstopped_by = ["historicl"]\n', encoding="utf-8")
    with pytest.raises(ProtocolError, match='"historicl" is no kind of cue'):
        lexicon(PROTOCOL, wrong)
