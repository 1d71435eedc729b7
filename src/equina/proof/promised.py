"""The promises of the protocol, held against its rules over every case. They are written down apart from the rules, twice over:
what must reach a level, and that nothing else is an emergency."""

from __future__ import annotations

from collections.abc import Iterator

import z3

from equina.case import Case
from equina.leaves import resolve
from equina.model import Promise, Protocol, Rule
from equina.proof.patients import Proof, patient, solver_of
from equina.proof.terms import Cases, Term
from equina.triage import settle

__all__ = ["emergencies", "emergencies_alone", "guarded", "lowered", "never_old_alone", "only_promised", "promises"]


def promises(every: Cases) -> Iterator[Proof]:
    """Each promise: no case in which its condition certainly holds has `low` below its level."""
    kept = every.protocol.promises.values()
    solvers = {level: solver_of(every) for level in dict.fromkeys(promise.level for promise in kept)}
    for level, solver in solvers.items():
        solver.add(z3.Not(every.reaches(level)))
    for promise in kept:
        yield Proof(promise.id, promise.sentence, patient(every, solvers[promise.level], every.pair(promise.when).must))


def only_promised(every: Cases) -> Iterator[Proof]:
    """Each emergency rule: no case in which it holds lacks a promise of an emergency. A rule that reaches too far shows here."""
    solver = solver_of(every)
    none = z3.Not(z3.Or(list(_promised(every).values())))
    for rule in emergencies(every.protocol):
        beyond = z3.And(every.pair(rule.when).must, none)
        yield Proof(rule.id, "whom it sends in now, a promise sends in now too", patient(every, solver, beyond))


def emergencies_alone(every: Cases) -> Iterator[Proof]:
    """Each emergency rule: some case is an emergency by it alone. One that the others cover is dead text: merge or narrow it."""
    solver, holds = solver_of(every), _holds(every)
    for rule, own in holds.items():
        alone = _possible(solver, own, _no_other(holds, rule))
        covered = None if alone else patient(every, solver, own) or Case()
        why = "" if alone else "and so is everyone with this rule an emergency by another: merge it or narrow it"
        yield Proof(rule, "some case is an emergency by this rule alone", covered, why=why)


def guarded(every: Cases) -> Iterator[Proof]:
    """Each emergency rule, lowered, breaks a promise; or the protocol says why none covers it."""
    solver, some, holds = solver_of(every), z3.Or(list(_promised(every).values())), _holds(every)
    for rule, own in holds.items():
        kept = rule in every.protocol.unpromised or _possible(solver, some, _no_other(holds, rule))
        alone = None if kept else patient(every, solver, own) or Case()
        why = "" if kept else "and no promise would break if it were lowered: promise it, or say why under [unpromised]"
        yield Proof(rule, "lowered, it breaks a promise", alone, why=why)


def _holds(every: Cases) -> dict[str, Term]:
    """When each emergency rule certainly holds."""
    return {rule.id: every.pair(rule.when).must for rule in emergencies(every.protocol)}


def _no_other(holds: dict[str, Term], rule: str) -> Term:
    return z3.Not(z3.Or([term for name, term in holds.items() if name != rule]))


def _possible(solver: z3.Solver, *terms: Term) -> bool:
    solver.push()
    solver.add(*terms)
    found = bool(solver.check() == z3.sat)
    solver.pop()
    return found


def lowered(every: Cases) -> Iterator[tuple[Rule, Promise | None, Case | None]]:
    """Each emergency rule lowered in turn: the promise that refutes it, with the patient who would be missed; or neither."""
    solver = solver_of(every)
    promised = _promised(every)
    some = z3.Or(list(promised.values()))
    for rule in emergencies(every.protocol):
        missed = patient(every, solver, z3.And(some, z3.Not(every.reaches("emergency", without=rule.id))))
        if missed is None:
            yield rule, None, None
            continue
        must = resolve(every.protocol.table, settle(every.protocol, missed)[0]).must
        kept = (every.protocol.promises[name] for name in promised)
        yield rule, next(promise for promise in kept if every.protocol.table.test(promise.when).holds(must)), missed


def never_old_alone(every: Cases) -> Iterator[Proof]:
    """Said to be old with no baseline named, the flag still counts as present."""
    solver = solver_of(every)
    for flag, baselines in every.protocol.never_old_alone.items():
        named = z3.Or([z3.Or(every.statements[fact].yes, every.statements[fact].old) for fact in baselines])
        missed = z3.And(every.statements[flag].old, z3.Not(named), z3.Not(every.leaves[flag].must))
        yield Proof(flag, "said to be old and no baseline named, it still counts", patient(every, solver, missed))


def emergencies(protocol: Protocol) -> Iterator[Rule]:
    """The emergency rules, in the order of the file."""
    return (rule for rule in protocol.rules.values() if rule.disposition == "emergency")


def _promised(every: Cases) -> dict[str, Term]:
    """What is promised to be an emergency."""
    return {one.id: every.pair(one.when).must for one in every.protocol.promises.values() if one.level == "emergency"}
