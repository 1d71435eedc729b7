"""A patient for whom a claim fails: as few statements as the failure needs, as a case and in words a clinician can read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import z3

from equina.case import Case
from equina.leaves import RELATIONS
from equina.logic import Compare, parse
from equina.model import LONG_STANDING, Protocol, Value
from equina.proof.terms import Cases, Term

__all__ = ["MOMENT", "Proof", "case_of", "in_words", "patient", "smallest", "plainer", "solver_of", "spoken", "stating", "true_in"]

# A moment for the onsets of a patient made up by the solver; only differences of moments count.
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome for one claim: `patient` is None when it is proved, else a patient for whom it fails; `after` is the same patient
    once more is known, where the claim compares two moments, and `why` says what is wrong where the patient alone does not."""

    id: str
    sentence: str
    patient: Case | None
    after: Case | None = None
    why: str = ""


def solver_of(*every: Cases) -> z3.Solver:
    """A solver that knows which cases are possible."""
    solver = z3.Solver()
    for cases in every:
        solver.add(*cases.possible)
    return solver


def patient(every: Cases, solver: z3.Solver, broken: Term) -> Case | None:
    """A case in which `broken` holds, with as few answers as can be, or None when there is none."""
    model = smallest(solver, broken, plainer(every), spoken(every))
    return None if model is None else case_of(every, model)


def smallest(solver: z3.Solver, broken: Term, wishes: Iterable[list[Term]], terms: Sequence[Term]) -> z3.ModelRef | None:
    """A model in which `broken` holds, the wishes that can be had together are, and as few of the terms are true as can be."""
    outside = solver.num_scopes()
    solver.push()
    solver.add(broken)
    try:
        if solver.check() == z3.unsat:
            return None
        for wish in wishes:
            solver.push()
            solver.add(*wish)
            if solver.check() != z3.sat:
                solver.pop()  # what was added for a wish that can be had stays until the last pop
                continue
            solver.check()
        _leave_out(solver, list(terms))
        solver.check()
        return solver.model()
    finally:
        solver.pop(solver.num_scopes() - outside)


def _leave_out(solver: z3.Solver, terms: list[Term]) -> None:
    """Makes false as many of the terms as the solver allows: half of what is left at a time, so that many go at once."""
    waiting = [terms]
    while waiting:
        some = waiting.pop()
        solver.check()
        model = solver.model()
        true = [term for term in some if true_in(model, term)]
        solver.add(*(z3.Not(term) for term in some if not any(term.eq(other) for other in true)))
        if not true:
            continue
        if solver.check(*(z3.Not(term) for term in true)) == z3.sat:
            solver.add(*(z3.Not(term) for term in true))
        elif len(true) == 1:
            solver.add(true[0])
        else:
            half = len(true) // 2
            waiting += [true[half:], true[:half]]


def spoken(every: Cases) -> list[Term]:
    """Everything that a case may state, what is harder to read first."""
    said = every.statements.values()
    terms = [term for one in said for term in (one.recent, one.unsure)] + [quantity.unsure for quantity in every.measured.values()]
    terms += [term for one in said for term in (one.old, one.no)]
    return [*terms, *(quantity.known for quantity in every.measured.values()), *every.chosen.values(), *(one.yes for one in said)]


def plainer(every: Cases) -> Iterator[list[Term]]:
    """What makes a patient easier to read, when the failure allows it: nothing dated, not known, denied or old, and no finding that
    implies another where the other will do."""
    said = every.statements
    yield [z3.Not(one.recent) for one in said.values()]
    yield [z3.Not(one.unsure) for one in said.values()]
    yield [z3.Not(one.no) for one in said.values()]
    yield [z3.Not(one.old) for one in said.values()]
    yield [z3.Not(z3.Or(one.yes, one.old)) for name, one in said.items() if every.protocol.findings[name].implies]


def true_in(model: z3.ModelRef, term: Term) -> bool:
    """The model makes the term true, or would if it spoke of it."""
    return bool(z3.is_true(model.eval(term, model_completion=True)))


def case_of(every: Cases, model: z3.ModelRef) -> Case:
    """The case that the model stands for."""
    values: dict[str, Value] = {}
    recent = {}
    for name, said in every.statements.items():
        for term, value in ((said.yes, True), (said.no, False), (said.old, LONG_STANDING), (said.unsure, None)):
            if true_in(model, term):
                values[name] = value
                if true_in(model, said.recent):
                    recent[name] = MOMENT
    for name, quantity in every.measured.items():
        if true_in(model, quantity.unsure):
            values[name] = None
        if true_in(model, quantity.known):
            values[name] = float(model.eval(quantity.value, model_completion=True).as_fraction())
    values |= {name: option for (name, option), term in every.chosen.items() if true_in(model, term)}
    return Case(values=values, onset=recent, as_of=MOMENT)


def stating(protocol: Protocol, leaves: int) -> Case:
    """A case that states these leaves: the plain ones as new, the others as old, comparisons by a number that fulfils them."""
    table = protocol.table
    values: dict[str, Value] = {}
    compared: dict[str, list[Compare]] = {}
    for name in (name for name in table.names if table.bits[name] & leaves):
        about = next(other for other, bits in table.about.items() if bits & table.bits[name])
        if isinstance(leaf := parse(name), Compare):
            compared.setdefault(about, []).append(leaf)
        elif values.get(about) is not True:
            values[about] = True if name in (about, f"{about}_new") else LONG_STANDING
    for quantity, all_of in compared.items():
        tried = [one.number + step for one in all_of for step in (0, 0.1, -0.1)]
        fitting = (number for number in tried if all(RELATIONS[one.relation](number, one.number) for one in all_of))
        values[quantity] = next(fitting, tried[0])
    return Case(values=values)


def in_words(protocol: Protocol, proof: Proof) -> str:
    """The patient of a refutation, as lines a clinician can read; then what was learned, where the claim compares two moments."""
    if proof.patient is None:
        return "    (nobody)"
    lines = [*_stated(protocol, proof.patient)] or ["    (a patient of whom nothing is stated)"]
    if proof.after is not None:
        learned = {n: v for n, v in proof.after.values.items() if n not in proof.patient.values or proof.patient.values[n] != v}
        lines += ["  and then it is learned:", *_stated(protocol, replace(proof.after, values=learned))]
    if proof.patient.complete:
        lines.append("    (no more will be asked)")
    return "\n".join([*lines, f"  {proof.why}"] if proof.why else lines)


def _stated(protocol: Protocol, case: Case) -> Iterator[str]:
    for name in case.values:
        yield f"    {protocol.findings[name].label}: {_value_in_words(protocol, case, name)}"


def _value_in_words(protocol: Protocol, case: Case, name: str) -> str:
    value = case.values[name]
    began = ", began in the last days" if name in case.onset else ""
    if value is None:
        return "asked, not known"
    if isinstance(value, bool):
        return ("yes, new or of unknown age" if value else "no") + began
    if isinstance(value, str):
        return "old and unchanged" + began if value == LONG_STANDING else value
    return f"{value:g} {protocol.findings[name].unit}"
