"""What one statement about a patient settles: implications, umbrellas, time course and measurements, worked out once at load.

Each statement ("leg weakness: no", "foot drop: as always", "residual 450 mL") makes some leaves true and excludes others. The
interpreters of rules see leaves alone. A parent is true when a child is; a child is excluded when its parent is denied and nothing
says otherwise; an umbrella denial never excludes a core flag, since that must be asked by name. docs/decisions/0003 and 0004.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from equina.logic import SUFFIXES, Compare, Condition, Holds, Leaf, Present, compares, leaves, predicate, render
from equina.model import LONG_STANDING, Finding, Value

__all__ = ["EXPLAINED", "NEVER", "Effect", "LeafTable", "Test", "Truth", "leaf_table", "resolve", "timings"]

# A value of `settled` beside those a case may state: old and unchanged, and explained by a baseline that the case names.
EXPLAINED = "long_standing_explained"

ENDINGS = ("", *SUFFIXES)

RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Effect:
    """Leaves made true and leaves excluded, each a set held as the bits of an integer; `unless` leaves are excluded too, but for
    those that something narrower could still make true."""

    true: int
    excluded: int
    unless: int = 0

    @property
    def denied(self) -> int:
        """All leaves that it speaks against."""
        return self.excluded | self.unless


@dataclass(frozen=True, slots=True)
class Measure:
    """A comparison of one quantity: its leaf, and the findings that it makes true with what these imply."""

    relation: Callable[[float, float], bool]
    number: float
    bit: int
    implied: tuple[tuple[str, int], ...]
    excluded: int  # leaves that it rules out: an age, for a pregnancy


@dataclass(frozen=True, slots=True)
class Test:
    """A condition ready to be asked, and the leaves that it asks about."""

    holds: Holds
    leaves: int


NEVER = Test(holds=lambda _: False, leaves=0)


@dataclass(frozen=True, slots=True)
class LeafTable:
    """The leaves of one protocol and the effect of each possible statement on them."""

    names: tuple[str, ...]
    bits: Mapping[str, int]
    effects: Mapping[tuple[str, Value], Effect]
    measures: Mapping[str, tuple[Measure, ...]]
    old_measures: Mapping[str, frozenset[str]]  # a finding whose old value stands whatever is measured: it and what implies it
    below: tuple[tuple[int, int], ...]  # a finding's own leaves and the plain leaves of what implies it, the narrowest first
    could: Mapping[str, int]  # finding: every leaf that some answer about it would make true
    about: Mapping[str, int]  # finding: the leaves of its own name
    plain: int  # the leaves that are findings by their plain name

    def test(self, condition: Condition) -> Test:
        """The condition ready to be asked of a set of leaves."""
        return Test(predicate(condition, self.bit), _union(self.bit(leaf) for leaf in leaves(condition)))

    def bit(self, leaf: Leaf) -> int:
        """The bit of a leaf. A leaf that no rule knows is a programming error and raises KeyError."""
        return self.bits[leaf.name if isinstance(leaf, Present) else render(leaf)]


@dataclass(frozen=True, slots=True)
class Truth:
    """Leaves certainly true, leaves not excluded (`must` is always within `may`), and which statement made which true."""

    must: int
    may: int
    support: tuple[tuple[str, int], ...]

    def bearing_on(self, test: Test) -> tuple[str, ...]:
        """The stated findings that make leaves of the condition true, in the order in which they were stated."""
        wanted = test.leaves & self.must
        return tuple(name for name, bits in self.support if bits & wanted)


def resolve(table: LeafTable, settled: Mapping[str, Value]) -> Truth:
    """The leaves that the settled values of a case make true or exclude; what is true wins over what is denied."""
    must = excluded = unless = 0
    support = []
    for finding, value in settled.items():
        true = 0
        if finding in table.measures:
            if value is not None and not isinstance(value, str):
                true, denied = _measured(table, settled, finding, value)
                excluded |= denied
        elif effect := table.effects.get((finding, value)):
            true = effect.true
            excluded |= effect.excluded
            unless |= effect.unless
        if true:
            must |= true
            support.append((finding, true))
    if unless:
        excluded |= unless
        for own, below in table.below:  # what is old, or denied, may still be there anew through what was not denied with it
            if own & unless and below & ~excluded:
                excluded &= ~(own & unless)
    return Truth(must, ~excluded & (1 << len(table.names)) - 1 | must, tuple(support))


def _measured(table: LeafTable, settled: Mapping[str, Value], quantity: str, value: float) -> tuple[int, int]:
    """The leaves that a measurement makes true and excludes."""
    true = excluded = 0
    for measure in table.measures[quantity]:
        if not measure.relation(value, measure.number):
            excluded |= measure.bit
            continue
        true |= measure.bit
        excluded |= measure.excluded
        for implied, bits in measure.implied:
            # A residual known to be old stays old however large, and so does the power of a foot that dropped years ago.
            if not any(settled.get(name) in (LONG_STANDING, EXPLAINED) for name in table.old_measures.get(implied, ())):
                true |= bits
    return true, excluded


def timings(finding: Finding) -> tuple[str, ...]:
    """The endings that a leaf about the finding may have. For an episode, new is what the plain name already says."""
    return ENDINGS if finding.lasting else tuple(ending for ending in ENDINGS if ending != "_new")


def leaf_table(findings: Mapping[str, Finding], conditions: Iterable[Condition], core_flags: Iterable[str]) -> LeafTable:
    """The table of a protocol whose findings and conditions are already cross-checked."""
    stated = [finding for finding in findings.values() if not finding.measured and finding.kind != "choice"]
    asked = {leaf for condition in conditions for leaf in leaves(condition)}
    by_measure = [condition for f in stated for condition in (f.true_when, f.not_of_age) if condition is not None]
    measured = {leaf for leaf in asked if isinstance(leaf, Compare)} | {m for when in by_measure for m in compares(when)}
    ordered = tuple(sorted(measured, key=render))
    names = [finding.id + ending for finding in stated for ending in timings(finding)] + [render(leaf) for leaf in ordered]
    bits = {name: 1 << i for i, name in enumerate(names)}
    among = _among(findings, stated, bits, frozenset(core_flags))

    effects: dict[tuple[str, Value], Effect] = {}
    for finding in stated:
        effects |= among.effects(finding)
    for choice in (finding for finding in findings.values() if finding.kind == "choice"):
        for option in choice.options:
            effects[choice.id, option] = Effect(0, among.gone(f for f in stated if f.not_of_sex == option))
    measures: dict[str, list[Measure]] = {finding.id: [] for finding in findings.values() if finding.measured}
    for leaf in ordered:
        implied = tuple((f.id, among.present(f.id)) for f in stated if f.true_when is not None and leaf in compares(f.true_when))
        never = among.gone(f for f in stated if f.not_of_age is not None and leaf in compares(f.not_of_age))
        measures[leaf.quantity].append(Measure(RELATIONS[leaf.relation], leaf.number, bits[render(leaf)], implied, never))

    could = {finding.id: effects[finding.id, True].true | effects[finding.id, LONG_STANDING].true for finding in stated}
    about = {finding.id: among.mask([finding.id], ENDINGS) for finding in stated}
    for quantity, rows in measures.items():
        could[quantity] = _union(row.bit | _union(bit for _, bit in row.implied) for row in rows)
        about[quantity] = _union(row.bit for row in rows)
    return LeafTable(
        names=tuple(names),
        bits=bits,
        effects=effects,
        measures={quantity: tuple(rows) for quantity, rows in measures.items()},
        old_measures={f.id: frozenset({f.id} | among.children[f.id]) for f in stated if f.old_measure_stands},
        below=among.below(stated),
        could=could,
        about=about,
        plain=_union(bits[finding.id] for finding in stated),
    )


@dataclass(frozen=True, slots=True)
class _Among:
    """How the findings of a protocol hang together, as sets of leaves."""

    findings: Mapping[str, Finding]
    parents: Mapping[str, frozenset[str]]  # what each implies, itself among them
    children: Mapping[str, set[str]]  # what implies it, itself among them
    presuming: Mapping[str, set[str]]  # what makes no sense without it
    bits: Mapping[str, int]
    core: frozenset[str]

    def mask(self, ids: Iterable[str], endings: Iterable[str]) -> int:
        return _union(self.bits.get(finding + ending, 0) for finding in ids for ending in endings)

    def effects(self, finding: Finding) -> Mapping[tuple[str, Value], Effect]:
        """What each thing that may be said of the finding makes true and excludes."""
        name = finding.id
        denied = set(self.without(name))
        for member in finding.denies:
            denied |= self.without(member) - self.core
        newer = ("_new",) if finding.lasting else ("", "_new")
        return {
            (name, True): Effect(self.present(name), self.mask([name], ("_long_standing", "_unexplained"))),
            (name, False): Effect(0, 0, self.mask(denied, ENDINGS)),
            (name, LONG_STANDING): Effect(self.old(name, ("_long_standing", "_unexplained")), 0, self.mask([name], newer)),
            (name, EXPLAINED): Effect(
                self.old(name, ("_long_standing",)), self.mask([name], ("_unexplained",)), self.mask([name], newer)
            ),
        }

    def below(self, stated: Iterable[Finding]) -> tuple[tuple[int, int], ...]:
        """Each finding's own leaves, with the plain leaves and measurements that imply it; the narrowest come first."""
        rows = []
        for finding in sorted(stated, key=lambda f: len(self.children[f.id])):
            children = self.mask((child for child in self.children[finding.id] if child != finding.id), ("",))
            measures = (
                _union(self.bits[render(leaf)] for leaf in compares(finding.true_when)) if finding.true_when is not None else 0
            )
            if children | measures:
                rows.append((self.mask([finding.id], ENDINGS), children | measures))
        return tuple(rows)

    def present(self, finding: str) -> int:
        # An old-or-new finding says nothing of how new its parents are: chronic_back_pain is back_pain, not new back_pain.
        newer = [finding] if self.findings[finding].lasting else self.parents[finding]
        return self.mask(self.parents[finding], ("",)) | self.mask(newer, ("_new",))

    def old(self, finding: str, endings: tuple[str, ...]) -> int:
        lasting = [ancestor for ancestor in self.parents[finding] if self.findings[ancestor].lasting]
        return self.mask(self.parents[finding], endings) | self.mask(lasting, ("",))

    def without(self, finding: str) -> frozenset[str]:
        """What is denied with it: what implies it, and what makes no sense without it. Not what only an examination finds, where
        the person denies what they feel, nor what the question did not ask for."""
        return _reachable(finding, lambda f: {c for c in self.children[f] if self.covers(f, c)} | self.presuming[f])

    def covers(self, wider: str, narrower: str) -> bool:
        """Whether who denies the wider finding has denied the narrower one."""
        child = self.findings[narrower]
        felt = self.findings[wider].answered_by == "self" and child.answered_by != "self"
        return not felt and wider not in child.not_covered_by

    def gone(self, ruled_out: Iterable[Finding]) -> int:
        return self.mask((name for finding in ruled_out for name in self.without(finding.id)), ENDINGS)


def _among(
    findings: Mapping[str, Finding],
    stated: Iterable[Finding],
    bits: Mapping[str, int],
    core: frozenset[str],
) -> _Among:
    parents = {finding.id: _reachable(finding.id, lambda f: findings[f].implies) for finding in stated}
    children: dict[str, set[str]] = {name: set() for name in parents}
    presuming: dict[str, set[str]] = {name: set() for name in parents}
    for child, ancestors in parents.items():
        for ancestor in ancestors:
            children[ancestor].add(child)
        for presumed in findings[child].presumes:
            presuming[presumed].add(child)
    return _Among(findings, parents, children, presuming, bits, core)


def _reachable(start: str, step: Callable[[str], Iterable[str]]) -> frozenset[str]:
    reached, waiting = {start}, [start]
    while waiting:
        for following in step(waiting.pop()):
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return frozenset(reached)


def _union(masks: Iterable[int]) -> int:
    total = 0
    for mask in masks:
        total |= mask
    return total
