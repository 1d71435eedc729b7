"""The doors of the services, each called as its user calls it: REST, FHIR, CDS Hooks, the pages, and an assistant's tools."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from itsdangerous import URLSafeSerializer
from mcp import Client

from assistants import in_session, over_stdio, said
from equina.case import Case
from equina.fhir.negotiation import FHIR_JSON
from equina.fhir.responses import response_of
from equina.interview import with_answers
from equina.triage import assess
from strategies import PROTOCOL
from surfaces.door import Answer, Ask, Door, Judged, guided, in_short, told_by, whole
from surfaces.servers import SECRET, Servers, over_http

__all__ = ["NETWORK", "read_page"]


@contextmanager
def _rest(servers: Servers) -> Iterator[Ask]:
    """/api/v1/assess of `equina serve`."""
    with over_http(servers.port("serve")) as post:
        yield lambda people: [json.loads(post("/api/v1/assess", json.dumps(one.person))) for one in people]


@contextmanager
def _fhir_service(servers: Servers) -> Iterator[Ask]:
    """/fhir/$assess of `equina serve`, given a QuestionnaireResponse."""
    with over_http(servers.port("serve")) as post:

        def ask(one: Judged) -> object:
            body = json.dumps(response_of(PROTOCOL, one.case))
            return guided(json.loads(post("/fhir/$assess", body, FHIR_JSON)))

        yield lambda people: [ask(one) for one in people]


@contextmanager
def _session(connect: Callable[[Servers], Client], servers: Servers) -> Iterator[Ask]:
    """`equina mcp`, spoken to by the SDK's client: a session for each batch."""

    def ask(people: Sequence[Judged]) -> list[object]:
        async def talk(client: Client) -> list[object]:
            return [told_by(await said(client, "assess_case", case=dict(one.person))) for one in people]

        return in_session(partial(connect, servers), talk)

    yield ask


def _by_pipes(_: Servers) -> Client:
    return over_stdio()


def _by_http(servers: Servers) -> Client:
    return Client(f"http://127.0.0.1:{servers.port('mcp', '--http')}/mcp")


# --- the page --------------------------------------------------------------------------------------------------------------------

CODES = {True: "yes_new", False: "no", None: "not_sure"}
BECAUSE = {one.because: name for name, one in {**PROTOCOL.rules, **PROTOCOL.policies}.items()}


def _at_the_page(one: Judged) -> Case:
    """The case that the answers make when they are given to the page, now: by the person, each question by its name."""
    now = datetime.now(UTC)
    answers = {name: CODES.get(value, value) if not isinstance(value, float) else value for name, value in one.case.values.items()}
    ago = {name: one.case.as_of - moment - timedelta(minutes=1) for name, moment in one.case.onset.items()}
    case = with_answers(PROTOCOL, Case(as_of=now, answered_by="self"), answers)
    present = (name for name in ago if case.values.get(name) not in (None, False))
    return replace(case, onset={name: now - ago[name] for name in present}, complete=one.case.complete)


@contextmanager
def _page(servers: Servers) -> Iterator[Ask]:
    """The form with which a page carries the answers, sent for the advice. `interviews` fills in the forms that lead there."""
    sign = URLSafeSerializer(SECRET, salt="visit").dumps
    with over_http(servers.port("serve")) as post:

        def ask(one: Judged) -> object:
            fields = {"visit": sign(_carried(one)), "go": "advice"}
            return read_page(post("/interview", urlencode(fields), "application/x-www-form-urlencoded"))

        yield lambda people: [ask(one) for one in people]


def _carried(one: Judged) -> object:
    """The answers as a page carries them: one question after the other, the moments where they belong."""
    now = datetime.now(UTC)
    given = []
    for name, value in one.case.values.items():
        code = value if isinstance(value, float) else CODES.get(value, value)
        onset = {}
        if name in one.case.onset:
            onset = {name: (now - (one.case.as_of - one.case.onset[name] - timedelta(minutes=1))).isoformat()}
        given.append(["one", "", [name], {name: code}, onset, None, None])
    return {
        "protocol": PROTOCOL.digest[-16:],
        "language": "en",
        "place": "",
        "stage": "advice",
        "complete": one.case.complete,
        "pages": [1] * len(given),
        "given": given,
        "asking": None,
    }


def read_page(text: str) -> tuple[str | None, tuple[str, ...]]:
    """The level that a result page shows, and the reasons that it gives."""
    level = re.search(r'class="[^"]*level-(\w+)', text)[1]
    sources = text.split('<details class="sources">')[1].split("</details>")[0]
    said = [html.unescape(because) for because in re.findall(r"^<li>(.*?)<ul>", sources, re.MULTILINE)]
    return None if level == "none" else level, tuple(BECAUSE[because] for because in said)


def _on_the_page(one: Judged) -> object:
    assessment = assess(PROTOCOL, _at_the_page(one))
    return assessment.disposition, tuple(reason.id for reason in assessment.reasons)


# --- a record system -------------------------------------------------------------------------------------------------------------

LEVELS = {"critical": "emergency", "warning": "urgent"}
PATHWAYS = tuple(dict.fromkeys(rule.pathway for rule in PROTOCOL.rules.values()))
MOST_ON_A_CARD = 3


def _today(one: Judged) -> Case:
    """The case, moved to now with its onsets: a hook is called about today."""
    now = datetime.now(UTC).replace(microsecond=0)
    onset = {name: now - (one.case.as_of - moment) for name, moment in one.case.onset.items()}
    return replace(one.case, as_of=now, onset=onset)


@contextmanager
def _hooks(servers: Servers) -> Iterator[Ask]:
    """/cds-services of `equina serve` at the hook patient-view, the answers sent along as a QuestionnaireResponse."""
    with over_http(servers.port("serve")) as post:

        def ask(one: Judged) -> object:
            sent = {
                "patient": {"resourceType": "Patient", "id": "p"},
                "conditions": None,
                "interviews": response_of(PROTOCOL, _today(one)),
            }
            call = {"hook": "patient-view", "hookInstance": one.person["id"], "context": {"patientId": "p"}, "prefetch": sent}
            return _on_cards(json.loads(post("/cds-services/red-flags-at-patient-view", json.dumps(call))))

        yield lambda people: [ask(one) for one in people]


def _on_cards(told: Answer) -> object:
    """The level that a card shows, and the pathways of the rules that it names; nothing, where there is no card."""
    if not told["cards"]:
        return None, ()
    [card] = told["cards"]
    rules = [line for line in card["detail"].splitlines() if line.startswith("- ")][:MOST_ON_A_CARD]
    return LEVELS[card["indicator"]], tuple(max((way for way in PATHWAYS if way in line), key=len, default=line) for line in rules)


def _on_a_card(one: Judged) -> object:
    """`low` from urgent up, with the first of its rules; a card says nothing of what is calmer."""
    if one.answer["low"] not in LEVELS.values():
        return None, ()
    rules = [PROTOCOL.rules[reason["rule"]] for reason in one.answer["reasons"] if reason["rule"] in PROTOCOL.rules]
    return one.answer["low"], tuple(rule.pathway for rule in rules[:MOST_ON_A_CARD])


NETWORK: Mapping[str, Door] = {
    "rest": Door(_rest, whole),
    "fhir": Door(_fhir_service, in_short),
    "hooks": Door(_hooks, _on_a_card),
    "page": Door(_page, _on_the_page),
    "mcp": Door(partial(_session, _by_pipes), whole),
    "mcp-http": Door(partial(_session, _by_http), whole),
}
