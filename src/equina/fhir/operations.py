"""What each operation answers: a resource in, a resource out. Nothing of HTTP is here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from equina.case import SetAside
from equina.exchange import BadInput, NotJson, read_object
from equina.fhir.canonical import Json, canonical, kebab
from equina.fhir.elements import Resource, listed, part, parts, resources_of, span, text_of
from equina.fhir.observations import extracted
from equina.fhir.records import READ, case_of
from equina.fhir.refusals import Refused, operation_outcome
from equina.fhir.responses import case_of_response, next_question
from equina.fhir.results import results
from equina.model import Protocol
from equina.tables import nearest
from equina.triage import assess

__all__ = ["assessed", "extract", "next_step", "read_resource"]

_RESPONSE = "QuestionnaireResponse"
_OURS = ("interview", "step-by-step")
_LONGEST = 200
_DAY = timedelta(days=1)


def read_resource(body: bytes) -> Json:
    """The resource that a body holds. Raises NotJson or Refused."""
    try:
        given = read_object(body.removeprefix(b"\xef\xbb\xbf"))
    except NotJson:
        raise
    except BadInput as error:
        raise Refused(400, str(error)) from None
    if not text_of(given, "resourceType"):
        raise Refused(400, "not FHIR: an object without a resourceType", place="resourceType")
    return given


# --- the adaptive form and the extraction --------------------------------------------------------------------------------------


def next_step(protocol: Protocol, given: Resource, now: datetime) -> Json:
    """`$next-question`: the QuestionnaireResponse with the next step, completed at the end. Raises BadInput or Refused."""
    return next_question(protocol, _ours(protocol, _only_response(given)), now)


def extract(protocol: Protocol, given: Resource, now: datetime) -> Json:
    """`$extract`: a transaction Bundle of Observations; with what was not judged beside it, where something was not.

    Raises BadInput or Refused.
    """
    response = _ours(protocol, _only_response(given))
    case = case_of_response(protocol, response, now)
    issues = [f"not judged: {item.quote}: {item.why}" for item in case.set_aside]
    if not case.values:
        return operation_outcome([*issues, "nothing was answered: there is nothing to extract"], "information", "informational")
    bundle = extracted(protocol, case, response)
    if not issues:
        return bundle
    told = operation_outcome(issues, "warning", "incomplete")
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "return", "resource": bundle}, {"name": "issues", "resource": told}],
    }


def _only_response(given: Resource) -> Resource:
    """The QuestionnaireResponse, as the body or as the parameter of that name."""
    kind = text_of(given, "resourceType")
    if kind == "Parameters":
        found = [part(each, "resource") for each in parts(given, "parameter") if text_of(each, "name") == "questionnaire-response"]
        if len(found) != 1:
            raise Refused(400, "one parameter questionnaire-response is expected, with the resource", code="required")
        given, kind = found[0], text_of(found[0], "resourceType")
    if kind != _RESPONSE:
        raise Refused(400, f"a QuestionnaireResponse is expected, not {kind[:40] or 'nothing'}", place="resourceType")
    return given


def _ours(protocol: Protocol, response: Resource) -> Resource:
    """The response, when it is not known to answer another questionnaire."""
    told = text_of(response, "questionnaire")
    if told and not told.startswith("#") and not _is_ours(protocol, told):
        mend = canonical("Questionnaire", f"{kebab(protocol.id)}-interview")
        raise Refused(422, f"it answers another questionnaire; answers to {mend} are judged", place=f"{_RESPONSE}.questionnaire")
    return response


def _is_ours(protocol: Protocol, address: str) -> bool:
    return address.partition("|")[0] in {canonical("Questionnaire", f"{kebab(protocol.id)}-{name}") for name in _OURS}


# --- the assessment ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What `$assess` was given."""

    records: tuple[Resource, ...] = ()
    response: Resource | None = None
    as_of: datetime | None = None
    complete: bool = False


def assessed(protocol: Protocol, given: Resource, now: datetime) -> Json:
    """`$assess`: a Bundle of what to do and why, of records, of answers, or of both. Raises BadInput or Refused."""
    asked = _asked(given)
    as_of = asked.as_of or (now if asked.records else None)
    records, response, asides = _response_among(protocol, asked, as_of or now)
    answered = case_of_response(protocol, _ours(protocol, response), now) if response is not None else None
    if answered is not None and as_of is not None:
        answered = replace(answered, as_of=as_of)
    if records or answered is None:
        try:
            case = case_of(protocol, records, as_of or now, complete=asked.complete, answered=answered)
        except ValueError as error:
            raise Refused(422, str(error), code="multiple-matches") from None
    else:
        case = replace(answered, complete=asked.complete or answered.complete)
    case = replace(case, set_aside=(*case.set_aside, *asides, *_unread(records)))
    return results(protocol, case, assess(protocol, case), now, _subject(records, response))


def _asked(given: Resource) -> _Asked:
    kind = text_of(given, "resourceType")
    if kind == "Parameters":
        return _of_parameters(given)
    if kind == _RESPONSE:
        return _Asked(response=given)
    if kind == "Bundle":
        return _Asked(records=_bundled(given))
    if kind in READ:
        return _Asked(records=(given,))
    raise Refused(
        400, f"a Bundle of records, a QuestionnaireResponse or Parameters is expected, not {kind[:40]}", place="resourceType"
    )


