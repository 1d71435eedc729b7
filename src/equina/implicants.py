"""What could still raise the level: the smallest sets of leaves that make a rule hold (its prime implicants).

Rules have no `not`, so a finding can change the level only if one of its leaves stands in such a set, with what is known struck
out, that no smaller set makes needless. That is what an interview may ask; anything else would be asked in vain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, reduce
from itertools import combinations
from operator import or_

from equina.logic import Condition, Connectives, Leaf, fold
from equina.model import DISPOSITIONS, Disposition, Rule, rank

__all__ = ["Needs", "implicants"]


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

    def open(self, low: Disposition, must: int, may: int) -> Mapping[Disposition, frozenset[int]]:
        """For each level above `low`: the smallest sets of leaves, not true yet, that would reach it, and that no set of this or a
        higher level makes needless.

        `must` are the leaves that are true, `may` those that are true or could still become so.
        """
        found: dict[Disposition, frozenset[int]] = {}
        known: set[int] = set()
        alone, never, unknown = 0, ~may, ~must
        for level, sets in self.levels:
            if rank(level) <= rank(low):
                break
            left = {leaves & unknown for leaves in sets if not leaves & never}
            known |= left
            single = [leaves for leaves in left if not leaves & (leaves - 1)]
            alone |= _union(single)
            joint = [leaves for leaves in left if not leaves & alone]
            pairs = [leaves for leaves in joint if leaves.bit_count() == 2]  # nothing but a single leaf could be within a pair
            triples = [leaves for leaves in joint if leaves.bit_count() == 3 and known.isdisjoint(_pairs(leaves))]
            more = [leaves for leaves in joint if leaves.bit_count() > 3 and known.isdisjoint(_within(leaves))]
            found[level] = frozenset((*single, *pairs, *triples, *more))
        return found


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


def _pairs(leaves: int) -> tuple[int, int, int]:
    """The pairs within a set of three."""
    first = leaves & -leaves
    others = leaves ^ first
    second = others & -others
    return others, leaves ^ second, first | second


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)
