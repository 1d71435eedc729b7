"""Since when: an age is no duration, and what is old says nothing of the new that is told beside it."""

from __future__ import annotations

import pytest

from equina.notes.reading import read_note
from equina.protocol import load

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