def _bundled(bundle: Resource) -> tuple[Resource, ...]:
    """The resources of a Bundle; an entry without one, such as a deletion, states nothing."""
    found = tuple(resource for resource in resources_of(bundle) if set(resource) - {"id"})
    if any(not text_of(resource, "resourceType") for resource in found):
        raise Refused(400, "an entry of the Bundle has no resource with a resourceType", place="Bundle.entry.resource")
    return found


def _of_parameters(given: Resource) -> _Asked:
    taken = ("record", "response", "asOf", "complete")
    by_name: dict[str, list[Resource]] = {name: [] for name in taken}
    for parameter in parts(given, "parameter"):
        name = text_of(parameter, "name")
        if name not in by_name:
            raise Refused(
                400, f'"{name[:40]}" is no parameter of $assess; {nearest(name[:40], taken)}', place="Parameters.parameter.name"
            )
        by_name[name].append(parameter)
    for name in taken[1:]:
        if len(by_name[name]) > 1:
            raise Refused(400, f"the parameter {name} is given twice; give it once", place=_place(name))
    response = [_resource_of(each, "response") for each in by_name["response"]]
    if response and text_of(response[0], "resourceType") != _RESPONSE:
        raise Refused(400, "the parameter response is not a QuestionnaireResponse; give one", place=_place("response"))
    records = [r for each in by_name["record"] for r in _bundled(_resource_of(each, "record"))]
    if not response and not by_name["record"]:
        raise Refused(
            400, "neither record nor response is given; give at least one of them", code="required", place=_place("record")
        )
    return _Asked(
        records=tuple(records),
        response=response[0] if response else None,
        as_of=next((_moment(each) for each in by_name["asOf"]), None),
        complete=any(_flag(each) for each in by_name["complete"]),
    )


def _place(name: str) -> str:
    return f"Parameters.parameter.where(name='{name}')"


def _resource_of(parameter: Resource, name: str) -> Resource:
    resource = part(parameter, "resource")
    if not text_of(resource, "resourceType"):
        raise Refused(400, f"the parameter {name} has no resource; put one under its key resource", place=_place(name))
    return resource


def _moment(parameter: Resource) -> datetime:
    told = span(parameter.get("valueDateTime"))
    if told is None or not told.exact:
        raise Refused(400, "asOf is no moment; write it as valueDateTime 2026-11-23T02:10:00+00:00", place=_place("asOf"))
    return told.first


def _flag(parameter: Resource) -> bool:
    told = parameter.get("valueBoolean")
    if not isinstance(told, bool):
        raise Refused(400, "complete is neither true nor false; write it as valueBoolean", place=_place("complete"))
    return told


def _response_among(
    protocol: Protocol, asked: _Asked, as_of: datetime
) -> tuple[tuple[Resource, ...], Resource | None, tuple[SetAside, ...]]:
    """(The records, the answers, what of the answers does not count): of those among the records the newest interview."""
    found = [each for each in asked.records if text_of(each, "resourceType") == _RESPONSE]
    records = tuple(each for each in asked.records if text_of(each, "resourceType") != _RESPONSE)
    ours = {text_of(each, "id"): each for each in found if _is_ours(protocol, _derived(each))}
    dated = sorted(
        ((told.first, id) for id, each in ours.items() if (told := span(each.get("authored"))) and told.first <= as_of + _DAY),
    )
    recent = [id for moment, id in dated if as_of - moment <= timedelta(days=protocol.new_within_days)]
    chosen = asked.response or (ours[recent[-1]] if recent else None)
    left = sum(each is not chosen for each in found)
    why = "answers to another questionnaire, without a date, or older than the newest: not counted"
    return records, chosen, (SetAside(origin="record", quote=f"{left} of it", why=why),) if left else ()


def _unread(records: tuple[Resource, ...]) -> tuple[SetAside, ...]:
    """What of the records is of a kind that is not read, with how many of each."""
    kinds = Counter(text_of(each, "resourceType") for each in records)
    told = ", ".join(f"{kind[:40]} ({number})" for kind, number in sorted(kinds.items()) if kind not in {*READ, "Medication"})
    return (SetAside(origin="record", quote=told, why="records of these kinds are not read"),) if told else ()


def _derived(response: Resource) -> str:
    """The questionnaire that a response answers; of one that it contains, the one that was derived from."""
    told = text_of(response, "questionnaire")
    if not told.startswith("#"):
        return told
    contained = (each for each in parts(response, "contained") if text_of(each, "id") == told[1:])
    return next((str(address) for each in contained for address in listed(each, "derivedFrom")), told)


def _subject(records: tuple[Resource, ...], response: Resource | None) -> str | None:
    """The patient, as the answers or the records refer to them."""
    return next((told for told in _referred(records, response) if told and len(told) <= _LONGEST), None)


def _referred(records: tuple[Resource, ...], response: Resource | None) -> Iterator[str]:
    yield text_of(part(response, "subject"), "reference")
    for resource in records:
        if text_of(resource, "resourceType") != "Patient":
            yield text_of(part(resource, "subject"), "reference") or text_of(part(resource, "patient"), "reference")
    for resource in records:
        if text_of(resource, "resourceType") == "Patient" and text_of(resource, "id"):
            yield f"Patient/{text_of(resource, 'id')}"
