"""The small language of the lexicon: words, stems, lists, gaps, numbers; and what is wrong with a line, said with its mend."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equina.notes.patterns import BadPattern, Needs, Pattern, Writer, parse, words_in
from equina.notes.vocabulary import OTHER, NumberClass, Vocabulary, cut, folded

TERMS = {"loss": parse("(numb|numbness|no feeling)", {}), "saddle": parse("(perine*|bum|back passage)", {})}
NUMBERS = {"fever": NumberClass(38, 43.5), "full": NumberClass(5, 5, (5, 5)), "days": NumberClass(1, 14, (7, 7))}

# pattern · text · what it finds in it (None: nothing)
FOUND = [
    ("numb", "my foot is numb.", "numb"),
    ("numb", "a number of things", None),
    ("incontinen*", "Faecal INCONTINENCE", "INCONTINENCE"),
    ("incontinence", "incontinance of urine", "incontinance"),  # one slip of the keyboard
    ("numb", "so nubm", "nubm"),  # a swap in a short word
    ("bed wetting", "bed-wetting at night", "bed-wetting"),
    ("can't (pee|pass ~1 urine)", "I can\u2019t pass any urine", "can\u2019t pass any urine"),
    ("<loss> ~3 <saddle>", "numbness around my back passage", "numbness around my back passage"),
    ("<loss> ~3 <saddle>", "numb foot, sore bum", None),  # no gap crosses a comma
    ("<loss> ~~3 <saddle>", "numb foot, sore bum", "numb foot, sore bum"),
    ("<loss> ~3 <saddle>", "numb. My bum", None),
    ("temp ~1 <#fever>", "Temp 38.0 C", "Temp 38.0"),
    ("temp ~1 <#fever>", "Temp of 37.9", None),
    ("temp ~1 <#fever>", "temp 1,038.2", None),
    ("power <#full>", "Power 5/5 throughout", "Power 5/5"),
    ("power <#full>", "power 4+/5", None),
    ("x <#days>", "x3/7", "x3/7"),
    ('retention ":" (n|no)', "Retention: N", "Retention: N"),
    ("leg{2,3}", "leg leg leg leg", "leg leg leg"),
    ("pain $", "no pain", "pain"),
    ("feeling", "no feelin' there", "feelin'"),
    ("bladder", "my bladder's shot", "bladder's"),
    ("can't pee", "I can&#39;t&nbsp;pee", "can&#39;t&nbsp;pee"),
    ("can't pee", "I <b>can't</b> <i>pee</i>", "can't</b> <i>pee"),
    ("can't pee", "I can't</p><p>pee", None),  # a paragraph ends a line
]


def search(pattern: Pattern, text: str) -> str | None:
    words = {word for word in words_in([pattern]) if word[0] not in "#$"} | {",", ".", "\n"}
    vocabulary = Vocabulary(words, NUMBERS)

    def letters(word: str) -> str:
        if word == "$":
            return vocabulary.letters["."] + vocabulary.letters["\n"]
        return vocabulary.number_letters(word[1:]) if word[0] == "#" else vocabulary.word_letters(word)

    stop = vocabulary.letters["."] + vocabulary.letters["\n"]
    chunks = folded(text).split(" ")
    classes = "".join(vocabulary[chunk] for chunk in chunks) + vocabulary.letters["\n"]
    found = re.search(Writer(letters, (stop + vocabulary.letters[","], stop), {}).expression(pattern), classes)
    if not found:
        return None
    assert all(not one.isdisjoint(found.group()) for one in Needs(letters, {}, 3, {}, {}).of(pattern))
    places, place = [], 0
    for chunk in chunks:
        for word in cut(chunk):
            places.append((place, place + len(word)))
            place += len(word)
        place += 1
    last = min(found.end(), len(places)) - 1
    end = places[last - 1][1] if text[places[last][0]] == "." else places[last][1]
    return text[places[found.start()][0] : end]


@pytest.mark.parametrize(("pattern", "text", "words"), FOUND, ids=[f"{pattern} | {text}" for pattern, text, _ in FOUND])
def test_a_pattern_finds_these_words(pattern: str, text: str, words: str | None) -> None:
    assert search(parse(pattern, TERMS), text) == words


BAD = [
    ("", "it is empty"),
    ("~3 numb", "begins with a gap"),
    ("numb?", "matches nothing at all"),
    ("<lost> leg", "no list of [terms]"),
    ("(numb|tingling", "not closed"),
    ("numb) leg", "unexpected"),
    ("numb ~40 leg", "12 at most"),
    ("numb ~3? leg", "no word before it"),
    ("leg{1,50}", "at most 8 times"),
    ("leg{3,1}", "the smaller number first"),
    ("numb <", "put signs in quotes"),
    ("(|numb)", "empty alternative"),
    ("(" * 5000 + "numb" + ")" * 5000, "more than 100 brackets"),
]


@pytest.mark.parametrize(("pattern", "told"), BAD, ids=[pattern[:20] or "empty" for pattern, _ in BAD])
def test_a_pattern_that_cannot_be_read_says_why(pattern: str, told: str) -> None:
    with pytest.raises(BadPattern, match=re.escape(told)):
        parse(pattern, TERMS)


@given(st.text(max_size=300))
def test_folding_and_cutting_lose_no_character(text: str) -> None:
    small = folded(text)
    assert len(small) == len(text)
    assert "".join(cut(small)) == small
    assert folded(small) == small


@given(st.text(alphabet=st.sampled_from("numbe rs'-.,5/37\n&;#"), max_size=60))
def test_every_word_has_one_letter(text: str) -> None:
    vocabulary = Vocabulary(["numb", "numbness*", ",", "."], NUMBERS)
    for chunk in folded(text).split(" "):
        assert len(vocabulary[chunk]) == len(cut(chunk))


def test_a_true_word_is_no_slip() -> None:
    assert Vocabulary(["saddle"], {}, others=["saddled"])["saddled"] == OTHER
    assert Vocabulary(["saddle"], {})["saddled"] != OTHER


def test_memory_stays_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("equina.notes.vocabulary._KEPT", 50)
    vocabulary = Vocabulary(["numb"], {})
    for i in range(500):
        assert vocabulary[f"word{i}"] == vocabulary[f"word{i}"]
    assert len(vocabulary) <= 50
