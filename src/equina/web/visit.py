"""A visit: a person's way through the pages so far. Frozen values in and out; the pages carry it, and nothing else keeps it.

The interview is that of the terminal (equina.ask.session); a page asks all questions of a step at once.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Literal, cast

from equina.ask.session import MARKED, Given, Kind, Prompt, Session, Stage, is_emergency, known, next_prompt
from equina.case import Case, Option, Step
from equina.interview import option_of, value_of
from equina.model import Protocol

__all__ = ["Ask", "Asks", "BadVisit", "Visit", "back", "case_of", "data_of", "last_page", "next_ask", "visit_of", "with_page"]

STAGES = ("advice", "fuller", "closing")
KINDS = ("who", "one", "list", "timing", "onset", "told")
PLACES = ("", "us", "uk", "eu")
LONGEST = 400  # answers of one visit; the protocol has far fewer questions


class BadVisit(ValueError):  # noqa: N818  (what it is, not how it is told)
    """What a page carried is no visit of this protocol: of an older version, or made up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """The answers so far, the language, and where the person is (for the emergency number).

    `pages` says how many answers each page gave, so that going back is to drop the last of them.
    """

    language: str = "en"
    place: str = ""
    session: Session
    pages: tuple[int, ...] = ()
    asking: Ask | None = None  # what the page that carries it asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What one page asks: the options of a step, or what its kind says."""

    kind: Kind
    options: tuple[Option, ...] = ()
    step: Step | None = None


class Asks:
    """Which question follows which answers. People answer much the same at first, so what was worked out is remembered: by a digest
    of the answers, so that no answer is kept."""

    def __init__(self, most: int = 20_000) -> None:
        self._known: OrderedDict[bytes, Ask | None] = OrderedDict()
        self._most = most

    def next(self, protocol: Protocol, visit: Visit) -> Ask | None:
        """As `next_ask`."""
        said = json.dumps({**data_of(protocol, visit), "asking": None, "place": "", "pages": []}, sort_keys=True)
        key = blake2b(said.encode(), digest_size=16).digest()
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        ask = self._known[key] = next_ask(protocol, visit)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return ask


def next_ask(protocol: Protocol, visit: Visit) -> Ask | None:
    """What the next page asks, or None when nothing is: the advice is certain, or an emergency interrupts."""
    prompt = next_prompt(protocol, visit.session)
    if prompt is None:
        return None
    if prompt.kind == "one" and prompt.step:
        return Ask(kind="one", options=prompt.step.options, step=prompt.step)
    if prompt.kind == "timing":  # all that was marked on one page
        case = known(protocol, visit.session)
        marked = (name for name, answer in _latest(visit.session).items() if answer == MARKED)
        options = tuple(option_of(protocol, case, protocol.findings[name], "list") for name in marked)
        return Ask(kind="timing", options=options, step=prompt.step)
    return Ask(kind=prompt.kind, options=prompt.options, step=prompt.step)


def _latest(session: Session) -> dict[str, str | float]:
    return {name: answer for given in session.given for name, answer in given.answers.items()}


def with_page(visit: Visit, given: Sequence[Given]) -> Visit:
    """The visit with one more page answered."""
    session = replace(visit.session, given=(*visit.session.given, *given), again=None)
    return replace(visit, session=session, pages=(*visit.pages, len(given)))


def back(visit: Visit) -> Visit:
    """The visit without its last page, which is asked again; the same when there is none."""
    if not visit.pages:
        return visit
    *pages, last = visit.pages
    given = visit.session.given[: len(visit.session.given) - last]
    return replace(visit, session=replace(visit.session, given=given, complete=False, stage="advice"), pages=tuple(pages))


def last_page(visit: Visit) -> tuple[Given, ...]:
    """What the last page answered."""
    count = visit.pages[-1] if visit.pages else 0
    return visit.session.given[len(visit.session.given) - count :]


def case_of(protocol: Protocol, visit: Visit) -> Case:
    """The case that the answers make. In an emergency, what is marked and not timed yet is left out."""
    return known(protocol, visit.session, sure=is_emergency(protocol, visit.session))


# --- carried by the pages ------------------------------------------------------------------------------------------------------


