"""An interview as it stands: what was answered, and what is asked next. Frozen values in and out; nothing is read or printed here.

The case follows from the answers each time anew, so that going back is to drop the last answer, and nothing can be left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from equina.case import Case, Option, Step
from equina.interview import handover_questions, next_questions, option_of, with_answers
from equina.model import LONG_STANDING, Protocol
from equina.triage import interval

__all__ = [
    "MARKED",
    "Given",
    "Prompt",
    "Session",
    "answered",
    "back",
    "changed",
    "is_emergency",
    "known",
    "next_prompt",
    "step_number",
    "steps_ahead",
    "with_given",
]

# Marked on a list as true, while it is not asked yet whether it is new.
MARKED = "marked"
# Beside the lines of the handover, what a clinician wants to know the start of.
ALSO_DATED = "back_pain"
# More steps than any interview has.
ENDLESS = 100

Kind = Literal["who", "one", "list", "timing", "onset", "told"]
# advice: until the advice is certain. fuller: for the handover only, after an emergency. closing: what the page still lacks.
Stage = Literal["advice", "fuller", "closing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is asked with one line to answer it; `step` is where it stands in the interview, when it stands in one."""

    kind: Kind
    options: tuple[Option, ...] = ()
    step: Step | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answered prompt: codes and numbers by finding, a moment by finding, or what the kind of prompt asks for."""

    prompt: Prompt
    answers: Mapping[str, str | float] = field(default_factory=dict)
    onset: Mapping[str, datetime] = field(default_factory=dict)
    carer: bool | None = None
    told: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An interview at one moment. `start` is what was known before it began, `again` a question to be asked once more."""

    start: Case
    given: tuple[Given, ...] = ()
    again: Prompt | None = None
    stage: Stage = "advice"
    complete: bool = False
    shown: tuple[str, ...] = ()  # what to do, as the person was last told
    paged: bool = False  # whether the page was shown with these answers


def known(protocol: Protocol, session: Session, *, sure: bool = False) -> Case:
    """The case so far. What is marked and not yet timed counts as of unknown age, or with `sure` as not asked."""
    answers = {name: answer for name, answer in _answers(session).items() if not (sure and answer == MARKED)}
    case = with_answers(protocol, session.start, {name: "yes_new" if a == MARKED else a for name, a in answers.items()})
    onset = dict(session.start.onset)
    carer, told = session.start.carer, session.start.told
    for given in session.given:
        onset |= given.onset
        carer = carer if given.carer is None else given.carer
        told = told if given.told is None else given.told
    return replace(
        case,
        onset={name: moment for name, moment in onset.items() if case.values.get(name) not in (None, False)},
        carer=carer,
        told=told,
        complete=session.complete,
    )


def is_emergency(protocol: Protocol, session: Session) -> bool:
    """Whether the answers show an emergency, whatever else is true."""
    return interval(protocol, known(protocol, session, sure=True))[0] == "emergency"


def _answers(session: Session) -> dict[str, str | float]:
    """The latest answer of this sitting to each finding."""
    return {name: answer for given in session.given for name, answer in given.answers.items()}


# --- what is asked next --------------------------------------------------------------------------------------------------------


def next_prompt(protocol: Protocol, session: Session) -> Prompt | None:
    """What is asked next, or None when nothing is: the advice is certain, or an emergency interrupts."""
    if session.again:
        return session.again
    if not (session.start.values or session.start.carer or any(given.prompt.kind == "who" for given in session.given)):
        return Prompt(kind="who")
    case = known(protocol, session)
    unsure = MARKED in _answers(session).values()  # else what is known is sure, and is looked at once
    emergency = is_emergency(protocol, session) if unsure else interval(protocol, case)[0] == "emergency"
    if emergency and session.stage == "advice":
        return None
    if waiting := next(_untimed(session), None):
        return waiting
    fuller = emergency and session.stage == "fuller"
    page = list(_for_the_page(protocol, session, case)) if fuller else []
    if page and page[0].kind == "onset":  # when it began comes first: the person may stop at any time
        return page[0]
    step = handover_questions(protocol, case) if fuller else next_questions(protocol, case)
    if step:
        return _first(step)
    if session.stage != "advice" and (emergency or session.complete):
        return next(_for_the_page(protocol, session, case), None)
    return None


def _first(step: Step) -> Prompt:
    """A list is answered with one line; of other steps, the first question. What comes behind it is worked out anew, so that
    nothing is asked which that answer has settled."""
    if step.kind == "list" and all("yes_new" in option.answers for option in step.options):
        return Prompt(kind="list", options=step.options, step=step)
    return Prompt(kind="one", options=step.options[:1], step=step)


