"""A FHIR service in this process, and what is asked of it."""

from __future__ import annotations

import json

from hypothesis import settings
from starlette.testclient import TestClient

from equina.locale import localized
from equina.web.app import create_app
from equina.web.guards import Limits
from strategies import FULL, NOW, PROTOCOL

SECRET = "a secret of the tests, long enough"
client = TestClient(create_app({"en": PROTOCOL, "es": localized(PROTOCOL, "es")}, SECRET, limits=Limits(rate=0)))
TRIES = settings(max_examples=2_000 if FULL else 50, deadline=None)  # each makes a whole Bundle
FHIR = {"Content-Type": "application/fhir+json"}
AS_OF = NOW.isoformat()


def post(operation, resource, **headers):
    return client.post(f"/fhir/{operation}", content=json.dumps(resource), headers={**FHIR, **headers})


def asked(resource, **headers):
    answer = post("$assess", resource, **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def of_kind(bundle, kind):
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def outcome(bundle):
    (guidance,) = of_kind(bundle, "GuidanceResponse")
    parameters = guidance["contained"][0]["parameter"]
    return {p["name"]: p.get("valueCoding", {}).get("code", p.get("valueBoolean")) for p in parameters}


def told(bundle):
    (guidance,) = of_kind(bundle, "GuidanceResponse")
    return [issue["diagnostics"] for each in guidance["contained"][1:] for issue in each["issue"]]


EMPTY = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "authored": AS_OF}
