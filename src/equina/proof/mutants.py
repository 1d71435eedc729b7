"""`equina prove --mutants`: how sharp the proofs are. An edit that makes the protocol worse is refuted by a patient or explained.

Patients are made from the smallest sets of leaves that the edit takes from a rule or gives to it, and judged by the engine with
the edited protocol: a promise is broken, someone is sent in whom no promise sends in, or a finding means what is not written.
Where no patient of that kind is found, the solver says whether there is any other patient whose level the edit moves.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TextIO

import z3

from equina.case import Case
from equina.implicants import implicants
from equina.leaves import Test, resolve
from equina.logic import Condition, compares
from equina.model import DISPOSITIONS, LONG_STANDING, Disposition, Promise, Protocol, Rule, rank
from equina.proof.meanings import what_it_means
from equina.proof.mutations import Mutation, of_implications, of_rules, of_wording
from equina.proof.patients import Proof, in_words, patient, solver_of, stating
from equina.proof.terms import Cases, cases
from equina.triage import level, settle

__all__ = ["Verdict", "judged", "mutants", "verdicts"]

# The share of mutants that must be refuted.
BAR = 0.95


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one edit: the claim that refutes it, with its patient; or why nothing does."""

    mutation: Mutation
    refuted: Proof | None
    equivalent: bool = False  # the solver has shown that no patient at all is moved by it
    why: str = ""


def mutants(protocol: Protocol, out: TextIO, *, every_patient: bool = False, sample: int = 1) -> bool:
    """Judge every mutant, or one in `sample`, and print the figures. True when enough are refuted, each survivor is explained, and
    an edit of words alone is not refuted."""
    start = time.perf_counter()
    count: dict[str, Counter[str]] = {}
    survivors, seen = list[Verdict](), set[str]()
    for of, edits in (("rules", of_rules(protocol)), ("implications", of_implications(protocol))):
        for verdict in verdicts(protocol, islice(edits, 0, None, sample)):
            one = verdict.mutation
            fate = "refuted" if verdict.refuted else "equivalent" if verdict.equivalent else "missed"
            count.setdefault(f"{of}, {one.kind}", Counter())[fate] += 1
            if verdict.refuted and (every_patient or f"{of} {one.kind}" not in seen):
                seen.add(f"{of} {one.kind}")
                print("\n".join(_refuted(protocol, one, verdict.refuted)), file=out)
            elif not verdict.refuted:
                survivors.append(verdict)
    worded = [verdict for verdict in verdicts(protocol, of_wording(protocol)) if verdict.refuted]
    print("\n".join(_figures(count, survivors, len(worded), time.perf_counter() - start)), file=out)
    total = sum(counter.total() for counter in count.values())
    refuted = sum(counter["refuted"] for counter in count.values())
    missed = any(not verdict.equivalent for verdict in survivors)
    return not worded and not missed and refuted >= BAR * total


def _refuted(protocol: Protocol, one: Mutation, claim: Proof) -> Iterator[str]:
    yield f"{one.kind} {one.of}: {one.words}"
    yield f"  REFUTED  {claim.id}: {claim.sentence}"
    yield in_words(protocol, claim)


def _figures(count: dict[str, Counter[str]], survivors: Sequence[Verdict], worded: int, seconds: float) -> Iterator[str]:
    if survivors:
        yield "survivors:"
    for verdict in survivors:
        yield f"  {verdict.mutation.kind} {verdict.mutation.of}: {verdict.mutation.words}: {verdict.why}"
    for of, counter in count.items():
        yield f"{of}: {counter['refuted']} of {counter.total()} refuted; {counter['equivalent']} move no patient"
    total = sum((counter for counter in count.values()), Counter[str]())
    yield f"wording alone: {worded or 'none'} refuted"
    share = 100 * total["refuted"] / total.total()
    yield f"mutants: {total['refuted']} of {total.total()} refuted ({share:.1f} %); {total['equivalent']} move no patient, as the"
    yield f"solver shows; {total['missed']} missed ({seconds:.1f} s)"


def verdicts(protocol: Protocol, mutations: Iterable[Mutation]) -> Iterator[Verdict]:
    """Each edit, judged."""
    every = cases(protocol)
    solver = solver_of(every)
    for one in mutations:
        yield judged(every, solver, one)


def judged(every: Cases, solver: z3.Solver, one: Mutation) -> Verdict:
    """The edit, refuted by the first patient found, or shown to move nobody, or missed."""
    protocol, edited = every.protocol, one.applied(every.protocol)
    promised = [(promise, edited.table.test(promise.when)) for promise in edited.promises.values()]
    for someone in _patients(protocol, edited, one):
        claim = _broken(edited, promised, someone) or _means_else(edited, one, someone)
        if claim is not None and _has_a_finding(edited, one, someone):
            return Verdict(one, claim)
    moved = _moved(every, solver, edited, one)
    if moved is None:
        return Verdict(one, None, equivalent=True, why="the solver shows that it moves no patient's level")
    claim = _broken(edited, promised, moved)
    if claim is not None and _has_a_finding(edited, one, moved):
        return Verdict(one, claim)
    words = in_words(protocol, Proof("", "", moved)).strip().replace("\n    ", "; ")
    return Verdict(one, None, why=f"no claim covers the patient whose level it moves: {words}")