def _untimed(session: Session) -> Iterator[Prompt]:
    """For what is marked as true: whether it is new."""
    answers = _answers(session)
    for given in session.given:
        for option in given.prompt.options:
            if given.prompt.kind == "list" and answers.get(option.finding) == MARKED:
                yield Prompt(kind="timing", options=(option,), step=given.prompt.step)


def _for_the_page(protocol: Protocol, session: Session, case: Case) -> Iterator[Prompt]:
    """When each new sign of the page began, and what is wrong in the person's own words. Each may be skipped."""
    asked = {option.finding for given in session.given if given.prompt.kind == "onset" for option in given.prompt.options}
    for name in (*protocol.handover, ALSO_DATED):
        if case.values.get(name) is True and name not in asked and name not in case.onset:
            yield Prompt(kind="onset", options=(option_of(protocol, case, protocol.findings[name], "list"),))
    if not case.told and not any(given.prompt.kind == "told" for given in session.given):
        yield Prompt(kind="told")


def step_number(session: Session, prompt: Prompt) -> int:
    """The number of the prompt's step in this sitting, from 1; 0 for what belongs to no step."""
    count, last = 0, ""
    asked = [given.prompt for given in session.given]
    for each in (*asked, prompt):
        if each.step and each.kind != "timing":
            count += each.step.id != last or each.kind == "list"
            last = each.step.id
    return count if prompt.step else 0


def steps_ahead(protocol: Protocol, session: Session) -> int:
    """How many more steps come if all that is still asked is answered with no."""
    case, count = known(protocol, session), 0
    while count < ENDLESS and (step := next_questions(protocol, case)):
        answers = {option.finding: "no" if "no" in option.answers else "not_sure" for option in step.options}
        case = with_answers(protocol, case, answers)
        count += 1
    return count


# --- answers -------------------------------------------------------------------------------------------------------------------


def with_given(session: Session, given: Given) -> Session:
    """The session with one more answer."""
    return replace(session, given=(*session.given, given), again=None)


def back(session: Session) -> Session | None:
    """The session without its last answer, whose question is asked again; None when this sitting has no answer."""
    if not session.given:
        return None
    prompt = session.given[-1].prompt
    return replace(session, given=session.given[:-1], again=prompt, complete=session.complete and _beside(prompt))


def answered(protocol: Protocol, session: Session) -> tuple[Prompt, ...]:
    """All that was answered, in this sitting and before, each as a question of its own that can be asked again."""
    case = known(protocol, session)
    names = tuple(case.values)
    findings = (Prompt(kind="one", options=(option_of(protocol, case, protocol.findings[name], "one"),)) for name in names)
    dates = (Prompt(kind="onset", options=(option_of(protocol, case, protocol.findings[name], "list"),)) for name in case.onset)
    told = (Prompt(kind="told"),) if case.told else ()
    return (Prompt(kind="who"), *findings, *dates, *told)


def changed(protocol: Protocol, session: Session, given: Given) -> tuple[Session, tuple[str, ...]]:
    """The session with another answer to what was answered before, and the findings whose answers it takes back.

    What is answered with no can't be so while something that implies it, or makes no sense without it, is said to be there.
    """
    values = known(protocol, session).values
    denied = {name for name, answer in given.answers.items() if answer == "no"}
    positive = (name for name, value in values.items() if value in (True, LONG_STANDING))
    back_too = tuple(name for name in positive if name not in given.answers and denied & _follows(protocol, name))
    # What was asked in other words since the person's normal was another has not been asked at all.
    facts = {name for name in given.answers if name in protocol.baseline_facts and name in values}
    reworded = (f.id for f in protocol.findings.values() if f.id in values and not facts.isdisjoint(f.reword))
    back_too = tuple(dict.fromkeys((*back_too, *(name for name in reworded if name not in given.answers))))
    session = _without(session, (*given.answers, *back_too))
    complete = session.complete and _beside(given.prompt)
    return replace(session, given=(*session.given, given), again=None, complete=complete), back_too


def _beside(prompt: Prompt) -> bool:
    """Whether the prompt stands beside the interview: its answer leaves open no question of it."""
    return prompt.kind in ("onset", "told", "who")


def _follows(protocol: Protocol, name: str) -> set[str]:
    """What is so whenever the finding is: what it implies and what it presumes."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        finding = protocol.findings[waiting.pop()]
        fresh = {*finding.implies, *finding.presumes} - found
        found |= fresh
        waiting += sorted(fresh)
    return found


def _without(session: Session, names: Iterable[str]) -> Session:
    """The session in which these findings were not asked."""
    out = frozenset(names)
    start = replace(session.start, values={name: value for name, value in session.start.values.items() if name not in out})
    given = []
    for each in session.given:
        left = {name: answer for name, answer in each.answers.items() if name not in out}
        if left or not each.answers:
            given.append(replace(each, answers=left))
    return replace(session, start=start, given=tuple(given))
