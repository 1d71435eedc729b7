"""Outcomes of many cases at once: what each states as planes, the rules over all of them in columns.

For cases that differ from one another, as notes do: those that state the same are judged once by `Outcomes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from equina.batch.columns import POLICIES, WORDS, Columns, bits_of
from equina.batch.nearest import NOTHING_NEAR, Near, Nearest
from equina.batch.outcome import Outcome
from equina.batch.planes import ALL, NONE, Plane
from equina.model import DISPOSITIONS, LONG_STANDING, Protocol, Value, rank

__all__ = ["ANSWERED_BY", "Together"]

ANSWERED_BY = "record"  # whose cases these are
_REMEMBERED = 4096  # reasons
_WORDS: dict[Value, str] = {True: "true", False: "false", LONG_STANDING: WORDS[LONG_STANDING], None: "unknown"}
_TOP = len(DISPOSITIONS) - 1
Bits = np.ndarray[Any, np.dtype[np.uint8]]
Numbers = np.ndarray[Any, np.dtype[np.intp]]


class Together:
    """Tells what follows for many cases of records, without onsets."""

    def __init__(self, protocol: Protocol, nearest: Nearest) -> None:
        self._protocol, self._nearest = protocol, nearest
        self._columns = Columns(protocol, protocol.findings, protocol.findings, ANSWERED_BY)
        program = self._columns.program
        self._number = {name: number for number, name in enumerate(program.given)}
        self._rules = tuple(self._columns.rules)
        # Of the leaves that stand in some way to a rule, where each is true and where it could be.
        self._must = {bit: self._columns.must.get(bit, NONE) for bit in bits_of(nearest.leaves)}
        self._could = {bit: self._columns.could[bit] for bit in self._must}
        wanted = (*self._columns.decisive, *self._columns.rules.values(), *self._must.values(), *self._could.values())
        self._steps = program.needed(wanted)
        self._reasons: dict[tuple[bytes, int], tuple[str, ...]] = {}

    def planes(self, name: str, value: Value) -> tuple[int, ...]:
        """What a statement is, by the numbers of the planes in which it sets the bit of its case."""
        finding, number = self._protocol.findings[name], self._number
        asked = number[f"{name} asked"]
        if finding.kind == "choice":
            return (asked, number[f"{name} {value}"])
        if not finding.measured:
            return (asked, number[f"{name} {_WORDS[value]}"])
        assert isinstance(value, int | float)
        met = (f"{name} met {i}" for i, row in enumerate(self._protocol.table.measures[name]) if row.relation(value, row.number))
        return (asked, *(number[each] for each in met))

    def outcomes(self, rows: int, cases: Numbers, planes: Numbers) -> list[Outcome]:
        """What follows for so many cases, of which each of these sets its bit in the plane beside it. Some thousands at a time."""
        if not rows:
            return []
        columns = self._columns
        found = columns.program.in_integers(self._steps, self._given(rows, cases, planes), (1 << rows) - 1)
        verdicts = columns.verdicts(list(_bits(found, columns.decisive, rows).view(np.bool_)))
        low = verdicts.low.tolist()
        parts = (low, verdicts.high.tolist(), verdicts.disposition.tolist(), verdicts.settled.tolist())
        reasons = self._reasons_of(_bits(found, columns.rules.values(), rows), verdicts.low, verdicts.policy)
        near = self._near(found, rows)
        levels = DISPOSITIONS
        return [
            Outcome(levels[low], levels[high], None if advice < 0 else levels[advice], settled, why, *nearest)
            for low, high, advice, settled, why, nearest in zip(*parts, reasons, near, strict=True)
        ]

    def _given(self, rows: int, cases: Numbers, planes: Numbers) -> list[int]:
        """The planes of what is stated, by their numbers."""
        bits = np.zeros((len(self._number), -(-rows // 8) * 8), np.uint8)
        bits[planes, cases] = 1
        packed, size = np.packbits(bits, axis=1, bitorder="little").tobytes(), -(-rows // 8)
        return [int.from_bytes(packed[at : at + size], "little") for at in range(0, len(packed), size)]

    def _reasons_of(self, fired: Bits, low: np.ndarray[Any, Any], policy: np.ndarray[Any, Any]) -> list[tuple[str, ...]]:
        """The reasons of each: what `explain.reasons_for` does."""
        ranks = np.array([rank(self._protocol.rules[name].disposition) for name in self._rules], np.int8)
        determining = _by_row(fired * (ranks[:, None] == low))
        known = self._reasons
        if len(known) > _REMEMBERED:
            known.clear()
        found = []
        for key in zip(determining, policy.tolist(), strict=True):
            why = known.get(key)
            if why is None:
                why = known[key] = self._named(*key)
            found.append(why)
        return found

    def _named(self, rules: bytes, policy: int) -> tuple[str, ...]:
        held = tuple(self._rules[bit.bit_length() - 1] for bit in bits_of(int.from_bytes(rules, "little")))
        by_policy = POLICIES[policy]
        if by_policy in ("nothing_given", "nothing_worrying"):
            return (by_policy,)
        return (by_policy, *held) if by_policy else held

    def _near(self, planes: Sequence[int], rows: int) -> list[Near]:
        """The nearest open rule of each; of an emergency none."""
        below: dict[int, int] = {}
        left = planes[ALL]
        for level in range(_TOP, 0, -1):
            left = below[level] = left & ~planes[self._columns.low[level]]
        must, could = ({leaf: planes[plane] for leaf, plane in of.items()} for of in (self._must, self._could))
        found = [NOTHING_NEAR] * rows
        if near := list(self._nearest.of_many(must, could, below)):
            cases = [each for _, each in near]
            which, row = np.nonzero(_bits(cases, range(len(cases)), rows))
            for number, at in zip(which.tolist(), row.tolist(), strict=True):
                found[at] = near[number][0]
        return found


def _bits(planes: Sequence[int], wanted: Iterable[Plane], rows: int) -> Bits:
    """Planes as one byte, 0 or 1, for each row."""
    size = -(-rows // 8)
    data = b"".join([planes[plane].to_bytes(size, "little") for plane in wanted])
    found = np.unpackbits(np.frombuffer(data, np.uint8).reshape(-1, size), axis=1, count=rows, bitorder="little")
    return found


def _by_row(bits: Bits) -> list[bytes]:
    """The bits of each row together."""
    packed = np.packbits(np.ascontiguousarray(bits.T), axis=1, bitorder="little")
    data, size = packed.tobytes(), packed.shape[1]
    return [data[at : at + size] for at in range(0, len(data), size)]
