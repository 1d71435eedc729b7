"""Texts nobody would write and every system sends: offsets still point at the quote, nothing crashes, nothing is lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from equina.notes.reading import Reading, read_note
from equina.protocol import load

PROTOCOL = load()
FLAG = "I can\u2019t pass urine"
# Where the flag stands in odd company. It is found in each.
AROUND = {
    "alone": "{}",
    "emoji": "\U0001f622\U0001f4a9 {} \U0001f469\u200d\U0001f692",
    "right to left": "\u05e9\u05dc\u05d5\u05dd. {}. I am at home. \u200f\u0645\u0631\u062d\u0628\u0627",
    "NUL": "\x00\x00 {}\x00",
    "lone surrogates": "\ud800 {} \udfff",
    "Windows line ends": "Hello\r\nthere,\r\n{}\r\nBye\r\n",
    "old Mac line ends": "Hello\r{}\rBye",
    "tabs and no-break spaces": "hello\tthere\u00a0\u00a0{}\u00a0\tbye",
    "HTML": "<html><body><p style='x'>{}</p><br/>&nbsp;bye</body></html>",
    "a long word before": "x" * 100_000 + " {}",
    "a long line of dots": "." * 50_000 + " {}",
    "combining marks": "e\u0301" * 50 + " {}",
    "capital that grows": "\u0130\u0130 {}",
    "zero width": "\ufeff{}\u200b",
    "other digits": "\u0663\u0669 {} \u2467",
    "control characters": "\x07\x1b[31m {} \x1b[0m",
    "brackets": "((((((((((((((( {} )))))))))))))))",
}


def check(text: str, reading: Reading) -> None:
    for mention in reading.mentions:
        assert text[mention.start : mention.end] == mention.quote != ""
        if mention.cue:
            assert text[mention.cue.start : mention.cue.end] == mention.cue.quote != ""


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND.keys())
def test_the_flag_is_found_and_its_offsets_hold(around: str) -> None:
    text = around.format(FLAG)
    reading = read_note(PROTOCOL, text)
    check(text, reading)
    start = text.index(FLAG)
    found = [m for m in reading.mentions if m.finding == "urinary_retention" and start <= m.start and m.end <= start + len(FLAG)]
    assert found, reading
    assert found[0].assertion == "present"


@pytest.mark.parametrize("text", ["", " ", "\n\n\t", ".", "123", "\x00", "\ud800", "\U0001f622" * 9, "%s%n{}", "|" * 99])
def test_a_text_without_words_is_refused_not_read_as_nothing(text: str) -> None:
    assert read_note(PROTOCOL, text).refused


WORDS = st.sampled_from(
    [
        *(
            "no",
            "not",
            "can't",
            "pee",
            "pass",
            "urine",
            "numb",
            "bum",
            "legs",
            "both",
            "weak",
            "fever",
            "denies",
            "if",
            "come",
            "back",
        ),
        *(
            "my",
            "mum",
            "history",
            "of",
            "since",
            "years",
            "without",
            "i've",
            "bladder",
            "bowel",
            "incontinence",
            "and",
            "or",
            "but",
        ),
        *(",", ".", "?", ":", ";", "-", "\n", "(the", "[", "]", "x", "<b>", "&nbsp;", "4/5", "38.9", "PVR", "600", "ml"),
        *("\u2019", "\U0001f622", "\u0130"),
    ]
)


@settings(deadline=None)  # the first reading of a pattern compiles it
@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=60).map(" ".join), st.lists(WORDS, max_size=60).map("".join)))
@example("no")
def test_any_text_is_read_without_a_crash_and_its_offsets_hold(text: str) -> None:
    check(text, read_note(PROTOCOL, text))


@settings(deadline=None)
@given(st.lists(WORDS, max_size=40).map(" ".join))
def test_reading_twice_gives_the_same(text: str) -> None:
    assert read_note(PROTOCOL, text) == read_note(PROTOCOL, text)


HOSTILE = [
    "no " * 20_000,
    "numb and " * 20_000,
    "can't can't i my " * 10_000,
    "my bum and legs and " * 10_000,
    "," * 100_000,
    "a:" * 50_000,
    "(" * 50_000 + ")" * 50_000,
    "PVR " * 20_000 + "600",
    "if you if you " * 10_000,
    "<" * 100_000,
    "&" * 100_000,
    "a'" * 50_000,
    "a/" * 50_000,
    "a-" * 50_000,
    "1." * 50_000,
    "1/" * 50_000,
    "no fever, " * 500,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:12].strip() for text in HOSTILE])
def test_no_text_takes_more_than_its_share(text: str) -> None:
    """A pattern that backtracked, or work that grew with the square of the length, would take minutes here, not seconds."""
    started = time.perf_counter()
    check(text, read_note(PROTOCOL, text))
    assert time.perf_counter() - started < 60
