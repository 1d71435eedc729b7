"""When the interview stops: it stops only when nothing that the one answering could still say would change the level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import z3

from equina.logic import Condition, Connectives, Leaf, Present, findings_in, fold, render, stem
from equina.model import DISPOSITIONS, Finding, Protocol, Rule, Topic, rank
from equina.proof.advice import Advice, advice
from equina.proof.pairs import Moments
from equina.proof.patients import Proof, plainer, smallest, solver_of, spoken
from equina.proof.terms import Cases, Term

__all__ = ["asks_while_open", "completions_agree"]

LEVELS = DISPOSITIONS[1:]


@dataclass(frozen=True, slots=True)
class Asking:
    """What may still be asked in every case: `equina.triage.reach` and the questions of `equina.interview`, as terms."""

    every: Cases
    told: Advice

    @property
    def protocol(self) -> Protocol:
        return self.every.protocol

    def leaves(self, bits: int) -> list[str]:
        table = self.protocol.table
        return [name for name in table.names if table.bits[name] & bits]

    def unasked(self, name: str) -> Term:
        """Nothing was said of it, and it was not asked."""
        if name in self.every.statements:
            one = self.every.statements[name]
            return z3.Not(z3.Or(one.yes, one.no, one.old, one.unsure))
        quantity = self.every.measured[name]
        return z3.Not(z3.Or(quantity.known, quantity.unsure))

    def askable(self, finding: Finding) -> Term:
        """The one answering could be asked for it: an answer is possible, and nothing has given it already."""
        table, leaves = self.protocol.table, self.every.leaves
        about = (finding, *(self.protocol.findings[name] for name in finding.presumes))
        told = [leaves[member].must for umbrella in about for member in umbrella.denies]
        possible = z3.Or([leaves[name].may for name in self.leaves(table.about[finding.id])])
        if finding.not_asked:
            return z3.BoolVal(False)
        return z3.And(
            *(possible, self.unasked(finding.id), self.told.can_answer(finding.answered_by)),
            *(z3.Not(z3.Or(told)), z3.Not(self.told_as_old(finding))),
        )

    def told_as_old(self, finding: Finding) -> Term:
        """Something narrower that is old has answered it."""
        old = f"{finding.id}_long_standing"
        if finding.id in self.protocol.core_flags or old not in self.every.leaves:
            return z3.BoolVal(False)
        return self.every.leaves[old].must

    def reach(self) -> dict[str, Term]:
        """The leaves that are true, or that some answer still to be given could make true."""
        reached: dict[str, list[Term]] = {name: [] for name in self.protocol.table.names}
        for name, could in self.protocol.table.could.items():
            asked = self.askable(self.protocol.findings[name])
            for leaf in self.leaves(could):
                reached[leaf].append(asked)
        leaves = self.every.leaves
        return {leaf: z3.Or(leaves[leaf].must, z3.And(leaves[leaf].may, z3.Or(by))) for leaf, by in reached.items()}

    def reaches(self, level: str, true: Mapping[str, Term]) -> Term:
        """Some rule of at least the level holds of these leaves."""
        by = Connectives(lambda leaf: true[_name(leaf)], z3.And, z3.Or, lambda n, parts: z3.AtLeast(*parts, n))
        rules: Iterable[Rule] = self.protocol.rules.values()
        return z3.Or([fold(rule.when, by) for rule in rules if rule.rank >= rank(level)])  # type: ignore[arg-type]

    # --- the questions ---

    def in_question(self) -> dict[str, Term]:
        """The leaves for which a question is open: once one of them could raise the level, the interview goes on."""
        table, findings = self.protocol.table, self.protocol.findings
        asked: dict[str, list[Term]] = {name: [] for name in table.names}
        possible = {name: self._possible(findings[name]) for name in table.about}
        opened = {topic.id: self._may_come(topic) for topic in self.protocol.topics.values()}
        open_now: dict[str, list[Term]] = {}  # finding: it is possible, in a topic that may come
        for topic in self.protocol.topics.values():
            for name in (name for name in topic.findings if name in possible):
                open_now.setdefault(name, []).append(z3.And(opened[topic.id], possible[name]))

        def comes(name: str) -> Term:
            members = [member for member in findings[name].denies if member in possible]
            beside = z3.Or(*(z3.Or(open_now.get(member, [])) for member in members), z3.Not(z3.Or([possible[m] for m in members])))
            before = [z3.Implies(possible[presumed], z3.Or(open_now.get(presumed, []))) for presumed in findings[name].presumes]
            return z3.And(z3.Or(open_now.get(name, [])), beside if members else True, *before)

        def through(leaf: str) -> Term:  # what it is a leaf of was asked, or told as old by something narrower
            of = self._of(leaf)
            return z3.Or(z3.Not(self.unasked(of)), self.told_as_old(findings[of]))

        coming = {name: comes(name) for name in open_now}
        for name, question in coming.items():
            for leaf in self.leaves(table.about[name]):
                asked[leaf].append(question)
            for leaf in self.leaves(table.could.get(name, 0) & ~table.about[name]):  # of what was asked, through something narrower
                asked[leaf].append(z3.And(question, through(leaf)))
        for topic, only in ((topic, topic.only_when) for topic in self.protocol.topics.values()):
            if only is None:
                continue
            opens = [coming[name] for name in findings_in(only, findings) if name in coming]
            for name in (name for name in topic.findings if name in possible):
                for leaf in self.leaves(table.about[name] | table.could.get(name, 0)):
                    own = bool(table.bits[leaf] & table.about[name])
                    asked[leaf].append(z3.And(possible[name], z3.Or(opens), own or through(leaf)))
        return {leaf: z3.Or(by) for leaf, by in asked.items()}

    def _of(self, leaf: str) -> str:
        return next(name for name, about in self.protocol.table.about.items() if self.protocol.table.bits[leaf] & about)

    def _possible(self, finding: Finding) -> Term:
        leaves = [self.every.leaves[name] for name in self.leaves(self.protocol.table.about[finding.id])]
        if finding.not_asked:
            return z3.BoolVal(False)
        return z3.And(
            *(self.unasked(finding.id), self.told.can_answer(finding.answered_by), z3.Not(self.told_as_old(finding))),
            z3.Or([z3.And(leaf.may, z3.Not(leaf.must)) for leaf in leaves]),
        )

    def _may_come(self, topic: Topic) -> Term:
        """The topic's own condition holds, or may hold and cannot be known better."""
        if topic.only_when is None:
            return z3.BoolVal(True)

        def leaf(one: Leaf) -> Term:
            name = _name(one)
            said = self.every.statements.get(stem(name, self.protocol.findings))
            unsure = said.unsure if said else self.every.measured[self._of(name)].unsure
            return z3.Or(self.every.leaves[name].must, z3.And(unsure, self.every.leaves[name].may))

        only: Condition = topic.only_when
        return fold(only, Connectives(leaf, z3.And, z3.Or, lambda n, parts: z3.AtLeast(*parts, n)))


