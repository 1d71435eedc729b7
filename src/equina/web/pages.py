"""Pages: which one follows a visit, and all that its template shows. No request and no response is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from importlib.util import find_spec

from equina.ask.session import Prompt, is_emergency, step_number
from equina.case import Assessment, Case, Option
from equina.handover import handover
from equina.interview import option_of
from equina.model import LONG_STANDING, Protocol, Value
from equina.result import result
from equina.triage import assess
from equina.web.beside import cards_beside
from equina.web.forms import LONGEST_TOLD, MOST_TYPED, measured
from equina.web.visit import Ask, Visit, case_of
from equina.wording import wording

__all__ = [
    "Page",
    "Settings",
    "change_page",
    "check_page",
    "handover_page",
    "judged",
    "next_page",
    "question_page",
    "result_page",
    "start_page",
]

# A protocol is reviewed every year; after that it may calm nobody.
REVIEW_EVERY = timedelta(days=365)

FIRST_SIGNS = 4  # above the button that starts the questions, where no one has to scroll; all of them are below
FOLDED = 12  # more answers of a kind than this are shown on request
PICTURED = ("saddle_anesthesia",)  # findings whose question shows the picture of the body


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the pages are served: where the quick exit leads, and whether what is printed can be made here."""

    leave_to: str = "https://www.weather.gov/"
    paper: bool = find_spec("typst") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A template and what it shows."""

    template: str
    shows: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One radio button."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of a page: its name in the form, its words, its choices (none for a number), and what was wrong with it."""

    name: str
    legend: str
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    value: str = ""
    unsure: bool = False
    error: str = ""


def next_page(protocol: Protocol, visit: Visit, ask: Ask | None, now: datetime, form: Mapping[str, str] | None = None) -> Page:
    """The page that follows: the question that comes, with what was typed; when none does, the answers to check or what to do."""
    if ask is not None:
        return question_page(protocol, visit, ask, form=form)
    if visit.session.stage == "advice" and not visit.session.complete and not is_emergency(protocol, visit.session):
        return check_page(protocol, visit, ready=True)
    return result_page(protocol, visit, now)


def start_page(protocol: Protocol, visit: Visit, told: str = "", error: str = "") -> Page:
    """The first page: why it matters, the signs that cannot wait, and the ways to begin; with the words that were typed on it, and
    the key of what was wrong with them."""
    words = wording("web", visit.language)
    signs = tuple(sign.words for sign in protocol.watch_for.values())
    return Page(
        template="start.html",
        shows={
            "title": words["start_title"],
            "now": [words[f"start_now_{n}"] for n in range(1, FIRST_SIGNS + 1)],
            "signs": signs,
            "numbers": _number(visit) or protocol.care["emergency_number"].told,
            "places": [(place, words[f"place_{place}"]) for place in ("us", "uk", "eu")],
            "reads_words": visit.language == "en" or bool(told),  # words that were typed in English are still there
            "told": told,
            "longest": LONGEST_TOLD,
            "most": MOST_TYPED,
            "error": words[error] if error else "",
        },
    )


def _number(visit: Visit) -> str:
    """The number to call where the person is, in words; none when they have not said where that is."""
    words = wording("web", visit.language)
    return words["number_one"].format(number=words[f"number_{visit.place}"]) if visit.place else ""


# --- questions -----------------------------------------------------------------------------------------------------------------


