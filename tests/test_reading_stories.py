"""What a story makes of its mentions, beside the sentences of reading/told_stories.txt: the words that decided, and its limits."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

import pytest

from equina.notes.lexicon import lexicon
from equina.notes.reading import read
from equina.protocol import SHIPPED, load

with TemporaryDirectory() as _folder:  # by the cues alone: what points make of a mention is in test_reading_around.py
    LEXICON = lexicon(load(Path(copytree(SHIPPED, _folder, dirs_exist_ok=True, ignore=ignore_patterns("points.toml", "locale")))))


def told(text: str, finding: str) -> list[tuple[str, str | None]]:
    """Of each mention of a finding its assertion and the words that decided it."""
    mentions = read(LEXICON, text).mentions
    return [(each.assertion, each.cue and each.cue.quote) for each in mentions if each.finding == finding]


@pytest.mark.parametrize(
    ("text", "finding", "assertion", "words"),
    [
        ("In 2019 I had a slipped disc. My leg was numb. It all came right.", "leg_numbness", "historical", "It all came right"),
        ("My friend had an op. She couldn't pee. I've none of that.", "urinary_retention", "family", "I've none of that"),
    ],
)
def test_a_mention_carries_the_words_that_ended_its_story(text: str, finding: str, assertion: str, words: str) -> None:
    [(said, cue)] = told(text, finding)
    assert said == assertion
    assert cue is not None
    assert cue.startswith(words)


def test_a_text_with_a_colon_is_a_message_and_a_note_under_headings_none() -> None:
    story = "In 2019 I had a slipped disc. My leg was numb. It all came right."
    assert told(f"To be clear: {story}", "leg_numbness")[0][0] == "historical"
    assert told(f"PC: back pain\nExam: well\nHPC: {story}", "leg_numbness")[0][0] == "present"


def test_a_sentence_that_does_not_end_tells_no_story() -> None:
    words = "and so on " * 100
    assert told("In 2019 I had a slipped disc. My leg was numb. It all came right.", "leg_numbness")[0][0] == "historical"
    assert told(f"In 2019 I had a slipped disc. My leg was numb {words}. It all came right.", "leg_numbness")[0][0] == "present"


def test_an_end_that_is_somebody_elses_is_none() -> None:
    text = "In 2019 I had a slipped disc. I couldn't feel my bum. It all came right for my sister."
    assert told(text, "saddle_anesthesia")[0][0] == "present"
