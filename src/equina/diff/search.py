"""Whose level moves between two versions: every set of answers, as few small patients; the solver finds, the engine judges.

The solver says whether there is a patient at all; the engine strikes out what the patient does not need, and finds what could stand
in the place of each remaining answer. What was found is then excluded and the solver asked again, until it proves that there is
no other, or a limit is reached, which is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from math import prod

import z3

from equina.diff.patients import Both, Said, plainness
from equina.diff.terms import Slots, Term, Terms
from equina.model import DISPOSITIONS, Protocol
from equina.triage import level

__all__ = ["TOP", "MovedSet", "Moves", "NotSettled", "Patient", "Search"]

Patient = tuple[Said, ...]
Moved = Callable[[Patient], bool]

MOST_ASKED = 60  # sets of one level and direction; nobody reads more
MOST_TRIALS = 20_000  # combinations of alternatives that are judged for one set
TOP = len(DISPOSITIONS) - 1


@dataclass(frozen=True, slots=True)
class MovedSet:
    """A set of answers whose level moves: one statement of each slot, any of it, nothing else.

    `rules` of the version with the higher level give that level; `levels` are (old, new) of the first statement of each slot,
    `others` those that alternatives lead to.
    """

    slots: Slots
    levels: tuple[int, int]
    others: frozenset[tuple[int, int]]
    rules: tuple[str, ...]

    @property
    def lowered(self) -> bool:
        return self.levels[1] < self.levels[0]

    @property
    def patient(self) -> Patient:
        return tuple(slot[0] for slot in self.slots)

    @property
    def findings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(said.finding for slot in self.slots for said in slot))


@dataclass(frozen=True, slots=True)
class Moves:
    """The sets found in one search, and why there may be others, or None when it is proved that every case that moves has one."""

    sets: tuple[MovedSet, ...]
    not_settled: str | None


class NotSettled(Exception):  # noqa: N818  (what it is, not how it is told)
    """The solver gave no answer in the time it had."""


class Search:
    """The search for sets of answers that move, within a time that all its questions share."""

    def __init__(self, both: Both, *, seconds: float) -> None:
        self.both, self.terms = both, Terms(both)
        self._until = time.monotonic() + seconds
        self._seconds = seconds
        self._vocabulary = both.vocabulary()
        # What is plain to read is looked for first: nothing old, nothing dated.
        self._plain = [z3.Not(z3.Or(said.old, said.recent)) for said in self.terms.statements.values()]

    def moves(self, *, lowered: bool) -> Mapping[int, Moves]:
        """The sets that are lowered, or raised, by the higher of the two levels, worst first."""
        return {
            top: self.find(self.claim(top, lowered=lowered), partial(self.moved, top, lowered), lowered=lowered)
            for top in range(TOP, 0, -1)
        }

    def claim(self, top: int, *, lowered: bool) -> Term:
        """The one version is at this level exactly, the other below it."""
        above, below = (self.both.old, self.both.new) if lowered else (self.both.new, self.both.old)
        beyond = [z3.Not(self.terms.reaches(above, top + 1))] if top < TOP else []
        return z3.And(self.terms.reaches(above, top), *beyond, z3.Not(self.terms.reaches(below, top)))

    def moved(self, top: int, lowered: bool, patient: Patient) -> bool:
        """The same of one patient, by the engine."""
        above, below = (self.both.old, self.both.new) if lowered else (self.both.new, self.both.old)
        return self.both.level(above, patient) == top > self.both.level(below, patient)

    def model(self, *claims: Term) -> z3.ModelRef | None:
        """A case that fulfils the claims, or None when there is none. Raises NotSettled."""
        solver = self._solver(*claims)
        outcome = self._ask(solver)
        if outcome == z3.unknown:
            raise NotSettled(f"not settled within {self._seconds:g} s")
        return solver.model() if outcome == z3.sat else None

    def find(self, claim: Term, moved: Moved, *, lowered: bool) -> Moves:
        """Every set of answers for which `claim`, and in the engine `moved`, is true."""
        above = self.both.old if lowered else self.both.new
        solver = self._solver(claim)
        found: list[MovedSet] = []
        for _ in range(MOST_ASKED):
            outcome = self._ask(solver, self._plain)
            if outcome == z3.unsat:  # no plain patient is left: is there any?
                outcome = self._ask(solver)
            if outcome == z3.unsat:
                return Moves(tuple(found), None)
            if outcome != z3.sat:
                return Moves(tuple(found), f"not settled within {self._seconds:g} s")
            patient = self.terms.read(solver.model())
            if not moved(patient):
                return Moves(tuple(found), "not settled: solver and engine do not agree about a patient")
            small = self._small(patient, moved)
            slots = self._wide(self._plainer(small, moved, above), moved, above)
            described = self._described(slots, above)
            found += [] if described in found else [described]
            # The small patient is excluded by itself too: each question then brings something new, and the search ends.
            for told in (self.terms.any_of(slots), self._counting(slots, above), self.terms.any_of(tuple((one,) for one in small))):
                solver.add(z3.Not(told))
        return Moves(tuple(found), f"not settled: more than {MOST_ASKED} sets of answers")

    def _solver(self, *claims: Term) -> z3.Solver:
        solver = z3.Solver()
        solver.add(*self.terms.possible, *claims)
        return solver

    def _ask(self, solver: z3.Solver, assumed: Sequence[Term] = ()) -> z3.CheckSatResult:
        left = self._until - time.monotonic()
        if left <= 0:
            return z3.unknown
        solver.set("timeout", max(1, int(left * 1000)))
        return solver.check(*assumed)

    def _counting(self, slots: Slots, above: Protocol) -> Term:
        """The case counts as having one statement of each slot, in the version with the higher level: something narrower means the
        same, and so does what is old but has changed. Such cases are the same set to a reader."""

        def counts(i: int, said: Said) -> Term:
            own = self._own(above, tuple(slot[0] for j, slot in enumerate(slots) if j != i), said)
            return self.terms.leaves(above, own) if own else self.terms.said(said)

        return z3.And([z3.Or([counts(i, said) for said in slot]) for i, slot in enumerate(slots)])

    # --- a patient as small as can be, and what could stand in the place of each answer ---

    def _small(self, patient: Patient, moved: Moved) -> Patient:
        """The statements that the move needs; what is harder to read is struck out first."""
        while True:  # again while something could go: a baseline is needless once nothing is left that it makes old
            for one in sorted(patient, key=lambda one: plainness(self.both, one), reverse=True):
                without = tuple(other for other in patient if other is not one)
                undated = tuple(replace(other, days=None) if other is one else other for other in patient)
                smaller = next((less for less in (without, undated) if less != patient and moved(less)), None)
                if smaller is not None:
                    patient = smaller
                    break
            else:
                return patient

    def _plainer(self, patient: Patient, moved: Moved, above: Protocol) -> Patient:
        """The patient with each statement exchanged for the plainest that it counts as: back pain for pain that wakes at night."""
        for i, narrow in enumerate(patient):
            wider = (other for other in self._instead(patient, i, moved) if self._counts_as(patient, i, [other], narrow, above))
            patient = (*patient[:i], min((narrow, *wider), key=lambda one: plainness(self.both, one)), *patient[i + 1 :])
        return patient

    def _wide(self, patient: Patient, moved: Moved, above: Protocol) -> Slots:
        """The statements with their alternatives, such that any choice of one from each slot moves. What only means another of the
        slot more narrowly is left out: it counts as that one."""
        alternatives = [self._instead(patient, i, moved) for i in range(len(patient))]
        slots: list[Patient] = [(one,) for one in patient]
        trials = 0
        for i in sorted(range(len(patient)), key=lambda i: -len(alternatives[i])):
            others = [slot for j, slot in enumerate(slots) if j != i]
            named = {one.finding for slot in others for one in slot}
            cost = prod(map(len, others))
            kept = [patient[i]]
            for other in sorted(alternatives[i], key=lambda one: plainness(self.both, one)):
                if other.finding in named or self._counts_as(patient, i, kept, other, above) or trials + cost > MOST_TRIALS:
                    continue
                trials += cost
                if all(map(moved, product(*slots[:i], (other,), *slots[i + 1 :]))):
                    kept.append(other)
            slots[i] = tuple(kept)
        return tuple(slots)

    def _instead(self, patient: Patient, i: int, moved: Moved) -> list[Said]:
        """What could be said instead of the statement at `i`, with no statement needless then."""
        rest = (*patient[:i], *patient[i + 1 :])
        taken = {other.finding for other in rest}

        def needed(other: Said) -> bool:
            return not any(moved((*rest[:j], *rest[j + 1 :], other)) for j in range(len(rest)))

        return [
            other
            for other in self._vocabulary
            if other.finding not in taken and other != patient[i] and moved((*rest, other)) and needed(other)
        ]

    def _counts_as(self, patient: Patient, i: int, kept: Sequence[Said], other: Said, above: Protocol) -> bool:
        """Whether the other statement makes true all that one of those kept says of its own finding."""
        rest = (*patient[:i], *patient[i + 1 :])
        if other.finding in above.baseline_facts or not isinstance(other.value, bool | str):
            return False  # a number is told as such: it makes a finding true unless that is said to be old
        must = self.both.truth(above, (*rest, other)).must
        return any(own and not own & ~must for own in (self._own(above, rest, one) for one in kept))

    def _own(self, above: Protocol, rest: Patient, said: Said) -> int:
        """The leaves of the statement's own finding that give the level beside the rest; none of a baseline or a number, which stay
        as they are said."""
        if said.finding in above.baseline_facts or not isinstance(said.value, bool | str):
            return 0
        must = self.both.truth(above, (*rest, said)).must
        own, reached = above.table.about.get(said.finding, 0) & must, level(above, must)
        for bit in (1 << i for i in range(own.bit_length() - 1, -1, -1) if own >> i & 1):
            if level(above, must & ~bit) == reached:  # true, but the level does not rest on it: "no baseline explains it", say
                must, own = must & ~bit, own & ~bit
        return own

    def _described(self, slots: Slots, above: Protocol) -> MovedSet:
        patient = tuple(slot[0] for slot in slots)
        variants = [patient, *((*patient[:i], o, *patient[i + 1 :]) for i, slot in enumerate(slots) for o in slot[1:])]
        levels = [self.both.levels(variant) for variant in variants]
        rules: dict[str, None] = {}
        for variant, (old, new) in zip(variants, levels, strict=True):
            must = self.both.truth(above, variant).must
            top = old if above is self.both.old else new
            rules |= {name: None for name, test in above.rule_tests.items() if above.rules[name].rank == top and test.holds(must)}
        return MovedSet(slots, levels[0], frozenset(levels) - {levels[0]}, tuple(rules))
