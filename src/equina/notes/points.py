"""Points: what a sentence is likely to say of a finding, by its words and pairs of words, where no pattern names the finding.

Patterns miss what nobody thought of. Each word, and each pair of neighbours, of the messages by which points.toml was made has its
points for and against a finding; a sentence in which they outweigh the base is read as naming it. And a mention has points for and
against by the words around it: where they are too few it is uncertain, whatever named it. All this in short messages only.
docs/decisions/0021.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from equina.notes.cues import Find

if TYPE_CHECKING:
    from equina.notes.sentence import Told
    from equina.notes.stories import Spoken

__all__ = ["STEP", "WINDOW", "Doubt", "Likely", "Points", "doubted", "is_short", "likely", "may_be_doubted", "windows"]

WINDOW = 40  # words that are added up together: what people write without a stop goes on for hundreds
STEP = 20  # words between the beginnings of two windows
_LONG_SENTENCE = 80  # words of a sentence in which nothing is doubted
_LONG_TEXT = 400  # words of a text in which points are of no account

Shares = tuple[tuple[int, int], ...]  # points: of which finding, how many
Likely = tuple[int, int, Find]  # from which word to before which, what


@dataclass(frozen=True, slots=True)
class Points:
    """The findings that have points, each with its base (below 0); and of a letter or two the points: which finding, how many."""

    finds: tuple[Find, ...]
    bases: tuple[int, ...]
    of: Mapping[str, Shares]


@dataclass(frozen=True, slots=True)
class Doubt:
    """The base of each finding that may be doubted; of a letter or two the points in the sentence (0), in the text (1)."""

    bases: Mapping[str, int]
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
    """The findings that a sentence is likely to name, each with the words that weigh most in the first window where
    it is."""
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


def doubted(doubt: Doubt, letters: str, spoken: Iterable[Spoken], mentions: list[Told]) -> list[Told]:
    """The mentions of a message, uncertain those for which the words of their sentence and of the whole speak too little.

    The cue is the word or pair of the sentence with the most points against; without one there is no doubt.
    """
    if not doubt.bases:
        return mentions
    in_text = sum(some for letter in set(letters[:-1]) for which, some in doubt.of.get(letter, ()) if which)
    for one in spoken:
        places = [i for i in range(one.first, one.last) if may_be_doubted(doubt, mentions[i])]
        if not places or one.end - one.begin > _LONG_SENTENCE:
            continue
        total, against = _against(doubt, letters[one.begin : one.end + 1])
        for i in places:
            if against and doubt.bases[mentions[i].find.finding or ""] + in_text + total < 0:
                low, high = one.begin + against[0], one.begin + against[1]
                mentions[i] = mentions[i]._replace(assertion="uncertain", onset="unknown", bare=False, low=low, high=high)
    return mentions


def may_be_doubted(doubt: Doubt, mention: Told) -> bool:
    """Whether a mention says that something is there, and not of old."""
    old = mention.as_before or mention.onset == "long_standing"
    return mention.assertion == "present" and not old and mention.find.finding in doubt.bases


def _against(doubt: Doubt, sentence: str) -> tuple[int, tuple[int, int] | None]:
    """(The points of a sentence, from which word to before which it has the most against)."""
    total = worst = 0
    words: tuple[int, int] | None = None
    for place, width, each in _weighing(doubt.of, sentence):
        some = sum(some for which, some in each if not which)
        total += some
        if some < worst:
            worst, words = some, (place, place + width)
    return total, words
