"""Two versions of a protocol held side by side: all that `equina diff` tells, before it is put into words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from equina.diff.counts import Count, Judged
from equina.diff.edits import Edit, edits
from equina.diff.patients import Both, Said
from equina.diff.search import TOP, MovedSet, Moves, NotSettled, Search
from equina.diff.signed import Accepted, Signed, draft
from equina.model import DISPOSITIONS, LONG_STANDING

__all__ = ["Difference", "difference"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What was edited, whose level moves by it, and what of the lowered emergencies nobody has signed for."""

    both: Both
    edits: Sequence[Edit]
    lowered: Moves
    raised: Moves
    signed: Sequence[Signed]
    uncovered: Sequence[MovedSet]
    drafts: Sequence[str]  # a reason to sign for each uncovered set
    stale: Sequence[tuple[Signed, str]]
    counts: Sequence[Count]
    unexpected: Sequence[Judged]  # given cases whose emergency is lowered with no signature, whatever the search found
    not_settled: Sequence[str]
    emergencies_settled: bool
    seconds: float

    @property
    def passes(self) -> bool:
        """Whether every lowered emergency is signed for, and it is certain that there is no other."""
        return self.emergencies_settled and not (self.uncovered or self.stale or self.unexpected)

    def by_rule(self) -> Iterator[tuple[str, str | None, int, int]]:
        """Each rule that was edited or that moves someone: its edit, and the sets that it lowers and raises."""
        edited: dict[str, list[str]] = {}
        for edit in self.edits:
            if edit.part == "levels" and edit.table == "rules":
                change = edit.key or ("added" if edit.old is None else "removed")
                edited.setdefault(edit.id, []).append(change)
        sets = [(name, moved.lowered) for moved in (*self.lowered.sets, *self.raised.sets) for name in moved.rules]
        for name in dict.fromkeys((*self.both.old.rules, *self.both.new.rules)):
            down, up = sets.count((name, True)), sets.count((name, False))
            if name in edited or down or up:
                yield name, ", ".join(edited[name]) if name in edited else None, down, up

    def by_finding(self) -> Iterator[tuple[str, int, int]]:
        """Each finding of a set that moves, those of most sets first, with the sets that are lowered and raised."""
        found: dict[str, list[int]] = {}
        for moved in (*self.lowered.sets, *self.raised.sets):
            for name in moved.findings:
                found.setdefault(name, [0, 0])[0 if moved.lowered else 1] += 1
        for name, (down, up) in sorted(found.items(), key=lambda item: -sum(item[1])):
            yield name, down, up


def difference(both: Both, signed: Sequence[Signed], counts: Sequence[Count], *, seconds: float) -> Difference:
    """Find who moves between the two versions, within about the seconds given."""
    start = time.perf_counter()
    search = Search(both, seconds=seconds)
    moves = {lowered: search.moves(lowered=lowered) for lowered in (True, False)}
    emergencies = moves[True][TOP]
    accepted = Accepted(search, signed)
    uncovered, doubt = accepted.uncovered(emergencies.sets)
    given = [one for count in counts for one in count.moved if one.low[0] == DISPOSITIONS[TOP] != one.low[1]]
    unsettled = [
        f"{_direction(low)}: {m.not_settled}" for low, by_level in moves.items() for m in by_level.values() if m.not_settled
    ]
    return Difference(
        both=both,
        edits=edits(both.old, both.new),
        lowered=_joined(moves[True]),
        raised=_joined(moves[False]),
        signed=signed,
        uncovered=uncovered,
        drafts=tuple(_drafts(accepted, uncovered)),
        stale=tuple(accepted.stale()),
        counts=counts,
        unexpected=tuple(one for one in given if not accepted.covers(_stated(both, one))),
        not_settled=tuple(dict.fromkeys((*unsettled, *([f"signed reasons: {doubt}"] if doubt else [])))),
        emergencies_settled=emergencies.not_settled is None and doubt is None,
        seconds=time.perf_counter() - start,
    )


def _direction(lowered: bool) -> str:
    return "lowered" if lowered else "raised"


def _joined(by_level: Mapping[int, Moves]) -> Moves:
    reasons = dict.fromkeys(moves.not_settled for moves in by_level.values() if moves.not_settled)
    return Moves(tuple(moved for moves in by_level.values() for moved in moves.sets), "; ".join(reasons) or None)


def _drafts(accepted: Accepted, uncovered: Sequence[MovedSet]) -> Iterator[str]:
    for moved in uncovered:
        try:
            yield draft(accepted, moved)
        except NotSettled:
            return  # the time is over; what is not settled is told apart


def _stated(both: Both, judged: Judged) -> tuple[Said, ...]:
    """What is present in a given case, as the search would have said it."""
    found: list[Said] = []
    case = judged.case
    for name, value in case.values.items():
        recent = [
            days
            for days in sorted({both.old.new_within_days, both.new.new_within_days})
            if name in case.onset and case.as_of is not None and (case.as_of - case.onset[name]).days < days
        ]
        if value is True or value == LONG_STANDING:
            found.append(Said(name, value, recent[0] if recent else None))
        elif isinstance(value, float | int) and not isinstance(value, bool):
            found.append(Said(name, float(value), low=float(value), high=float(value)))
    return tuple(found)
