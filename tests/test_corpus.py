"""How well the corpus of invented messages (tests/corpus/README.md) is read: neither half falls behind what it was."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "corpus"))

from corpus_figures import HELD, SEEN, figures, half_of, messages

# Of each half the least F1 of mentions, share of assertions, and F1 of flags.
LEAST = {SEEN: (0.70, 0.90, 0.67), HELD: (0.61, 0.87, 0.55)}


@pytest.mark.parametrize("half", LEAST)
def test_the_corpus_is_read_no_worse_than_it_was(half: str) -> None:
    counted = figures(half)
    found = (counted.of_mentions()[2], counted.right / counted.found, counted.of_flags()[2])
    assert [was <= now for was, now in zip(LEAST[half], found, strict=True)] == [True] * 3, found


def test_a_line_is_of_one_half() -> None:
    halves = [{sentence.place for sentence in messages(half)} for half in LEAST]
    assert all(len(half) > 4_000 for half in halves)
    assert not halves[0] & halves[1]
    assert half_of("{My bum is numb|saddle_anesthesia present}") in LEAST
