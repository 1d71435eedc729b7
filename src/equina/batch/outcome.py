"""What screening keeps of an assessment: the levels, the reasons, and how near the nearest open rule is.

The same functions as `equina.triage.assess`, without what a page would say; cases that state the same are judged once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from equina.case import Case
from equina.explain import reasons_for
from equina.implicants import implicants
from equina.leaves import Truth, resolve
from equina.logic import stem
from equina.model import DISPOSITIONS, LONG_STANDING, Disposition, Protocol, Value, rank
from equina.triage import NOT_STATED, advice, given, level, reach, settle

__all__ = ["Outcome", "Outcomes", "is_present"]

NOTHING_NEAR: tuple[int | None, str | None, tuple[str, ...], int] = (None, None, (), 0)
# How many different outcomes are remembered: some hundred megabytes at the most.
REMEMBERED = 100_000


class Outcome(NamedTuple):
    """The part of a result that follows from the values of a case alone; the names are those of the contract."""

    low: Disposition
    high: Disposition
    disposition: Disposition | None
    settled: bool
    reasons: tuple[str, ...]
    questions_left: int | None
    nearest_rule: str | None
    nearest_needs: tuple[str, ...]
    nearest_known: int


@dataclass(frozen=True, slots=True)
class _Way:
    """One smallest set of leaves that would make a rule hold."""

    leaves: int
    rank: int
    rule: str
    order: int


class Outcomes:
    """The outcomes of cases by one protocol."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self._known: dict[object, Outcome] = {}
        self._nearest = _Nearest(protocol)
        self._days = sorted({protocol.new_within_days, *(finding.onset_within_days for finding in protocol.dated)})

    def of(self, case: Case) -> Outcome:
        """What follows from the case. The order in which its values stand has no part in it."""
        key = (case.answered_by, case.complete, frozenset(self._keys(case.values)), frozenset(self._onsets(case)))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._judged(case)
        return found

    def _keys(self, values: Mapping[str, Value]) -> Iterator[tuple[str, object]]:
        """The values, a number by the comparisons that it meets: nothing else of it can matter."""
        measures = self.protocol.table.measures
        for name, value in values.items():
            if name in measures and value is not None and not isinstance(value, str):
                met = tuple(row.relation(value, row.number) for row in measures[name])
                yield name, met
            else:
                yield name, value

    def _onsets(self, case: Case) -> Iterator[tuple[str, int]]:
        """Each onset by how many of the spans that decide something it lies within."""
        for name, onset in case.onset.items():
            if case.as_of is not None:
                ago = case.as_of - onset
                yield name, sum(ago <= timedelta(days=days) for days in self._days)

    def _judged(self, case: Case) -> Outcome:
        protocol = self.protocol
        settled, _ = settle(protocol, case)
        truth = resolve(protocol.table, settled)
        fired = tuple(protocol.rules[name] for name, test in protocol.rule_tests.items() if test.holds(truth.must))
        low = fired[0].disposition if fired else "self_care"
        high = level(protocol, truth.may)
        top = low == DISPOSITIONS[-1]  # nothing could raise it, and nothing need be looked for
        could = truth.must if top else reach(protocol, case, truth)
        disposition = advice(protocol, case, settled, truth, low)
        reasons = reasons_for(protocol, truth, fired, low, disposition, given=given(case))
        return Outcome(
            low,
            high,
            disposition,
            low == high or level(protocol, could) == low,
            tuple(reason.id for reason in reasons),
            *(NOTHING_NEAR if top else self._nearest.to(truth, could, low)),
        )


class _Nearest:
    """Finds the open rule that needs the fewest answers more, of those of which something is already true."""

    def __init__(self, protocol: Protocol) -> None:
        self._findings = tuple(_about(name, protocol) for name in protocol.table.names)
        self._by_leaf: dict[int, list[_Way]] = {}
        self._self = {name for name, finding in protocol.findings.items() if finding.answered_by == "self"}
        unstated = 0
        for name in NOT_STATED:
            unstated |= protocol.table.about.get(name, 0)
        self._counts = ~unstated
        for way in _ways(protocol):
            for bit in _bits(way.leaves & self._counts):
                self._by_leaf.setdefault(bit, []).append(way)

    def to(self, truth: Truth, could: int, low: Disposition) -> tuple[int | None, str | None, tuple[str, ...], int]:
        """(How many findings it still needs, its rule, those findings, how many of its parts are true)."""
        best: tuple[tuple[int, int, int, int, int], _Way, tuple[str, ...]] | None = None
        above, must = rank(low), truth.must
        for bit in _bits(must & self._counts):
            for way in self._by_leaf.get(bit, ()):
                if way.rank <= above or way.leaves & ~could:
                    continue
                wanted = way.leaves & ~must
                if best is not None and wanted.bit_count() > best[0][0]:
                    continue
                needs = tuple(dict.fromkeys(self._findings[one.bit_length() - 1] for one in _bits(wanted)))
                known = (way.leaves & must & self._counts).bit_count()
                score = (len(needs), -known, -way.rank, sum(name not in self._self for name in needs), way.order)
                if best is None or score < best[0]:
                    best = (score, way, needs)
        if best is None:
            return NOTHING_NEAR
        score, way, needs = best
        return score[0], way.rule, needs, -score[1]


def _ways(protocol: Protocol) -> Iterator[_Way]:
    """The smallest sets of leaves of every rule that no set within them of the same or a higher level makes needless."""
    reached: dict[int, int] = {}  # a set: the highest level that it reaches
    found = []
    for order, name in enumerate(protocol.rule_tests):
        rule = protocol.rules[name]
        for leaves in implicants(rule.when, protocol.table.bit):
            if rule.rank > reached.get(leaves, -1):
                reached[leaves] = rule.rank
                found.append(_Way(leaves, rule.rank, name, order))
    for way in found:
        part = (way.leaves - 1) & way.leaves
        while part and reached.get(part, -1) < way.rank:
            part = (part - 1) & way.leaves
        if not part:
            yield way


def _about(leaf: str, protocol: Protocol) -> str:
    """The finding or quantity that a leaf asks about."""
    return stem(leaf.split(" ", 1)[0], protocol.findings)


def _bits(leaves: int) -> Iterator[int]:
    while leaves:
        yield leaves & -leaves
        leaves &= leaves - 1


def is_present(value: Value) -> bool:
    """Whether a value states that the finding is there, new or old."""
    return value is True or value == LONG_STANDING
