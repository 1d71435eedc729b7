"""What could still raise the level: the smallest sets of leaves that make a rule hold (its prime implicants).

Rules have no `not`, so a finding can change the level only if one of its leaves stands in such a set, with what is known struck
out, that no smaller set makes needless. That is what an interview may ask; anything else would be asked in vain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import combinations
from operator import or_

from equina.logic import Condition, Connectives, Leaf, fold
from equina.model import DISPOSITIONS, Disposition, Rule

__all__ = ["Columns", "Needs", "Open", "implicants"]


class Needs:
    """The prime implicants of a protocol's rules by level. Worked out when first asked for: loading alone does not need them."""

    def __init__(self, rules: Mapping[str, Rule], bit: Callable[[Leaf], int]) -> None:
        self._rules, self._bit = rules, bit

    @cached_property
    def levels(self) -> tuple[tuple[Disposition, tuple[int, ...]], ...]:
        """Each level above self care, worst first, with the sets of leaves that make it certain."""
        found = []
        for level in reversed(DISPOSITIONS[1:]):
            rules = (rule for rule in self._rules.values() if rule.disposition == level)
            sets = (leaves for rule in rules for leaves in implicants(rule.when, self._bit))
            found.append((level, tuple(_smallest(sets))))
        return tuple(found)

    def open(self, low: Disposition, must: int, may: int) -> Open:
        """The smallest sets of leaves, not true yet, that would reach a level above `low`, and that no set of this or a higher
        level makes needless.

        `must` are the leaves that are true, and reach no more than `low`; `may` those that are true or could still become so.
        """
        columns = self.columns
        left = (1 << columns.above[low]) - 1 & ~columns.holding(~may)
        # Only what is struck out of a set can make another one needless: no set holds another one whole.
        struck = left & columns.holding(must)
        rest = sorted(_struck(columns, struck, must))
        for _, place, leaves in rest:
            if left >> place & 1:
                left &= ~(columns.holding_all(leaves) & columns.no_worse[place]) | 1 << place
        emergencies = left & (1 << columns.above["urgent"]) - 1
        wanting = {size: emergencies & ~struck & sets for size, sets in columns.sizes.items()}
        for size, place, _ in rest:
            wanting[size] = wanting.get(size, 0) | emergencies & 1 << place
        return Open(columns, may & ~must, left, wanting)

    @cached_property
    def columns(self) -> Columns:
        """The sets of all levels, worst first, leaf by leaf; not a set that holds one of a higher level, which adds nothing."""
        kept: list[int] = []
        no_worse: list[int] = []
        above: dict[Disposition, int] = {}
        for level, sets in self.levels:
            above[level] = len(kept)
            worse = frozenset(kept)
            kept += [leaves for leaves in sets if leaves not in worse and worse.isdisjoint(_within(leaves))]
            no_worse += [-1 << above[level]] * (len(kept) - above[level])
        above[DISPOSITIONS[0]] = len(kept)
        column: dict[int, int] = {}
        sizes: dict[int, int] = {}
        for place, leaves in enumerate(kept):
            for leaf in _each(leaves):
                column[leaf] = column.get(leaf, 0) | 1 << place
            sizes[leaves.bit_count()] = sizes.get(leaves.bit_count(), 0) | 1 << place
        return Columns(tuple(kept), tuple(no_worse), above, column, _union(column), sizes)


@dataclass(frozen=True, slots=True)
class Columns:
    """Sets of leaves, each with a place; what is asked of all of them at once is one operation on the places, as the bits of an
    integer."""

    sets: tuple[int, ...]  # by place
    no_worse: tuple[int, ...]  # by place: the places of the sets of its level or a lower one
    above: Mapping[Disposition, int]  # how many of them are of a level above this one
    column: Mapping[int, int]  # leaf: the places of the sets that hold it
    used: int  # the leaves that some set holds
    sizes: Mapping[int, int]  # the places by how many leaves the set has

    def holding(self, leaves: int) -> int:
        """The places of the sets that hold any of these leaves."""
        column, found = self.column, 0
        left = leaves & self.used
        while left:  # written out, here and below: every step of an interview asks this of hundreds of leaves
            leaf = left & -left
            found |= column[leaf]
            left ^= leaf
        return found

    def holding_all(self, leaves: int) -> int:
        """The places of the sets that hold all of these leaves, of which there is one or more."""
        column, found = self.column, -1
        while leaves:
            leaf = leaves & -leaves
            found &= column[leaf]
            leaves ^= leaf
        return found


@dataclass(frozen=True, slots=True)
class Open:
    """What could still raise the level: the sets that are open, as the places that they have among all."""

    among: Columns
    unknown: int  # the leaves that are not true and could still become so
    sets: int
    emergencies: Mapping[int, int]  # those that would be an emergency, by how many leaves they still want

    def holding(self, leaves: int) -> int:
        """The places of the open sets that still want any of these leaves."""
        return self.sets & self.among.holding(leaves & self.unknown)

    def held(self, leaves: int, sets: int) -> int:
        """Those of the leaves, not true yet, that one of these sets holds."""
        column, found = self.among.column, 0
        left = leaves & self.unknown & self.among.used
        while left:
            leaf = left & -left
            if column[leaf] & sets:
                found |= leaf
            left ^= leaf
        return found


def _struck(columns: Columns, places: int, must: int) -> Iterator[tuple[int, int, int]]:
    """Of each of these sets: how many leaves it still wants, its place, and those leaves."""
    for place in _each(places):
        index = place.bit_length() - 1
        leaves = columns.sets[index] & ~must
        yield leaves.bit_count(), index, leaves


def implicants(condition: Condition, bit: Callable[[Leaf], int]) -> frozenset[int]:
    """The smallest sets of leaves, each as bits, that make the condition hold."""

    def all_of(parts: Iterable[frozenset[int]]) -> frozenset[int]:
        sets = frozenset({0})
        for part in parts:
            sets = _smallest(known | more for known in sets for more in part)
        return sets

    def any_of(parts: Iterable[frozenset[int]]) -> frozenset[int]:
        return _smallest(leaves for part in parts for leaves in part)

    def at_least(count: int, parts: Iterable[frozenset[int]]) -> frozenset[int]:
        return any_of(all_of(chosen) for chosen in combinations(tuple(parts), count))

    return fold(condition, Connectives(lambda leaf: frozenset({bit(leaf)}), all_of, any_of, at_least))


def _smallest(sets: Iterable[int]) -> frozenset[int]:
    """The sets that hold no other one."""
    given = frozenset(sets)
    return frozenset(leaves for leaves in given if given.isdisjoint(_within(leaves)))


def _within(leaves: int) -> Iterator[int]:
    """The sets within a set, itself and the empty one left out."""
    part = (leaves - 1) & leaves
    while part:
        yield part
        part = (part - 1) & leaves


def _each(bits: int) -> Iterator[int]:
    """The bits of a number, each by itself."""
    while bits:
        one = bits & -bits
        yield one
        bits ^= one


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)
