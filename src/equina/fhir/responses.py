"""Answers to the Questionnaire: a QuestionnaireResponse as a case, a case as a QuestionnaireResponse, and the next step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from equina.case import Case, Evidence
from equina.crosscheck import misfit
from equina.exchange import BadInput
from equina.fhir.canonical import ABSENT, ONSET, Json, canonical, coding, kebab
from equina.fhir.elements import Resource, listed, part, parts, span, text_of
from equina.fhir.questionnaire import ADAPTIVE, RECORDED, SDC, WORDS, group_of
from equina.interview import next_questions, value_of, with_answers
from equina.model import LONG_STANDING, Finding, Protocol, Topic, Value
from equina.notes.evidence import with_text
from equina.tables import nearest

__all__ = ["case_of_response", "next_question", "response_of"]

_STEP, _CONTAINED = "step_", "asked"
_ANSWERED = (Evidence(origin="answer"),)
_SOURCES = {"clinician": "Practitioner", "self": "Patient"}
_CODES = {True: "yes_new", False: "no", None: "not_sure", LONG_STANDING: "long_standing"}
Answer = str | float


# --- in ------------------------------------------------------------------------------------------------------------------------


def case_of_response(protocol: Protocol, response: Resource, now: datetime) -> Case:
    """The case that the answers state; `now` is the moment of a response that says none. An item without an answer was not asked.

    Raises BadInput when an answer does not fit its question, or a linkId is none of the questionnaire's.
    """
    if response.get("resourceType") != "QuestionnaireResponse":
        raise BadInput("resourceType: a QuestionnaireResponse is expected")
    if (status := text_of(response, "status")) not in ("in-progress", "completed", "amended"):
        raise BadInput(f'status: "{status[:20]}" is not judged; give in-progress, completed or amended')
    authored = span(response.get("authored"))
    if "authored" in response and authored is None:
        raise BadInput("authored: not a moment; write it as 2026-11-23T02:10:00+00:00")
    source = text_of(part(response, "source"), "type")
    device = text_of(part(response, "author"), "type") == "Device" and not source
    answered_by = "record" if device else "clinician" if source in ("Practitioner", "PractitionerRole") else "self"
    case = Case(
        as_of=authored.first if authored else now,
        answered_by=answered_by,
        carer=source == "RelatedPerson",
        complete=status != "in-progress",
        told=next((text_of(a, "valueString") for i in _items(response, WORDS) for a in parts(i, "answer")), ""),
    )
    for item in parts(response, "item"):
        found = dict(_answers(protocol, item))
        onset = {name: moment for name in found for moment in _onsets(item, name)}
        if text_of(item, "linkId").startswith(_STEP):  # as the interview takes them: one step after the other
            case = with_answers(protocol, case, found)
        else:
            values = {name: value_of(protocol.findings[name], answer) for name, answer in found.items()}
            case = replace(case, values={**case.values, **values})
        case = replace(case, onset={**case.onset, **onset})
    case = replace(case, evidence=dict.fromkeys(case.values, _ANSWERED))
    return with_text(protocol, case)


def _items(element: Resource, link: str) -> Iterator[Resource]:
    for item in parts(element, "item"):
        if text_of(item, "linkId") == link:
            yield item
        yield from _items(item, link)


def _answers(protocol: Protocol, item: Resource) -> Iterator[tuple[str, Answer]]:
    """(Finding, answer) of an item and of those below it."""
    link = text_of(item, "linkId")
    for inner in (*parts(item, "item"), *(inner for answer in parts(item, "answer") for inner in parts(answer, "item"))):
        yield from _answers(protocol, inner)
    answers = listed(item, "answer")
    if not answers or link == WORDS:
        return
    finding = protocol.findings.get(link)
    if finding is None:
        raise BadInput(f"linkId: {link[:60]!r} is no question; {nearest(link[:60], protocol.findings)}")
    if len(answers) > 1:
        raise BadInput(f"{link}: one answer is expected, not {len(answers)}")
    yield link, _answer(finding, answers[0])


def _answer(finding: Finding, given: object) -> Answer:
    answer: Answer = text_of(part(given, "valueCoding"), "code")
    if finding.measured and not answer:
        answer = "not_sure" if _absent(given) else _number(finding, given)
    elif isinstance(given, dict) and isinstance(given.get("valueBoolean"), bool) and finding.kind != "choice":
        answer = "yes_new" if given["valueBoolean"] else "no"
    try:
        if why := misfit(finding, value_of(finding, answer)):
            raise BadInput(f"{finding.id}: {why}")
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(str(error)) from None
    return answer


def _number(finding: Finding, given: object) -> float:
    kinds = ("valueDecimal", "valueInteger")
    number = next((given[kind] for kind in kinds if kind in given), None) if isinstance(given, dict) else None
    if isinstance(number, bool) or not isinstance(number, int | float) or abs(number) > 2**53:
        raise BadInput(f"{finding.id}: a number in {finding.unit_words or finding.unit} is expected, as valueDecimal")
    return float(number)


def _absent(given: object) -> bool:
    return any(text_of(extension, "url") == ABSENT for extension in parts(part(given, "_valueDecimal"), "extension"))


def _onsets(item: Resource, name: str) -> Iterator[datetime]:
    for found in (item, *_items(item, name)):
        for extension in parts(found, "extension") if text_of(found, "linkId") == name else ():
            when = span(extension.get("valueDateTime"))
            if text_of(extension, "url") == ONSET and when is not None:
                yield when.first


# --- out -----------------------------------------------------------------------------------------------------------------------


def response_of(protocol: Protocol, case: Case) -> Json:
    """The case as answers to the Questionnaire. What was not asked has no item."""
    groups: dict[str, list[Json]] = {}
    asked = {name: f"topic_{topic.id}" for topic in reversed(_topics(protocol)) for name in topic.findings}
    order = [name for topic in _topics(protocol) for name in topic.findings]
    for name in dict.fromkeys((*order, *case.values)):
        if name in case.values:
            groups.setdefault(asked.get(name, RECORDED), []).append(_item(protocol, case, name))
    items: list[Json] = [{"linkId": link, "item": found} for link, found in groups.items()]
    if case.told:
        items.append({"linkId": WORDS, "answer": [{"valueString": case.told}]})
    id = f"{kebab(protocol.id)}-interview"
    made: Json = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{canonical('Questionnaire', id)}|{protocol.version}",
        "status": "completed" if case.complete else "in-progress",
    }
    if case.as_of:
        made["authored"] = case.as_of.isoformat()
    if case.answered_by == "record":
        made["author"] = {"type": "Device", "display": "Equina, from a record"}
    else:
        source = "RelatedPerson" if case.carer and case.answered_by == "self" else _SOURCES[case.answered_by]
        made["source"] = {"type": source, "display": {"RelatedPerson": "a carer"}.get(source, source.lower())}
    return made | ({"item": items} if items else {})


def _topics(protocol: Protocol) -> tuple[Topic, ...]:
    return (*protocol.topics.values(), *protocol.handover_topics.values())


def _item(protocol: Protocol, case: Case, name: str) -> Json:
    item: Json = {"linkId": name, "answer": [_given(protocol, protocol.findings[name], case.values[name])]}
    if name in case.onset:
        item["extension"] = [{"url": ONSET, "valueDateTime": case.onset[name].isoformat()}]
    return item


def _given(protocol: Protocol, finding: Finding, value: Value) -> Json:
    if finding.measured:
        if value is None:
            return {"_valueDecimal": {"extension": [{"url": ABSENT, "valueCode": "asked-unknown"}]}}
        return {"valueDecimal": value}
    code = str(value) if value in finding.options else _CODES[value]  # type: ignore[index]
    return {"valueCoding": coding(protocol, "answers", code)}


# --- one step at a time --------------------------------------------------------------------------------------------------------


def next_question(protocol: Protocol, response: Resource, now: datetime) -> Json:
    """The response with the next step of the interview in its contained Questionnaire, as `$next-question` gives it back;
    `completed` when nothing more is asked. An emergency asks nothing further.

    Raises BadInput, as case_of_response does.
    """
    case = replace(case_of_response(protocol, response, now), complete=False)
    contained = next((c for c in parts(response, "contained") if c.get("resourceType") == "Questionnaire"), None)
    items = list(parts(contained, "item")) if contained else []
    step = next_questions(protocol, case)
    if step is not None:
        names = [option.finding for option in step.options]
        items = [kept for item in items if (kept := _without(item, names))]
        items.append(group_of(protocol, f"{_STEP}{_last(response, items) + 1}", step.wording, names, {}, case))
    asked: Json = {
        "resourceType": "Questionnaire",
        "id": _CONTAINED,
        "meta": {"profile": [f"{SDC}/sdc-questionnaire-adapt"]},
        "extension": [ADAPTIVE],
        "derivedFrom": [f"{canonical('Questionnaire', f'{kebab(protocol.id)}-step-by-step')}|{protocol.version}"],
        "language": protocol.language,
        "status": "draft",
        "subjectType": ["Patient"],
    }
    asked |= {"item": items} if items else {}
    made = {"authored": now.isoformat()} | {key: value for key, value in response.items() if key != "contained"}
    made |= {"questionnaire": f"#{_CONTAINED}", "status": "in-progress" if step else "completed"}
    return {"resourceType": made.pop("resourceType"), "contained": [asked], **made}


def _without(group: Resource, names: list[str]) -> Json | None:
    """The group without the questions that are asked anew since nobody answered them; None when none is left."""
    left = [question for question in parts(group, "item") if text_of(question, "linkId") not in names]
    return {**group, "item": left} if left else None


def _last(response: Resource, groups: Iterable[Resource]) -> int:
    """The number of the latest step that was asked or answered."""
    links = (text_of(group, "linkId").removeprefix(_STEP) for group in (*parts(response, "item"), *groups))
    return max((int(link) for link in links if link.isdecimal() and len(link) < 6), default=0)
