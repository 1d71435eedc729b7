"""What each tool answers: the exact words to say, what to do first in an emergency, and the structured result beside them.

Pure: arguments in, a reply out, nothing kept. What a case says is judged by the same code as `equina triage`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from equina.assistant.shapes import (
    Arguments,
    AssessCase,
    Assessed,
    Card,
    ContinueInterview,
    HandoverPage,
    Page,
    Read,
    ReadText,
    ShowCard,
    StartInterview,
    Status,
    StepOut,
    Triage,
    Turn,
)
from equina.cards import cards, every_id
from equina.case import Case, SetAside, Step
from equina.crosscheck import misfit
from equina.exchange import BadInput, Request, answer, request_of
from equina.handover import handover
from equina.interview import next_questions, option_of, value_of, with_answers
from equina.model import Protocol
from equina.notes.command import answer as mentions_of
from equina.notes.evidence import with_text
from equina.notes.lexicon import has_lexicon, lexicon
from equina.notes.marked import reasons
from equina.notes.reading import read
from equina.prose import Block, as_markdown, as_text
from equina.result import result
from equina.tables import nearest
from equina.triage import assess, interval
from equina.wording import wording

__all__ = ["TOOLS", "Reply", "Tool"]

# Of a result, what is told unasked; the rest (tests, causes, what helps) is for when the person asks.
FIRST = ("action", "carer", "why_now", "now", "say", "page", "why", "conflicts", "not_known")
TOLD = frozenset((*FIRST, "watch_for", "number", "come_back", "not_seen", "bring", "notice"))
UNWRAPPED = 1_000_000  # columns: an assistant breaks lines as it likes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `first` is what to do now, when that cannot wait; `say` is told word for word; `data` fits the tool's schema."""

    data: Mapping[str, object]
    say: str
    first: str | None = None


# --- cases -------------------------------------------------------------------------------------------------------------------


def _request(protocol: Protocol, given: Mapping[str, object], **more: object) -> Request:
    """The case as the triage contract reads it. Raises BadInput, whose message names the key."""
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        return request_of(protocol, {**given, **more}, now)
    except BadInput as error:
        raise BadInput(f"case: {error}") from None


def _judged(protocol: Protocol, request: Request, *, first_time: bool = True) -> Assessed:
    """The case with its text read, assessed and put in words. The notice is said only the first time."""
    case = with_text(protocol, request.case)
    assessment = assess(protocol, case)
    data = cast(Triage, _plain(answer(protocol, replace(request, case=case), assessment)))
    blocks = result(protocol, case, assessment)
    told = [block for block in blocks if block.id in TOLD and not block.more and (first_time or block.id != "notice")]
    more = [block for block in blocks if block not in told]
    emergency = assessment.disposition == "emergency"
    return Assessed(
        say_exactly=_text(told),
        emergency=emergency,
        status=_status(data, emergency=emergency),
        more=_text(more) or None,
        result=data,
    )


def _status(data: Triage, *, emergency: bool) -> Status:
    if emergency:
        return "emergency"
    if data["next_questions"]:
        return "asking"
    return "advice" if data["disposition"] else "no_advice"


def _plain(data: Mapping[str, object]) -> dict[str, Any]:
    """As JSON has it: lists for tuples."""
    return cast(dict[str, Any], json.loads(json.dumps(data)))


def _text(blocks: Iterable[Block]) -> str:
    blocks = tuple(blocks)
    return as_text(blocks, UNWRAPPED).strip() if blocks else ""


def _action(protocol: Protocol, case: Case) -> str:
    """What to do now, alone."""
    return _text(block for block in result(protocol, case, assess(protocol, case)) if block.id == "action")


def _first(protocol: Protocol, case: Case, *, emergency: bool) -> str | None:
    return _action(protocol, with_text(protocol, case)) if emergency else None


# --- the interview -----------------------------------------------------------------------------------------------------------


def _start(protocol: Protocol, given: Arguments) -> Reply:
    """The first step, after what is said once."""
    assert isinstance(given, StartInterview)
    words = wording("ask", protocol.language)
    case: dict[str, object] = {"answered_by": given.answered_by, "carer": given.carer, "findings": {}}
    before = [" ".join(protocol.notice.split()), words["opening_now"], *([words["carer"]] if given.carer else [])]
    return _turn(protocol, _request(protocol, case), case, before)


def _continue(protocol: Protocol, given: Arguments) -> Reply:
    """The next step, or the advice once nothing more is asked."""
    assert isinstance(given, ContinueInterview)
    if given.case.get("answered_by") == "record":
        raise BadInput('case: answered_by: a record answers no questions; write "self", or call assess_case')
    own = {"answered_by": given.case.get("answered_by") or "self", "complete": False}
    request = _request(protocol, given.case, **own)
    answers: dict[str, str | float] = {}
    faults: list[SetAside] = []
    for name, value in given.answers.items():
        try:
            answers[name] = _fitting(protocol, request.case, name, value)
        except BadInput as error:
            faults.append(SetAside(origin="answer", quote=f"{name}: {json.dumps(value)}"[:60], why=str(error)))
    case = with_answers(protocol, request.case, answers)
    if faults and interval(protocol, with_text(protocol, case))[0] != "emergency":  # which waits for no mend
        raise BadInput("; and ".join(fault.why for fault in faults[:3]))
    case = replace(case, set_aside=(*case.set_aside, *faults))
    return _turn(protocol, replace(request, case=case), given.case)


