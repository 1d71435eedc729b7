"""Requests under /fhir to answers: FHIR R4 over HTTP, JSON alone."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from equina.exchange import BadInput
from equina.fhir.canonical import Json
from equina.fhir.definitions import definitions
from equina.fhir.elements import Resource
from equina.fhir.negotiation import FHIR_JSON, answer_type, check_body_type, language_of
from equina.fhir.operations import assessed, extract, next_step, read_resource
from equina.fhir.refusals import Refused, outcome, outcome_of
from equina.fhir.service import capability_statement
from equina.fhir.shelves import Shelves, search, shelved
from equina.model import Protocol
from equina.rest.problems import refused
from equina.rest.tokens import let_in, token_of

__all__ = ["PREFIX", "refusal", "routes"]

PREFIX = "/fhir/"
LONG = 2_000  # bytes of a body from which on it is judged in a thread, so that others need not wait for it
TAKEN = ("_format", "_pretty")  # what every address takes
Operation = Callable[[Protocol, Resource, datetime], Json]
Answer = Callable[[Request, str], Awaitable[Response]]


def routes(protocols: Mapping[str, Protocol], *, token: str | None = None) -> list[Route]:
    """The addresses under /fhir, for a protocol in its languages. `token`: without it only /fhir/metadata answers.

    Raises ValueError for a token that can be guessed.
    """
    doors = _Doors(protocols, token_of(token))
    operations: dict[str, Operation] = {
        "$assess": assessed,
        "Questionnaire/$next-question": next_step,
        "QuestionnaireResponse/$extract": extract,
    }
    return [
        Route("/fhir/metadata", doors.endpoint(doors.metadata, closed=False), methods=["GET", "OPTIONS"]),
        *(
            Route(f"/fhir/{name}", doors.endpoint(doors.operation(operation)), methods=["POST", "OPTIONS"])
            for name, operation in operations.items()
        ),
        Route("/fhir/{kind}/_search", doors.endpoint(doors.search_by_form), methods=["POST", "OPTIONS"]),
        Route("/fhir/{kind}", doors.endpoint(doors.search), methods=["GET", "OPTIONS"]),
        Route("/fhir/{kind}/{id}", doors.endpoint(doors.read), methods=["GET", "OPTIONS"]),
    ]


def refusal(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal by the limits or by the router, as an OperationOutcome."""
    words, more = refused(status, headers)
    return _response(outcome(status, words), status, headers=more)


def _response(data: Json, status: int = 200, kind: str = FHIR_JSON, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(data, separators=(",", ":")).encode(), status, headers, media_type=kind)


@dataclass(frozen=True)
class _Doors:
    """What every answer needs."""

    protocols: Mapping[str, Protocol]
    token: str | None
    shelves: dict[str, Shelves] = field(default_factory=dict)  # by language, made at the first request for it

    def endpoint(self, answer: Answer, *, closed: bool = True) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of an answer, with what is refused before it. `closed`: it asks for the token, where there is one."""

        async def endpoint(request: Request) -> Response:
            if request.method == "OPTIONS":
                return Response(status_code=204, headers={"Allow": _methods(request)})
            if closed and not let_in(self.token, request.headers.get("authorization", "")):
                told = outcome(401, "this service answers only with its token", place="Authorization")
                return _response(told, 401, headers={"WWW-Authenticate": 'Bearer realm="equina"'})
            try:
                kind = answer_type(request.headers.getlist("accept"), request.query_params.get("_format"))
                language = language_of(request.headers.get("accept-language", ""), self.protocols)
                response = await answer(request, language)
            except (BadInput, Refused, RecursionError) as error:
                status, told = outcome_of(error)
                return _response(told, status)
            response.headers["content-type"] = kind
            response.headers["content-language"] = language
            response.headers["vary"] = "Accept, Accept-Language"
            return response

        return endpoint

    # --- operations

    def operation(self, operation: Operation) -> Answer:
        """The answer of an operation to a body."""

        async def answer(request: Request, language: str) -> Response:
            _parameters(request)
            check_body_type(request.headers.get("content-type", ""), request.headers.get("content-encoding", ""))
            body = await request.body()
            if len(body) > LONG:
                made = await anyio.to_thread.run_sync(_answered, operation, self.protocols[language], body)
            else:
                made = _answered(operation, self.protocols[language], body)
            return Response(made)

        return answer

    # --- definitions

    async def metadata(self, request: Request, language: str) -> Response:
        """The CapabilityStatement."""
        _parameters(request, "mode")
        shelves = self._shelves(language)
        return _response(capability_statement(self.protocols[language], shelves, token=self.token is not None))

    async def read(self, request: Request, language: str) -> Response:
        """One definition."""
        _parameters(request)
        shelf = self._shelf(request, language)
        found = shelf.get(request.path_params["id"])
        if found is None:
            raise Refused(404, "nothing has this id; a search without parameters lists what there is")
        return _response(found)

    async def search(self, request: Request, language: str) -> Response:
        """The definitions that fit the parameters of the address."""
        return self._found(request, language, request.query_params.multi_items())

    async def search_by_form(self, request: Request, language: str) -> Response:
        """The definitions that fit the parameters of a form."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise Refused(415, "a search is sent as application/x-www-form-urlencoded; or GET it", place="Content-Type")
        try:
            given = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
        except ValueError:
            raise Refused(400, "the form can't be read; send UTF-8, percent-encoded, and not more than 20 fields") from None
        return self._found(request, language, [*request.query_params.multi_items(), *given])

    def _found(self, request: Request, language: str, asked: list[tuple[str, str]]) -> Response:
        shelf = self._shelf(request, language)
        asked = [(name, value) for name, value in asked if name not in TAKEN]
        base = str(request.base_url).rstrip("/") + "/fhir"
        here = f"{base}/{request.path_params['kind']}" + (f"?{urlencode(asked)}" if asked else "")
        return _response(search(shelf, asked, base, here))

    def _shelf(self, request: Request, language: str) -> Mapping[str, Json]:
        shelf = self._shelves(language).get(request.path_params["kind"])
        if shelf is None:
            raise Refused(404, "this service has no such resources; GET /fhir/metadata tells which it has", code="not-supported")
        return shelf

    def _shelves(self, language: str) -> Shelves:
        if language not in self.shelves:
            others = [protocol for name, protocol in self.protocols.items() if name != language]
            self.shelves[language] = shelved(definitions(self.protocols[language], others))
        return self.shelves[language]


def _answered(operation: Operation, protocol: Protocol, body: bytes) -> bytes:
    now = datetime.now(UTC).replace(microsecond=0)
    return json.dumps(operation(protocol, read_resource(body), now), separators=(",", ":")).encode()


def _parameters(request: Request, *more: str) -> None:
    """Refuse what is not taken in an address: nothing of a person may stand there."""
    for name in request.query_params:
        if name not in (*TAKEN, *more):
            mend = "put what is known of a person in the body, never in the address"
            raise Refused(400, f"a parameter in the address that is not taken; {mend}", place=name[:40])


def _methods(request: Request) -> str:
    methods = getattr(request.scope.get("route"), "methods", None) or ()
    return ", ".join(sorted({"OPTIONS", *methods}))
