"""The doors: every way in which a case gets in and an answer comes out, each opened as its user would open it.

A door takes a batch of people and gives its answers in their order; `shows` says what of the engine's answer it is to show.
"""

from __future__ import annotations

import html
import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, BinaryIO
from urllib.parse import urlencode

from itsdangerous import URLSafeSerializer
from mcp import Client
from pyarrow.parquet import read_table

from assistants import in_session, over_stdio, said
from command import ENVIRONMENT, answers_in, run, start
from equina.assistant.server import _called
from equina.batch.contract import RESULTS
from equina.case import Case
from equina.fhir.negotiation import FHIR_JSON
from equina.fhir.responses import case_of_response, response_of
from equina.fhir.results import results
from equina.interview import with_answers
from equina.locale import localized
from equina.triage import assess
from strategies import PROTOCOL
from surfaces.interpreters import INTERPRETERS, expected

__all__ = ["DOORS", "HERE", "NETWORK", "Door", "Judged", "Servers", "guided", "over_http", "read_page"]

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """A person as the doors are told of them, the case that is theirs, and the engine's own answer, as JSON has it."""

    person: Mapping[str, object]
    case: Case
    answer: Answer


Ask = Callable[[Sequence[Judged]], Sequence[object]]


@dataclass(frozen=True)
class Door:
    """How it is opened, and what it is to show of a person."""

    opened: Callable[[Servers], AbstractContextManager[Ask]]
    shows: Callable[[Judged], object]


def _whole(one: Judged) -> object:
    return one.answer


def _in_short(one: Judged) -> object:
    """Levels and reasons alone."""
    levels = {key: one.answer[key] for key in ("low", "high", "disposition", "settled")}
    return {**levels, "reasons": [reason["rule"] for reason in one.answer["reasons"]]}


# --- here ------------------------------------------------------------------------------------------------------------------------


def _interpreter(name: str) -> Door:
    @contextmanager
    def opened(_: Servers) -> Iterator[Ask]:
        yield lambda people: [INTERPRETERS[name](one.case) for one in people]

    def shown(one: Judged) -> object:
        verdict = expected(one.answer)
        return (verdict, one.answer["disposition"]) if name == "terms" else verdict

    return Door(opened, shown)


@contextmanager
def _tools(_: Servers) -> Iterator[Ask]:
    """The assistant's tool, without a session."""
    protocols = {"en": PROTOCOL, "es": localized(PROTOCOL, "es")}

    def ask(people: Sequence[Judged]) -> list[object]:
        replies = [_called(protocols, "assess_case", {"case": one.person}) for one in people]
        return [_told(reply) for reply in replies]

    yield ask


def _told(reply: Any) -> object:
    """The assistant's result; whether it says an emergency first is held against the level."""
    if reply.is_error:
        return reply.content[0].text
    told = reply.structured_content
    urged = told["emergency"], len(reply.content) == 3
    return told["result"] if len(set(urged)) == 1 and urged[0] == (told["result"]["disposition"] == "emergency") else told


@contextmanager
def _responses(_: Servers) -> Iterator[Ask]:
    """A QuestionnaireResponse in, a Bundle with its GuidanceResponse out."""

    def ask(people: Sequence[Judged]) -> list[object]:
        now = datetime.now(UTC)
        given = [json.loads(json.dumps(response_of(PROTOCOL, one.case))) for one in people]
        cases = [case_of_response(PROTOCOL, response, now) for response in given]
        return [guided(results(PROTOCOL, case, assess(PROTOCOL, case), now)) for case in cases]

    yield ask


def guided(bundle: Answer) -> object:
    """What the GuidanceResponse of a Bundle says."""
    guidance = next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "GuidanceResponse")
    [outcome] = [contained for contained in guidance["contained"] if contained["id"] == "outcome"]
    given = {one["name"]: one.get("valueBoolean", one.get("valueCoding", {}).get("code")) for one in outcome["parameter"]}
    levels = {key: given.get(key) for key in ("low", "high", "disposition", "settled")}
    return {**levels, "reasons": [one["coding"][0]["code"].replace("-", "_") for one in guidance["reasonCode"]]}


# --- as another process ----------------------------------------------------------------------------------------------------------


PATIENCE = 1_800  # seconds for a batch, on a machine that has other things to do


