"""The app: requests to pages. Answers travel in the bodies of forms alone; what a page carries is signed, and kept nowhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from urllib.parse import parse_qsl

import anyio
from itsdangerous import BadData, URLSafeSerializer
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from equina import hooks
from equina.ask.session import Session
from equina.case import Case
from equina.fhir import doors as fhir
from equina.model import Protocol
from equina.rest import doors, routes
from equina.rest.measures import Measures
from equina.web.card import READ, address_of
from equina.web.guards import Guard, Limits
from equina.web.last import last_page
from equina.web.library import Library, library, reading_page
from equina.web.pages import Page, Settings, judged, start_page
from equina.web.shared import Table
from equina.web.turns import TURNS, Turn
from equina.web.visit import Asks, BadVisit, Visit, data_of, visit_of
from equina.wording import wording

__all__ = ["create_app"]

LOG = logging.getLogger("equina.web")
MOST_FIELDS = 400
PAPERS = ("card.pdf", "form.pdf")
# What a person may have typed to get here does not tell: every fault has its words and a way on.
FAULTS = {400: "wrong_state", 404: "wrong_missing", 405: "wrong_method", 408: "wrong_slow", 413: "wrong_size", 429: "wrong_many"}


def create_app(
    protocols: Mapping[str, Protocol],
    secret: str,
    settings: Settings | None = None,
    limits: Limits | None = None,
    token: str | None = None,
    callers: hooks.Callers | None = None,
    table: Table | None = None,
    ready: Callable[[], bool] = lambda: True,
) -> Starlette:
    """The app for a protocol in its languages (language: protocol, the first is the default), signing with `secret`.

    `token`: what /api and /fhir ask for. `callers`: who may call /cds-services. `table`: what is remembered of addresses, which
    workers share. `ready`: whether what takes long to make is made; /readyz says so.
    """
    libraries = {language: library(protocol) for language, protocol in protocols.items()}
    signer, last = URLSafeSerializer(secret, salt="visit"), last_page(tuple(protocols))
    site = _Site(protocols, signer, settings or Settings(), _templates(), Asks(), libraries, last)
    measures = Measures(next(iter(protocols.values())))
    pages = [
        Route("/", site.start, methods=["GET"]),
        Route("/interview", site.interview, methods=["POST"]),
        Route(READ, site.read, methods=["GET"]),
        Route("/card/{name}", site.read, methods=["GET"]),
        Route("/paper/{name}", site.paper, methods=["GET"]),
        Route("/healthz", _healthy, methods=["GET"]),
        Mount("/static", StaticFiles(packages=[("equina", "web/static")])),
    ]
    for_machines = [
        *routes(protocols, token=token, ready=ready),
        *fhir.routes(protocols, token=token),
        *hooks.routes(next(iter(protocols.values())), callers, token=token, noted=measures.noted),
        Route("/metrics", measures.shown, methods=["GET"]),
    ]
    app = Starlette(routes=[*pages, *for_machines], exception_handlers={HTTPException: site.fault})
    app.add_middleware(Guard, limits=limits or Limits(), refuse=site.refused, table=table)
    app.add_middleware(measures.counted)
    return app


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok\n")


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("equina.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a page does not look at the disk
    )
    templates.globals |= {"reading": READ, "address_of": address_of}
    return templates


@cache
def _words(language: str) -> SimpleNamespace:
    """The words of the pages as a template asks for them, by a dot: of a mapping it would try that in vain, word by word."""
    return SimpleNamespace(**wording("web", language))


@dataclass(frozen=True, slots=True)
class _Site:
    """What every answer needs: the protocol by language, the signer, the settings and the templates."""

    protocols: Mapping[str, Protocol]
    signer: URLSafeSerializer
    settings: Settings
    templates: Environment
    asks: Asks
    libraries: Mapping[str, Library]  # the reading pages, by language
    last: bytes  # the page for when none can be made
    read_before: dict[tuple[str, str], bytes] = field(default_factory=dict)  # as shown: they are the same for everyone

    # --- requests

    async def start(self, request: Request) -> Response:
        """The first page, in the language that the address names."""
        visit = _fresh(self.language(request.scope))
        return self.shown(visit, start_page(self.protocols[visit.language], visit))

    async def read(self, request: Request) -> Response:
        """A reading page, in the language that the address names. Nothing of a visit is in it."""
        visit = _fresh(self.language(request.scope))
        key = visit.language, request.url.path
        if key not in self.read_before:
            page = reading_page(self.libraries[visit.language], request.url.path)
            if page is None:
                raise HTTPException(404)
            self.read_before[key] = bytes(self.shown(visit, page).body)
        return HTMLResponse(self.read_before[key])

    async def interview(self, request: Request) -> Response:
        """Whatever a page sends: an answer, a step back, a change, another language; the page that follows."""
        form = await _form(request)
        visit = self._carried(form)
        protocol = self.protocols[visit.language]
        action, _, about = form.get("go", "next").partition(":")
        if action == "pdf" and self.settings.paper:
            return await self.desk_page(visit)
        answer = TURNS.get(action)
        if answer is None:
            raise HTTPException(400)
        try:
            new, page = answer(Turn(protocol, visit, form, about, datetime.now(UTC), self.protocols, self.asks))
        except BadVisit as error:
            raise HTTPException(400) from error
        return self.shown(new, page)

    async def desk_page(self, visit: Visit) -> Response:
        """The page to show as a PDF."""
        from equina.paper import handover_pdf

        protocol = self.protocols[visit.language]
        case, assessment, _ = judged(protocol, visit, datetime.now(UTC).date())
        made = await anyio.to_thread.run_sync(handover_pdf, protocol, case, assessment)
        return Response(made, media_type="application/pdf", headers={"Content-Disposition": 'inline; filename="page.pdf"'})

    async def paper(self, request: Request) -> Response:
        """The card or the blank form as a PDF, made once."""
        language, name = self.language(request.scope), request.path_params["name"]
        if name not in PAPERS or not self.settings.paper:
            raise HTTPException(404)
        key = language, name
        if key not in self.read_before:
            from equina import paper

            make = {"card.pdf": paper.checklist_pdf, "form.pdf": paper.form_pdf}[name]
            self.read_before[key] = await anyio.to_thread.run_sync(make, self.protocols[language])
        return Response(self.read_before[key], media_type="application/pdf")

    def _carried(self, form: Mapping[str, str]) -> Visit:
        token = form.get("visit", "")
        if not token:
            language = form.get("lang", "")
            return _fresh(language if language in self.protocols else next(iter(self.protocols)))
        try:
            data = self.signer.loads(token)
            language = data["language"] if isinstance(data, dict) else ""
            return visit_of(self.protocols[language], data, datetime.now(UTC))
        except (BadData, BadVisit, KeyError) as error:
            raise HTTPException(400) from error

    # --- answers

    def shown(self, visit: Visit, page: Page, status: int = 200) -> Response:
        """The page as HTML, with the visit signed into its forms."""
        protocol = self.protocols[visit.language]
        words = wording("web", visit.language)
        html = self.templates.get_template(page.template).render(
            **page.shows,
            w=_words(visit.language),
            visit=self.signer.dumps(data_of(protocol, visit)),
            language=visit.language,
            languages=[(code, wording("web", code)["language_name"]) for code in self.protocols],
            place=visit.place,
            number=words[f"number_{visit.place}"] if visit.place else "",
            began=bool(visit.session.given),
            protocol=protocol,
            settings=self.settings,
        )
        return HTMLResponse(html, status)

    def language(self, scope: Scope) -> str:
        """The language that the address names, or the first."""
        named = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("lang", "")
        return named if named in self.protocols else next(iter(self.protocols))

    def refusal(self, status: int, language: str) -> Response:
        """The page of a fault: what to do about it, and that care does not wait for it. The last page when that fails too."""
        words = wording("web", language)
        says = words[FAULTS.get(status, "wrong_fault")]
        page = Page(template="fault.html", shows={"title": words["wrong_title"], "says": says})
        try:
            return self.shown(_fresh(language), page, status)
        except Exception as error:
            LOG.error("the page of a fault failed: %s", type(error).__name__)  # noqa: TRY400  (no detail: it may hold answers)
            return HTMLResponse(self.last, status)

    def refused(self, status: int) -> ASGIApp:
        """As `refusal`, in the way of whoever asks: a page, or JSON."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await self.told(scope, status)(scope, receive, send)

        return answer

    async def fault(self, request: Request, error: Exception) -> Response:
        """As `refusal`, for a fault that was foreseen."""
        if isinstance(error, HTTPException):
            return self.told(request.scope, error.status_code, error.headers)
        return self.told(request.scope, 500)

    def told(self, scope: Scope, status: int, headers: Mapping[str, str] | None = None) -> Response:
        """The refusal as whoever asks there reads it."""
        for prefix, refusal in ((doors.PREFIX, doors.refusal), (fhir.PREFIX, fhir.refusal), (hooks.PREFIX, hooks.refusal)):
            if f"{scope['path']}/".startswith(prefix):
                return refusal(status, headers)
        return self.refusal(status, self.language(scope))


def _fresh(language: str) -> Visit:
    return Visit(language=language, session=Session(start=Case(as_of=datetime.now(UTC), answered_by="self")))


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, each once, without control characters. Raises HTTPException when it is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(400)
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise HTTPException(400) from error
    return {name: value if value.isprintable() else "".join(filter(_typed, value)) for name, value in pairs}


def _typed(character: str) -> bool:
    return character.isprintable() or character in "\n\t"
