"""Conditions as solver terms: the same tree and the same leaf table as the scalar engine, over every possible case at once.

Each condition becomes a pair: certainly true (unknown taken as false), and not excluded (unknown taken as true).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import z3

from equina.leaves import EXPLAINED, LeafTable
from equina.logic import Condition, Connectives, Leaf, Present, fold, render
from equina.model import LONG_STANDING, Disposition, Protocol, Value, rank

__all__ = ["Cases", "Measured", "Pair", "Statement", "Term", "cases", "exact"]

Term = Any  # a solver term; the solver ships no types


@dataclass(frozen=True, slots=True)
class Pair:
    """A condition over every case: certainly true, and not excluded."""

    must: Term
    may: Term


@dataclass(frozen=True, slots=True)
class Statement:
    """What a case may say of one finding: at most one of the first four, or none of them: then it was not asked. `recent` is an
    onset in the last two weeks."""

    yes: Term
    no: Term
    old: Term
    unsure: Term  # asked, and not known
    recent: Term


@dataclass(frozen=True, slots=True)
class Measured:
    """A quantity: whether it was measured, and its value in the quantity's unit; or asked, and not known."""

    known: Term
    value: Term
    unsure: Term


@dataclass(frozen=True, slots=True)
class Cases:
    """Every case of a protocol as terms: what may be stated, what is possible at all, and what it makes of each leaf."""

    protocol: Protocol
    statements: Mapping[str, Statement]
    measured: Mapping[str, Measured]
    chosen: Mapping[tuple[str, Value], Term]  # which option of a choice is given
    possible: tuple[Term, ...]
    settled: Mapping[tuple[str, Value], Term]  # which value each finding has once the baselines have decided what is old
    leaves: Mapping[str, Pair]
    # Of the conditions met so far. Never that of other leaves: `replace` begins with none.
    pairs: dict[Condition, Pair] = field(default_factory=dict, init=False, compare=False, repr=False)

    def pair(self, condition: Condition) -> Pair:
        found = self.pairs.get(condition)
        if found is None:
            found = self.pairs[condition] = fold(condition, Connectives(self._leaf, _all_of, _any_of, _at_least))
        return found

    def reaches(self, level: Disposition, *, without: str | None = None) -> Term:
        """`low` is at least this level; `without` leaves one rule out."""
        rules = (r for r in self.protocol.rules.values() if r.rank >= rank(level) and r.id != without)
        return z3.Or([self.pair(rule.when).must for rule in rules])

    def may_reach(self, level: Disposition) -> Term:
        """`high` is at least this level."""
        return z3.Or([self.pair(rule.when).may for rule in self.protocol.rules.values() if rule.rank >= rank(level)])

    def _leaf(self, leaf: Leaf) -> Pair:
        return self.leaves[leaf.name if isinstance(leaf, Present) else render(leaf)]


def _all_of(parts: Iterable[Pair]) -> Pair:
    parts = list(parts)
    return Pair(z3.And([part.must for part in parts]), z3.And([part.may for part in parts]))


def _any_of(parts: Iterable[Pair]) -> Pair:
    parts = list(parts)
    return Pair(z3.Or([part.must for part in parts]), z3.Or([part.may for part in parts]))


def _at_least(count: int, parts: Iterable[Pair]) -> Pair:
    parts = list(parts)
    return Pair(z3.AtLeast(*[part.must for part in parts], count), z3.AtLeast(*[part.may for part in parts], count))


def cases(protocol: Protocol, moment: str = "") -> Cases:
    """The terms of every case that the protocol's findings allow. Another `moment` gives terms of their own, so that two cases can
    be compared: before an answer and after it."""
    mark = f" {moment}" if moment else ""
    statements, measured, possible = {}, {}, []
    chosen: dict[tuple[str, Value], Term] = {}
    for finding in protocol.findings.values():
        if finding.measured:
            known, value, unsure = f"{finding.id} measured{mark}", f"{finding.id}{mark}", f"{finding.id} unsure{mark}"
            quantity = Measured(z3.Bool(known), z3.Real(value), z3.Bool(unsure))
            measured[finding.id] = quantity
            possible.append(z3.Not(z3.And(quantity.known, quantity.unsure)))
            possible += [quantity.value >= exact(finding.low), quantity.value <= exact(finding.high)]
        elif finding.kind == "choice":
            options: dict[tuple[str, Value], Term] = {
                (finding.id, option): z3.Bool(f"{finding.id} {option}{mark}") for option in finding.options
            }
            chosen |= options
            possible.append(z3.AtMost(*options.values(), 1))
        else:
            said = Statement(*(z3.Bool(f"{finding.id} {word}{mark}") for word in ("yes", "no", "old", "unsure", "recent")))
            statements[finding.id] = said
            possible.append(z3.AtMost(said.yes, said.no, said.old, said.unsure, 1))
    settled = _settled(protocol, statements, measured)
    leaves = _leaves(protocol, settled, measured, chosen)
    return Cases(protocol, statements, measured, chosen, tuple(possible), settled, leaves)


