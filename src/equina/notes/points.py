"""Points: what a sentence is likely to say of a finding, by its words and pairs of words, where no pattern names the finding.

Patterns miss what nobody thought of. Each word, and each pair of neighbours, of the messages by which points.toml was made has its
points for and against a finding; a sentence of a short message in which they outweigh the base is read as naming it.
docs/decisions/0021.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from equina.notes.cues import Find

__all__ = ["STEP", "WINDOW", "Likely", "Points", "Shares", "features", "is_short", "likely", "windows"]

WINDOW = 40  # words that are added up together: what people write without a stop goes on for hundreds
STEP = 20  # words between the beginnings of two windows
_LONG_TEXT = 400  # words of a text in which points are of no account

Shares = tuple[tuple[int, int], ...]  # points: of which thing (a finding, or a verdict and zone), how many
Likely = tuple[int, int, Find]  # from which word to before which, what


@dataclass(frozen=True, slots=True)
class Points:
    """The findings that have points, each with its base (below 0); and of a letter or two the points: which finding, how many."""

    finds: tuple[Find, ...]
    bases: tuple[int, ...]
    of: Mapping[str, Shares]


def is_short(letters: str) -> bool:
    """Whether a text is as short as those that the points were made from. In a long one something always weighs enough."""
    return len(letters) <= _LONG_TEXT


def windows(count: int) -> Iterator[tuple[int, int]]:
    """The stretches of a sentence of so many words that are added up."""
    first = 0
    while True:
        yield first, min(count, first + WINDOW)
        if first + WINDOW >= count:
            return
        first += STEP


def likely(points: Points, sentence: str) -> list[Likely]:
    """The findings that a sentence is likely to name, each with the words that weigh most in the first window that names it."""
    found: dict[int, Likely] = {}
    for first, last in windows(len(sentence)) if points.finds else ():
        window = sentence[first:last]
        weighing = list(_weighing(points.of, window))
        totals = list(points.bases)
        for _, _, each in weighing:
            for which, some in each:
                totals[which] += some
        for which, total in enumerate(totals):
            if total >= 0 and which not in found:
                start, end = _heaviest(which, weighing, len(window))
                found[which] = (first + start, first + end, points.finds[which])
    return list(found.values())


def _weighing(points: Mapping[str, Shares], window: str) -> Iterator[tuple[int, int, Shares]]:
    """The words and pairs that have points, each once: where it begins, of how many words it is, its points."""
    seen: set[str] = set()
    for place in range(len(window)):
        for width in (1, 2) if place + 1 < len(window) else (1,):
            key = window[place : place + width]
            if key in points and key not in seen:
                seen.add(key)
                yield place, width, points[key]


def features(letters: str) -> set[str]:
    """The words and pairs of a row of letters."""
    return {*letters, *(letters[i : i + 2] for i in range(len(letters) - 1))}


def _heaviest(which: int, weighing: list[tuple[int, int, Shares]], count: int) -> tuple[int, int]:
    """The stretch of a window with the most points for a finding, the first of several. A pair's count half for each word."""
    weights = [0] * count
    for place, width, each in weighing:
        for of, some in each:
            if of == which:
                weights[place] += some * (3 - width)
                if width == 2:
                    weights[place + 1] += some
    best = run = start = 0
    span = (0, count)
    for place, weight in enumerate(weights):
        if run <= 0:
            run, start = 0, place
        run += weight
        if run > best:
            best, span = run, (start, place + 1)
    return span
