"""The same person interviewed at every door: the same questions in the same order, at the end the same level for the same reasons.

A person answers from what they have; what they do not have is mostly "no", sometimes "not sure". On the page they fill in forms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from random import Random
from urllib.parse import urlencode

import anyio
from mcp import Client

from assistants import over_stdio, said
from equina.case import Case
from equina.evaluation.interviews import whole
from equina.exchange import request_of
from equina.fhir.negotiation import FHIR_JSON
from equina.interview import next_questions, with_answers
from equina.model import LONG_STANDING, Value
from equina.triage import assess
from strategies import PROTOCOL
from surfaces.door import guided
from surfaces.people import person
from surfaces.servers import Servers, over_http
from surfaces.services import read_page

__all__ = ["INTERVIEWS", "Told", "Visitor", "interviewed", "visitor"]

MOST = 80  # steps; more than any interview has
Code = str | float


@dataclass(frozen=True)
class Visitor:
    """Someone who answers from what they have; what is not listed is answered `otherwise`."""

    name: str
    truth: Mapping[str, Value]
    otherwise: str

    def code(self, finding: str, answers: Sequence[str]) -> Code:
        """The answer to the question, when it may be answered so; `number` stands for a number."""
        value = self.truth.get(finding, self.otherwise)
        if value == LONG_STANDING and LONG_STANDING not in answers:
            value = True
        words = {True: "yes_new", False: "no", None: "not_sure"}
        code = words[value] if value is None or isinstance(value, bool) else value
        takes = "number" if isinstance(code, int | float) else code
        return code if takes in answers else "not_sure"


def visitor(number: int) -> Visitor:
    """The visitor of that number: the person of that number, with what follows from what they have."""
    chance = Random(f"visitor {number}")
    made = person(number)
    values = request_of(PROTOCOL, made, datetime.now(UTC)).case.values
    otherwise = chance.choices(["no", "not_sure"], [9, 1])[0]
    # On a form with a list whoever is not sure of one thing says so of all the rest, so nobody denies some and doubts others.
    truth = {name: value for name, value in whole(PROTOCOL, values).items() if value is not None and value is not False}
    return Visitor(str(made["id"]), truth, otherwise)


@dataclass(frozen=True)
class Told:
    """An interview as it went: the findings of each step, and what was said at the end."""

    steps: tuple[frozenset[str], ...]
    level: str | None
    reasons: tuple[str, ...]


Interview = Callable[[Sequence[Visitor]], Sequence[Told]]


# --- by the engine ---------------------------------------------------------------------------------------------------------------


def interviewed(visitor: Visitor) -> Told:
    """The interview by the functions that all doors call."""
    case, steps = Case(answered_by="self"), []
    while step := next_questions(PROTOCOL, case):
        steps.append(frozenset(option.finding for option in step.options))
        case = with_answers(
            PROTOCOL, case, {option.finding: visitor.code(option.finding, option.answers) for option in step.options}
        )
    assessment = assess(PROTOCOL, replace(case, complete=True))
    return Told(tuple(steps), assessment.disposition, tuple(reason.id for reason in assessment.reasons))


def _ended(steps: Sequence[frozenset[str]], result: Mapping[str, object]) -> Told:
    return Told(tuple(steps), result["disposition"], tuple(reason["rule"] for reason in result["reasons"]))


def _answers(visitor: Visitor, step: Mapping[str, object]) -> dict[str, Code]:
    return {option["finding"]: visitor.code(option["finding"], option["answers"]) for option in step["options"]}


# --- REST ------------------------------------------------------------------------------------------------------------------------


@contextmanager
def _rest(servers: Servers) -> Iterator[Interview]:
    with over_http(servers.port("serve")) as post:

        def talk(visitor: Visitor) -> Told:
            state, answers, steps = {}, {}, []
            for _ in range(MOST):
                turn = json.loads(post("/api/v1/next-questions", json.dumps({**state, "answers": answers})))
                if turn["next_questions"] is None:
                    return _ended(steps, json.loads(post("/api/v1/assess", json.dumps({**turn["case"], "complete": True}))))
                state, answers = turn["case"], _answers(visitor, turn["next_questions"])
                steps.append(frozenset(answers))
            raise AssertionError("the questions do not end")

        yield lambda visitors: [talk(one) for one in visitors]


# --- an assistant ----------------------------------------------------------------------------------------------------------------


@contextmanager
def _assistant(_: Servers) -> Iterator[Interview]:
    """`equina mcp`, on standard input and output: one session for all of them."""

    async def one(client: Client, visitor: Visitor) -> Told:
        turn, steps = (await said(client, "start_interview")).structured_content, []
        for _ in range(MOST):
            if turn["step"] is None:
                return _ended(steps, turn["result"])
            answers = _answers(visitor, turn["step"])
            steps.append(frozenset(answers))
            turn = (await said(client, "continue_interview", case=turn["case"], answers=answers)).structured_content
        raise AssertionError("the questions do not end")

    async def all_of(visitors: Sequence[Visitor]) -> list[Told]:
        async with over_stdio() as client:
            return [await one(client, visitor) for visitor in visitors]

    yield lambda visitors: anyio.run(partial(all_of, visitors))


# --- FHIR ------------------------------------------------------------------------------------------------------------------------


@contextmanager
def _fhir(servers: Servers) -> Iterator[Interview]:
    """A QuestionnaireResponse that takes up one step after the other, as `$next-question` gives them."""

    def answered(visitor: Visitor, question: Mapping[str, object]) -> dict[str, object]:
        finding = PROTOCOL.findings[question["linkId"]]
        if finding.measured:
            code = visitor.code(finding.id, ("number", "not_sure"))
            given = {"valueCoding": {"code": code}} if isinstance(code, str) else {"valueDecimal": code}
        else:
            offered = [option["valueCoding"]["code"] for option in question["answerOption"]]
            given = {"valueCoding": {"code": visitor.code(finding.id, offered)}}
        return {"linkId": finding.id, "answer": [given]}

    def talk(post: Callable[..., str], visitor: Visitor) -> Told:
        response, steps = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": []}, []
        for _ in range(MOST):
            turn = json.loads(post("/fhir/Questionnaire/$next-question", json.dumps(response), FHIR_JSON))
            if turn["status"] == "completed":
                end = guided(json.loads(post("/fhir/$assess", json.dumps(turn), FHIR_JSON)))
                return Told(tuple(steps), end["disposition"], tuple(end["reasons"]))
            step = turn["contained"][0]["item"][-1]
            items = [answered(visitor, question) for question in step["item"]]
            steps.append(frozenset(item["linkId"] for item in items))
            response = {**turn, "item": [*response["item"], {"linkId": step["linkId"], "item": items}]}
        raise AssertionError("the questions do not end")

    with over_http(servers.port("serve")) as post:
        yield lambda visitors: [talk(post, one) for one in visitors]


# --- the page --------------------------------------------------------------------------------------------------------------------

FIELD = re.compile(r'<input type="(radio|checkbox)" id="[^"]*" name="([^"]+)" value="([^"]+)"')
NUMBER = re.compile(r'<input id="f-([^"]+)" name="\1" inputmode')
VISIT = re.compile(r'name="visit" value="([^"]*)"')
TIMINGS = ("yes_new", LONG_STANDING, "not_sure")


@contextmanager
def _page(servers: Servers) -> Iterator[Interview]:
    """The forms of `equina serve`, filled in and sent."""
    with over_http(servers.port("serve")) as post:

        def send(fields: Mapping[str, str]) -> str:
            return post("/interview", urlencode(fields), "application/x-www-form-urlencoded")

        def talk(visitor: Visitor) -> Told:
            text, steps = send({"go": "next"}), []
            for _ in range(MOST):
                main = text.split("<main")[1]
                if 'class="headline"' in main:
                    return Told(tuple(steps), *read_page(text))
                checked = 'value="result"' in main
                form = {} if checked else _filled(visitor, main, steps)
                text = send({**form, "visit": VISIT.search(main)[1], "go": "result" if checked else "next"})
            raise AssertionError("the questions do not end")

        yield lambda visitors: [talk(one) for one in visitors]


def _filled(visitor: Visitor, main: str, steps: list[frozenset[str]]) -> dict[str, str]:
    """The form as the visitor fills it in; what it asks is added to the steps, unless it is about an answer just given."""
    radios: dict[str, list[str]] = {}
    marks = []
    for kind, name, value in FIELD.findall(main):
        if kind == "radio":
            radios.setdefault(name, []).append(value)
        elif name not in ("none", "unsure") and not name.endswith(".unsure"):
            marks.append(name)
    if "who" in radios:
        return {"who": "me"}
    if radios and all(tuple(values) == TIMINGS for values in radios.values()):
        return {name: str(visitor.code(name, TIMINGS)) for name in radios}
    numbers = NUMBER.findall(main)
    steps.append(frozenset((*radios, *marks, *numbers)))
    form = {name: str(visitor.code(name, values)) for name, values in radios.items()}
    for name in numbers:
        code = visitor.code(name, ("number", "not_sure"))
        form |= {f"{name}.unsure": "yes"} if isinstance(code, str) else {name: repr(code)}
    return form | _marked(visitor, marks)


def _marked(visitor: Visitor, marks: Sequence[str]) -> dict[str, str]:
    """What is so is marked. Whoever is not sure of one of the rest can only say so of all of it."""
    codes = {name: visitor.code(name, ("yes_new", LONG_STANDING, "no", "not_sure")) for name in marks}
    form = {name: "yes" for name, code in codes.items() if code in ("yes_new", LONG_STANDING)}
    if marks and "not_sure" in codes.values():
        return {**form, "unsure": "yes"}
    return form or ({"none": "yes"} if marks else {})


INTERVIEWS: Mapping[str, Callable[[Servers], AbstractContextManager[Interview]]] = {
    "rest": _rest,
    "mcp": _assistant,
    "fhir": _fhir,
    "page": _page,
}
