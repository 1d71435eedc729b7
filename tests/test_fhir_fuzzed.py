"""Resources that are broken at random, in shape and in value, are judged or refused: never a fault, nor another kind of answer."""

from __future__ import annotations

import copy
import json
import random

import pytest
from starlette.testclient import TestClient

from equina import Case
from equina.fhir.responses import response_of
from equina.web.app import create_app
from equina.web.guards import Limits
from strategies import FULL, NOW, PROTOCOL

CASES = 5_000 if FULL else 80
OPERATIONS = ("$assess", "Questionnaire/$next-question", "QuestionnaireResponse/$extract")
client = TestClient(create_app({"en": PROTOCOL}, "a secret of the tests, long enough", limits=Limits(rate=0, records_rate=0)))
SUBJECT = {"reference": "Patient/p1"}
ODD = (
    None,
    True,
    False,
    0,
    -1,
    1e308,
    10**30,
    "",
    "x",
    "\ud800",
    "2026-13-45",
    "9999-12-31T23:59:59+14:00",
    "0001-01-01",
    [],
    {},
    [[]],
    [None],
)


def concept(code, system="http://hl7.org/fhir/sid/icd-10-cm"):
    return {"coding": [{"system": system, "code": code, "display": "low back pain"}], "text": "cannot pass urine"}


RECORD = [
    {
        "resourceType": "Patient",
        "id": "p1",
        "birthDate": "1980-05-05",
        "gender": "female",
        "extension": [{"url": "x", "valueCode": "F"}],
    },
    {
        "resourceType": "Condition",
        "id": "c1",
        "subject": SUBJECT,
        "code": concept("R33.9"),
        "recordedDate": "2026-11-24",
        "onsetPeriod": {"start": "2026-11-23"},
        "clinicalStatus": concept("active"),
        "verificationStatus": concept("confirmed"),
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "subject": SUBJECT,
        "code": concept("8310-5", "http://loinc.org"),
        "effectiveDateTime": "2026-11-24T10:00:00Z",
        "valueQuantity": {"value": 39.1, "code": "Cel", "comparator": ">"},
        "component": [{"code": concept("8480-6", "http://loinc.org"), "valueQuantity": {"value": 80, "code": "mm[Hg]"}}],
        "dataAbsentReason": concept("unknown"),
    },
    {"resourceType": "Medication", "id": "m1", "code": concept("11289"), "ingredient": [{"itemCodeableConcept": concept("7052")}]},
    {
        "resourceType": "MedicationRequest",
        "status": "active",
        "subject": SUBJECT,
        "medicationReference": {"reference": "Medication/m1"},
    },
    {"resourceType": "Procedure", "status": "completed", "subject": SUBJECT, "code": {"text": "Dialysis"}, "performedPeriod": {}},
    {
        "resourceType": "Encounter",
        "status": "finished",
        "subject": SUBJECT,
        "period": {"start": "2026-11-24"},
        "reasonCode": [concept("R15.9")],
    },
    {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": SUBJECT,
        "date": "2026-11-24T10:00:00Z",
        "type": concept("x"),
        "content": [{"attachment": {"contentType": "text/plain", "data": "Q2Fubm90IHBhc3MgdXJpbmU="}}],
    },
    {"resourceType": "Communication", "status": "completed", "subject": SUBJECT, "payload": [{"contentString": "numb saddle"}]},
]
BUNDLE = {"resourceType": "Bundle", "entry": [{"fullUrl": f"urn:uuid:{n}", "resource": each} for n, each in enumerate(RECORD)]}
FINDINGS = {
    "back_pain": True,
    "fever": False,
    "temperature_c": 38.2,
    "saddle_anesthesia": None,
    "sex_at_birth": "F",
    "pvr_ml": None,
}
RESPONSE = response_of(PROTOCOL, Case(values=FINDINGS, onset={"back_pain": NOW}, as_of=NOW, told="My bum is numb"))
STEP = client.post("/fhir/Questionnaire/$next-question", json=RESPONSE, headers={"Content-Type": "application/fhir+json"}).json()
PARAMETERS = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "record", "resource": BUNDLE},
        {"name": "response", "resource": STEP},
        {"name": "asOf", "valueDateTime": NOW.isoformat()},
        {"name": "complete", "valueBoolean": True},
    ],
}
WHOLE = (BUNDLE, RESPONSE, STEP, PARAMETERS, {"resourceType": "Bundle", "entry": [{"resource": RESPONSE}, *BUNDLE["entry"]]})


def places(value, found):
    """(Container, key) of everything in the value."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found.append((value, key))
        places(value[key], found)
    return found


def broken(chance: random.Random):
    """A resource with a few of its parts changed, taken away, doubled or put elsewhere."""
    resource = copy.deepcopy(chance.choice(WHOLE))
    for _ in range(chance.randint(1, 4)):
        if not (found := places(resource, [])):
            break
        container, key = chance.choice(found)
        other_container, other = chance.choice(found)
        match chance.randrange(5):
            case 0:
                container[key] = copy.deepcopy(chance.choice(ODD))
            case 1:
                del container[key]
            case 2:
                container[key] = [copy.deepcopy(container[key])] * 2
            case 3:
                container[key] = {"extension": container[key]}
            case _:
                container[key] = copy.deepcopy(other_container[other])
    return resource


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_broken_resource_is_never_a_fault(operation):
    chance = random.Random(operation)
    seen = set()
    for _ in range(CASES):
        body = json.dumps(broken(chance))
        answer = client.post(f"/fhir/{operation}", content=body, headers={"Content-Type": "application/fhir+json"})
        seen.add(answer.status_code)
        assert answer.status_code in (200, 400, 422), body
        if answer.status_code != 200:
            assert answer.json()["resourceType"] == "OperationOutcome", body
    assert {200, 400} <= seen
