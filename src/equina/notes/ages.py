"""Ages: what the words around a complaint make likely, that it is old and as it was, where no cue tells its age.

People date what they have in words of their own: "and she is at college now", "the nurse knows". As in points.py each word and pair
of neighbours has points for it and against it: before the words that name the complaint, behind them, and in the next sentence.
docs/decisions/0022.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from equina.notes.points import Shares, features

if TYPE_CHECKING:
    from equina.notes.sentence import Told
    from equina.notes.stories import Spoken

__all__ = ["ZONES", "Ages", "with_ages", "zones"]

ZONES = ("before", "behind", "next")  # the words of a sentence on either side of a mention, and the next sentence
_BEFORE, _BEHIND, _NEXT = 20, 24, 24  # of how many words each is, at most


@dataclass(frozen=True, slots=True)
class Ages:
    """The findings that may be old by them, the base (below 0), and of a letter or two the points: in which zone, how many."""

    findings: frozenset[str]
    base: int
    of: Mapping[str, Shares]


def with_ages(ages: Ages, letters: str, spoken: Sequence[Spoken], mentions: list[Told]) -> list[Told]:
    """The mentions, those `as_before` that are likely to be old. It dates none that a cue has dated."""
    for i, sentence in enumerate(spoken):
        behind = spoken[i + 1] if i + 1 < len(spoken) else None
        for j in range(sentence.first, sentence.last):
            one = mentions[j]
            undated = one.find.finding in ages.findings and (one.assertion, one.onset) == ("present", "unknown")
            if undated and _is_old(ages, list(zones(letters, one, sentence, behind))):
                mentions[j] = one._replace(as_before=True)
    return mentions


def zones(letters: str, mention: Told, sentence: Spoken, behind: Spoken | None) -> Iterator[str]:
    """The letters of each zone around a mention."""
    yield letters[max(sentence.begin, mention.start - _BEFORE) : mention.start]
    yield letters[mention.end : min(sentence.end, mention.end + _BEHIND)]
    yield letters[behind.begin : min(behind.end, behind.begin + _NEXT)] if behind else ""


def _is_old(ages: Ages, around: Sequence[str]) -> bool:
    """Whether the points outweigh the base."""
    total = ages.base
    for zone, letters in enumerate(around):
        for feature in features(letters):
            total += sum(some for which, some in ages.of.get(feature, ()) if which == zone)
    return total >= 0