def _fitting(protocol: Protocol, case: Case, name: str, value: object) -> str | float:
    """The answer, when it is one to that finding. Raises BadInput."""
    finding = protocol.findings.get(name)
    if finding is None:
        raise BadInput(f"answers.{name[:60]}: not a known finding; {nearest(name[:60], protocol.findings)}")
    codes = option_of(protocol, case, finding, "one").answers
    fits = isinstance(value, str) and value in codes and value != "number"
    if finding.measured and isinstance(value, int | float) and not isinstance(value, bool):
        if why := misfit(finding, value):
            raise BadInput(f"answers.{name}: {why}")
        fits = True
    if not fits:
        offered = ", ".join("a number" if code == "number" else code for code in codes)
        raise BadInput(f"answers.{name}: {json.dumps(value)[:60]} is no answer to it; give one of {offered}")
    value_of(finding, cast("str | float", value))
    return cast("str | float", value)


def _turn(protocol: Protocol, request: Request, given: Mapping[str, object], before: Iterable[str] = ()) -> Reply:
    """Where an interview stands. Once no more is asked, the case is complete."""
    case = with_text(protocol, request.case)
    if step := next_questions(protocol, case):
        told = "\n\n".join((*before, asked(protocol, step)))
        turn = Turn(
            say_exactly=told,
            emergency=False,
            status="asking",
            step=_step(step),
            codes=_codes(protocol, step),
            case=_carried(request.case, given),
            set_aside=[{"origin": item.origin, "quote": item.quote, "why": item.why} for item in case.set_aside],
            more=None,
            result=None,
        )
        return Reply(turn, told)
    judged = _judged(protocol, request, first_time=False)
    if not judged["emergency"]:
        request = replace(request, case=replace(request.case, complete=True))
        judged = _judged(protocol, request, first_time=False)
    turn = Turn(
        say_exactly=judged["say_exactly"],
        emergency=judged["emergency"],
        status=judged["status"],
        step=None,
        codes={},
        case=_carried(request.case, given),
        set_aside=judged["result"]["set_aside"],
        more=judged["more"],
        result=judged["result"],
    )
    return Reply(turn, judged["say_exactly"], _first(protocol, request.case, emergency=judged["emergency"]))


def _carried(case: Case, given: Mapping[str, object]) -> dict[str, object]:
    """The case as the next call is to give it back: what was given, and the answers so far. A text is kept as it came."""
    kept = {key: given[key] for key in ("id", "text", "as_of") if given.get(key) is not None}
    onset = {name: moment.isoformat() for name, moment in case.onset.items() if name in case.values}
    dated = {"onset": onset, "as_of": case.as_of.isoformat()} if onset and case.as_of else {}
    state = {"findings": dict(case.values), "answered_by": case.answered_by, "carer": case.carer, "complete": case.complete}
    return {**kept, **dated, **state}


def _step(step: Step) -> StepOut:
    keys = ("finding", "wording", "hint", "answers", "unit")
    options = [{key: getattr(option, key) for key in keys} for option in step.options]
    whole = {"id": step.id, "kind": step.kind, "wording": step.wording, "hint": step.hint, "options": options}
    return cast(StepOut, _plain(whole))


def _codes(protocol: Protocol, step: Step) -> dict[str, str]:
    """The words in which each code of the step is offered."""
    words = wording("answers", protocol.language)
    codes = dict.fromkeys(code for option in step.options for code in option.answers if code != "number")
    timed = any("long_standing" in option.answers for option in step.options)
    return {code: words["yes"] if code == "yes_new" and not timed else words.get(code, code) for code in codes}


def asked(protocol: Protocol, step: Step) -> str:
    """The step in words: its question, then each of its items with the answers that it takes."""
    # The wording of a list asks a question; when one item is left of the list, it is asked by its own.
    heading = "" if step.kind == "one" and step.wording.endswith("?") else step.wording
    lines = [line for line in (heading, step.hint if heading else None) if line]
    none = [wording("answers", protocol.language)["none"]] if step.kind == "list" else []
    offered = [_offered(protocol, option.answers) for option in step.options]
    same = len(set(offered)) == 1 and bool(offered[0])
    for option, answers in zip(step.options, offered, strict=True):
        unit = f" [{option.unit}]" if option.unit else ""
        lines.append(f"- {option.wording}{unit}" + (f" ({option.hint})" if option.hint else ""))
        if not same and answers:
            lines.append(f"  {answers}")
    return "\n".join([*lines, *([" / ".join((offered[0], *none))] if same else none)])


