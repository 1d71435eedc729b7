"""Simulated interviews: a patient whose truth is known answers step by step, and what it took is counted."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from equina.case import Case, Option
from equina.evaluation.ways import ruled_out, ways
from equina.interview import next_questions, with_answers
from equina.leaves import EXPLAINED, RELATIONS
from equina.logic import Condition, compares
from equina.model import LONG_STANDING, Protocol, Value
from equina.triage import CAN_ANSWER, interval, settle

__all__ = ["Patient", "Run", "drawn", "interview", "listed", "sparse", "whole"]

OTHERS = 3


@dataclass(frozen=True, slots=True)
class Patient:
    """Someone whose every finding is known: what is not listed is absent."""

    id: str
    truth: Mapping[str, Value]

    def told(self, protocol: Protocol) -> Mapping[str, Value]:
        """What of the truth the patient can tell without being examined."""
        return {name: value for name, value in self.truth.items() if protocol.findings[name].answered_by == "self"}


@dataclass(frozen=True, slots=True)
class Run:
    """One interview: the answers given, and how many steps and answers it took, to an emergency or to the end."""

    case: Case
    steps: int
    answers: int
    emergency: bool
    asked: tuple[str, ...]  # findings, in order


def interview(protocol: Protocol, patient: Patient, *, unlisted: str = "no") -> Run:
    """The interview of the patient; what the patient does not list is answered `unlisted`.

    Marking nothing on a list is one answer; so is each mark, and the "no more" behind the last one.
    """
    case = Case()
    steps = answers = 0
    asked: list[str] = []
    while step := next_questions(protocol, case):
        given = {option.finding: _answer(option, patient, unlisted) for option in step.options}
        steps += 1
        asked += given
        if step.kind != "list":
            for count, (name, code) in enumerate(given.items(), 1):  # an emergency interrupts in the midst of a step
                case = with_answers(protocol, case, {name: code})
                if interval(protocol, case)[0] == "emergency":
                    return Run(case, steps, answers + count, True, tuple(asked))
            answers += len(given)
        else:
            case = with_answers(protocol, case, given)
            answers += 1 + sum(code != unlisted for code in given.values())
    return Run(case, steps, answers, interval(protocol, case)[0] == "emergency", tuple(asked))


def _answer(option: Option, patient: Patient, unlisted: str) -> str | float:
    value = patient.truth.get(option.finding, unlisted)  # an umbrella asks for what its members did not: "in some other way"
    if value is True or (value == LONG_STANDING and LONG_STANDING not in option.answers):
        return "yes_new"
    if value is False:
        return "no"
    if value is None or (value == unlisted and "no" not in option.answers):
        return "not_sure"
    return value


def whole(protocol: Protocol, truth: Mapping[str, Value]) -> Mapping[str, Value]:
    """The truth with what it implies, presumes or was measured: who has a foot drop says yes to a weak leg."""
    closed = dict(truth)
    for finding in protocol.findings.values():
        quantities = () if finding.true_when is None else tuple(compares(finding.true_when))
        if any(RELATIONS[leaf.relation](float(at), leaf.number) for leaf in quantities if (at := truth.get(leaf.quantity))):
            closed.setdefault(finding.id, True)
    waiting = list(closed)
    while waiting:
        name = waiting.pop()
        if closed[name] in (True, LONG_STANDING):
            for other in (*protocol.findings[name].implies, *protocol.findings[name].presumes):
                if other not in closed:
                    closed[other] = closed[name]
                    waiting.append(other)
    settled = settle(protocol, Case(values=closed))[0]  # who says that nothing has changed says so of each symptom
    return {name: LONG_STANDING if value == EXPLAINED else value for name, value in settled.items()}


def listed(protocol: Protocol, lines: Iterable[str]) -> Iterator[Patient]:
    """The patients of vignettes, one JSON object a line, with the findings present, absent and long-standing that each lists."""
    for line in lines:
        if line.strip():
            vignette = json.loads(line)
            truth: dict[str, Value] = {"age_years": float(vignette["age"]), "sex_at_birth": vignette["sex"]}
            truth |= dict.fromkeys(vignette["findings_present"], True) | dict.fromkeys(vignette["findings_absent"], False)
            truth |= dict.fromkeys(vignette["findings_long_standing"], LONG_STANDING)
            yield Patient(vignette["id"], whole(protocol, truth))


def drawn(protocol: Protocol, count: int, seed: int = 0) -> Iterator[Patient]:
    """Patients drawn from the protocol's causes: each has all of one combination that supports a kind of a cause, each other
    finding that supports it with a chance of one in `OTHERS`, and a random age and sex.

    The kinds are drawn evenly, the rare as often as the common: this measures the order of the questions, not a clinic.
    """
    tests = {kind.id: [when for _, when in kind.supports] for kind in protocol.kinds.values()}
    yield from _patients(protocol, tests, count, seed, others=OTHERS)


def sparse(protocol: Protocol, count: int, seed: int = 0) -> Iterator[Patient]:
    """The hardest patients: each has nothing but what one way into one rule wants. The rules are drawn evenly."""
    yield from _patients(protocol, {rule.id: [rule.when] for rule in protocol.rules.values()}, count, seed, others=0)


def _patients(
    protocol: Protocol, conditions: Mapping[str, list[Condition]], count: int, seed: int, *, others: int
) -> Iterator[Patient]:
    chance = random.Random(seed)
    into: dict[str, list[Mapping[str, Value]]] = {}
    for name, alternatives in conditions.items():
        told = [way for way in ways(protocol, alternatives) if way and _can_tell(protocol, way)]
        if told:
            into[name] = told
    number = 0
    while number < count:
        name = chance.choice(list(into))
        truth: dict[str, Value] = {"age_years": float(chance.randint(18, 90)), "sex_at_birth": chance.choice("FM")}
        truth |= chance.choice(into[name])
        if others:
            supporting = sorted({finding for way in into[name] for finding in way} - truth.keys())
            truth |= {
                finding: True for finding in supporting if not protocol.findings[finding].measured and not chance.randrange(others)
            }
        truth = dict(whole(protocol, truth))
        if not ruled_out(protocol, truth):
            number += 1
            yield Patient(f"{name} {number}", truth)


def _can_tell(protocol: Protocol, truth: Mapping[str, Value]) -> bool:
    return all(protocol.findings[name].answered_by in CAN_ANSWER["self"] for name in truth)
