"""An assessment as FHIR R4: what to do (GuidanceResponse), what it could be (RiskAssessment), the tests proposed (ServiceRequest),
the page for the desk (Composition, DocumentReference), and by which protocol (Provenance).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from equina.case import Assessment, Case, Evidence
from equina.fhir.canonical import Json, canonical, coding, kebab
from equina.fhir.pages import desk_page
from equina.fhir.proposals import request_group, service_requests
from equina.fhir.provenance import provenance
from equina.fhir.refusals import operation_outcome
from equina.model import Protocol

__all__ = ["results"]

_NOBODY = "the person who was assessed"
_NAMED = re.compile(r" \(([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})\)\Z")  # as elements.name_of writes it


def results(
    protocol: Protocol, case: Case, assessment: Assessment, now: datetime, subject: str | None = None, id: UUID | None = None
) -> Json:
    """A Bundle of the assessment: GuidanceResponse, RiskAssessment, a RequestGroup with its ServiceRequests where tests are
    proposed, Composition and DocumentReference of the page for the desk, and the Provenance of all of them.

    `subject` is the reference to the patient, such as "Patient/p1"; `now` is when it was assessed, with its offset from UTC. The
    same `id` makes the same Bundle; without one it is of this assessment alone.
    """
    id = id or uuid4()
    patient: Json = {"reference": subject} if subject else {"display": _NOBODY}
    made = {
        "guidance": _guidance(protocol, case, assessment, now, patient, id),
        "risk": _risk(protocol, case, assessment, now, patient),
    }
    tests = service_requests(protocol, assessment, now, patient)
    requests = {name: uuid5(id, f"request {name}").urn for name in tests}
    if tests:
        made["group"] = request_group(protocol, assessment, requests, now, patient)
        made["guidance"]["result"] = {"reference": uuid5(id, "group").urn}
    made |= {f"request {name}": resource for name, resource in tests.items()}
    made["composition"], made["document"] = desk_page(protocol, case, assessment, now, patient)
    addresses = {name: uuid5(id, name).urn for name in (*made, "provenance")}
    made["provenance"] = provenance(protocol, now, [addresses[name] for name in made])
    entries = [{"fullUrl": addresses[name], "resource": resource} for name, resource in made.items()]
    return {"resourceType": "Bundle", "type": "collection", "timestamp": now.isoformat(), "entry": entries}


# --- what to do ----------------------------------------------------------------------------------------------------------------


def _guidance(protocol: Protocol, case: Case, assessment: Assessment, now: datetime, patient: Json, id: UUID) -> Json:
    """The advice. `data-requested` while it is not given, or something that can still be asked could change it."""
    wanted = tuple(_wanted(assessment))
    still = assessment.disposition is None or not assessment.settled
    notes = [protocol.disposition_words[assessment.disposition or "none"], assessment.say, " ".join(protocol.notice.split())]
    made: Json = {
        "resourceType": "GuidanceResponse",
        "contained": [_parameters(protocol, assessment)],
        "requestIdentifier": {"system": "urn:ietf:rfc:3986", "value": id.urn},
        "moduleCanonical": f"{canonical('Library', f'{kebab(protocol.id)}-protocol')}|{protocol.version}",
        "status": "data-requested" if still else "success",
        "subject": patient,
        "occurrenceDateTime": (case.as_of or now).isoformat(),
        "reasonCode": [{"coding": [coding(protocol, "rules", reason.id)], "text": reason.because} for reason in assessment.reasons],
        "note": [{"text": note} for note in notes if note],
        "outputParameters": {"reference": "#outcome"},
    }
    if not made["reasonCode"]:
        del made["reasonCode"]
    if told := tuple(_told(protocol, case, assessment)):
        made["contained"].append({**operation_outcome(told, "information", "informational"), "id": "told"})
        made["evaluationMessage"] = [{"reference": "#told"}]
    if still and wanted:
        made["dataRequirement"] = [_requirement(protocol, name) for name in wanted]
    return made


def _parameters(protocol: Protocol, assessment: Assessment) -> Json:
    levels = {"disposition": assessment.disposition, "low": assessment.low, "high": assessment.high}
    given: list[Json] = [
        {"name": name, "valueCoding": coding(protocol, "dispositions", level)} for name, level in levels.items() if level
    ]
    return {
        "resourceType": "Parameters",
        "id": "outcome",
        "parameter": [*given, {"name": "settled", "valueBoolean": assessment.settled}],
    }


def _wanted(assessment: Assessment) -> Iterator[str]:
    """The findings that could still change the advice, core flags first."""
    yield from dict.fromkeys((*assessment.not_known, *(name for rule in assessment.open for name in rule.findings)))


def _requirement(protocol: Protocol, name: str) -> Json:
    code = coding(protocol, "findings", name, protocol.findings[name].label)
    return {"type": "Observation", "codeFilter": [{"path": "code", "code": [code]}]}


def _told(protocol: Protocol, case: Case, assessment: Assessment) -> Iterator[str]:
    """What a reader must know of the case: what was set aside, what does not fit together, what is not known."""
    for item in case.set_aside:
        yield f"not judged: {item.quote}: {item.why}"
    for name, pieces in _rests_on(case, assessment):
        told = "; ".join(dict.fromkeys(piece.quote for piece in pieces if piece.quote))
        if told:
            yield f"rests on: {protocol.findings[name].label}: {told}"
    for conflict in assessment.conflicts:
        yield f"conflict: {protocol.findings[conflict.finding].label}: {conflict.why}"
    for name in assessment.not_known:
        yield f"not known: {protocol.findings[name].label}"


def _rests_on(case: Case, assessment: Assessment) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    """(Finding, what of the record or a text says that it is there) of what the deciding rules rest on."""
    for name in dict.fromkeys(name for reason in assessment.reasons for name in reason.findings):
        yield name, tuple(each for each in case.evidence.get(name, ()) if each.assertion == "present")


# --- what it could be ----------------------------------------------------------------------------------------------------------


def _risk(protocol: Protocol, case: Case, assessment: Assessment, now: datetime, patient: Json) -> Json:
    """The causes that fit, each with what speaks for it: no diagnosis, and no probability, which the protocol does not compute."""
    predictions = [
        {
            "outcome": {"coding": [coding(protocol, "causes", fit.id)], "text": protocol.causes[fit.id].label},
            "qualitativeRisk": {"coding": [coding(protocol, "fits", fit.fit)], "text": fit.fit},
            "rationale": "; ".join(protocol.findings[name].label for name in fit.supports),
        }
        for fit in assessment.causes
    ]
    for prediction in predictions:
        if not prediction["rationale"]:
            del prediction["rationale"]
    made: Json = {
        "resourceType": "RiskAssessment",
        "status": "final" if assessment.settled and assessment.disposition else "preliminary",
        "subject": patient,
        "occurrenceDateTime": (case.as_of or now).isoformat(),
        "mitigation": protocol.disposition_words[assessment.disposition or "none"],
        "note": [{"text": "Causes that fit what is known: no diagnosis. " + " ".join(protocol.notice.split())}],
    }
    if basis := tuple(dict.fromkeys(_records(case, assessment))):
        made["basis"] = [{"reference": reference} for reference in basis]
    if assessment.disposition:
        made["code"] = {"coding": [coding(protocol, "dispositions", assessment.disposition)]}
    return made | ({"prediction": predictions} if predictions else {})


def _records(case: Case, assessment: Assessment) -> Iterator[str]:
    """The records that the deciding rules rest on, as their Bundle names them; of a quote that was cut the name is not known."""
    quotes = (piece.quote or "" for _, pieces in _rests_on(case, assessment) for piece in pieces if piece.origin == "record")
    return (found[1] for quote in quotes if (found := _NAMED.search(quote)))
