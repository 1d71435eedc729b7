"""Two cases of one patient, before and after something is learned: what may be learned, and what it must never do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import z3

from equina.logic import Compare, leaves
from equina.model import DISPOSITIONS, Protocol
from equina.proof.advice import advice
from equina.proof.patients import Proof, case_of, patient, plainer, smallest, solver_of, spoken
from equina.proof.terms import Cases, Term, cases, exact

__all__ = ["Moments", "farther_never_lowers", "low_within_high", "never_lower", "never_widen", "reassurance", "sides"]

LEVELS = DISPOSITIONS[1:]


@dataclass(frozen=True, slots=True)
class Moments:
    """The case before and after, with equal baseline facts and equal onsets."""

    before: Cases
    after: Cases

    @staticmethod
    def of(protocol: Protocol) -> Moments:
        """The two moments of every patient."""
        return Moments(cases(protocol), cases(protocol, "after"))

    @property
    def protocol(self) -> Protocol:
        return self.before.protocol

    def solver(self, learned: Iterable[Term]) -> z3.Solver:
        """A solver of the pairs in which no more than this was learned."""
        solver = solver_of(self.before, self.after)
        solver.add(*(self.unchanged(fact) for fact in self.protocol.baseline_facts))
        solver.add(*(one.recent == self.after.statements[name].recent for name, one in self.before.statements.items()))
        solver.add(*advice(self.before).possible, *learned)
        return solver

    def unchanged(self, name: str) -> Term:
        """The case says the same of the finding, the measurement or the choice at both moments."""
        if name in self.before.statements:
            one, other = self.before.statements[name], self.after.statements[name]
            return z3.And(one.yes == other.yes, one.no == other.no, one.old == other.old, one.unsure == other.unsure)
        if name in self.before.measured:
            first, second = self.before.measured[name], self.after.measured[name]
            return z3.And(first.known == second.known, first.value == second.value, first.unsure == second.unsure)
        return z3.And([term == self.after.chosen[key] for key, term in self.before.chosen.items() if key[0] == name])

    def answered(self, name: str) -> Term:
        """Nothing was known of it before, and something is now."""
        if name in self.before.statements:
            one, other = self.before.statements[name], self.after.statements[name]
            return z3.And(z3.Not(z3.Or(one.yes, one.no, one.old)), z3.Or(other.yes, other.no, other.old))
        if name in self.before.measured:
            return z3.And(z3.Not(self.before.measured[name].known), self.after.measured[name].known)
        options = [key for key in self.before.chosen if key[0] == name]
        known, given = (z3.Or([every.chosen[key] for key in options]) for every in (self.before, self.after))
        return z3.And(z3.Not(known), given)

    def newly_old(self, name: str) -> Term:
        """The finding is said to be the same as always, and was not before."""
        return z3.And(self.after.statements[name].old, z3.Not(self.before.statements[name].old))

    def claim(self, solver: z3.Solver, id: str, sentence: str, broken: Term) -> Proof:
        """The claim, with the pair in which `broken` holds: as little learned as can be, of as plain a patient as can be."""
        wishes = [one + other for one, other in zip(plainer(self.before), plainer(self.after), strict=True)]
        learned = [z3.Not(self.unchanged(name)) for name in self.protocol.findings]
        terms = [z3.Or(one, other) for one, other in zip(spoken(self.before), spoken(self.after), strict=True)]
        model = smallest(solver, broken, wishes, learned + terms)
        if model is None:
            return Proof(id, sentence, None)
        return Proof(id, sentence, advice(self.before).case_of(model), advice(self.after).case_of(model))


def never_lower(protocol: Protocol) -> Iterator[Proof]:
    """What turns true, whatever was said of it before, never lowers `low`. Unsatisfiable for each level iff it holds."""
    pair = Moments.of(protocol)
    turned = [
        z3.Or(pair.unchanged(name), pair.after.statements[name].yes) if name in pair.before.statements else pair.unchanged(name)
        for name in protocol.findings
    ]
    solver = pair.solver(turned)
    for level in LEVELS:
        lowered = z3.And(pair.before.reaches(level), z3.Not(pair.after.reaches(level)))
        yield pair.claim(solver, level, f"what turns true leaves a case {level} that was", lowered)


def never_widen(protocol: Protocol) -> Iterator[Proof]:
    """An answer to what was not known neither lowers `low` nor raises `high`.

    Two kinds of answer are corrections and no part of this: one that makes certain what the case had excluded, for `high`; and for
    `low`, "the same as always" of what a measurement has shown, which is how an old residual is told from a new one.
    """
    pair = Moments.of(protocol)
    solver = pair.solver(z3.Or(pair.unchanged(name), pair.answered(name)) for name in protocol.findings)
    solver.push()
    solver.add(*(z3.Not(pair.newly_old(name)) for names in protocol.table.old_measures.values() for name in names))
    for level in LEVELS:
        lowered = z3.And(pair.before.reaches(level), z3.Not(pair.after.reaches(level)))
        yield pair.claim(solver, f"low {level}", f"an answer leaves a case {level} that was", lowered)
    solver.pop()
    solver.add(*(z3.Implies(after.must, pair.before.leaves[leaf].may) for leaf, after in pair.after.leaves.items()))
    for level in LEVELS:
        raised = z3.And(pair.after.may_reach(level), z3.Not(pair.before.may_reach(level)))
        yield pair.claim(solver, f"high {level}", f"an answer that takes nothing back leaves {level} excluded where it was", raised)


def reassurance(protocol: Protocol) -> Iterator[Proof]:
    """A number, a denial of what only an examination or a record finds, a positive test and a medicine lower no advice.

    A number that shows a core flag to be there, as 38 degrees show a fever, is no such number: it answers the flag.
    """
    pair = Moments.of(protocol)

    def learned(name: str) -> Term:
        finding = protocol.findings[name]
        said = pair.after.statements.get(name)
        if finding.measured:
            return z3.Or(pair.unchanged(name), pair.answered(name))
        if said is None:
            return pair.unchanged(name)
        told = [said.no] if finding.answered_by != "self" else []
        told += [said.yes] if finding.kind in ("test", "medicine") else []
        return z3.Or(pair.unchanged(name), z3.And(pair.answered(name), z3.Or(told)))

    shown = (protocol.findings[flag].true_when for flag in protocol.core_flags)
    solver = pair.solver(learned(name) for name in protocol.findings)
    solver.add(*(z3.Implies(pair.after.pair(by).must, pair.before.pair(by).must) for by in shown if by is not None))
    before, after = advice(pair.before), advice(pair.after)
    for level in DISPOSITIONS:
        lowered = z3.And(before.at_least(level), z3.Not(after.at_least(level)))
        yield pair.claim(solver, level, f"what reassures leaves the advice {level} that was, or higher", lowered)


def sides(protocol: Protocol) -> dict[str, tuple[tuple[Compare, ...], tuple[Compare, ...]]]:
    """The comparisons that decide levels, by quantity: those that a low value makes true, and those that a high one does."""
    found: dict[str, dict[Compare, None]] = {}
    asked = [rule.when for rule in protocol.rules.values()]
    asked += [finding.true_when for finding in protocol.findings.values() if finding.true_when is not None]
    for leaf in (leaf for condition in asked for leaf in leaves(condition)):
        if isinstance(leaf, Compare):
            found.setdefault(leaf.quantity, {})[leaf] = None
    split = {
        name: (tuple(c for c in of if "<" in c.relation), tuple(c for c in of if ">" in c.relation)) for name, of in found.items()
    }
    return dict(sorted(split.items()))


def farther_never_lowers(every: Cases) -> Iterator[Proof]:
    """A value farther from normal never lowers `low`: no band of values is left out between one threshold and the next."""
    solver = solver_of(every)
    for name, (below, above) in sides(every.protocol).items():
        finding, first, second = every.protocol.findings[name], every.measured[name], z3.Real(f"{name} farther")
        farther = []
        if above:
            farther.append(z3.And(second >= first.value, second <= exact(finding.high), _none(every, below)))
        if below:
            farther.append(z3.And(second <= first.value, second >= exact(finding.low), _none(every, above)))
        levels = [every.reaches(level) for level in LEVELS]
        lowered = z3.Or([z3.And(level, z3.Not(z3.substitute(level, (first.value, second)))) for level in levels])
        model = smallest(solver, z3.And(first.known, z3.Or(farther), lowered), plainer(every), spoken(every))
        sentence = "a value farther from normal is at least as urgent, with all else equal"
        if model is None:
            yield Proof(name, sentence, None)
            continue
        someone = case_of(every, model)
        moved = float(model.eval(second, model_completion=True).as_fraction())
        yield Proof(name, sentence, someone, replace(someone, values={**someone.values, name: moved}))


def _none(every: Cases, comparisons: Iterable[Compare]) -> Term:
    return z3.Not(z3.Or([every.pair(one).must for one in comparisons]))


def low_within_high(every: Cases) -> Iterator[Proof]:
    """What is certain is not excluded, level by level."""
    solver = solver_of(every)
    for level in LEVELS:
        broken = z3.And(every.reaches(level), z3.Not(every.may_reach(level)))
        yield Proof(level, f"what is {level} for certain is not excluded", patient(every, solver, broken))