def data_of(protocol: Protocol, visit: Visit) -> dict[str, object]:
    """The visit as JSON can hold it."""
    session = visit.session
    return {
        "protocol": protocol.digest[-16:],
        "language": visit.language,
        "place": visit.place,
        "stage": session.stage,
        "complete": session.complete,
        "pages": list(visit.pages),
        "given": [_given_data(given) for given in session.given],
        "asking": _ask_data(visit.asking) if visit.asking else None,
    }


def _ask_data(ask: Ask) -> list[object]:
    return [ask.kind, ask.step.id if ask.step else "", [option.finding for option in ask.options]]


def _given_data(given: Given) -> list[object]:
    names = [option.finding for option in given.prompt.options]
    step = given.prompt.step.id if given.prompt.step else ""
    onset = {name: moment.isoformat() for name, moment in given.onset.items()}
    return [given.prompt.kind, step, names, dict(given.answers), onset, given.carer, given.told]


def visit_of(protocol: Protocol, data: object, now: datetime) -> Visit:
    """The visit that a page carried. Raises BadVisit when it is none of this protocol."""
    try:
        return _visit(protocol, cast(Mapping[str, object], data), now)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadVisit("what the page carried is no visit of this protocol") from error


def _visit(protocol: Protocol, data: Mapping[str, object], now: datetime) -> Visit:
    if data["protocol"] != protocol.digest[-16:] or data["stage"] not in STAGES or data["place"] not in PLACES:
        raise BadVisit("it was made by another version of the protocol")
    given = [_given(protocol, each) for each in cast(list[list[object]], data["given"])]
    pages = tuple(count for count in cast(list[object], data["pages"]) if type(count) is int)
    if len(given) > LONGEST or len(pages) != len(cast(list[object], data["pages"])) or sum(pages) != len(given):
        raise BadVisit("its answers do not add up")
    session = Session(
        start=Case(as_of=now, answered_by="self"),
        given=tuple(given),
        stage=cast(Stage, data["stage"]),
        complete=data["complete"] is True,
    )
    asking = _asking(protocol, cast("list[object]", data["asking"])) if data["asking"] else None
    return Visit(language=str(data["language"]), place=str(data["place"]), session=session, pages=pages, asking=asking)


def _asking(protocol: Protocol, data: list[object]) -> Ask:
    kind, step, names = data
    if kind not in KINDS:
        raise BadVisit("an unknown kind of question")
    nothing = Case(answered_by="self")
    options = tuple(option_of(protocol, nothing, protocol.findings[name], str(kind)) for name in cast(list[str], names))
    return Ask(kind=cast(Kind, kind), options=options, step=_step(step))


def _given(protocol: Protocol, data: list[object]) -> Given:
    kind, step, names, answers, onset, carer, told = data
    if kind not in KINDS:
        raise BadVisit("an unknown kind of question")
    prompt = Prompt(
        kind=cast(Literal["one"], kind),
        options=tuple(_option(protocol, name) for name in cast(list[str], names)),
        step=_step(step),
    )
    return Given(
        prompt=prompt,
        answers={name: _answer(protocol, name, answer) for name, answer in cast(dict[str, str | float], answers).items()},
        onset={protocol.findings[name].id: _moment(moment) for name, moment in cast(dict[str, str], onset).items()},
        carer=cast("bool | None", carer),
        told=cast("str | None", told),
    )


def _moment(carried: str) -> datetime:
    moment = datetime.fromisoformat(carried)
    if moment.tzinfo is None:
        raise BadVisit("a moment stands without its zone")
    return moment


def _answer(protocol: Protocol, name: str, answer: str | float) -> str | float:
    """The answer, which fits its finding. Raises ValueError or KeyError."""
    if answer != MARKED:
        value_of(protocol.findings[name], answer)
    return answer


def _option(protocol: Protocol, name: str) -> Option:
    """An option that was asked: which finding, and no more. Its words are worked out anew when it is asked again."""
    return Option(finding=protocol.findings[name].id, wording="", hint=None, answers=())


def _step(id: object) -> Step | None:
    return Step(id=str(id), kind="one", wording="", hint=None, options=()) if id else None