def _settled(
    protocol: Protocol, statements: Mapping[str, Statement], measured: Mapping[str, Measured]
) -> Mapping[tuple[str, Value], Term]:
    """When each finding has each settled value: `equina.triage.settle` as terms."""

    def baseline(fact: str) -> Term:
        return z3.Or(statements[fact].yes, statements[fact].old)

    changed = baseline("change_from_baseline") if "change_from_baseline" in statements else z3.BoolVal(False)
    chronic = z3.BoolVal(False)
    if "chronic_urinary_symptoms" in protocol.baseline_facts:
        chronic = z3.And(baseline("chronic_urinary_symptoms"), z3.Not(changed))
    by_number = {name: _by_number(protocol, measured, name) for name in protocol.chronic_covers}
    settled: dict[tuple[str, Value], Term] = {}
    for name, said in statements.items():
        finding = protocol.findings[name]
        explained = z3.Or([baseline(fact) for fact, names in protocol.explained_by.items() if name in names or "*" in names])
        anew = z3.BoolVal(False)
        if not finding.lasting:
            unexplained = z3.Not(z3.Or([baseline(fact) for fact in finding.old_only_with])) if finding.old_only_with else False
            anew = z3.Or(said.recent, changed if finding.changeable else False, unexplained, finding.never_old)
        aged = (
            z3.And(said.yes, chronic, z3.Not(said.recent), z3.Not(by_number[name]))
            if name in protocol.chronic_covers
            else z3.BoolVal(False)
        )
        old = z3.Or(z3.And(said.old, z3.Not(anew)), aged)
        settled[name, True] = z3.Or(z3.And(said.yes, z3.Not(aged)), z3.And(said.old, anew))
        settled[name, False] = said.no
        settled[name, LONG_STANDING] = z3.And(old, z3.Not(explained))
        settled[name, EXPLAINED] = z3.And(old, explained)
    return settled


def _by_number(protocol: Protocol, measured: Mapping[str, Measured], name: str) -> Term:
    """A measurement makes the finding true."""
    rows = ((measured[quantity], row) for quantity, rows in protocol.table.measures.items() for row in rows)
    makes = ((one, row) for one, row in rows if any(implied == name for implied, _ in row.implied))
    return z3.Or([z3.And(one.known, row.relation(one.value, exact(row.number))) for one, row in makes])


def _leaves(
    protocol: Protocol,
    settled: Mapping[tuple[str, Value], Term],
    measured: Mapping[str, Measured],
    chosen: Mapping[tuple[str, Value], Term],
) -> Mapping[str, Pair]:
    """Each leaf from the leaf table: true when some settled value makes it true, not excluded unless one excludes it."""
    table: LeafTable = protocol.table
    settled = {**settled, **chosen}
    true: dict[str, list[Term]] = {name: [] for name in table.names}
    excluded: dict[str, list[Term]] = {name: [] for name in table.names}
    unless: dict[str, list[Term]] = {name: [] for name in table.names}

    def add(where: dict[str, list[Term]], bits: int, term: Term) -> None:
        while bits:
            lowest = bits & -bits
            where[table.names[lowest.bit_length() - 1]].append(term)
            bits ^= lowest

    for key, effect in table.effects.items():
        add(true, effect.true, settled[key])
        add(excluded, effect.excluded, settled[key])
        add(unless, effect.unless, settled[key])
    for name, rows in table.measures.items():
        quantity = measured[name]
        for row in rows:
            holds = row.relation(quantity.value, exact(row.number))
            add(true, row.bit, z3.And(quantity.known, holds))
            add(excluded, row.bit, z3.And(quantity.known, z3.Not(holds)))
            add(excluded, row.excluded, z3.And(quantity.known, holds))
            for implied, bits in row.implied:
                old = [settled[name, how] for name in table.old_measures.get(implied, ()) for how in (LONG_STANDING, EXPLAINED)]
                counts = z3.Not(z3.Or(old))
                add(true, bits, z3.And(quantity.known, holds, counts))
    gone = {name: z3.Or(excluded[name] + unless[name]) for name in table.names}
    for own, below in table.below:  # the narrowest first: what may still be there anew through something narrower
        narrower = z3.Or([z3.Not(gone[name]) for name in table.names if table.bits[name] & below])
        for name in (name for name in table.names if table.bits[name] & own):
            gone[name] = z3.Or(z3.Or(excluded[name]), z3.And(z3.Or(unless[name]), z3.Not(narrower)))
    return {name: Pair(must := z3.Or(true[name]), z3.Or(must, z3.Not(gone[name]))) for name in table.names}


def exact(number: float | None) -> Term:
    """The number as the protocol writes it, in no binary rounding."""
    return z3.RealVal(str(number or 0.0))
