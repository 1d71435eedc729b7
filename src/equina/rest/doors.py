"""Requests to answers: which address takes what, and what is refused before it is read."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from equina.case import Case
from equina.exchange import BadInput
from equina.model import Protocol
from equina.notes.lexicon import has_lexicon, lexicon
from equina.rest.answers import assessed, card, card_addresses, next_step, protocol_card, read_text
from equina.rest.description import description
from equina.rest.problems import json_response, problem, problem_of, refused
from equina.rest.tokens import let_in, token_of
from equina.triage import assess

__all__ = ["PREFIX", "refusal", "routes"]

PREFIX = "/api/"
LONG = 2_000  # bytes of a body from which on it is judged in a thread, so that others need not wait for it
LOG = logging.getLogger("equina.rest")
QUALITY = re.compile(r"q\s*=\s*0(\.0*)?$")

Answer = Callable[[Protocol, bytes], dict[str, object]]
Endpoint = Callable[[Request], Response]


def routes(protocols: Mapping[str, Protocol], *, token: str | None = None, ready: Callable[[], bool] = lambda: True) -> list[Route]:
    """The addresses under /api, and /readyz, for a protocol in its languages. `token`: without it /api answers nobody.

    `ready`: whether what takes long to make, such as the patterns of the reader, is made.

    Raises ValueError for a token that can be guessed.
    """
    doors = _Doors(protocols, token_of(token), ready)
    posts: dict[str, Answer] = {"assess": assessed, "next-questions": next_step}
    if has_lexicon(doors.default):
        posts["read"] = read_text
    return [
        *(Route(f"/api/v1/{name}", doors.post(answer), methods=["POST", "OPTIONS"]) for name, answer in posts.items()),
        Route("/api/v1/protocol", doors.get(doors.protocol), methods=["GET", "OPTIONS"]),
        Route("/api/v1/cards/{card}", doors.get(doors.card), methods=["GET", "OPTIONS"]),
        Route("/api/openapi.json", doors.get(doors.openapi), methods=["GET", "OPTIONS"]),
        Route("/readyz", doors.ready, methods=["GET"]),
    ]


def refusal(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal by the limits or by the router, as JSON."""
    words, more = refused(status, headers)
    return problem(status, words, headers=more)


@dataclass(frozen=True)
class _Doors:
    """What every answer needs."""

    protocols: Mapping[str, Protocol]
    token: str | None
    made: Callable[[], bool]  # whether what takes long to make is there
    said: dict[tuple[str, str], bytes] = field(default_factory=dict)  # what is the same for everyone, made once

    @property
    def default(self) -> Protocol:
        return next(iter(self.protocols.values()))

    @cached_property
    def addresses(self) -> Mapping[str, str]:
        return card_addresses(self.default)

    # --- the two ways to ask

    def post(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint that answers a body."""

        async def endpoint(request: Request) -> Response:
            if request.method == "OPTIONS":
                return _allowed("POST, OPTIONS")
            if refused := self.refused(request) or _not_json(request):
                return refused
            protocol = self.protocols[request.query_params.get("lang") or next(iter(self.protocols))]
            body = (await request.body()).removeprefix(b"\xef\xbb\xbf")
            try:
                if len(body) > LONG:
                    return json_response(await anyio.to_thread.run_sync(answer, protocol, body))
                return json_response(answer(protocol, body))
            except BadInput as error:
                return problem_of(error)

        return endpoint

    def get(self, answer: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint that tells what is the same for everyone."""

        async def endpoint(request: Request) -> Response:
            if request.method == "OPTIONS":
                return _allowed("GET, HEAD, OPTIONS")
            return self.refused(request) or answer(request)

        return endpoint

    # --- what is refused unread

    def refused(self, request: Request) -> Response | None:
        """The refusal of a request without its token, for another kind of answer, or with something in its address."""
        if not let_in(self.token, request.headers.get("authorization", "")):
            headers = {"WWW-Authenticate": 'Bearer realm="equina"'}
            return problem(401, "this service answers only with its token", where="Authorization", headers=headers)
        if not _takes_json(request.headers.getlist("accept")):
            return problem(406, "the answer is JSON, which the header Accept leaves out", where="Accept")
        given = request.query_params.multi_items()
        if strangers := [name for name, _ in given if name != "lang"] or [name for name, _ in given[1:]]:
            mend = "put what is known of a person in the body, never in the address; only lang, once, is taken there"
            return problem(400, "a parameter in the address that is not taken", where=strangers[0][:60], mend=mend)
        if given and given[0][1] not in self.protocols:
            mend = f"give one of {', '.join(self.protocols)}"
            return problem(400, "the words are not there in this language", where="lang", mend=mend)
        return None

    # --- what is the same for everyone

    def protocol(self, request: Request) -> Response:
        """The protocol."""
        return self._once(request, lambda protocol: protocol_card(protocol, self.protocols))

    def card(self, request: Request) -> Response:
        """The card of an address."""
        id = self.addresses.get(request.path_params["card"])
        if id is None:
            mend = "GET /api/v1/protocol lists the cards"
            return problem(404, "no card has this address", where="card", mend=mend)
        return self._once(request, lambda protocol: card(protocol, id))

    def openapi(self, request: Request) -> Response:
        """The description."""
        return self._once(request, lambda protocol: description(protocol, self.protocols, token=self.token is not None))

    def _once(self, request: Request, make: Callable[[Protocol], dict[str, object]]) -> Response:
        language = request.query_params.get("lang") or next(iter(self.protocols))
        key = language, request.url.path
        if key not in self.said:
            self.said[key] = json.dumps(make(self.protocols[language]), separators=(",", ":")).encode()
        return Response(self.said[key], media_type="application/json")

    async def ready(self, _: Request) -> Response:
        """Whether a shipped story ends where it should, and a text can be read."""
        protocol = self.default
        try:
            story = next(iter(protocol.stories.values()))
            told = assess(protocol, Case(values=story.findings, complete=True)).disposition
            ready = self.made() and told == story.expected
            if has_lexicon(protocol):
                lexicon(protocol)
        except Exception as error:
            LOG.error("not ready: %s", type(error).__name__)  # noqa: TRY400  (its text could hold anything)
            ready = False
        return PlainTextResponse("ready\n") if ready else PlainTextResponse("not ready\n", 503)


def _allowed(methods: str) -> Response:
    return Response(status_code=204, headers={"Allow": methods})


def _takes_json(accept: Sequence[str]) -> bool:
    """Whether the header Accept lets the answer be JSON."""
    ranges = [part.strip() for line in accept for part in line.split(",") if part.strip()]
    if not ranges:
        return True
    fits = {"application/json": 2, "application/*": 1, "*/*": 0}
    best, takes = -1, False
    for item in ranges:
        kind, *parameters = (part.strip().lower() for part in item.split(";"))
        if (rank := fits.get(kind, -1)) > best:
            best, takes = rank, not any(QUALITY.match(parameter) for parameter in parameters)
    return takes


def _not_json(request: Request) -> Response | None:
    """The refusal of a body that is said to be something else."""
    kind, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if kind != "application/json":
        return problem(415, "the body is not said to be JSON", where="Content-Type", headers={"Accept-Post": "application/json"})
    charsets = [parameter.partition("=")[2].strip('" ') for parameter in parameters if parameter.startswith("charset")]
    if any(charset not in ("utf-8", "utf8") for charset in charsets):
        return problem(415, "JSON is sent as UTF-8", where="Content-Type", mend="send UTF-8, and leave charset out")
    if request.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        return problem(415, "the body is compressed", where="Content-Encoding")
    return None
