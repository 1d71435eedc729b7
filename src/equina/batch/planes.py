"""Columns of truth as bit planes: 64 rows to a word, and a straight program of `and`, `or`, `and not` over them.

An Arrow boolean column already is two planes, its values and which of them are known; nothing has to be packed. A program is
written once for the columns of a table, with what is the same for every row worked out before, and is run over any number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["ALL", "NONE", "Plane", "Program", "packed", "unpacked"]

Plane = int  # a plane of a program, by its number
Bits = np.ndarray[Any, np.dtype[np.uint64]]
NONE, ALL = 0, 1  # the planes in which no bit, and every bit, is set
BLOCK = 4096  # words: what is worked on together stays in the cache


class Program:
    """A program over planes, written by asking for what is wanted. The same thing asked for twice is worked out once."""

    def __init__(self) -> None:
        self._nodes: list[tuple[str, tuple[int, ...]]] = [("const", ()), ("const", ())]
        self._known: dict[tuple[str, tuple[int, ...]], Plane] = {}
        self.given: list[str] = []  # the names of the planes that a run gives, in order

    def __len__(self) -> int:
        """How many operations it has."""
        return sum(kind in ("and", "or", "less") for kind, _ in self._nodes)

    def input(self, name: str) -> Plane:
        """A plane that every run gives."""
        self.given.append(name)
        return self._node("in", (len(self.given) - 1,))

    def _node(self, kind: str, parts: tuple[int, ...]) -> Plane:
        found = self._known.get((kind, parts))
        if found is None:
            self._nodes.append((kind, parts))
            found = self._known[kind, parts] = len(self._nodes) - 1
        return found

    def any_of(self, planes: Iterable[Plane]) -> Plane:
        """Where at least one is set."""
        return self._joined("or", planes, NONE, ALL)

    def all_of(self, planes: Iterable[Plane]) -> Plane:
        """Where every one is set."""
        return self._joined("and", planes, ALL, NONE)

    def _joined(self, kind: str, planes: Iterable[Plane], neutral: Plane, decides: Plane) -> Plane:
        wanted = sorted(set(planes) - {neutral})
        if decides in wanted:
            return decides
        if not wanted:
            return neutral
        found = wanted[0]
        for plane in wanted[1:]:
            found = self._node(kind, (found, plane))
        return found

    def less(self, plane: Plane, without: Plane) -> Plane:
        """Where the one is set and the other is not."""
        if plane in (NONE, without) or without == ALL:
            return NONE
        return plane if without == NONE else self._node("less", (plane, without))

    def at_least(self, count: int, planes: Sequence[Plane]) -> Plane:
        """Where at least so many are set. A plane that is given twice counts twice."""
        reached = [ALL] + [NONE] * count  # where at least none, one, two … of those seen so far are set
        for plane in planes:
            for n in range(count, 0, -1):
                reached[n] = self.any_of((reached[n], self.all_of((reached[n - 1], plane))))
        return reached[count]

    def run(self, given: Mapping[str, Bits], wanted: Sequence[Plane], words: int) -> list[Bits]:
        """The wanted planes, from those given, each of so many words."""
        steps, slots, places = self._steps(wanted)
        inputs = [given[name] for name in self.given]
        held = [np.empty(BLOCK, np.uint64) for _ in range(slots)]
        ones = np.full(BLOCK, ~np.uint64(0))
        out = [np.zeros(words, np.uint64) for _ in wanted]
        operations = {"and": np.bitwise_and, "or": np.bitwise_or}
        for start in range(0, words, BLOCK):
            stop = min(start + BLOCK, words)
            size = stop - start
            block = held if size == BLOCK else [each[:size] for each in held]
            planes: list[Any] = [None, ones[:size], *(each[start:stop] for each in inputs), *block]
            for kind, into, left, right in steps:
                if kind == "less":
                    np.bitwise_not(planes[right], out=planes[-1])
                    np.bitwise_and(planes[left], planes[-1], out=planes[into])
                else:
                    operations[kind](planes[left], planes[right], out=planes[into])
            for result, place in zip(out, places, strict=True):
                if place:
                    result[start:stop] = planes[place]
        return out

    def needed(self, wanted: Iterable[Plane]) -> list[tuple[str, Plane, Plane, Plane]]:
        """The operations of which the wanted planes are made, in order, each with its plane and the two that it joins."""
        needed, waiting = set[int](), [plane for plane in wanted if plane > ALL]
        while waiting:
            plane = waiting.pop()
            if plane not in needed and self._nodes[plane][0] != "in":
                needed.add(plane)
                waiting += [part for part in self._nodes[plane][1] if part > ALL]
        return [(kind, plane, left, right) for plane in sorted(needed) for kind, (left, right) in [self._nodes[plane]]]

    def in_integers(self, steps: Iterable[tuple[str, Plane, Plane, Plane]], given: Sequence[int], every: int) -> list[int]:
        """All planes after the steps, each the bits of an integer: for some thousand rows quicker than in words.

        `given` are the planes of the inputs in their order, `every` is the one in which the bit of every row is set.
        """
        planes = [0] * len(self._nodes)
        planes[ALL] = every
        for plane, (kind, parts) in enumerate(self._nodes):
            if kind == "in":
                planes[plane] = given[parts[0]]
        for kind, into, left, right in steps:
            if kind == "and":
                planes[into] = planes[left] & planes[right]
            elif kind == "or":
                planes[into] = planes[left] | planes[right]
            else:
                planes[into] = planes[left] & ~planes[right]
        return planes

    def _steps(self, wanted: Sequence[Plane]) -> tuple[list[tuple[str, int, int, int]], int, list[int]]:
        """(The operations needed, by the places of their planes; how many places to work in; where the wanted ones are)."""
        needed, waiting = set[int](), [plane for plane in wanted if plane > ALL]
        while waiting:
            plane = waiting.pop()
            if plane not in needed:
                needed.add(plane)
                kind, parts = self._nodes[plane]
                waiting += () if kind == "in" else [part for part in parts if part > ALL]
        last: dict[int, int] = {}
        for plane in sorted(needed):
            kind, parts = self._nodes[plane]
            last |= dict.fromkeys(parts, plane) if kind != "in" else {}
        last |= dict.fromkeys(wanted, len(self._nodes))
        first = 2 + len(self.given)
        place = {NONE: 0, ALL: 1}
        free: list[int] = []
        used, steps = 0, []
        for plane in sorted(needed):
            kind, parts = self._nodes[plane]
            if kind == "in":
                place[plane] = 2 + parts[0]
                continue
            left, right = place[parts[0]], place[parts[1]]
            free += [place[part] for part in set(parts) if last[part] == plane and place[part] >= first]
            if free:
                into = free.pop()
            else:
                into, used = first + used, used + 1
            place[plane] = into
            steps.append((kind, into, left, right))
        return steps, used + 1, [place[plane] for plane in wanted]  # the last place is for what is taken the other way round


def packed(column: pa.Array | pa.ChunkedArray) -> tuple[Bits, Bits]:
    """(Where a boolean column is true, where it is known), as planes. The bits after the last row are not set."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if column.offset % 64:
        column = pc.and_kleene(column, pa.scalar(True))  # a copy that begins at a byte
    known, values = column.buffers()
    rows = len(column)
    value = _words(values, column.offset, rows)
    if known is None or column.null_count == 0:
        full = np.full(len(value), ~np.uint64(0))
        if rows % 64:
            full[-1] = np.uint64((1 << rows % 64) - 1)
        return value, full
    valid = _words(known, column.offset, rows)
    return value & valid, valid


def _words(buffer: pa.Buffer, offset: int, rows: int) -> Bits:
    words = -(-rows // 64)
    data = np.frombuffer(buffer, np.uint8)[offset // 8 :]
    if rows % 64 == 0 and len(data) >= words * 8:
        return data[: words * 8].view(np.uint64)
    whole = np.zeros(words * 8, np.uint8)
    part = data[: -(-rows // 8)]
    whole[: len(part)] = part
    found: Bits = whole.view(np.uint64)
    if rows % 64:
        found[-1] &= np.uint64((1 << rows % 64) - 1)
    return found


def unpacked(plane: Bits, rows: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """A plane as booleans, one a row."""
    return np.unpackbits(plane.view(np.uint8), count=rows, bitorder="little").view(np.bool_)
