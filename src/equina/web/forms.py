"""Forms: what a person sent in answer to a page, read into answers; what is missing or does not fit is told field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from equina.ask.replies import Misread, read_number
from equina.ask.session import MARKED, Given, Prompt
from equina.case import Option
from equina.model import Protocol
from equina.web.visit import Ask

__all__ = ["LONGEST_TOLD", "MOST_TYPED", "Unanswered", "answered", "measured", "sent"]

Form = Mapping[str, str]
SPANS = {
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
    "months": timedelta(days=30),
    "years": timedelta(days=365),
}
LONGEST_SPAN = timedelta(days=365 * 110)
LONGEST_TOLD = 4_000  # characters of a person's own words
MOST_TYPED = 6_000  # what the box takes: more than is read, so that who is cut short is told; in any script it fits one request
TIMINGS = {"yes_new": "yes_new", "long_standing": "long_standing", "not_sure": "yes_new"}  # not sure of the age counts as new


class Unanswered(ValueError):  # noqa: N818  (what it is, not how it is told)
    """Fields that lack an answer or hold one that does not fit: for each, the key of web.toml that says so, or the words.

    `given`: what the other fields of the page answer.
    """

    def __init__(self, errors: Mapping[str, str], given: tuple[Given, ...] = ()) -> None:
        super().__init__("a form is not complete")
        self.errors = errors
        self.given = given


def measured(protocol: Protocol, option: Option) -> bool:
    """Whether the option is answered by a number."""
    return protocol.findings[option.finding].measured


def answered(protocol: Protocol, ask: Ask, form: Form, now: datetime) -> tuple[Given, ...]:
    """The answers of a page. Raises Unanswered."""
    match ask.kind:
        case "who":
            return (_who(form),)
        case "list":
            return (_list(ask, form),)
        case "timing":
            return (_timing(ask, form),)
        case "onset":
            return (_onset(ask, form, now),)
        case "told":
            return (Given(prompt=Prompt(kind="told"), told=form.get("told", "").strip()[:LONGEST_TOLD]),)
        case "one":
            return _ones(protocol, ask, form)


def sent(protocol: Protocol, given: Iterable[Given]) -> Form:
    """The fields of a page that gives these answers, so that a person who goes back finds what they chose."""
    form: dict[str, str] = {}
    for each in given:
        if each.prompt.kind == "list":
            form |= _marks(each)
        elif each.prompt.kind == "who":
            form["who"] = "someone" if each.carer else "me"
        elif each.prompt.kind == "told":
            form["told"] = each.told or ""
        elif each.prompt.kind == "one":  # of what is new, "not sure" is not told from "new" any more: that is asked anew
            form |= dict(_field(protocol, name, answer) for name, answer in each.answers.items())
    return form


def _field(protocol: Protocol, name: str, answer: str | float) -> tuple[str, str]:
    if answer == "not_sure" and protocol.findings[name].measured:
        return f"{name}.unsure", "yes"
    return name, answer if isinstance(answer, str) else f"{answer:g}"


def _marks(given: Given) -> Form:
    marked = dict.fromkeys((name for name, answer in given.answers.items() if answer in (MARKED, "yes_new")), "yes")
    if "not_sure" in given.answers.values():
        return {**marked, "unsure": "yes"}
    return marked or {"none": "yes"}


def _who(form: Form) -> Given:
    if form.get("who") not in ("me", "someone"):
        raise Unanswered({"who": "error_one"})
    return Given(prompt=Prompt(kind="who"), carer=form["who"] == "someone")


def _ones(protocol: Protocol, ask: Ask, form: Form) -> tuple[Given, ...]:
    errors: dict[str, str] = {}
    given = []
    for option in ask.options:
        try:
            answer = _number(protocol, option, form) if measured(protocol, option) else _choice(option, form)
        except Unanswered as error:
            errors |= error.errors
        else:
            prompt = Prompt(kind="one", options=(option,), step=ask.step)
            given.append(Given(prompt=prompt, answers={option.finding: answer}))
    if errors:
        raise Unanswered(errors, tuple(given))
    return tuple(given)


def _choice(option: Option, form: Form) -> str:
    answer = form.get(option.finding, "")
    if answer not in option.answers:
        raise Unanswered({option.finding: "error_each"})
    return answer


def _number(protocol: Protocol, option: Option, form: Form) -> str | float:
    typed = form.get(option.finding, "").strip()
    if not typed and form.get(f"{option.finding}.unsure"):
        return "not_sure"
    if not typed:
        raise Unanswered({option.finding: "error_number"})
    try:
        return read_number(typed, option, protocol.findings[option.finding], protocol.language, "web")
    except Misread as error:
        raise Unanswered({option.finding: str(error)}) from error


def _list(ask: Ask, form: Form) -> Given:
    """What is marked is true, and asked for its age where that counts; what is not is "no", or "not sure" when so said."""
    marked = {option.finding for option in ask.options if form.get(option.finding)}
    none, unsure = bool(form.get("none")), bool(form.get("unsure"))
    if not (marked or none or unsure):
        raise Unanswered({"marks": "error_marks"})
    if none and (marked or unsure):
        raise Unanswered({"marks": "error_none_and"})
    answers: dict[str, str | float] = {}
    for option in ask.options:
        if option.finding in marked:
            answers[option.finding] = MARKED if "long_standing" in option.answers else "yes_new"
        else:
            answers[option.finding] = "not_sure" if unsure else "no"
    return Given(prompt=Prompt(kind="list", options=ask.options, step=ask.step), answers=answers)


def _timing(ask: Ask, form: Form) -> Given:
    said = {option.finding: form.get(option.finding, "") for option in ask.options}
    answers: dict[str, str | float] = {name: TIMINGS[code] for name, code in said.items() if code in TIMINGS}
    given = Given(prompt=Prompt(kind="timing", options=ask.options, step=ask.step), answers=answers)
    if missing := {name: "error_one" for name in said if name not in answers}:
        raise Unanswered(missing, (given,) if answers else ())
    return given


def _onset(ask: Ask, form: Form, now: datetime) -> Given:
    typed = form.get("count", "").strip().replace(",", ".")
    prompt = Prompt(kind="onset", options=ask.options)
    if not typed or form.get("skip"):
        return Given(prompt=prompt)
    try:
        ago = float(typed) * SPANS[form.get("unit", "")]
    except (ValueError, KeyError, OverflowError):
        raise Unanswered({"count": "error_onset"}) from None
    if not timedelta(0) <= ago <= LONGEST_SPAN:
        raise Unanswered({"count": "error_onset"})
    return Given(prompt=prompt, onset={ask.options[0].finding: now - ago})
