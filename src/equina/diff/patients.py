"""What may be said of a patient, and what each of two versions of a protocol makes of it.

`low` alone is compared: it depends only on what is present, so that denials and unknowns are never part of a difference.
A finding that one version does not have is not heard by it, exactly as a page without that question would not hear it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from equina.case import Case
from equina.crosscheck import misfit
from equina.leaves import Truth, resolve
from equina.model import LONG_STANDING, Finding, Protocol, Value, rank
from equina.triage import level, settle

__all__ = ["Both", "Said", "Span", "plainness", "slot_in_words", "spans"]

# A moment for the onsets of a patient made up here; only differences of moments count.
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
SHOWN = 6  # alternatives that are named before the rest is only counted


@dataclass(frozen=True, slots=True)
class Said:
    """One statement about a patient: a finding is present, or a quantity lies at a number or between two.

    Between `low` and `high` (neither included, unless they are one number) no rule of either version tells two values apart;
    `value` is one of them. `days` is how long ago the finding began, where that matters.
    """

    finding: str
    value: Value
    days: int | None = None
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """Values of a quantity from `low` to `high`, each end included or not."""

    low: float
    high: float
    from_low: bool
    to_high: bool


@dataclass(frozen=True, slots=True)
class Both:
    """Two versions of a protocol, side by side."""

    old: Protocol
    new: Protocol

    def finding(self, name: str) -> Finding:
        """The finding as the newer version that has it words it."""
        return self.new.findings.get(name) or self.old.findings[name]

    def levels(self, said: Iterable[Said]) -> tuple[int, int]:
        """The rank of `low` in the old and in the new version."""
        said = tuple(said)
        return self.level(self.old, said), self.level(self.new, said)

    def level(self, protocol: Protocol, said: Iterable[Said]) -> int:
        """The rank of `low` in one of the two."""
        return rank(level(protocol, self.truth(protocol, said).must))

    def truth(self, protocol: Protocol, said: Iterable[Said]) -> Truth:
        """What the one version makes of the statements that it can hear."""
        return resolve(protocol.table, settle(protocol, case_of(protocol, said))[0])

    def vocabulary(self) -> tuple[Said, ...]:
        """Everything that may be said and could decide a level: each finding new and old, each quantity in each of its cells."""
        found: list[Said] = []
        for name in dict.fromkeys((*self.new.findings, *self.old.findings)):
            own = [protocol.findings[name] for protocol in (self.old, self.new) if name in protocol.findings]
            if any(finding.measured for finding in own):
                found += self.cells(name)
            if any(not finding.measured and finding.kind != "choice" for finding in own):
                found += (Said(name, True), Said(name, LONG_STANDING))
        return tuple(found)

    def cells(self, quantity: str) -> Iterator[Said]:
        """The values of a quantity that both versions take, cut where a rule of either tells two of them apart, in order."""
        ranges = [p.findings[quantity] for p in (self.old, self.new) if quantity in p.findings and p.findings[quantity].measured]
        low, high = max(f.low or 0.0 for f in ranges), min(f.high or 0.0 for f in ranges)
        cuts = {measure.number for p in (self.old, self.new) for measure in p.table.measures.get(quantity, ())}
        edges = sorted({low, high} | {cut for cut in cuts if low < cut < high}) if low <= high else []
        for edge, following in pairwise(edges):
            yield Said(quantity, edge, low=edge, high=edge)
            yield Said(quantity, _between(edge, following), low=edge, high=following)
        if edges:
            yield Said(quantity, edges[-1], low=edges[-1], high=edges[-1])


def case_of(protocol: Protocol, said: Iterable[Said]) -> Case:
    """The case of the statements that the protocol can hear."""
    heard = [one for one in said if one.finding in protocol.findings and misfit(protocol.findings[one.finding], one.value) is None]
    onset = {one.finding: MOMENT - timedelta(days=one.days) for one in heard if one.days is not None}
    return Case(values={one.finding: one.value for one in heard}, onset=onset, as_of=MOMENT)


def plainness(both: Both, said: Said) -> tuple[bool, bool, int, int]:
    """How far a statement is from the plainest that could stand in its place; the least is the easiest to read."""
    finding = both.finding(said.finding)
    order = both.new.order.get(said.finding, len(both.new.order))
    return said.days is not None, said.value == LONG_STANDING, len(finding.implies), order


def _between(low: float, high: float) -> float:
    """A short number between the two."""
    middle = (low + high) / 2
    return next((short for digits in range(12) if low < (short := round(middle, digits)) < high), middle)


# --- in words ------------------------------------------------------------------------------------------------------------------


def slot_in_words(both: Both, slot: Sequence[Said]) -> Iterator[str]:
    """The first statement of the slot, and in a second line what may stand in its place."""
    by_finding: dict[str, list[Said]] = {}
    for said in slot:
        by_finding.setdefault(said.finding, []).append(said)
    first = slot[0]
    yield f"{both.finding(first.finding).label}: {_value(both, first, by_finding.pop(first.finding))}"
    if others := [_other(both, ways) for ways in by_finding.values()]:
        more = f"; and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        yield f"  or in its place: {'; '.join(others[:SHOWN])}{more}"


def _value(both: Both, said: Said, ways: Sequence[Said]) -> str:
    if said.value is True:
        word = "yes, new or of unknown age"
    elif said.value == LONG_STANDING:
        word = "old and unchanged"
    else:
        return _measured(both, said.finding, [span for span in spans(ways) if span.low <= said.low <= said.high <= span.high])
    return word + (f", began in the last {said.days} days" if said.days is not None else "")


def _other(both: Both, ways: Sequence[Said]) -> str:
    label = both.finding(ways[0].finding).label
    if any(said.value is True for said in ways):
        return label
    return f"{label}, {'old' if ways[0].value == LONG_STANDING else _measured(both, ways[0].finding, spans(ways))}"


def _measured(both: Both, quantity: str, found: Sequence[Span]) -> str:
    finding = both.finding(quantity)
    return f"{' or '.join(map(_span, found))} {finding.unit_words or finding.unit}"


def _span(span: Span) -> str:
    if span.low == span.high:
        return f"{span.low:g}"
    begin = f"{span.low:g}" if span.from_low else f"more than {span.low:g}"
    return f"{begin} to {span.high:g}" if span.to_high else f"{begin} to less than {span.high:g}"


def spans(cells: Iterable[Said]) -> list[Span]:
    """Neighbouring cells of one quantity joined."""
    found: list[Span] = []
    for cell in sorted((cell for cell in cells if not isinstance(cell.value, bool | str)), key=lambda cell: (cell.low, cell.high)):
        point = cell.low == cell.high
        if found and found[-1].high == cell.low and found[-1].to_high != point:
            found[-1] = Span(found[-1].low, cell.high, found[-1].from_low, point)
        else:
            found.append(Span(cell.low, cell.high, point, point))
    return found
