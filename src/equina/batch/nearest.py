"""The nearest open rule: the one that needs the fewest answers more, of those of which something is already true.

Every way in which a rule can come to hold is taken apart once by what of it may be true already, and all of these are put in the
order in which they are to be preferred. The first of them that fits a case is then its answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import NamedTuple

from equina.implicants import implicants
from equina.logic import stem
from equina.model import DISPOSITIONS, Disposition, Protocol
from equina.triage import NOT_STATED

__all__ = ["NOTHING_NEAR", "Near", "Nearest"]


class Near(NamedTuple):
    """How many findings a rule still needs, the rule, those findings, and how many of its parts are true already."""

    questions_left: int | None
    rule: str | None
    needs: tuple[str, ...]
    known: int


NOTHING_NEAR = Near(None, None, (), 0)


class _Way(NamedTuple):
    """One smallest set of leaves that would make a rule hold."""

    leaves: int
    rank: int
    rule: str
    order: int


# Where a way begins: its place in the order of preference, the leaves of it that are true, all of its leaves.
_Start = tuple[int, int, int]


class Nearest:
    """Finds the nearest open rule by the leaves that are true, and those that still could be."""

    def __init__(self, protocol: Protocol) -> None:
        unstated = 0
        for name in NOT_STATED:
            unstated |= protocol.table.about.get(name, 0)
        self._ways = tuple(_ways(protocol))
        self.leaves = 0  # that stand in any way
        for way in self._ways:
            self.leaves |= way.leaves
        self._counts = self.leaves & ~unstated
        # In the order of preference: what is told of a start, what of its way is true, the number of the way.
        self._starts = [(near, known, number) for _, near, known, number in sorted(self._each_start(protocol))]

    def to(self, must: int, could: int, low: Disposition) -> Near:
        """The nearest of the rules above `low`, by the leaves that are true and those that could be, the true ones among them."""
        by_leaf, left = self._by_leaf[low], must & self._counts
        untrue, closed = ~must, ~could
        best = most = len(self._starts)
        while left:
            for place, known, leaves in by_leaf.get(left & -left, ()):
                if place >= best:
                    break
                if not known & untrue and not leaves & closed:  # first what fails more often
                    best = place
                    break
            left &= left - 1
        return NOTHING_NEAR if best == most else self._starts[best][0]

    def of_many(self, must: Mapping[int, int], could: Mapping[int, int], below: Mapping[int, int]) -> Iterator[tuple[Near, int]]:
        """The nearest rules of many cases, each with the cases of which it is the nearest: as the bits of an integer.

        `must` and `could` are the cases of which a leaf is true, or could be, by its bit; `below` those that are below a level, by
        its rank.
        """
        left = below[len(DISPOSITIONS) - 1]
        begins, steps = self._in_order
        trues = [_all_of(must, known, left) for known in begins]
        for near, rank, known, missing in steps:
            cases = trues[known] & left
            if cases:
                cases &= below[rank]
                for leaf in missing:
                    cases &= could[leaf]
                if cases:
                    yield near, cases
                    left ^= cases

    @cached_property
    def _by_leaf(self) -> dict[Disposition, dict[int, list[_Start]]]:
        """The starts of the ways to what is above each level, by the rarest of the leaves that are true at the start."""
        often = Counter(bit for way in self._ways for bit in _bits(way.leaves))
        by_leaf: dict[Disposition, dict[int, list[_Start]]] = {low: {} for low in DISPOSITIONS[:-1]}
        for place, (_, known, number) in enumerate(self._starts):
            way, rarest = self._ways[number], min(_bits(known & self._counts), key=often.__getitem__)
            for low in DISPOSITIONS[: way.rank]:
                by_leaf[low].setdefault(rarest, []).append((place, known, way.leaves))
        return by_leaf

    @cached_property
    def _in_order(self) -> tuple[list[tuple[int, ...]], list[tuple[Near, int, int, tuple[int, ...]]]]:
        """(The leaves that may be true at a start, each set of them once; of each start what is told of it, the rank of its rule,
        the number of the leaves that are true, and the leaves that are not)."""
        number_of: dict[int, int] = {}
        steps = []
        for near, known, number in self._starts:
            way = self._ways[number]
            if way.rank:
                begins = number_of.setdefault(known, len(number_of))
                steps.append((near, way.rank, begins, tuple(_bits(way.leaves & ~known))))
        return [tuple(_bits(known)) for known in number_of], steps

    def _each_start(self, protocol: Protocol) -> Iterator[tuple[tuple[int, ...], Near, int, int]]:
        """(What it is put in order by, what is told of it, what of it is true, the number of the way) of all that a way may begin
        with."""
        about = [stem(leaf.split(" ", 1)[0], protocol.findings) for leaf in protocol.table.names]
        by_self = {name for name, finding in protocol.findings.items() if finding.answered_by == "self"}

        @cache
        def asked(leaves: int) -> tuple[tuple[str, ...], int]:
            needs = tuple(dict.fromkeys(about[bit.bit_length() - 1] for bit in _bits(leaves)))
            return needs, sum(name not in by_self for name in needs)

        for number, (leaves, rank, rule, order) in enumerate(self._ways):
            known = (leaves - 1) & leaves
            while known:
                counted = known & self._counts
                if counted:
                    needs, not_by_self = asked(leaves & ~known)
                    parts = counted.bit_count()
                    likely = (len(needs), -parts, -rank, not_by_self, order)
                    yield (
                        (*likely, counted & -counted, number, -known.bit_count()),
                        Near(len(needs), rule, needs, parts),
                        known,
                        number,
                    )
                known = (known - 1) & leaves


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


def _all_of(planes: Mapping[int, int], leaves: Iterable[int], every: int) -> int:
    """The cases, of all of these, in which every one of the leaves is set."""
    for leaf in leaves:
        every &= planes[leaf]
    return every


def _bits(leaves: int) -> Iterator[int]:
    while leaves:
        yield leaves & -leaves
        leaves &= leaves - 1
