"""Requests under /cds-services to answers. Faults are told as problem+json, in words that hold nothing that was sent but keys."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from equina.exchange import BadInput, NotJson, read_object
from equina.hooks.calls import NotSent, call_of
from equina.hooks.cards import cards
from equina.hooks.feedback import feedback_of
from equina.hooks.judging import judged
from equina.hooks.services import SERVICES, Service, discovery
from equina.hooks.trust import Trust, Untrusted
from equina.model import Protocol
from equina.rest.problems import MENDS, json_response, problem
from equina.rest.tokens import let_in, token_of

__all__ = ["PREFIX", "Callers", "answered", "refusal", "routes"]

PREFIX = "/cds-services"
LONG = 128 * 1024  # bytes of a body from which on it is judged in a thread, so that others need not wait for it
MEND = "GET /cds-services says which services there are, and what each is to be sent"
TOO_DEEP = "nested too deeply; send the resources as FHIR has them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """Who may call. `trust`: whose calls are answered; without it those that bring the service's token, and without either all.

    `base`: the public address of the service. `origins`: of the pages that may call from a browser.
    """

    trust: Trust | None = None
    base: str | None = None
    origins: tuple[str, ...] = ()


def routes(
    protocol: Protocol,
    callers: Callers | None = None,
    *,
    token: str | None = None,
    noted: Callable[[str, str, str], None] = lambda *_: None,
) -> list[Route]:
    """The addresses under /cds-services. `noted` is told the service, outcome and reason of each feedback."""
    callers = callers or Callers()
    doors = _Doors(protocol, token_of(token), callers, noted)
    cross = Middleware(
        CORSMiddleware,
        allow_origins=callers.origins,
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type"],
    )
    addresses = (("", doors.discover, "GET"), ("/{service}", doors.call, "POST"), ("/{service}/feedback", doors.feedback, "POST"))
    return [
        Route(PREFIX + path, endpoint, methods=[method, "OPTIONS"], middleware=[cross] if callers.origins else [])
        for path, endpoint, method in addresses
    ]


def refusal(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal by the limits or by the router."""
    told = {
        404: "nothing has this address",
        405: "this address takes another method",
        408: "the body did not come in time",
        413: "the body is larger than this service takes",
        429: "more requests came from this address than this service takes",
    }
    extra = {"Retry-After": "1"} if status == 429 else {}
    mend = MEND if status == 404 else None
    return problem(status, told.get(status, "something went wrong here"), mend=mend, headers={**(headers or {}), **extra})


def answered(protocol: Protocol, service: Service, body: bytes, now: datetime, base: str | None = None) -> dict[str, object]:
    """What a service answers to a body: its cards, none where there is nothing to say. Raises BadInput."""
    data = read_object(body.removeprefix(b"\xef\xbb\xbf"))
    try:
        found = judged(protocol, service, call_of(service, data), now)
        return {"cards": cards(protocol, found, now, base) if found else []}
    except RecursionError:
        raise BadInput(TOO_DEEP) from None


@dataclass(frozen=True)
class _Doors:
    """What every answer needs."""

    protocol: Protocol
    token: str | None
    callers: Callers
    noted: Callable[[str, str, str], None]
    said: dict[str, bytes] = field(default_factory=dict)  # the discovery, made once

    async def discover(self, request: Request) -> Response:
        """The services that there are."""
        if refused := await self._refused(request, "GET, HEAD, OPTIONS"):
            return refused
        if not self.said:
            self.said["all"] = json.dumps(discovery(self.protocol), separators=(",", ":")).encode()
        return Response(self.said["all"], media_type="application/json")

    async def call(self, request: Request) -> Response:
        """The cards of a service."""
        return await self._posted(request, self._judge)

    async def feedback(self, request: Request) -> Response:
        """The thanks for telling what became of cards."""
        return await self._posted(request, self._note)

    async def _posted(self, request: Request, answer: Callable[[Service, bytes], Awaitable[Response]]) -> Response:
        if refused := await self._refused(request, "POST, OPTIONS"):
            return refused
        service = SERVICES.get(request.path_params["service"])
        if service is None:
            return problem(404, "no service has this id", where="", mend=MEND)
        if refused := _not_json(request):
            return refused
        try:
            return await answer(service, await request.body())
        except NotSent as error:
            return _fault(412, error)
        except NotJson as error:
            return _fault(400, error)
        except BadInput as error:
            return _fault(422, error)

    async def _judge(self, service: Service, body: bytes) -> Response:
        now = datetime.now(UTC).replace(microsecond=0)
        if len(body) > LONG:
            return json_response(await anyio.to_thread.run_sync(answered, self.protocol, service, body, now, self.callers.base))
        return json_response(answered(self.protocol, service, body, now, self.callers.base))

    async def _note(self, service: Service, body: bytes) -> Response:
        for told in feedback_of(read_object(body)):
            self.noted(service.id, told.outcome, told.reason)
        return Response(status_code=200)

    async def _refused(self, request: Request, methods: str) -> Response | None:
        """The answer to a question about methods, or the refusal of a call that may not be made."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": methods})
        header = request.headers.get("authorization", "")
        if self.callers.trust is None:
            if let_in(self.token, header):
                return None
            return _unknown("this service answers only with its token", "")
        path = request.url.path
        try:
            await self.callers.trust.check(header, [path, path.removesuffix("/feedback")])
        except Untrusted as error:
            return _unknown(str(error), ', error="invalid_token"')
        return None


def _unknown(told: str, error: str) -> Response:
    mend = "send the header Authorization: Bearer, with a token that this service knows, for this address and this call"
    return problem(401, told, where="Authorization", mend=mend, headers={"WWW-Authenticate": f'Bearer realm="equina"{error}'})


def _fault(status: int, error: BadInput) -> Response:
    """The answer to a call that can't be judged: of what is no JSON the mend is that of a body, not of a line among others."""
    told = str(error).replace("of the line", "of the body")
    what, _, mend = told.rpartition("; ")
    if told.startswith("not JSON"):
        told, mend = f"{what}; {MENDS[400]}", MENDS[400]
    return problem(status, told, mend=mend if what else MEND)


def _not_json(request: Request) -> Response | None:
    """The refusal of a body that is said to be something else, or is compressed."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return problem(415, "the body is not said to be JSON", where="Content-Type", headers={"Accept-Post": "application/json"})
    if request.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        return problem(415, "the body is compressed", where="Content-Encoding")
    return None
