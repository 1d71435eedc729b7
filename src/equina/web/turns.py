"""Turns: what a page can send, each with the visit after it and the page that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from equina.ask.session import Session, changed, is_emergency
from equina.model import Protocol
from equina.web.forms import Unanswered, answered, sent
from equina.web.pages import Page, change_page, check_page, handover_page, next_page, question_page, result_page, start_page
from equina.web.visit import Ask, Asks, BadVisit, Visit, back, last_page, with_page
from equina.web.where import located, where_page
from equina.web.words import confirmed, words_page

__all__ = ["TURNS", "Turn"]


@dataclass(frozen=True, slots=True)
class Turn:
    """A form that arrived: the visit it carried, its fields, and what its button is about."""

    protocol: Protocol
    visit: Visit
    form: Mapping[str, str]
    about: str
    now: datetime
    protocols: Mapping[str, Protocol]
    asks: Asks

    def next_ask(self, visit: Visit) -> Ask | None:
        """What comes next, in the language of the turn."""
        return self.asks.next(self.protocol, visit)


Answer = Callable[[Turn], tuple[Visit, Page]]


def _next(turn: Turn) -> tuple[Visit, Page]:
    """An answered question, or a start. What is left open on a page holds no emergency back that the rest of it shows."""
    if turn.visit.asking is None:
        return _onward(turn, turn.visit)
    try:
        given = answered(turn.protocol, turn.visit.asking, turn.form, turn.now)
    except Unanswered as error:
        early = with_page(turn.visit, error.given)
        if error.given and early.session.stage == "advice" and is_emergency(turn.protocol, early.session):
            return _onward(turn, early)
        ask = turn.next_ask(turn.visit) or turn.visit.asking  # what is asked, with its words
        return turn.visit, question_page(turn.protocol, turn.visit, ask, error.errors, turn.form)
    return _onward(turn, with_page(turn.visit, given))


def _onward(turn: Turn, visit: Visit, form: Mapping[str, str] | None = None) -> tuple[Visit, Page]:
    """The page that follows, with what was typed on it, and the visit that remembers what it asks."""
    ask = turn.next_ask(visit)
    return replace(visit, asking=ask), next_page(turn.protocol, visit, ask, turn.now, form)


def _on(turn: Turn) -> tuple[Visit, Page]:
    """On with the questions, from a page that asked nothing."""
    return _onward(turn, turn.visit)


def _back(turn: Turn) -> tuple[Visit, Page]:
    if not turn.visit.pages:
        visit = replace(turn.visit, asking=None)
        return visit, start_page(turn.protocol, visit, turn.form.get("told", ""))
    visit, given = back(turn.visit), last_page(turn.visit)
    ask = turn.next_ask(visit)
    if ask is None:
        return _onward(turn, visit)
    form = sent(turn.protocol, given)
    return replace(visit, asking=ask), question_page(turn.protocol, visit, ask, form=form)


def _check(turn: Turn) -> tuple[Visit, Page]:
    return turn.visit, _checked(turn, turn.visit)


def _change(turn: Turn) -> tuple[Visit, Page]:
    if turn.about != "who" and turn.about not in turn.protocol.findings:
        raise BadVisit("the page can't send that")
    _, page = change_page(turn.protocol, turn.visit, turn.about)
    return turn.visit, page


def _changed(turn: Turn) -> tuple[Visit, Page]:
    if turn.about != "who" and turn.about not in turn.protocol.findings:
        raise BadVisit("the page can't send that")
    ask, _ = change_page(turn.protocol, turn.visit, turn.about)
    try:
        given = answered(turn.protocol, ask, turn.form, turn.now)
    except Unanswered as error:
        return turn.visit, question_page(turn.protocol, turn.visit, ask, error.errors, turn.form, changing=turn.about)
    session: Session = turn.visit.session
    taken_back: tuple[str, ...] = ()
    for each in given:
        session, taken_back = changed(turn.protocol, session, each)
    visit = replace(turn.visit, session=session, pages=(1,) * len(session.given), asking=None)
    return visit, _checked(turn, visit, taken_back)


def _checked(turn: Turn, visit: Visit, taken_back: Sequence[str] = ()) -> Page:
    return check_page(turn.protocol, visit, ready=turn.next_ask(visit) is None, taken_back=taken_back)


def _result(turn: Turn) -> tuple[Visit, Page]:
    """What to do, once the answers were checked. What is still to be asked is asked first."""
    if turn.next_ask(turn.visit) is not None and not turn.visit.session.complete:
        return _onward(turn, turn.visit)
    visit = replace(turn.visit, session=replace(turn.visit.session, complete=True))
    return visit, result_page(turn.protocol, visit, turn.now)


def _advice(turn: Turn) -> tuple[Visit, Page]:
    return turn.visit, result_page(turn.protocol, turn.visit, turn.now)


def _fuller(turn: Turn) -> tuple[Visit, Page]:
    """More questions, for the page to show alone."""
    visit = replace(turn.visit, session=replace(turn.visit.session, stage="fuller"))
    if turn.next_ask(visit) is None:
        return visit, handover_page(turn.protocol, visit, turn.now)
    return _onward(turn, visit)


def _handover(turn: Turn) -> tuple[Visit, Page]:
    return turn.visit, handover_page(turn.protocol, turn.visit, turn.now)


def _place(turn: Turn) -> tuple[Visit, Page]:
    place = turn.form.get("place", "")
    visit = replace(turn.visit, place=place if place in ("", "us", "uk", "eu") else "")
    return visit, start_page(turn.protocol, visit)


def _language(turn: Turn) -> tuple[Visit, Page]:
    """The same page in another language; the answers stay, and so do the words that were typed."""
    if turn.about not in turn.protocols:
        raise BadVisit("the page can't send that")
    visit = replace(turn.visit, language=turn.about)
    turn = replace(turn, protocol=turn.protocols[turn.about], visit=visit)
    if visit.session.given or visit.asking:
        return _onward(turn, visit, turn.form)
    if turn.form.get("reading"):
        return visit, words_page(turn.protocol, visit, turn.form, turn.protocols)
    return visit, start_page(turn.protocol, visit, turn.form.get("told", ""))


def _where(turn: Turn) -> tuple[Visit, Page]:
    return turn.visit, where_page(turn.visit)


def _located(turn: Turn) -> tuple[Visit, Page]:
    visit = located(turn.protocol, turn.visit, turn.form)
    return _onward(turn, visit) if visit else (turn.visit, where_page(turn.visit, empty=True))


def _own_words(turn: Turn) -> tuple[Visit, Page]:
    if not turn.form.get("told", "").strip():
        return turn.visit, start_page(turn.protocol, turn.visit, error="error_words")
    return turn.visit, words_page(turn.protocol, turn.visit, turn.form, turn.protocols)


def _confirmed(turn: Turn) -> tuple[Visit, Page]:
    return _onward(turn, confirmed(turn.protocol, turn.visit, turn.form))


TURNS: Mapping[str, Answer] = {
    "next": _next,
    "on": _on,
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
    "where": _where,
    "located": _located,
    "words": _own_words,
    "confirmed": _confirmed,
}
