"""Orders that carry codes alone are known by the protocol's tables; a code of a system that is not known is nobody's."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

pytest.importorskip("starlette", reason="the extra `service` is not installed")

from equina.fhir.coded import SYSTEMS
from equina.hooks.doors import answered
from equina.hooks.orders import concerned
from equina.hooks.services import SERVICES
from strategies import PROTOCOL

NOW = datetime(2026, 11, 26, 3, 30, tzinfo=UTC)
LOINC, RXNORM = SYSTEMS["loinc"], SYSTEMS["rxnorm"]
CPT, DM_D = "http://www.ama-assn.org/go/cpt", "https://dmd.nhs.uk"
ME = {"reference": "Patient/p1"}
CODED = [(name, kind, code) for name, kinds in PROTOCOL.orders.items() for kind, codes in kinds.items() for code in codes]


def concept(*codings):
    return {"coding": [{"system": system, "code": code} if system else {"code": code} for system, code in codings]}


def examination(*codings, **more):
    return {"resourceType": "ServiceRequest", "id": "o1", "status": "draft", "subject": ME, "code": concept(*codings), **more}


def medicine(*codings, **more):
    medicated = {"medicationCodeableConcept": concept(*codings)} if codings else {}
    return {"resourceType": "MedicationRequest", "id": "o1", "status": "draft", "subject": ME, **medicated, **more}


def kinds(*orders, medicines=None):
    return [order.kind for order in concerned(PROTOCOL, orders, medicines or {})]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (examination((LOINC, "24968-0")), ["imaging"]),  # MRI
        (examination((LOINC, "24963-1")), ["imaging"]),  # CT
        (examination((LOINC, "24972-2")), ["imaging"]),  # X-ray
        (examination((LOINC, "36067-7")), ["imaging"]),  # MRI of the spine, no part named
        (examination(("urn:oid:2.16.840.1.113883.6.1", "30679-5")), ["imaging"]),
        (examination(("urn:local", "IMG218"), (LOINC, "30620-9")), ["imaging"]),
        (examination(("urn:local", "IMG218"), orderDetail=[concept((LOINC, "30620-9"))]), ["imaging"]),
        (examination((LOINC, "24980-5")), []),  # of the chest's part of the spine
        (examination((LOINC, "24935-9")), []),  # of the neck's
        (examination((LOINC, "35905-9")), []),  # it only guides a needle
        (examination((LOINC, "24627-2")), []),  # CT of the chest
        (examination((LOINC, "8310-5")), []),
        (examination((RXNORM, "5640")), []),
        (medicine((RXNORM, "5640")), ["analgesia"]),  # an ingredient
        (medicine((RXNORM, "197806")), ["analgesia"]),  # a product of it
        (medicine((RXNORM, "1049635")), ["analgesia"]),  # two ingredients, one an opioid
        (medicine(("urn:oid:2.16.840.1.113883.6.88", "161")), ["analgesia"]),
        (medicine((RXNORM, "29046")), []),  # lisinopril
        (medicine((LOINC, "24968-0")), []),
        (medicine((RXNORM, "5640"), status="stopped"), []),
        (medicine((RXNORM, "5640"), doNotPerform=True), []),
    ],
    ids=str,
)
def test_an_order_without_any_words_is_known_by_its_code(order, expected):
    assert kinds(order) == expected


@pytest.mark.parametrize("system", ["", "urn:local", "LOINC", LOINC + "/", CPT, DM_D, "http://snomed.info/sct"])
@pytest.mark.parametrize("code", ["24968-0", "72148", "5640", "241645004", "IMG218"])
def test_the_codes_of_other_systems_are_passed_over(system, code):
    assert kinds(examination((system, code)), medicine((system, code))) == []


def test_every_code_of_the_tables_is_known_under_its_system_and_under_no_other():
    assert {kind for _, kind, _ in CODED} == {"imaging", "analgesia"}
    for name, kind, code in CODED:
        make = {"imaging": examination, "analgesia": medicine}[kind]
        others = [make((system, code)) for other, system in SYSTEMS.items() if other != name]
        assert kinds(make((SYSTEMS[name], code)), *others) == [kind], code


def test_the_check_digits_of_the_tables_are_right():
    codes = PROTOCOL.orders["loinc"]["imaging"]
    assert len(codes) > 150
    for code in codes:
        number, _, digit = code.partition("-")
        doubled = [int(each) * (2 if place % 2 == 0 else 1) for place, each in enumerate(reversed(number))]
        assert -sum(value // 10 + value % 10 for value in doubled) % 10 == int(digit), code
    assert all(code.isdecimal() and not code.startswith("0") for code in PROTOCOL.orders["rxnorm"]["analgesia"])


TRAMADOL = {"resourceType": "Medication", "id": "m1", "ingredient": [{"itemCodeableConcept": concept((RXNORM, "10689"))}]}
BY_REFERENCE = medicine(medicationReference={"reference": "Medication/m1"})


def test_a_medicine_that_is_referred_to_is_known_by_its_ingredients():
    assert kinds(BY_REFERENCE) == []
    assert kinds(BY_REFERENCE, medicines={"m1": TRAMADOL}) == ["analgesia"]
    assert kinds(medicine(medicationReference={"reference": "#m1"}, contained=[TRAMADOL])) == ["analgesia"]
    named = TRAMADOL | {"ingredient": [{"itemCodeableConcept": {"text": "Tramadol"}}]}
    assert kinds(BY_REFERENCE, medicines={"m1": named}) == ["analgesia"]
    assert kinds(medicine(medicationReference={"reference": "Medication/m9", "display": "Tramadol 50 mg"})) == ["analgesia"]


def card_of(*drafts, conditions=None, **prefetch):
    sent = {
        "hook": "order-sign",
        "hookInstance": "d1577c69",
        "context": {
            "userId": "Practitioner/1",
            "patientId": "p1",
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": each} for each in drafts]},
        },
        "prefetch": {"patient": {"resourceType": "Patient", "id": "p1"}, "conditions": conditions, **prefetch},
    }
    service = next(service for service in SERVICES.values() if service.hook == "order-sign")
    return [(card["indicator"], card["detail"]) for card in answered(PROTOCOL, service, json.dumps(sent).encode(), NOW)["cards"]]


BACK = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": ME,
    "recordedDate": NOW.isoformat(),
    "code": concept((SYSTEMS["icd10cm"], "M54.50")),
}


def test_a_coded_order_gets_its_card_with_the_code_where_there_are_no_words():
    ((indicator, detail),) = card_of(examination((LOINC, "24968-0")))
    assert indicator == "warning"
    assert "`24968-0`" in detail
    assert card_of(examination(("urn:local", "24968-0"))) == []


TAKEN = medicine(medicationReference={"reference": "Medication/m1"}, status="active")
SENT = {"resourceType": "Bundle", "entry": [{"resource": TAKEN}, {"resource": TRAMADOL}]}


@pytest.mark.parametrize(("drafts", "records"), [([BY_REFERENCE, TRAMADOL], {}), ([BY_REFERENCE], {"medications": SENT})])
def test_a_medicine_that_is_sent_beside_the_order_or_among_the_records_is_found(drafts, records):
    assert [indicator for indicator, _ in card_of(*drafts, conditions=BACK, **records)] == ["warning"]
    assert card_of(*drafts, **records) == [], "no pain of the spine is on record"
    assert card_of(BY_REFERENCE, conditions=BACK) == [], "nobody says what it is"
