"""The words of the interview in the terminal: short, plain, calm, and sure in an emergency."""

from pathlib import Path

import pytest

import equina.ask
from equina import load
from equina.wording import wording
from readability import flesch_kincaid_grade, sentences, words
from test_wording import HEDGE, REFUSED, found
from test_wording_findings import EASY, HIGHEST_GRADE, MOST_WORDS

ASK, ANSWERS = wording("ask"), wording("answers")
# For the one who runs the command, or lists of words to type; and marks alone.
NOT_READ = ("accept_", "command_", "file_", "folder_", "line_", "bad_line", "no_case", "questions_open", "ended_open")
READ = {id: text for id, text in {**ASK, **ANSWERS}.items() if not id.startswith(NOT_READ) and any(mark.isalpha() for mark in text)}
PARTS = {
    "the opening": ("title", "opening", "resumed"),
    "questions": ("who", "me", "someone", "carer", "list", "number", "timing", "onset", "told", "taken"),
    "what was not understood": ("choose", "no_such", "mark", "other", "range", "say", "nothing"),
    "help": ("help",),
    "change": ("change", "taken_back"),
    "an emergency": ("interrupt", "adds", "what_next", "menu", "more", "page", "no_longer"),
    "the end": ("done", "advice", "stopped", "again", "not_", "kept"),
}


def filled(text):
    """The text with something plain in the place of each field."""
    fields = (
        "n",
        "file",
        "ago",
        "unit",
        "item",
        "label",
        "typed",
        "low",
        "high",
        "most",
        "number",
        "numbers",
        "answer",
        "wording",
        "why",
        "moment",
    )
    return text.format(**dict.fromkeys(fields, "1"), first="1", last="2", question="1", findings="1")


@pytest.mark.parametrize("part", PARTS)
def test_reading_grade(part):
    texts = [filled(text) for id, text in READ.items() if id.startswith(PARTS[part])]
    assert texts
    whole = " ".join(text if text[-1] in ".?!" else f"{text}." for text in texts)
    assert flesch_kincaid_grade(whole, EASY) <= HIGHEST_GRADE


@pytest.mark.parametrize("id", READ)
def test_sentences_are_short(id):
    assert [sentence for sentence in sentences(filled(READ[id])) if len(words(sentence)) > MOST_WORDS] == []


@pytest.mark.parametrize("refused", [refused for refused in REFUSED if refused != "a drug"])
def test_no(refused):
    assert [(id, hits) for id, text in READ.items() if (hits := found(REFUSED[refused], text))] == []


def test_an_emergency_is_never_hedged():
    told = [
        text for id, text in READ.items() if id.startswith(("interrupt", "adds", "more_intro", "help_emergency", "opening_now"))
    ]
    assert [text for text in told if found(HEDGE, text)] == []


def test_every_code_and_option_has_its_words():
    for finding in load().findings.values():
        for option in finding.options:
            assert option in ANSWERS
            assert f"accept_{option}" in ASK
    assert {"yes_new", "yes", "long_standing", "no", "not_sure"} <= set(ANSWERS)


def test_no_wording_is_left_over():
    code = "".join(path.read_text() for path in Path(equina.ask.__file__).parent.glob("*.py"))
    built = (
        "accept_",
        "command_",
        "change_",
        "resumed",
        "help_",
        "onset_how",
        "told_how",
        "ago_",
        "list_",
        "kept",
        "stopped",
        "menu_",
    )
    assert [id for id in ASK if f'"{id}"' not in code and not id.startswith(built)] == []
