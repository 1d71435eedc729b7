"""Since when: an age is no duration, and what is old says nothing of the new that is told beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from equina.notes.reading import read, read_note
from equina.protocol import load
from sentences import Sentence, sentences
from test_reading_sentences import words

PROTOCOL = load()
UNDATED = [
    "83 y.o. M in urinary retention",
    "72 y/o F, unable to void",
    "54 yr old patient in urinary retention",
    "67-year-old man in urinary retention",
    "61yr lady unable to pass urine",
    "aged 45 years, urinary retention",
    "I am 45 years old and I can't pass urine",
]
NEW = [
    "my father 70 yrs old cannot pass urine since this afternoon",
    "10 years of back pain and since Tuesday I can't pass urine",
    "Chronic low back pain, unchanged. New urinary retention.",
    "Usual back pain plus urinary retention this time",
]
OLD = ["~1y nocturia, frequency, straining, poor stream, urinary retention", "I have had urinary retention for ten years"]
CASES = [*((text, "unknown") for text in UNDATED), *((text, "new") for text in NEW), *((text, "long_standing") for text in OLD)]


@pytest.mark.parametrize(("text", "onset"), CASES)
def test_the_onset_of_a_retention(text: str, onset: str) -> None:
    [mention] = [mention for mention in read_note(PROTOCOL, text).mentions if mention.finding == "urinary_retention"]
    assert (mention.assertion, mention.onset) == ("present", onset)


READING = Path(__file__).parent / "reading"
MARKED = [sentence for sentence in sentences(READING / "age_of_complaints.txt") if any(label.onset for label in sentence.labels)]


@pytest.mark.parametrize("sentence", MARKED, ids=[sentence.place for sentence in MARKED])
def test_what_is_marked_as_old_is_read_so_and_nothing_else(sentence: Sentence) -> None:
    """By the cues alone: what points make old is in test_reading_ages.py."""
    mentions = [mention for mention in read(words(), sentence.text).mentions if mention.assertion == "present"]
    for label in sentence.labels:
        onsets = {m.onset for m in mentions if m.finding == label.finding and m.start < label.end and label.start < m.end}
        assert not onsets or ("long_standing" in onsets) == (label.onset == "long_standing") or label.onset is None, label


GOOD_OR_OF_LATE = [
    "My bladder has been perfect for years.",
    "My bladder hasn't been a problem for years.",
    "Never had bladder problems for years.",
    "I had waterworks trouble years ago but it cleared up.",
    "Waterworks have been brilliant since 2015.",
    "My bladder has been bad since the operation in Leeds on Tuesday.",
    "My bladder has been bad since I was in hospital last week.",
    "Bladder trouble since the baby was born on Tuesday.",
    "Bladder trouble since my hysterectomy 3 days ago.",
    "My bladder has been bad since my stroke on Monday.",
]
LONG_BAD = ["My bladder has been bad for years.", "My bladder has never been right for years.", "Prostate trouble for years."]


@pytest.mark.parametrize("text", [*GOOD_OR_OF_LATE, *LONG_BAD])
def test_a_bladder_is_bad_for_long_only_where_it_was_bad_for_long(text: str) -> None:
    findings = {mention.finding for mention in read_note(PROTOCOL, text).mentions}
    assert ("chronic_urinary_symptoms" in findings) == (text in LONG_BAD)
