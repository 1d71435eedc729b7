"""`equina prove`: each promise proved over every three-valued case and every possible measurement, or refuted with a patient."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

import z3

from equina.case import Case
from equina.leaves import resolve
from equina.model import LONG_STANDING, Promise, Protocol, Rule, Value, rank
from equina.proof.terms import Cases, Term, cases
from equina.triage import assess, settle

# A moment for the onsets of a patient made up by the solver; only differences of moments count.
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

__all__ = ["Proof", "emergencies_alone", "lowered", "promises", "prove"]


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome for one claim: `patient` is None when it is proved, else a patient for whom it fails."""

    id: str
    sentence: str
    patient: Case | None


def prove(protocol: Protocol, out: TextIO, *, show_lowered: bool = False) -> bool:
    """Prove the promises and print what came of it. True when every claim holds.

    The promises themselves are tried too: each emergency rule is lowered in turn, which must break one of them.
    """
    start = time.perf_counter()
    every = cases(protocol)
    findings, rules = len(protocol.findings), len(protocol.rules)
    print(f"protocol {protocol.id} {protocol.version} {protocol.digest}", file=out)
    print(f"{findings} findings, {rules} rules, {len(protocol.promises)} promises", file=out)
    kept = [*promises(every), *emergencies_alone(every), *never_unasked(protocol), *never_old_alone(every)]
    guarded = []
    for rule, promise, patient in lowered(every):
        if show_lowered and promise is not None and patient is not None:
            print(f"lowering {rule.id} breaks: {promise.sentence}\n{patient_in_words(protocol, patient)}", file=out)
        why = protocol.unpromised.get(rule.id)
        if promise is None and why:
            print(f"lowering {rule.id} breaks no promise: {why}", file=out)
        missing = Case() if promise is None and not why else None
        guarded.append(
            Proof(f"guarded {rule.id}", "lowered, it breaks a promise; else promise it, or say why under [unpromised]", missing)
        )
    for claims in (kept, guarded):
        for claim in claims:
            if claim.patient is not None:
                print(f"REFUTED  {claim.id}: {claim.sentence}\n{patient_in_words(protocol, claim.patient)}", file=out)
    failed = sum(claim.patient is not None for claim in (*kept, *guarded))
    print(f"{len(protocol.promises)} promises over every case, {len(guarded)} emergency rules lowered in turn, ", file=out, end="")
    asked, old = len(protocol.never_unasked), len(protocol.never_old_alone)
    print(f"{asked} flags never unasked, {old} never old alone: ", file=out, end="")
    print(f"{'all hold' if not failed else f'{failed} refuted'} ({time.perf_counter() - start:.1f} s)", file=out)
    return not failed


def _solver(every: Cases) -> z3.Solver:
    solver = z3.Solver()
    solver.add(*every.possible)
    return solver


def promises(every: Cases) -> Iterator[Proof]:
    """Each promise: no case in which its condition certainly holds has `low` below its level."""
    solver = _solver(every)
    for promise in every.protocol.promises.values():
        broken = z3.And(every.pair(promise.when).must, z3.Not(every.reaches(promise.level)))
        yield Proof(promise.id, promise.sentence, _patient(every, solver, broken))


def emergencies_alone(every: Cases) -> Iterator[Proof]:
    """No emergency rule is wholly covered by the others: one that is would be dead text, and must be merged or narrowed."""
    solver = _solver(every)
    for rule in _emergencies(every.protocol):
        solver.push()
        solver.add(every.pair(rule.when).must, z3.Not(every.reaches("emergency", without=rule.id)))
        alone = solver.check() == z3.sat
        solver.pop()
        yield Proof(
            f"alone {rule.id}", "some case is an emergency by this rule alone, else merge or narrow it", None if alone else Case()
        )


def never_unasked(protocol: Protocol) -> Iterator[Proof]:
    """No flag that is promised to be asked can be left out: a complete case that denies all else is then still urgent."""
    for flag in protocol.never_unasked:
        others = dict.fromkeys((name for name in (*protocol.core_flags, *protocol.never_unasked) if name != flag), False)
        denied = {name: value for name, value in others.items() if not _excludes(protocol, name, flag)}
        for unknown in ({}, {flag: None}):
            patient = Case(values={"back_pain": LONG_STANDING, **denied, **unknown}, complete=True)
            advice = assess(protocol, patient).disposition
            if advice is None or rank(advice) < rank("urgent"):
                yield Proof(f"asked {flag}", "left unknown, it holds the advice at urgent or above", patient)
                break
        else:
            yield Proof(f"asked {flag}", "", None)


def _excludes(protocol: Protocol, denied: str, flag: str) -> bool:
    """Whether denying the one answers the other, as "no weak leg" answers "can't move a leg"."""
    return bool(protocol.table.effects[denied, False].denied & protocol.table.bits[flag])


