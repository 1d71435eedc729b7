"""What screening keeps of an assessment: the levels, the reasons, and how near the nearest open rule is.

The same functions as `equina.triage.assess`, without what a page would say; cases that state the same are judged once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from equina.batch.nearest import NOTHING_NEAR, Nearest
from equina.case import Case
from equina.explain import reasons_for
from equina.leaves import resolve
from equina.model import DISPOSITIONS, LONG_STANDING, Disposition, Protocol, Value
from equina.triage import advice, given, level, reach, settle

if TYPE_CHECKING:
    from equina.batch.together import Together

__all__ = ["Outcome", "Outcomes", "is_present"]

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


class Outcomes:
    """The outcomes of cases by one protocol."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self._known: dict[object, Outcome] = {}
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

    @cached_property
    def nearest(self) -> Nearest:
        """What finds the nearest open rule."""
        return Nearest(self.protocol)

    @cached_property
    def together(self) -> Together:
        """What judges many cases of records at once, that differ from one another."""
        from equina.batch.together import Together

        return Together(self.protocol, self.nearest)

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
            *(NOTHING_NEAR if top else self.nearest.to(truth.must, could, low)),
        )


def is_present(value: Value) -> bool:
    """Whether a value states that the finding is there, new or old."""
    return value is True or value == LONG_STANDING
