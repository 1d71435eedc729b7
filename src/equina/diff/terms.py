"""Two versions of a protocol as solver terms over the same statements: what is equal in both is one term."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import z3

from equina.diff.patients import Both, Said
from equina.leaves import RELATIONS
from equina.logic import Condition, Connectives, Leaf, Present, fold
from equina.model import DISPOSITIONS, LONG_STANDING, Protocol
from equina.proof.terms import Cases, cases

__all__ = ["Slots", "Term", "Terms"]

Term = Any  # a solver term; the solver ships no types
Slots = tuple[tuple[Said, ...], ...]


class Terms:
    """Every case of both versions at once. Terms of one name are the same term, so that what both say alike is shared."""

    def __init__(self, both: Both) -> None:
        self.both = both
        self.windows = sorted({both.old.new_within_days, both.new.new_within_days})
        self._old, self._new = cases(both.old), cases(both.new)
        self.statements = {**self._old.statements, **self._new.statements}
        self.measured = {**self._old.measured, **self._new.measured}
        self.possible = [*self._old.possible, *self._new.possible, *self._one_kind(), *self._onsets()]
        self._renamed = {protocol.id + protocol.digest: self._renaming(protocol) for protocol in (both.old, both.new)}

    def holds(self, protocol: Protocol, condition: Condition) -> Term:
        """The condition certainly holds, as this version reads it."""
        every = self._of(protocol)
        return self._dated(protocol, every.pair(condition).must)

    def reaches(self, protocol: Protocol, level: int) -> Term:
        """`low` of this version is at least the level of this rank."""
        return z3.BoolVal(True) if level <= 0 else self._dated(protocol, self._of(protocol).reaches(DISPOSITIONS[level]))

    def leaves(self, protocol: Protocol, bits: int) -> Term:
        """Each of the leaves is certainly true, as this version reads the case."""
        every, table = self._of(protocol), protocol.table
        return self._dated(protocol, z3.And([every.leaves[name].must for name in table.names if table.bits[name] & bits]))

    def answers(self, condition: Condition) -> Term:
        """A condition about the patient in leaves of either version (the old one's first) and in any comparison of a quantity."""

        def leaf(part: Leaf) -> Term:
            if isinstance(part, Present):
                protocol = self.both.old if part.name in self._old.leaves else self.both.new
                return self._dated(protocol, self._of(protocol).leaves[part.name].must)
            quantity = self.measured[part.quantity]
            return z3.And(quantity.known, RELATIONS[part.relation](quantity.value, z3.RealVal(str(part.number))))

        def at_least(count: int, parts: Sequence[Term]) -> Term:
            return z3.AtLeast(*parts, count)

        return fold(condition, Connectives(leaf, z3.And, z3.Or, at_least))

    def said(self, said: Said) -> Term:
        """The statement."""
        if said.finding in self.measured and not isinstance(said.value, bool | str):
            quantity = self.measured[said.finding]
            low, high = z3.RealVal(str(said.low)), z3.RealVal(str(said.high))
            inside = quantity.value == low if said.low == said.high else z3.And(quantity.value > low, quantity.value < high)
            return z3.And(quantity.known, inside)
        statement = self.statements[said.finding]
        stated = statement.old if said.value == LONG_STANDING else statement.yes
        return stated if said.days is None else z3.And(stated, self._recent(said.finding, said.days))

    def any_of(self, slots: Slots) -> Term:
        """The case has one statement of each slot."""
        return z3.And([z3.Or([self.said(said) for said in slot]) for slot in slots])

    def read(self, model: z3.ModelRef) -> tuple[Said, ...]:
        """The statements that the model makes, denials left out: they decide no level."""

        def true(term: Term) -> bool:
            return bool(z3.is_true(model.eval(term, model_completion=True)))

        found: list[Said] = []
        for name, statement in self.statements.items():
            for term, value in ((statement.yes, True), (statement.old, LONG_STANDING)):
                if true(term):
                    recent = (days for days in self.windows if true(self._recent(name, days)))
                    found.append(Said(name, value, next(recent, None)))
        for name, quantity in self.measured.items():
            if true(quantity.known):
                value = model.eval(quantity.value, model_completion=True).as_fraction()
                found += [cell for cell in self.both.cells(name) if _within(value, cell)]
        return tuple(found)

    def _of(self, protocol: Protocol) -> Cases:
        return self._old if protocol is self.both.old else self._new

    def _recent(self, name: str, days: int) -> Term:
        return self.statements[name].recent if len(self.windows) == 1 else z3.Bool(f"{name} in the last {days} days")

    def _renaming(self, protocol: Protocol) -> list[tuple[Term, Term]]:
        """Where the versions take different times for recent, each has its own terms for it."""
        if len(self.windows) == 1:
            return []
        return [(said.recent, self._recent(name, protocol.new_within_days)) for name, said in self._of(protocol).statements.items()]

    def _dated(self, protocol: Protocol, term: Term) -> Term:
        renaming = self._renamed[protocol.id + protocol.digest]
        return z3.substitute(term, *renaming) if renaming else term

    def _one_kind(self) -> Iterable[Term]:
        """What is a finding in one version and a quantity in the other is stated as one of the two."""
        for name in self.statements.keys() & self.measured.keys():
            said = self.statements[name]
            yield z3.Not(z3.And(z3.Or(said.yes, said.no, said.old), self.measured[name].known))

    def _onsets(self) -> Iterable[Term]:
        """An onset within the shorter time is one within the longer; and it makes true what is defined by it."""
        if len(self.windows) > 1:
            for name in self.statements:
                yield z3.Implies(self._recent(name, self.windows[0]), self._recent(name, self.windows[1]))
        for protocol in (self.both.old, self.both.new):
            for finding in protocol.dated:
                of = finding.onset_of or ""
                present = z3.Or(self.statements[of].yes, self.statements[of].old)
                for days in (days for days in self.windows if days <= finding.onset_within_days):
                    yield z3.Implies(z3.And(present, self._recent(of, days)), self.statements[finding.id].yes)


def _within(value: Fraction, cell: Said) -> bool:
    low, high = Fraction(str(cell.low)), Fraction(str(cell.high))
    return value == low if low == high else low < value < high