def never_old_alone(every: Cases) -> Iterator[Proof]:
    """Said to be old with no baseline named, the flag still counts as present."""
    solver = _solver(every)
    for flag, baselines in every.protocol.never_old_alone.items():
        named = z3.Or([z3.Or(every.statements[fact].yes, every.statements[fact].old) for fact in baselines])
        missed = z3.And(every.statements[flag].old, z3.Not(named), z3.Not(every.leaves[flag].must))
        yield Proof(f"old {flag}", "said to be old and no baseline named, it still counts", _patient(every, solver, missed))


def lowered(every: Cases) -> Iterator[tuple[Rule, Promise | None, Case | None]]:
    """Each emergency rule lowered in turn: the promise that refutes it, with the patient who would be missed; or neither."""
    solver = _solver(every)
    promised = {p.id: every.pair(p.when).must for p in every.protocol.promises.values() if p.level == "emergency"}
    some = z3.Or(list(promised.values()))
    for rule in _emergencies(every.protocol):
        rest = z3.Not(every.reaches("emergency", without=rule.id))
        patient = _patient(every, solver, z3.And(some, rest))
        if patient is None:
            yield rule, None, None
            continue
        must = resolve(every.protocol.table, settle(every.protocol, patient)[0]).must
        broken = next(
            p for p in every.protocol.promises.values() if p.id in promised and every.protocol.table.test(p.when).holds(must)
        )
        yield rule, broken, patient


def _emergencies(protocol: Protocol) -> Iterator[Rule]:
    return (rule for rule in protocol.rules.values() if rule.disposition == "emergency")


def _patient(every: Cases, solver: z3.Solver, broken: Term) -> Case | None:
    """A case in which `broken` holds, with as few answers as can be, or None when there is none."""
    solver.push()
    solver.add(broken)
    try:
        if solver.check() == z3.unsat:
            return None
        kept: list[Term] = []
        for wish in _plainer(every):
            if solver.check(*kept, *wish) == z3.sat:
                kept += wish
        solver.check(*kept)
        model = solver.model()
        spoken = [term for said in every.statements.values() for term in (said.old, said.no, said.recent, said.yes)]
        spoken += [*(quantity.known for quantity in every.measured.values()), *every.chosen.values()]
        true = [term for term in spoken if z3.is_true(model.eval(term, model_completion=True))]
        kept += [z3.Not(term) for term in spoken if not any(term.eq(other) for other in true)]
        # Leave out one statement after the other as long as the claim still fails: what stays is what the failure needs.
        for term in true:
            if solver.check(*kept, z3.Not(term)) == z3.sat:
                kept.append(z3.Not(term))
        solver.check(*kept)
        return _case(every, solver.model())
    finally:
        solver.pop()


def _plainer(every: Cases) -> Iterator[list[Term]]:
    """What makes a patient easier to read, when the failure allows it: nothing dated, denied or old, and no finding that implies
    another where the other will do."""
    said = every.statements
    yield [z3.Not(one.recent) for one in said.values()]
    yield [z3.Not(one.no) for one in said.values()]
    yield [z3.Not(one.old) for one in said.values()]
    yield [z3.Not(z3.Or(one.yes, one.old)) for name, one in said.items() if every.protocol.findings[name].implies]


def _case(every: Cases, model: z3.ModelRef) -> Case:
    """The case that the model stands for."""

    def true(term: Term) -> bool:
        return bool(z3.is_true(model.eval(term, model_completion=True)))

    values: dict[str, Value] = {}
    recent = {}
    for name, said in every.statements.items():
        for term, value in ((said.yes, True), (said.no, False), (said.old, LONG_STANDING)):
            if true(term):
                values[name] = value
                if true(said.recent):
                    recent[name] = MOMENT
    for name, quantity in every.measured.items():
        if true(quantity.known):
            values[name] = float(model.eval(quantity.value, model_completion=True).as_fraction())
    values |= {name: option for (name, option), term in every.chosen.items() if true(term)}
    return Case(values=values, onset=recent, as_of=MOMENT)


def patient_in_words(protocol: Protocol, patient: Case) -> str:
    """What the patient states, as lines a clinician can read."""
    lines = [f"    {protocol.findings[name].label}: {_value_in_words(protocol, patient, name)}" for name in patient.values]
    return "\n".join(lines) or "    (a patient of whom nothing is stated)"


def _value_in_words(protocol: Protocol, patient: Case, name: str) -> str:
    value = patient.values[name]
    began = ", began in the last days" if name in patient.onset else ""
    if isinstance(value, bool):
        return ("yes, new or of unknown age" if value else "no") + began
    if isinstance(value, str):
        return "old and unchanged" + began if value == LONG_STANDING else value
    return f"{value:g} {protocol.findings[name].unit}"
