"""The app: requests to pages. Answers travel in the bodies of forms alone; what a page carries is signed, and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from urllib.parse import parse_qsl

from itsdangerous import BadData, URLSafeSerializer
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from equina.ask.session import Session, changed
from equina.case import Case
from equina.model import Protocol
from equina.web.forms import Unanswered, answered
from equina.web.guards import Guard, Limits
from equina.web.pages import (
    Page,
    Settings,
    change_page,
    check_page,
    handover_page,
    next_page,
    question_page,
    result_page,
    start_page,
)
from equina.web.visit import Ask, BadVisit, Visit, back, data_of, next_ask, visit_of, with_page
from equina.web.words import confirmed, words_page
from equina.wording import wording

__all__ = ["create_app"]

MOST_FIELDS = 400
# What a person may have typed to get here does not tell: every fault has its words and a way on.
FAULTS = {400: "wrong_state", 404: "wrong_missing", 405: "wrong_method", 408: "wrong_slow", 413: "wrong_size", 429: "wrong_many"}


def create_app(
    protocols: Mapping[str, Protocol], secret: str, settings: Settings | None = None, limits: Limits | None = None
) -> Starlette:
    """The app for a protocol in its languages (language: protocol, the first is the default), signing with `secret`."""
    site = _Site(protocols, URLSafeSerializer(secret, salt="visit"), settings or Settings(), _templates())
    routes = [
        Route("/", site.start, methods=["GET"]),
        Route("/interview", site.interview, methods=["POST"]),
        Route("/healthz", _healthy, methods=["GET"]),
        Mount("/static", StaticFiles(packages=[("equina", "web/static")])),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: site.fault})
    app.add_middleware(Guard, limits=limits or Limits(), refuse=site.refusal)
    return app


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok\n")


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("equina.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return templates


@dataclass(frozen=True, slots=True)
class _Site:
    """What every answer needs: the protocol by language, the signer, the settings and the templates."""

    protocols: Mapping[str, Protocol]
    signer: URLSafeSerializer
    settings: Settings
    templates: Environment

    # --- requests

    async def start(self, request: Request) -> Response:
        """The first page, in the language that the address names."""
        language = request.query_params.get("lang", "")
        visit = _fresh(language if language in self.protocols else next(iter(self.protocols)))
        return self.shown(visit, start_page(self.protocols[visit.language], visit))

    async def interview(self, request: Request) -> Response:
        """Whatever a page sends: an answer, a step back, a change, another language; the page that follows."""
        form = await _form(request)
        visit = self._carried(form)
        protocol = self.protocols[visit.language]
        action, _, about = form.get("go", "next").partition(":")
        answer = _ACTIONS.get(action)
        if answer is None:
            raise HTTPException(400)
        new, page = answer(_Turn(protocol, visit, form, about, datetime.now(UTC), self.protocols))
        return self.shown(new, page)

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
            w=words,
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

    def refusal(self, status: int) -> Response:
        """The page of a fault: what to do about it, and that care does not wait for it."""
        visit = _fresh(next(iter(self.protocols)))
        words = wording("web", visit.language)
        says = words[FAULTS.get(status, "wrong_fault")]
        return self.shown(visit, Page(template="fault.html", shows={"title": words["wrong_title"], "says": says}), status)

    async def fault(self, _: Request, error: Exception) -> Response:
        """As `refusal`, for a fault that was foreseen."""
        return self.refusal(error.status_code if isinstance(error, HTTPException) else 500)


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
    return {name: "".join(c for c in value if c.isprintable() or c in "\n\t") for name, value in pairs}


# --- what a page can send ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Turn:
    """A form that arrived: the visit it carried, its fields, and what its button is about."""

    protocol: Protocol
    visit: Visit
    form: Mapping[str, str]
    about: str
    now: datetime
    protocols: Mapping[str, Protocol]


Answer = Callable[[_Turn], tuple[Visit, Page]]


def _next(turn: _Turn) -> tuple[Visit, Page]:
    """An answered question, or a start."""
    ask = next_ask(turn.protocol, turn.visit)
    if ask is None or turn.form.get("asked", "") != _name_of(ask):  # a first page, or one sent twice
        return turn.visit, _onward(turn, turn.visit)
    try:
        given = answered(turn.protocol, ask, turn.form, turn.now)
    except Unanswered as error:
        return turn.visit, _named(ask, question_page(turn.protocol, turn.visit, ask, error.errors, turn.form))
    visit = with_page(turn.visit, given)
    return visit, _onward(turn, visit)


def _onward(turn: _Turn, visit: Visit) -> Page:
    page = next_page(turn.protocol, visit, turn.now)
    ask = next_ask(turn.protocol, visit)
    return _named(ask, page) if ask and page.template == "question.html" else page


def _name_of(ask: Ask) -> str:
    """What a form says it answers, so that an answer is never taken for that to another question."""
    return " ".join((ask.kind, *(option.finding for option in ask.options)))


def _named(ask: Ask, page: Page) -> Page:
    return replace(page, shows={**page.shows, "asked": _name_of(ask)})


def _back(turn: _Turn) -> tuple[Visit, Page]:
    if not turn.visit.pages:
        return turn.visit, start_page(turn.protocol, turn.visit)
    visit = back(turn.visit)
    return visit, _onward(turn, visit)


def _check(turn: _Turn) -> tuple[Visit, Page]:
    return turn.visit, check_page(turn.protocol, turn.visit)


def _change(turn: _Turn) -> tuple[Visit, Page]:
    if turn.about != "who" and turn.about not in turn.protocol.findings:
        raise HTTPException(400)
    ask, page = change_page(turn.protocol, turn.visit, turn.about)
    return turn.visit, _named(ask, page)


def _changed(turn: _Turn) -> tuple[Visit, Page]:
    if turn.about != "who" and turn.about not in turn.protocol.findings:
        raise HTTPException(400)
    ask, _ = change_page(turn.protocol, turn.visit, turn.about)
    try:
        given = answered(turn.protocol, ask, turn.form, turn.now)
    except Unanswered as error:
        page = question_page(turn.protocol, turn.visit, ask, error.errors, turn.form, changing=turn.about)
        return turn.visit, _named(ask, page)
    session: Session = turn.visit.session
    taken_back: tuple[str, ...] = ()
    for each in given:
        session, taken_back = changed(turn.protocol, session, each)
    visit = replace(turn.visit, session=session, pages=(1,) * len(session.given))
    return visit, check_page(turn.protocol, visit, taken_back)


def _result(turn: _Turn) -> tuple[Visit, Page]:
    """What to do, once the answers were checked. What is still to be asked is asked first."""
    if next_ask(turn.protocol, turn.visit) is not None and not turn.visit.session.complete:
        return turn.visit, _onward(turn, turn.visit)
    visit = replace(turn.visit, session=replace(turn.visit.session, complete=True))
    return visit, result_page(turn.protocol, visit, turn.now)


def _advice(turn: _Turn) -> tuple[Visit, Page]:
    return turn.visit, result_page(turn.protocol, turn.visit, turn.now)


def _fuller(turn: _Turn) -> tuple[Visit, Page]:
    """More questions, for the page to show alone."""
    visit = replace(turn.visit, session=replace(turn.visit.session, stage="fuller"))
    if next_ask(turn.protocol, visit) is None:
        return visit, handover_page(turn.protocol, visit, turn.now)
    return visit, _onward(turn, visit)


def _handover(turn: _Turn) -> tuple[Visit, Page]:
    return turn.visit, handover_page(turn.protocol, turn.visit, turn.now)


def _place(turn: _Turn) -> tuple[Visit, Page]:
    place = turn.form.get("place", "")
    visit = replace(turn.visit, place=place if place in ("", "us", "uk", "eu") else "")
    return visit, start_page(turn.protocol, visit)


def _language(turn: _Turn) -> tuple[Visit, Page]:
    """The same page in another language; the answers stay."""
    if turn.about not in turn.protocols:
        raise HTTPException(400)
    visit = replace(turn.visit, language=turn.about)
    turn = replace(turn, protocol=turn.protocols[turn.about], visit=visit)
    return visit, _onward(turn, visit) if visit.session.given else start_page(turn.protocol, visit)


def _own_words(turn: _Turn) -> tuple[Visit, Page]:
    return turn.visit, words_page(turn.protocol, turn.visit, turn.form)


def _confirmed(turn: _Turn) -> tuple[Visit, Page]:
    visit = confirmed(turn.protocol, turn.visit, turn.form)
    return visit, _onward(turn, visit)


_ACTIONS: Mapping[str, Answer] = {
    "next": _next,
    "back": _back,
    "check": _check,
    "change": _change,
    "changed": _changed,
    "result": _result,
    "advice": _advice,
    "fuller": _fuller,
    "page": _handover,
    "place": _place,
    "language": _language,
    "words": _own_words,
    "confirmed": _confirmed,
}
