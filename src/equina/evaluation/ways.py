"""Ways into a condition: the statements about a patient that make it hold, worked out from its prime implicants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from equina.implicants import implicants
from equina.logic import Condition
from equina.model import LONG_STANDING, Protocol, Value

__all__ = ["ruled_out", "ways"]


def ways(protocol: Protocol, conditions: Iterable[Condition]) -> Iterator[Mapping[str, Value]]:
    """The smallest sets of values that make one of the conditions hold. What only a worked-out time course would do is left out."""
    for leaves in sorted({leaves for when in conditions for leaves in implicants(when, protocol.table.bit)}):
        if (way := _values(protocol, leaves)) is not None:
            yield way


def _values(protocol: Protocol, leaves: int) -> Mapping[str, Value] | None:
    """The values that make the leaves true, or None when no statement does."""
    table = protocol.table
    truth: dict[str, Value] = {}
    for name in protocol.findings:
        own = table.about.get(name, 0) & leaves
        if not own:
            continue
        if protocol.findings[name].measured:
            rows = (row for row in table.measures[name] if row.bit & own)
            values = (at for row in rows for at in _at(protocol, name, row.number) if row.relation(at, row.number))
            value = next(values, None)
            if value is None:
                return None
            truth[name] = value
        else:
            fitting = [value for value in (True, LONG_STANDING) if not own & ~table.effects[name, value].true]
            if not fitting:
                return None
            truth[name] = fitting[0]
    return truth


def _at(protocol: Protocol, name: str, number: float) -> Iterator[float]:
    """The number and its neighbors, as far as the quantity can have them."""
    low, high = protocol.findings[name].low or 0.0, protocol.findings[name].high or 0.0
    return (at for at in (number, number + 1, number - 1) if low <= at <= high)


def ruled_out(protocol: Protocol, truth: Mapping[str, Value]) -> bool:
    """Whether age or sex excludes something that the patient is to have."""
    table = protocol.table
    sex = table.effects.get(("sex_at_birth", truth.get("sex_at_birth")))
    excluded = sex.excluded if sex else 0
    for row in table.measures.get("age_years", ()):
        if row.relation(float(truth["age_years"] or 0), row.number):
            excluded |= row.excluded
    return any(table.about.get(name, 0) & excluded for name in truth)
