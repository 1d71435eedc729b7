"""The work-up as FHIR R4: each test proposed as a ServiceRequest, and all of them in a RequestGroup. Nothing is ordered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from equina.case import Assessment, Expected
from equina.fhir.canonical import Json, canonical, coding, kebab
from equina.model import Disposition, Protocol

__all__ = ["request_group", "service_request", "service_requests"]

_PRIORITIES: Mapping[Disposition, str] = {
    "emergency": "stat",
    "urgent": "urgent",
    "scheduled": "routine",
    "self_care": "routine",
}


def service_requests(protocol: Protocol, assessment: Assessment, now: datetime, patient: Json) -> dict[str, Json]:
    """The proposed tests by their id in the protocol, the soonest first. None while no advice can be given."""
    if assessment.disposition is None:
        return {}
    return {test.id: service_request(protocol, test, now, patient) for test in assessment.workup}


def service_request(protocol: Protocol, test: Expected, now: datetime, patient: Json) -> Json:
    """One test as a proposal, which a clinician may take up or not: why, how soon, how it is done, and what the patient is told."""
    row = protocol.workup[test.id]
    made: Json = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "priority": _PRIORITIES[test.when],
        "code": {"coding": [coding(protocol, "workup", test.id, row.label)], "text": row.label},
        "subject": patient,
        "authoredOn": now.isoformat(),
        "instantiatesCanonical": [f"{canonical('PlanDefinition', f'{kebab(protocol.id)}-rules')}|{protocol.version}"],
        "reasonCode": [{"text": test.because}],
        "note": [{"text": row.how}],
        "patientInstruction": row.words,
    }
    return {key: value for key, value in made.items() if key != "note" or row.how}


def request_group(protocol: Protocol, assessment: Assessment, requests: Mapping[str, str], now: datetime, patient: Json) -> Json:
    """The proposals together, as a GuidanceResponse names them; `requests` are their addresses by test."""
    when = {test.id: test.when for test in assessment.workup}
    actions = [
        {
            "title": protocol.workup[name].label,
            "priority": _PRIORITIES[when[name]],
            "resource": {"reference": address},
        }
        for name, address in requests.items()
    ]
    return {
        "resourceType": "RequestGroup",
        "status": "draft",
        "intent": "proposal",
        "subject": patient,
        "authoredOn": now.isoformat(),
        "action": actions,
    }
