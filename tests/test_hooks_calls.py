"""A call holds the same records however its Bundles are written, and none of another patient wherever that one stands."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("starlette", reason="the extra `service` is not installed")

from equina.exchange import BadInput
from equina.hooks.calls import call_of
from equina.hooks.services import SERVICES

VIEW = next(service for service in SERVICES.values() if service.hook == "patient-view")
ENTRIES = [
    {
        "fullUrl": f"https://ehr.example/fhir/Condition/c{place}",
        "resource": {
            "resourceType": "Condition",
            "id": f"c{place}",
            "subject": {"reference": "Patient/p1"},
            "code": {"text": f"Problem {place}"},
        },
    }
    for place in range(4)
]


def records(entries):
    conditions = {"resourceType": "Bundle", "entry": entries}
    data = {
        "hook": VIEW.hook,
        "hookInstance": "1",
        "context": {"patientId": "p1"},
        "prefetch": {"patient": {"resourceType": "Patient", "id": "p1"}, "conditions": conditions},
    }
    return call_of(VIEW, data).records[1:]


PLAIN = records(ENTRIES)


def told_by_its_address(entries):
    del entries[1]["resource"]["id"]


def told_absolutely(entries):
    entries[2]["resource"]["subject"]["reference"] = "https://ehr.example/fhir/Patient/p1"


def of_nobody(entries):
    del entries[0]["resource"]["subject"]


def beside_an_outcome(entries):
    entries.append({"resource": {"resourceType": "OperationOutcome"}})


def beside_what_is_none(entries):
    entries.insert(1, {"fullUrl": "urn:uuid:1"})
    entries.insert(0, "entry")
    entries.append({"resource": {}})


@pytest.mark.parametrize("write", [told_by_its_address, told_absolutely, of_nobody, beside_an_outcome, beside_what_is_none])
def test_a_bundle_that_is_written_otherwise_holds_the_same_records(write):
    entries = copy.deepcopy(ENTRIES)
    write(entries)
    found = records(entries)
    assert [(record["id"], record["code"]) for record in found] == [(record["id"], record["code"]) for record in PLAIN]


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("write", [None, told_by_its_address, beside_an_outcome])
def test_a_record_of_another_patient_is_refused_wherever_it_stands(place, write):
    entries = copy.deepcopy(ENTRIES)
    entries[place]["resource"]["subject"] = {"reference": "Patient/p2"}
    if write:
        write(entries)
    with pytest.raises(BadInput, match="another patient"):
        records(entries)


def test_records_of_another_kind_are_refused_where_none_is_of_the_kind_that_was_asked_for():
    others = [{"resource": {**entry["resource"], "resourceType": "Procedure"}} for entry in ENTRIES]
    with pytest.raises(BadInput, match="it holds Procedure"):
        records(others)
    assert len(records([*others, ENTRIES[0]])) == 5