def question_page(
    protocol: Protocol,
    visit: Visit,
    ask: Ask,
    errors: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    changing: str = "",
) -> Page:
    """The page of a question, with what was typed and what was wrong when it is shown again."""
    words = wording("web", visit.language)
    told = {name: words.get(key, key) for name, key in (errors or {}).items()}
    form = form or {}
    fields = tuple(_fields(protocol, ask, told, form, words))
    titles = {"who": words["who"], "timing": words["timing_title"], "onset": words["onset_title"], "told": words["told_title"]}
    hints = {"who": words["who_hint"], "timing": words["timing_hint"], "told": words["told_hint"], "list": words["list_hint"]}
    step = ask.step
    prompt = Prompt(kind=ask.kind, options=ask.options, step=step)
    alone = ask.kind == "one" and len(ask.options) == 1
    title = titles.get(ask.kind) or (fields[0].legend if alone else step.wording if step else "")
    return Page(
        template="question.html",
        shows={
            "kind": ask.kind,
            "title": title,
            "hint": "" if alone or not step else step.hint or "",
            "how": hints.get(ask.kind, ""),
            "fields": fields,
            "alone": alone or ask.kind in ("who",),
            "errors": told,
            "form": form,
            "step": 0 if changing else step_number(visit.session, prompt),
            "changing": changing,
            "pictured": PICTURED,
        },
    )


def _fields(
    protocol: Protocol, ask: Ask, errors: Mapping[str, str], form: Mapping[str, str], words: Mapping[str, str]
) -> list[Field]:
    if ask.kind == "who":
        people = (("me", words["who_me"]), ("someone", words["who_someone"]))
        return [_radios("who", words["who"], "", people, errors, form)]
    if ask.kind == "timing":
        choices = (
            ("yes_new", words["timing_new"]),
            ("long_standing", words["timing_old"]),
            ("not_sure", words["timing_unsure"]),
        )
        return [_radios(option.finding, option.wording, "", choices, errors, form) for option in ask.options]
    if ask.kind == "one":
        return [_one(protocol, option, errors, form, words) for option in ask.options]
    return [
        Field(name=option.finding, legend=option.wording, hint=option.hint or "", value=form.get(option.finding, ""))
        for option in ask.options
    ]


def _one(protocol: Protocol, option: Option, errors: Mapping[str, str], form: Mapping[str, str], words: Mapping[str, str]) -> Field:
    if measured(protocol, option):
        return Field(
            name=option.finding,
            legend=option.wording,
            hint=option.hint or "",
            unit=words["number_in"].format(unit=option.unit),
            value=form.get(option.finding, ""),
            unsure=bool(form.get(f"{option.finding}.unsure")),
            error=errors.get(option.finding, ""),
        )
    answers = wording("answers", protocol.language)
    labels = {**answers} if "long_standing" in option.answers else {**answers, "yes_new": answers["yes"]}
    choices = [(code, labels.get(code, code)) for code in option.answers]
    return _radios(option.finding, option.wording, option.hint or "", choices, errors, form)


def _radios(
    name: str,
    legend: str,
    hint: str,
    choices: Sequence[tuple[str, str]],
    errors: Mapping[str, str],
    form: Mapping[str, str],
) -> Field:
    chosen = form.get(name, "")
    return Field(
        name=name,
        legend=legend,
        hint=hint,
        choices=tuple(Choice(value=value, label=label, chosen=value == chosen) for value, label in choices),
        error=errors.get(name, ""),
    )


# --- check and change ----------------------------------------------------------------------------------------------------------


def check_page(protocol: Protocol, visit: Visit, *, ready: bool, taken_back: Sequence[str] = ()) -> Page:
    """All that was answered, to check: what was said to be so first, then facts and numbers, what is not sure, and what is not so.
    `ready`: whether nothing is left to ask."""
    words = wording("web", visit.language)
    case = case_of(protocol, visit)
    groups: dict[str, list[dict[str, str]]] = {"yes": [], "about": [], "unsure": [], "no": []}
    for name, value in case.values.items():
        option = option_of(protocol, case, protocol.findings[name], "one")
        groups[_group(value)].append(
            {
                "finding": name,
                "words": option.wording,
                "answer": _answer(words, protocol.language, option, value),
                "name": option.wording,
            }
        )
    return Page(
        template="check.html",
        shows={
            "title": words["check_title"],
            "groups": [(words[f"check_{group}"], rows, group) for group, rows in groups.items() if rows or group != "about"],
            "carer": words["who_someone" if case.carer else "who_me"],
            "taken_back": [option_of(protocol, case, protocol.findings[name], "one").wording for name in taken_back],
            "folded": FOLDED,
            "ready": ready or visit.session.complete,
        },
    )