@contextmanager
def _command(_: Servers) -> Iterator[Ask]:
    """`equina triage`, a process for each batch."""

    def ask(people: Sequence[Judged]) -> list[object]:
        _, output, _ = run("triage", given="\n".join(json.dumps(one.person) for one in people).encode(), patience=PATIENCE)
        return list(answers_in(output))

    yield ask


SECRET = "a secret of the tests, long enough"


class Servers(ExitStack):
    """The servers that the doors share: each command that serves is started when a door first asks for it."""

    def __init__(self) -> None:
        super().__init__()
        self._ports: dict[tuple[str, ...], int] = {}

    def port(self, *command: str) -> int:
        """Where the command listens on this machine, without a limit of requests."""
        if command not in self._ports:
            self._ports[command] = self.enter_context(_served(*command))
        return self._ports[command]


@contextmanager
def _served(*command: str) -> Iterator[int]:
    """The port of a command that serves, until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "env": {**ENVIRONMENT, "EQUINA_SECRET": SECRET}}
    with TemporaryFile() as log:  # a pipe that nobody empties would fill up, and hold up the server
        process = start(*command, "--port", port, "--rate", 0, stderr=log, **streams)
        try:
            _await(process, port, log)
            yield port
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _await(process: subprocess.Popen[bytes], port: int, log: BinaryIO) -> None:
    """Until the port answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            log.seek(0)
            assert process.poll() is None, log.read().decode()
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


@contextmanager
def over_http(port: int) -> Iterator[Callable[..., str]]:
    """What posts a body to an address of the port, for the text of the answer; one connection, opened anew when it was closed."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def post(address: str, body: str, kind: str = "application/json") -> str:
        for again in (True, False):
            try:
                connection.request("POST", address, body.encode(), {"Content-Type": kind, "Accept": "*/*"})
                answer = connection.getresponse()
                return answer.read().decode()
            except (ConnectionError, OSError):
                connection.close()
                if not again:
                    raise
        raise AssertionError

    yield post
    connection.close()


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


ALL_OF_IT = 3_650  # days of an episode: what a case says is aged by its own moment alone


@contextmanager
def _screen(_: Servers) -> Iterator[Ask]:
    """`equina screen`, a run for each batch: the rows of its table, by the id of the person."""

    def ask(people: Sequence[Judged]) -> list[object]:
        with TemporaryDirectory() as folder:
            given, out = Path(folder, "people.jsonl"), Path(folder, "run")
            given.write_text("".join(json.dumps(one.person) + "\n" for one in people), encoding="utf-8")
            code, _, told = run("screen", given, "--out", out, "--window-days", ALL_OF_IT, "--quiet", patience=PATIENCE)
            assert code == 0, told
            columns = ("low", "high", "disposition", "settled", "reasons")
            rows = {row["id"]: row for row in read_table(out / RESULTS, columns=["id", *columns]).to_pylist()}
        return [{column: rows[one.person["id"]][column] for column in columns} for one in people]

    yield ask


@contextmanager
def _session(connect: Callable[[Servers], Client], servers: Servers) -> Iterator[Ask]:
    """`equina mcp`, spoken to by the SDK's client: a session for each batch."""

    def ask(people: Sequence[Judged]) -> list[object]:
        async def talk(client: Client) -> list[object]:
            return [_told(await said(client, "assess_case", case=dict(one.person))) for one in people]

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


# --- all of them -----------------------------------------------------------------------------------------------------------------

DOORS: Mapping[str, Door] = {
    "tree": _interpreter("tree"),
    "sets": _interpreter("sets"),
    "terms": _interpreter("terms"),
    "triage": Door(_command, _whole),
    "tools": Door(_tools, _whole),
    "responses": Door(_responses, _in_short),
    "screen": Door(_screen, _in_short),
    "rest": Door(_rest, _whole),
    "fhir": Door(_fhir_service, _in_short),
    "page": Door(_page, _on_the_page),
    "mcp": Door(partial(_session, _by_pipes), _whole),
    "mcp-http": Door(partial(_session, _by_http), _whole),
}
HERE = ("tree", "sets", "terms", "triage", "tools", "responses", "screen")  # quick enough for very many
NETWORK = ("rest", "fhir", "page", "mcp", "mcp-http")
