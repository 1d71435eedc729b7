"""The advice as solver terms: `equina.triage` from the interval to the one level that a person is told, over every case at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import z3

from equina.case import ANSWERERS, Case
from equina.leaves import EXPLAINED
from equina.model import LONG_STANDING, Disposition
from equina.proof.patients import case_of, true_in
from equina.proof.terms import Cases, Term
from equina.triage import CAN_ANSWER, NOT_STATED

__all__ = ["Advice", "advice"]


@dataclass(frozen=True, slots=True)
class Advice:
    """Every case with who answers it and whether more will be asked, and what is advised."""

    every: Cases
    complete: Term
    answers: Mapping[str, Term]  # who answers: exactly one of self, clinician, record
    given: Term  # something was answered or read
    unasked: Term  # a core flag of the one answering was not asked by name, and nothing else has answered it
    unsure: Term  # a core flag is not known, or whether what counts as old has changed
    possible: tuple[Term, ...]

    @property
    def none(self) -> Term:
        """No advice is given."""
        waits = z3.And(z3.Not(self.every.reaches("emergency")), z3.Not(self.complete), self.unasked)
        return z3.Or(z3.Not(self.given), waits)

    def at_least(self, level: Disposition) -> Term:
        """Advice is given, and it is at least this level."""
        if level == "self_care":
            return z3.Not(self.none)
        raised = z3.BoolVal(False) if level == "emergency" else self.unsure
        return z3.And(z3.Not(self.none), z3.Or(self.every.reaches(level), raised))

    def can_answer(self, answered_by: str) -> Term:
        """The one answering can tell what is answered by such a one."""
        return z3.Or([self.answers[who] for who in ANSWERERS if answered_by in CAN_ANSWER[who]])

    def case_of(self, model: z3.ModelRef) -> Case:
        who = next(who for who in ANSWERERS if true_in(model, self.answers[who]))
        return replace(case_of(self.every, model), answered_by=who, complete=true_in(model, self.complete))


def advice(every: Cases) -> Advice:
    """The advice of every case. Two moments of one patient share who answers and whether more will be asked."""
    protocol = every.protocol
    answers = {who: z3.Bool(f"answered by {who}") for who in ANSWERERS}
    given = [z3.Or(one.yes, one.no, one.old, one.unsure) for one in every.statements.values()]
    given += [z3.Or(one.known, one.unsure) for name, one in every.measured.items() if name not in NOT_STATED]
    open_flags, unasked = [], []
    for flag in protocol.core_flags:
        own = [every.leaves[name] for name in protocol.table.names if protocol.table.bits[name] & protocol.table.about[flag]]
        said = every.statements[flag]
        who = z3.Or([answers[who] for who in ANSWERERS if protocol.findings[flag].answered_by in CAN_ANSWER[who]])
        nothing_else = z3.And(z3.Not(z3.Or([leaf.must for leaf in own])), z3.Or([leaf.may for leaf in own]))
        open_flags.append(z3.And(who, z3.Not(z3.Or(said.yes, said.no, said.old)), nothing_else))
        unasked.append(z3.And(open_flags[-1], z3.Not(said.unsure)))
    changed = every.statements.get("change_from_baseline")
    counts_as_old = [term for (_, value), term in every.settled.items() if value in (LONG_STANDING, EXPLAINED)]
    old = z3.Or(*counts_as_old, every.settled.get(("chronic_urinary_symptoms", True), False))
    return Advice(
        every,
        z3.Bool("complete"),
        answers,
        z3.Or(given),
        z3.Or(unasked),
        z3.Or(*open_flags, z3.And(changed.unsure, old) if changed else False),
        (z3.PbEq([(term, 1) for term in answers.values()], 1),),
    )