def _offered(protocol: Protocol, codes: Iterable[str]) -> str:
    """The answers as they are offered: "Yes, and it is new or worse / Yes, the same as always / No / Not sure"."""
    words, codes = wording("answers", protocol.language), tuple(codes)
    timed = "long_standing" in codes
    named = (words["yes"] if code == "yes_new" and not timed else words.get(code, code) for code in codes if code != "number")
    return " / ".join(named)


# --- the other tools ---------------------------------------------------------------------------------------------------------


def _assess(protocol: Protocol, given: Arguments) -> Reply:
    """The answer of `equina triage` to the case, with the result in words."""
    assert isinstance(given, AssessCase)
    request = _request(protocol, given.case)
    judged = _judged(protocol, request)
    return Reply(judged, judged["say_exactly"], _first(protocol, request.case, emergency=judged["emergency"]))


def _read(protocol: Protocol, given: Arguments) -> Reply:
    """What the text mentions. When that alone is an emergency, what to do comes first."""
    assert isinstance(given, ReadText)
    if not given.text.strip():
        raise BadInput("text: it is empty; give the person's own words")
    if not has_lexicon(protocol):
        raise BadInput("text: this protocol has no lexicon to read with; ask with start_interview")
    reading = read(lexicon(protocol), given.text)
    if reading.refused:
        raise BadInput(f"text: {reading.refused}; nothing was read, and that is no reassurance: ask with start_interview")
    judged = _judged(protocol, _request(protocol, {"text": given.text}))
    rows = mentions_of(None, reading)
    said = judged["say_exactly"] if judged["emergency"] else "\n".join(reasons(protocol, reading))
    data = Read(say_exactly=said, emergency=judged["emergency"], **{key: rows[key] for key in rows if key != "id"})  # type: ignore[typeddict-item]
    case = Case(told=given.text, answered_by="record")
    return Reply(data, said, _first(protocol, case, emergency=judged["emergency"]))


def _show(protocol: Protocol, given: Arguments) -> Reply:
    """The cards under the id."""
    assert isinstance(given, ShowCard)
    found = cards(protocol, given.id)
    if not found:
        raise BadInput(f'id: "{given.id[:60]}" is no id of the protocol; {nearest(given.id[:60], every_id(protocol))}')
    told = "\n\n".join(found)
    return Reply(Card(say_exactly=told, emergency=False, id=given.id, cards=found), told)


def _page(protocol: Protocol, given: Arguments) -> Reply:
    """The page of the case. An emergency is told before it."""
    assert isinstance(given, HandoverPage)
    request = _request(protocol, given.case)
    case = with_text(protocol, request.case)
    assessment = assess(protocol, case)
    blocks = handover(protocol, case, assessment)
    emergency = assessment.disposition == "emergency"
    first = _action(protocol, case) if emergency else None
    said = "\n\n".join(part for part in (first, _text(blocks)) if part)
    return Reply(Page(say_exactly=said, emergency=emergency, markdown=as_markdown(blocks)), said, first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool as a client lists it, with what answers it."""

    title: str
    about: str
    takes: type[Arguments]
    gives: Any
    run: Callable[[Protocol, Any], Reply]


TOOLS: Mapping[str, Tool] = {
    "start_interview": Tool(
        title="Start the interview",
        about="The first question about back pain with bladder, bowel or nerve symptoms, and what is said once before it. "
        "Say `say_exactly` word for word and wait for the person's answer.",
        takes=StartInterview,
        gives=Turn,
        run=_start,
    ),
    "continue_interview": Tool(
        title="Continue the interview by one step",
        about="Takes the `case` of the last answer unchanged and the person's `answers` to its step; gives the next step, or the "
        "advice when nothing more is asked, or an emergency at once. Pass only what the person has said; what is left "
        "out is asked again; 'not sure' is `not_sure`.",
        takes=ContinueInterview,
        gives=Turn,
        run=_continue,
    ),
    "assess_case": Tool(
        title="Assess a case",
        about="Judges what is known of a person, by finding or as free text, exactly as `equina triage` does: how soon to be seen, "
        'why, and what to watch for. "complete": true when no more will be asked.',
        takes=AssessCase,
        gives=Assessed,
        run=_assess,
    ),
    "read_text": Tool(
        title="Read a person's own words",
        about="The findings that an English text mentions, each with its words and whether it is present, denied or past. Says "
        "first what to do when the text alone is an emergency. Nothing read is no reassurance.",
        takes=ReadText,
        gives=Read,
        run=_read,
    ),
    "show_card": Tool(
        title="Show a card",
        about="What a rule, finding, cause, test, care, medicine or source says and rests on, by its id.",
        takes=ShowCard,
        gives=Card,
        run=_show,
    ),
    "handover_page": Tool(
        title="The page to show at the desk",
        about="The case on one page, in the order in which a clinician needs it, for the person to show or read out.",
        takes=HandoverPage,
        gives=Page,
        run=_page,
    ),
}
