"""Records that are not ours through every endpoint: EQUINA_FHIR_SAMPLES names folders of them (JSON resources and Bundles, NDJSON).

Each patient is assessed; what the records state is sent back as answers, asked on and extracted. No such
data are in this repository.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from equina.fhir.elements import part, reference_id, resources_of, span
from equina.fhir.records import case_of
from equina.fhir.responses import response_of
from equina.web.app import create_app
from equina.web.guards import Limits
from strategies import PROTOCOL

FOLDERS = [Path(each) for each in os.environ.get("EQUINA_FHIR_SAMPLES", "").split(os.pathsep) if each]
MOST = int(os.environ.get("EQUINA_FHIR_MOST", "100000"))
LIMITS = Limits(rate=0, records_rate=0, records=64 * 1024 * 1024)
client = TestClient(create_app({"en": PROTOCOL}, "a secret of the tests, long enough", limits=LIMITS))
pytestmark = pytest.mark.skipif(not FOLDERS, reason="EQUINA_FHIR_SAMPLES names no folder of records")


def bundles(folder: Path) -> Iterator[tuple[str, object]]:
    """(Name, Bundle or resource): each JSON file, and of NDJSON files a Bundle for each patient."""
    for path in sorted(folder.rglob("*.json")):
        yield path.name, json.loads(path.read_bytes().decode("utf-8-sig"))
    patients = defaultdict(list)
    for path in sorted(folder.rglob("*.ndjson")):
        for line in path.read_text(encoding="utf-8").splitlines():
            resource = json.loads(line)
            if "resourceType" in resource:
                owner = resource["id"] if resource["resourceType"] == "Patient" else reference_id(part(resource, "subject"))
                patients[owner].append(resource)
    for owner, resources in patients.items():
        if owner is not None:
            yield owner, {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def post(operation, resource):
    return client.post(f"/fhir/{operation}", content=json.dumps(resource), headers={"Content-Type": "application/fhir+json"})


def moments(records) -> list[datetime]:
    """Now, and the last day of the record: on that day its newest entries are of this episode."""
    keys = ("recordedDate", "effectiveDateTime", "authoredOn", "date", "sent", "period", "performedPeriod")
    dated = [when.last for each in resources_of(records) for key in keys if (when := span(each.get(key)))]
    now = datetime.now(UTC).replace(microsecond=0)
    return [now, *([max(each for each in dated) + timedelta(hours=1)] if dated else [])]


@pytest.mark.parametrize("folder", FOLDERS, ids=[each.name for each in FOLDERS])
def test_every_record_is_answered_and_what_it_states_comes_back(folder):
    seen, levels = Counter(), Counter()
    for number, (name, records) in enumerate(bundles(folder)):
        if number >= MOST:
            break
        if not isinstance(records, dict) or "resourceType" not in records:
            continue
        plain = post("$assess", records)
        seen[plain.status_code] += 1
        if plain.status_code != 200:
            assert plain.json()["resourceType"] == "OperationOutcome", name
            assert plain.status_code in (400, 422), (name, plain.text)
            continue
        for moment in moments(records):
            try:
                case = case_of(PROTOCOL, records, moment)
            except ValueError:
                continue
            asked = {"name": "asOf", "valueDateTime": moment.isoformat()}
            answer = post("$assess", {"resourceType": "Parameters", "parameter": [asked, {"name": "record", "resource": records}]})
            assert answer.status_code == 200, (name, answer.text)
            parameters = answer.json()["entry"][0]["resource"]["contained"][0]["parameter"]
            levels[next(each["valueCoding"]["code"] for each in parameters if each["name"] == "low")] += 1
            if response := response_of(PROTOCOL, case):
                back = post("QuestionnaireResponse/$extract", response)
                assert back.status_code == 200, (name, back.text)
                assert len(back.json().get("entry", ())) == len(case.values), name
                assert case_of(PROTOCOL, back.json(), moment).values == case.values, name
                asked_on = post("Questionnaire/$next-question", response)
                assert asked_on.status_code == 200, (name, asked_on.text)
    print(f"\n{folder}: {dict(seen)} by status, {dict(levels)} by certain level")
    assert seen[200]
