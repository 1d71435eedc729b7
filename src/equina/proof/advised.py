"""What a person is told in every case: one level, a reason and care; nothing calm while a core flag is not answered by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import z3

from equina.case import Case
from equina.implicants import implicants
from equina.model import DISPOSITIONS, Disposition, Protocol, rank
from equina.proof.advice import Advice, advice
from equina.proof.patients import Proof, plainer, smallest, solver_of, spoken, stating
from equina.proof.terms import Cases, Term
from equina.triage import assess

__all__ = ["core_flags_answered", "one_level", "reason_and_care"]


@dataclass(frozen=True, slots=True)
class _Told:
    """The advice of every case, with a solver of them."""

    advice: Advice
    solver: z3.Solver

    @staticmethod
    def of(every: Cases) -> _Told:
        told = advice(every)
        solver = solver_of(every)
        solver.add(*told.possible)
        return _Told(told, solver)

    def claim(self, id: str, sentence: str, broken: Term) -> Proof:
        return Proof(id, sentence, self.someone(broken))

    def someone(self, who: Term) -> Case | None:
        """A case as small as can be, told by the person if it can be."""
        every = self.advice.every
        wishes = [[self.advice.answers["self"]], [self.advice.complete], *plainer(every)]
        model = smallest(self.solver, who, wishes, spoken(every))
        return None if model is None else self.advice.case_of(model)

    def anyone(self, who: Term) -> Case | None:
        """A case, as it comes."""
        self.solver.push()
        self.solver.add(who)
        found = self.advice.case_of(self.solver.model()) if self.solver.check() == z3.sat else None
        self.solver.pop()
        return found

    def exactly(self, level: Disposition) -> Term:
        higher = DISPOSITIONS[DISPOSITIONS.index(level) + 1 :][:1]
        return z3.And(self.advice.at_least(level), *(z3.Not(self.advice.at_least(one)) for one in higher))


def core_flags_answered(every: Cases) -> Iterator[Proof]:
    """Each flag that promises.toml names, in every case, finished or not: while it is not asked, not known or denied by an umbrella
    alone, the advice is never self care or scheduled. It is answered by its own name; by a "no" to what it is a part of; or by
    something narrower that is there."""
    told = _Told.of(every)
    protocol = every.protocol
    calm = z3.And(told.advice.at_least("self_care"), z3.Not(told.advice.at_least("urgent")))
    for flag in protocol.never_unasked:
        own, wider, narrower = every.statements[flag], _wider(protocol, flag), _narrower(protocol, flag)
        answered = [own.yes, own.no, own.old, *(every.statements[name].no for name in wider)]
        for name in narrower:
            answered += [every.statements[name].yes, every.statements[name].old]
        if (by_number := protocol.findings[flag].true_when) is not None:
            answered.append(every.pair(by_number).must)
        broken = z3.And(calm, z3.Not(z3.Or(answered)))
        yield told.claim(flag, "not answered by name, it keeps the advice at urgent or above", broken)


def _wider(protocol: Protocol, flag: str) -> set[str]:
    """What the flag is a part of, or makes no sense without; never an umbrella."""
    found, waiting = set[str](), [flag]
    while waiting:
        finding = protocol.findings[waiting.pop()]
        for name in (*(n for n in finding.implies if n not in finding.not_covered_by), *finding.presumes):
            if name not in found and protocol.findings[name].kind != "umbrella":
                found.add(name)
                waiting.append(name)
    return found


def _narrower(protocol: Protocol, flag: str) -> set[str]:
    """What is a part of the flag."""
    found = {flag}
    while more := {f.id for f in protocol.findings.values() if not found.isdisjoint(f.implies)} - found:
        found |= more
    return found - {flag}


def one_level(every: Cases) -> Iterator[Proof]:
    """Every complete case in which something was answered has exactly one level, never below `low`."""
    told = _Told.of(every)
    complete = z3.And(told.advice.complete, told.advice.given)
    levels = [(told.exactly(level), 1) for level in DISPOSITIONS]
    yield told.claim("one", "a complete case has exactly one level", z3.And(complete, z3.Not(z3.PbEq(levels, 1))))
    for level in DISPOSITIONS[1:]:
        below = z3.And(complete, every.reaches(level), z3.Not(told.advice.at_least(level)))
        yield told.claim(level, f"what is {level} for certain is told so", below)


def reason_and_care(every: Cases) -> Iterator[Proof]:
    """Every way in which a level can be reached, and every rule: whoever is advised so gets that level, with a reason and care.
    What is printed depends on the level and the rules alone, so any one patient stands for all."""
    told = _Told.of(every)
    protocol, sentence = every.protocol, "whoever is advised so has a reason with sources, and care"
    complete = z3.And(told.advice.complete, told.advice.given)
    for level in DISPOSITIONS:
        ways = {"raised": z3.Not(every.reaches(level)), "by a rule": every.reaches(level)} if level != "self_care" else {"": True}
        for way, how in ways.items():
            who = z3.And(complete, told.exactly(level), how)
            someone = told.anyone(who)
            wrong = _wanting(protocol, someone, level) if someone else ""
            if someone and not protocol.level_care.get(level):  # the patient at hand may have care of a cause that another has not
                wrong = wrong or "no care is for everyone of this level"
            yield Proof(" ".join((level, way)).strip(), sentence, told.someone(who) if wrong else None, why=wrong)
    for rule in protocol.rules.values():
        sets = implicants(rule.when, protocol.table.bit)
        patient = replace(stating(protocol, min(sets)), complete=True)
        wrong = _wanting(protocol, patient, rule.disposition)
        yield Proof(rule.id, sentence, patient if wrong else None, why=wrong)


def _wanting(protocol: Protocol, someone: Case, level: Disposition) -> str:
    """What the assessment lacks."""
    try:
        result = assess(protocol, someone)
    except (KeyError, IndexError) as error:
        return f"the protocol has no {error}"
    if result.disposition is None or rank(result.disposition) < rank(level):
        return f"the advice is {result.disposition}, not {level}"
    if not result.reasons or not all(reason.because and reason.sources and reason.timing for reason in result.reasons):
        return "no reason is given, or one without sources or timing"
    return "" if result.care else "no care is given"