def _group(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return {None: "unsure", False: "no", True: "yes"}[value]
    return "yes" if value == LONG_STANDING else "about"


def _answer(words: Mapping[str, str], language: str, option: Option, value: Value) -> str:
    if value is True:
        return words["check_answer_new" if "long_standing" in option.answers else "check_answer_yes"]
    if value == LONG_STANDING:
        return words["check_answer_old"]
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, str):
        return wording("answers", language).get(value, value)
    return f"{value:g} {option.unit or ''}".strip()


def change_page(protocol: Protocol, visit: Visit, finding: str) -> tuple[Ask, Page]:
    """The page that asks a question again."""
    case = case_of(protocol, visit)
    if finding == "who":
        ask = Ask(kind="who")
    else:
        ask = Ask(kind="one", options=(option_of(protocol, case, protocol.findings[finding], "one"),))
    return ask, question_page(protocol, visit, ask, changing=finding)


# --- what to do ----------------------------------------------------------------------------------------------------------------


def result_page(protocol: Protocol, visit: Visit, now: datetime) -> Page:
    """What to do. In an emergency the rest is folded away."""
    case, assessment, overdue = judged(protocol, visit, now.date())
    words = wording("web", visit.language)
    blocks = result(protocol, case, assessment)
    if number := _number(visit):
        told = protocol.care["emergency_number"].told
        blocks = tuple(replace(block, lines=tuple(number if line == told else line for line in block.lines)) for block in blocks)
    first = [block for block in blocks if not block.more]
    return Page(
        template="result.html",
        shows={
            "level": assessment.disposition or "none",
            "headline": blocks[0],
            "first": first[1:],
            "rest": [block for block in blocks if block.more],
            "sources": _sources(protocol, assessment),
            "cards": cards_beside(protocol, visit.language, assessment, blocks),
            "overdue": words["result_overdue"] if overdue else "",
            "path": _path(protocol, assessment),
            "moments": _moments(protocol, case),
            "say": assessment.say,
            "title": blocks[0].title,
        },
    )


def judged(protocol: Protocol, visit: Visit, today: date) -> tuple[Case, Assessment, bool]:
    """The case, what follows from it, and whether a guide past its review date has kept it from calming anyone."""
    case = case_of(protocol, visit)
    assessment = assess(protocol, case)
    overdue = today > date.fromisoformat(protocol.reviewed) + REVIEW_EVERY and assessment.disposition == "self_care"
    return case, replace(assessment, disposition="scheduled") if overdue else assessment, overdue


def handover_page(protocol: Protocol, visit: Visit, now: datetime) -> Page:
    """The page to show at the desk."""
    case, assessment, _ = judged(protocol, visit, now.date())
    return Page(
        template="handover.html",
        shows={"blocks": handover(protocol, case, assessment), "title": wording("web", visit.language)["page_title"]},
    )


def _sources(protocol: Protocol, assessment: Assessment) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each reason with its sources: their ids and titles."""
    rows = []
    for reason in assessment.reasons:
        titles = [(name, protocol.sources[name].citation) for name in reason.sources]
        rows.append((reason.because, titles))
    return rows


def _path(protocol: Protocol, assessment: Assessment) -> list[tuple[list[str], str]]:
    """From answers to advice: for each reason the answers that it rests on, in words, and the reason."""
    rows = []
    for reason in assessment.reasons:
        said = [protocol.findings[name].say or protocol.findings[name].label for name in reason.findings]
        if said:
            rows.append((said, reason.because))
    return rows


def _moments(protocol: Protocol, case: Case) -> list[tuple[str, datetime]]:
    """What began when, the earliest first."""
    found = [(protocol.findings[name].say or protocol.findings[name].label, moment) for name, moment in case.onset.items()]
    return sorted(found, key=lambda item: item[1])
