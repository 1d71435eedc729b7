"""Hits: the matches of a sentence that stand as mentions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from equina.notes.cues import Find

__all__ = ["FEW", "LONGEST", "Hit", "in_order", "settled", "shares_its_start", "trimmed", "without_void"]

LONGEST = 80  # words of the longest match
FEW = 40  # hits so few that looking at each is quicker than seeking the near ones


class Hit(NamedTuple):
    """A match: the words from `start` to before `end`."""

    start: int
    end: int
    find: Find
    value: int | None


def settled(hits: list[Hit]) -> list[Hit]:
    """The hits that stand: no other sense of the words, no shorter twin, nothing that a more exact finding says better."""
    hits.sort(key=in_order)
    senses = [hit for hit in hits if hit.find.finding is None]
    latest: dict[str, int] = {}
    kept: list[Hit] = []
    exact = False
    for hit in hits:
        finding = hit.find.finding
        if finding is None or (senses and _senseless(senses, hit, finding)):
            continue
        twin = latest.get(finding)
        if twin is None or kept[twin].end <= hit.start:
            latest[finding] = len(kept)
            kept.append(hit)
        elif hit.end - hit.start > kept[twin].end - kept[twin].start and not _runs_out_of(kept[twin], hit):
            kept[twin] = hit
        exact = exact or bool(hit.find.instead_of)
    kept.sort(key=in_order)
    if exact:
        weaker: set[int] = set()  # dropped for a more exact finding on the same words; the longer mention is heard first
        for hit in sorted((hit for hit in kept if hit.find.instead_of), key=lambda hit: hit.start - hit.end):
            if id(hit) not in weaker:
                weaker.update(id(other) for other in _overlapping(kept, hit) if other.find.finding in hit.find.instead_of)
        if weaker:
            kept = [hit for hit in kept if id(hit) not in weaker]
    return kept


def trimmed(hit: Hit, sentence: str, joining: frozenset[str]) -> Hit:
    """A hit without what joins its words to those behind them: a cue may begin there ("leaks [since 2014]")."""
    end = hit.end
    while end - 1 > hit.start and sentence[end - 1] in joining:
        end -= 1
    return hit._replace(end=end)


def _runs_out_of(named: Hit, normal: Hit) -> bool:
    """Whether what is normal begins within the words that name the finding: "trouble [walking, bowels fine]"."""
    return normal.find.normal and not named.find.normal and named.start < normal.start


def in_order(hit: Hit) -> tuple[int, int]:
    """By the first word, the longer first."""
    return hit.start, -hit.end


def _senseless(senses: Sequence[Hit], hit: Hit, finding: str) -> bool:
    """Whether another sense of the words takes the whole mention in."""
    return any(
        other.start <= hit.start and hit.end <= other.end and (not other.find.of or finding in other.find.of)
        for other in (senses if len(senses) < FEW else _overlapping(senses, hit))
    )


def _overlapping(hits: Sequence[Hit], hit: Hit) -> list[Hit]:
    """Of hits in the order of their first words, those that share a word with this one. No match is longer than LONGEST words."""
    if len(hits) < FEW:
        return [other for other in hits if other.end > hit.start and other.start < hit.end]
    first = bisect_left(hits, hit.start - LONGEST, key=lambda other: other.start)
    last = bisect_left(hits, hit.end, lo=first, key=lambda other: other.start)
    return [other for other in hits[first:last] if other.end > hit.start]


def without_void(hits: Sequence[Hit], named: Sequence[Hit], every: Sequence[Hit]) -> list[Hit]:
    """Of hits by points those for which no pattern names the like, and of whose words none has another sense."""
    findings = {hit.find.finding for hit in named}
    senses = [hit for hit in every if hit.find.finding is None]
    return [
        hit
        for hit in hits
        if findings.isdisjoint(hit.find.of)
        and not any(
            (not sense.find.of or hit.find.finding in sense.find.of) and sense.start < hit.end and hit.start < sense.end
            for sense in senses
        )
    ]


def shares_its_start(hits: Sequence[Hit], at: int) -> bool:
    """Whether the first word of a hit is one of another before it, or right behind it. No match is longer than LONGEST words."""
    start = hits[at].start
    for i in range(at - 1, -1, -1):
        other = hits[i]
        if other.start + LONGEST <= start:
            return False
        if other.start < start <= other.end and not other.find.likely:
            return True
    return False
