"""Simulated interviews: a patient whose truth is known answers step by step, and what it took is counted."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from equina.case import Case, Option, Step
from equina.interview import next_questions, with_answers
from equina.model import LONG_STANDING, Protocol, Value
from equina.triage import interval

__all__ = ["Patient", "Run", "interview", "whole"]


@dataclass(frozen=True, slots=True)
class Patient:
    """Someone whose every finding is known: what is not listed is absent."""

    id: str
    truth: Mapping[str, Value]


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
    case = Case(values={name: patient.truth[name] for name in ("age_years", "sex_at_birth") if name in patient.truth})
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
    value = patient.truth.get(option.finding, unlisted)
    if value is True or (value == LONG_STANDING and LONG_STANDING not in option.answers):
        return "yes_new"
    if value is False:
        return "no"
    if value is None or (value == unlisted and "no" not in option.answers):
        return "not_sure"
    return value


def whole(protocol: Protocol, truth: Mapping[str, Value]) -> Mapping[str, Value]:
    """The truth with what it implies: who has a foot drop says yes to a weak leg, and to "anything new?"."""
    closed = dict(truth)
    waiting = list(truth)
    while waiting:
        name = waiting.pop()
        if closed[name] in (True, LONG_STANDING):
            for parent in protocol.findings[name].implies:
                if parent not in closed:
                    closed[parent] = closed[name]
                    waiting.append(parent)
    for umbrella in protocol.findings.values():
        if any(closed.get(member) is True for member in umbrella.denies):
            closed.setdefault(umbrella.id, True)
    return closed