def _patients(protocol: Protocol, edited: Protocol, one: Mutation) -> Iterator[Case]:
    """Those for whom the edit could matter, the smallest first."""
    if one.rules is None:
        for name in one.about:
            finding = protocol.findings[name]
            if finding.measured:
                yield from (Case.of(**{name: number}) for number in _numbers(protocol, edited, one, name))
            else:
                yield Case.of(**{name: True})
                yield Case.of(**{name: LONG_STANDING})
        return
    for id in one.rules:
        sets = [_sets(version, version.rules.get(id)) for version in (protocol, edited)]
        for version, differing in zip((protocol, edited), (sets[0] - sets[1], sets[1] - sets[0]), strict=True):
            yield from (_patient(version, leaves) for leaves in sorted(differing, key=lambda names: (len(names), sorted(names))))


def _sets(protocol: Protocol, rule: Rule | None) -> frozenset[frozenset[str]]:
    """The smallest sets of leaves that make an emergency by the rule; by name, since the bits of two versions differ."""
    if rule is None or rule.disposition != "emergency":
        return frozenset()
    table = protocol.table
    names = {bit: name for name, bit in table.bits.items()}
    found = implicants(rule.when, table.bit)
    return frozenset(frozenset(names[1 << i] for i in range(one.bit_length()) if one >> i & 1) for one in found)


def _patient(protocol: Protocol, leaves: frozenset[str]) -> Case:
    return stating(protocol, sum(protocol.table.bits[name] for name in leaves))


def _numbers(protocol: Protocol, edited: Protocol, one: Mutation, quantity: str) -> list[float]:
    """The numbers about the thresholds of both versions."""
    findings = [version.findings[name] for version in (protocol, edited) for name in one.about]
    compared = [c for f in findings if f.true_when is not None for c in compares(f.true_when) if c.quantity == quantity]
    numbers = {c.number + step for c in compared for step in (0, 0.1, -0.1)}
    limits = protocol.findings[quantity]
    return sorted(number for number in numbers if (limits.low or 0.0) <= number <= (limits.high or number))


def _has_a_finding(edited: Protocol, one: Mutation, someone: Case) -> bool:
    """Whether the patient has a finding of what was edited, by its name or by what means it."""
    must = resolve(edited.table, settle(edited, someone)[0]).must
    stated = not set(one.about).isdisjoint(someone.values)
    return stated or any(must & edited.table.about.get(name, 0) for name in one.about)


# --- what speaks against an edit -------------------------------------------------------------------------------------------------


def _broken(edited: Protocol, promised: Sequence[tuple[Promise, Test]], someone: Case) -> Proof | None:
    """The promise that the edited protocol breaks for the patient, or the emergency that none promises."""
    must = resolve(edited.table, settle(edited, someone)[0]).must
    low = level(edited, must)
    held = [promise for promise, test in promised if test.holds(must)]
    for promise in held:
        if rank(low) < rank(promise.level):
            return Proof(promise.id, promise.sentence, someone)
    if low == "emergency" and not any(promise.level == "emergency" for promise in held):
        return Proof("only_promised_emergencies", "No case is an emergency unless a promise says that it is.", someone)
    return None


def _means_else(edited: Protocol, one: Mutation, someone: Case) -> Proof | None:
    """What the patient's one statement means in the edited protocol and should not, or the other way round."""
    return None if one.findings is None else what_it_means(edited, someone)


def _moved(every: Cases, solver: z3.Solver, edited: Protocol, one: Mutation) -> Case | None:
    """A patient whose level the edit moves, an emergency if there is one, or None. Terms of one name are one term, so both versions
    see one case."""
    known = edited.table.bits.keys() <= every.leaves.keys()
    other = replace(every, protocol=edited) if one.findings is None and known else cases(edited)
    before, after = every.protocol.rules.values(), edited.rules.values()
    using = solver if other.leaves is every.leaves else solver_of(every, other)
    levels = (one for one in reversed(DISPOSITIONS[1:]) if other.leaves is not every.leaves or _of(before, one) != _of(after, one))
    found = (patient(every, using, every.reaches(level) != other.reaches(level)) for level in levels)
    return next((someone for someone in found if someone is not None), None)


def _of(rules: Iterable[Rule], level: Disposition) -> list[Condition]:
    """What the rules of the level ask for."""
    return [rule.when for rule in rules if rule.disposition == level]