def _name(leaf: Leaf) -> str:
    return leaf.name if isinstance(leaf, Present) else render(leaf)


def asks_while_open(every: Cases) -> Iterator[Proof]:
    """While an answer still to be given could raise the level, some question about what it needs is open.

    The interview asks what stands in a smallest set of leaves that would raise the level (`compiled_forms` proves those sets).
    So it stops too soon only where such a set lies within what is true and what no question is open for; that reaches no level.
    """
    told = advice(every)
    asking, solver = Asking(every, told), solver_of(every)
    solver.add(*told.possible, z3.Not(told.complete), z3.Not(told.answers["record"]))
    reach, question = asking.reach(), asking.in_question()
    asked = {leaf: z3.Or(every.leaves[leaf].must, z3.And(reach[leaf], question[leaf])) for leaf in reach}
    solver.add(z3.Not(told.unasked))
    stuck = {leaf: z3.Or(every.leaves[leaf].must, z3.And(reach[leaf], z3.Not(question[leaf]))) for leaf in reach}
    for level in LEVELS:
        broken = z3.And(z3.Not(every.reaches(level)), z3.Not(asking.reaches(level, asked)), asking.reaches(level, stuck))
        model = smallest(solver, broken, plainer(every), spoken(every))
        yield Proof(level, f"while {level} could still be reached, the interview goes on", model and told.case_of(model))


def completions_agree(protocol: Protocol) -> Iterator[Proof]:
    """Once settled, whatever the one answering says to what was not asked yet, taking nothing back, leaves `low` as it is."""
    pair = Moments.of(protocol)
    before, after = pair.before, pair.after
    asking = Asking(before, advice(before))

    def learned(finding: Finding) -> Term:
        if finding.kind == "choice" or finding.id in protocol.baseline_facts:
            return pair.unchanged(finding.id)
        return z3.Or(pair.unchanged(finding.id), asking.askable(finding))

    solver = pair.solver(learned(finding) for finding in protocol.findings.values())
    solver.add(*(z3.Implies(leaf.must, before.leaves[name].may) for name, leaf in after.leaves.items()))
    reach = asking.reach()
    for level in LEVELS:
        raised = z3.And(z3.Not(asking.reaches(level, reach)), after.reaches(level))
        yield pair.claim(solver, f"raised {level}", f"settled below {level}, no completion reaches it", raised)
    solver.add(*(z3.Not(pair.newly_old(name)) for names in protocol.table.old_measures.values() for name in names))
    for level in LEVELS:
        fallen = z3.And(before.reaches(level), z3.Not(after.reaches(level)))
        yield pair.claim(solver, f"lowered {level}", f"settled at {level}, no completion falls below it", fallen)
