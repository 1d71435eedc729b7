"""A person's own words: read, shown marked, and counted only as far as the person confirms them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from markupsafe import Markup

from equina.ask.session import Given, Prompt, is_emergency
from equina.case import Case, Option
from equina.interview import codes_of
from equina.model import Protocol, Value
from equina.notes.evidence import with_text
from equina.notes.lexicon import lexicon
from equina.notes.marked import marked_text
from equina.notes.reading import read
from equina.triage import assess
from equina.web.forms import LONGEST_TOLD
from equina.web.pages import Choice, Field, Page
from equina.web.visit import Visit, with_page
from equina.wording import wording

__all__ = ["confirmed", "words_page"]

CODES: Mapping[Value, str] = {True: "yes_new", "long_standing": "long_standing", False: "no"}


def words_page(protocol: Protocol, visit: Visit, form: Mapping[str, str], languages: Iterable[str]) -> Page:
    """The words with what was read in them marked, and each finding to confirm. None counts before that.

    Of what is not read the questions are offered in each of the other languages, in its own words.
    """
    words = wording("web", visit.language)
    whole = form.get("told", "").strip()
    told = whole[:LONGEST_TOLD]
    fields = tuple(_fields(protocol, told, words))
    reading = read(lexicon(protocol), told)
    return Page(
        template="words.html",
        shows={
            "title": words["words_title"],
            "told": told,
            "cut": LONGEST_TOLD if len(whole) > LONGEST_TOLD else 0,
            "marked": Markup(marked_text(protocol, told, reading)),  # escaped where it is made
            "fields": fields,
            "refused": bool(reading.refused),
            "elsewhere": [
                (code, wording("web", code)["words_elsewhere"])
                for code in languages
                if reading.refused and told and code != visit.language
            ],
        },
    )


def _fields(protocol: Protocol, told: str, words: Mapping[str, str]) -> Iterator[Field]:
    labels = {True: words["words_present"], "long_standing": words["words_old"], False: words["words_absent"]}
    for name, value in _read(protocol, told).items():
        finding = protocol.findings[name]
        label = labels.get(value) if isinstance(value, (bool, str)) else None
        hint = label or f"{value:g} {finding.unit_words or finding.unit or ''}".strip()
        choices = (
            # A no that was misread must not pass with the next button: only what is there is taken as right beforehand.
            Choice(value="right", label=words["words_right"], chosen=value is not False),
            Choice(value="wrong", label=words["words_wrong"]),
        )
        yield Field(name=name, legend=finding.say or finding.label, hint=hint, choices=choices)


def _read(protocol: Protocol, told: str) -> dict[str, Value]:
    """What the words say of findings: values that can be answers. What makes an emergency first, then each where it stands."""
    case = with_text(protocol, Case(told=told, answered_by="self"))
    reasons = assess(protocol, case).reasons
    grave = {name for reason in reasons if reason.disposition == "emergency" for name in reason.findings}
    places = {name: min(piece.start or 0 for piece in case.evidence[name]) for name in case.values}
    return {
        name: value
        for name, value in sorted(case.values.items(), key=lambda item: (item[0] not in grave, places[item[0]]))
        if value is not None and protocol.findings[name].answered_by == "self" and _code(protocol, name, value) is not None
    }


def _code(protocol: Protocol, name: str, value: Value) -> str | float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    code = CODES.get(value)
    offered = codes_of(protocol.findings[name], timed=True)
    return code if code in offered else None


def confirmed(protocol: Protocol, visit: Visit, form: Mapping[str, str]) -> Visit:
    """The visit with what the person confirmed of their words; the words are kept for the page to show."""
    told = form.get("told", "").strip()[:LONGEST_TOLD]
    answers: dict[str, str | float] = {}
    for name, value in _read(protocol, told).items():
        code = _code(protocol, name, value)
        if form.get(name) == "right" and code is not None:
            answers[name] = code
    options = tuple(Option(finding=name, wording="", hint=None, answers=()) for name in answers)
    given = [Given(prompt=Prompt(kind="told"), told=told)]
    if answers:
        given.append(Given(prompt=Prompt(kind="one", options=options), answers=answers))
    confirmed = with_page(visit, given)
    if is_emergency(protocol, confirmed.session):  # who writes for whom can wait
        confirmed = with_page(visit, [*given, Given(prompt=Prompt(kind="who"), carer=False)])
    return confirmed
