"""CDS Hooks: what is on record becomes a card, and where nothing is to be said none; a card is what the specification asks for."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("starlette", reason="the extra `service` is not installed")

from equina import Case, assess
from equina.fhir.definitions import definitions
from equina.fhir.observations import extracted
from equina.fhir.records import gather
from equina.fhir.responses import response_of
from equina.fhir.statements import Gathered
from equina.hooks.bearing import bearing
from equina.hooks.cards import OVERRIDES
from equina.hooks.doors import answered
from equina.hooks.orders import concerned
from equina.hooks.services import SERVICES
from strategies import PROTOCOL, TRIES, cases, findings

NOW = datetime(2026, 11, 26, 3, 30, tzinfo=UTC)
VIEW, START, SIGN = SERVICES.values()
ME = {"reference": "Patient/p1"}
ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def condition(code, words, days=0, status="active", verified="confirmed"):
    return {
        "resourceType": "Condition",
        "id": f"c-{code.replace('.', '-')}",
        "clinicalStatus": {"coding": [{"code": status}]},
        "verificationStatus": {"coding": [{"code": verified}]},
        "code": {"coding": [{"system": ICD, "code": code, "display": words}], "text": words},
        "subject": ME,
        "recordedDate": (NOW - timedelta(days=days)).isoformat(),
    }


def message(text):
    return {
        "resourceType": "Communication",
        "id": "m1",
        "subject": ME,
        "sent": NOW.isoformat(),
        "payload": [{"contentString": text}],
    }


def document(text):
    data = base64.b64encode(text.encode()).decode()
    content = [{"attachment": {"contentType": "text/plain", "data": data}}]
    return {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "current",
        "subject": ME,
        "date": NOW.isoformat(),
        "content": content,
    }


def order(kind, words, **more):
    concept = "code" if kind == "ServiceRequest" else "medicationCodeableConcept"
    return {"resourceType": kind, "id": "o1", "status": "draft", "intent": "order", "subject": ME, concept: {"text": words}, **more}


def bundle(*resources):
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": resource} for resource in resources]}


KEYS = {
    "Condition": "conditions",
    "Communication": "messages",
    "DocumentReference": "documents",
    "Encounter": "encounters",
    "Observation": "answers",
    "QuestionnaireResponse": "interviews",
}


def call(service, *records, orders=(), patient=None):
    found = {"patient": {"resourceType": "Patient", "id": "p1", "birthDate": "1980-02-03"} | (patient or {}), "conditions": None}
    for key in dict.fromkeys(KEYS[record["resourceType"]] for record in records):
        found[key] = bundle(*(record for record in records if KEYS[record["resourceType"]] == key))
    context = {"userId": "Practitioner/1", "patientId": "p1", "encounterId": "e1"}
    if service is SIGN:
        context["draftOrders"] = bundle(*orders)
    return {"hook": service.hook, "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": context, "prefetch": found}


def cards(service, *records, base=None, **more):
    return answered(PROTOCOL, service, json.dumps(call(service, *records, **more)).encode(), NOW, base)["cards"]


def indicators(service, *records, **more):
    return [card["indicator"] for card in cards(service, *records, **more)]


RETENTION = condition("R33.9", "Retention of urine, unspecified")
BACK = condition("M54.50", "Low back pain, unspecified", days=2)
CHRONIC = condition("M54.50", "Low back pain, unspecified", days=700)
ASKED = Case(
    values={
        "back_pain": True,
        **{name: False for name in PROTOCOL.findings if name in PROTOCOL.core_flags},
    },
    as_of=NOW,
    complete=True,
)


# --- when there is something to say ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], []),
        ([RETENTION], ["critical"]),
        ([condition("R33.9", "Retention", days=400)], ["critical"]),  # never old: an active one is believed to be there now
        ([condition("R33.9", "Retention", status="resolved")], []),
        ([condition("R33.9", "Retention", verified="refuted")], []),
        ([condition("R33.9", "Retention", verified="entered-in-error")], []),
        ([BACK], []),
        ([CHRONIC], []),
        ([condition("J06.9", "Upper respiratory infection")], []),
        ([message("My back hurts and since this morning I cannot pee at all.")], ["critical"]),
        ([document("Low back pain. Saddle numbness since yesterday.")], ["critical"]),
        ([document("Low back pain. No saddle numbness, no urinary retention.")], []),
        ([condition("R33.9", "Retention", verified="refuted"), RETENTION], ["critical"]),
    ],
)
def test_the_record_is_told_of_when_it_is_opened(records, expected):
    assert indicators(VIEW, *records) == expected


@pytest.mark.parametrize("kind", [{}, ["Condition"], None, 1], ids=str)
def test_a_resource_of_no_kind_is_passed_over(kind):
    sent = call(VIEW, RETENTION)
    sent["prefetch"]["conditions"]["entry"].append({"resource": RETENTION | {"resourceType": kind}})
    assert [card["indicator"] for card in answered(PROTOCOL, VIEW, json.dumps(sent).encode(), NOW)["cards"]] == ["critical"]


def test_nothing_is_said_of_somebody_who_has_died():
    assert cards(VIEW, RETENTION, patient={"deceasedDateTime": "2026-11-25"}) == []
    assert cards(VIEW, RETENTION, patient={"deceasedBoolean": False}) != []


def test_new_back_pain_at_the_start_of_an_encounter_asks_for_what_is_not_on_record():
    (card,) = cards(START, BACK)
    assert card["indicator"] == "info"
    assert all(PROTOCOL.findings[name].label in card["detail"] for name in ("saddle_anesthesia", "urinary_retention"))
    assert [suggestion["actions"][0]["resource"]["resourceType"] for suggestion in card["suggestions"]] == ["Task"]
    assert indicators(START, CHRONIC) == []
    assert indicators(START, condition("X", "Chronic low back pain", days=700)) == [], "told by its words"
    assert indicators(START, condition("X", "Chronic low back pain", days=700), condition("Y", "Low back pain", days=1)) == ["info"]
    reason = {"resourceType": "Encounter", "id": "e1", "status": "in-progress", "period": {"start": NOW.isoformat()}, "subject": ME}
    assert indicators(START, CHRONIC, reason | {"reasonCode": [{"text": "Low back pain"}]}) == ["info"]
    assert indicators(START) == []
    assert indicators(START, RETENTION) == ["critical"]


def test_who_was_asked_is_not_asked_again():
    response = response_of(PROTOCOL, ASKED) | {"subject": ME, "status": "completed", "authored": NOW.isoformat()}
    assert cards(START, BACK, response) == []
    old = response | {"authored": (NOW - timedelta(days=40)).isoformat()}
    assert indicators(START, BACK, old) == ["info"]
    numb = response_of(PROTOCOL, Case(values={**ASKED.values, "saddle_anesthesia": True}, as_of=NOW, complete=True))
    assert indicators(START, BACK, numb | {"subject": ME, "status": "completed", "authored": NOW.isoformat()}) == ["critical"]


@pytest.mark.parametrize(
    ("records", "orders", "expected"),
    [
        ([], [order("ServiceRequest", "MRI lumbar spine without contrast")], ["warning"]),
        ([], [order("ServiceRequest", "XR L-Spine 2 views")], ["warning"]),
        ([], [order("ServiceRequest", "Computed tomography, lumbar spine; with contrast material")], ["warning"]),
        ([], [order("ServiceRequest", "MRI knee")], []),
        ([], [order("ServiceRequest", "MRI cervical spine")], []),
        ([], [order("ServiceRequest", "MR thoracic and lumbar spine")], ["warning"]),
        ([], [order("ServiceRequest", "Lumbar puncture")], []),
        ([], [order("ServiceRequest", "MRI lumbar spine", status="revoked")], []),
        ([BACK], [order("MedicationRequest", "Ibuprofen 100 MG Oral Tablet")], ["warning"]),
        ([], [order("MedicationRequest", "Ibuprofen 100 MG Oral Tablet")], []),
        ([CHRONIC], [order("MedicationRequest", "Ibuprofen 100 MG Oral Tablet")], []),
        ([BACK], [order("MedicationRequest", "lisinopril 10 MG Oral Tablet")], []),
        ([], [order("MedicationRequest", "oxycodone", reasonCode=[{"text": "low back pain"}])], ["warning"]),
        (
            [],
            [order("ServiceRequest", "MRI lumbar spine", note=[{"text": "back pain, numb between the legs, cannot pee"}])],
            ["critical"],
        ),
        ([RETENTION, BACK], [order("ServiceRequest", "MRI lumbar spine")], ["critical"]),
        ([RETENTION, BACK], [order("MedicationRequest", "naproxen")], ["critical"]),
        ([RETENTION, BACK], [order("ServiceRequest", "Complete blood count")], []),
        ([BACK], [], []),
    ],
)
def test_an_order_is_spoken_about_when_it_images_the_spine_or_treats_its_pain(records, orders, expected):
    assert indicators(SIGN, *records, orders=orders) == expected


def test_an_mri_is_not_proposed_to_who_orders_one():
    made = cards(SIGN, RETENTION, BACK, orders=[order("ServiceRequest", "MRI lumbar spine")])
    labels = [suggestion["label"] for suggestion in made[0]["suggestions"]]
    assert labels
    assert [label for label in labels if "MRI" in label] == []


def test_a_medicine_that_is_referred_to_is_found():
    contained = [{"resourceType": "Medication", "id": "m", "code": {"text": "tramadol 50 mg"}}]
    made = {**order("MedicationRequest", ""), "medicationReference": {"reference": "#m"}, "contained": contained}
    del made["medicationCodeableConcept"]
    assert [found.kind for found in concerned(PROTOCOL, [made])] == ["analgesia"]


# --- what a card is ------------------------------------------------------------------------------------------------------------


def checked(card):
    """The card, when it is as CDS Hooks 2.0 has it."""
    known = {"uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior", "overrideReasons", "links"}
    assert set(card) <= known
    assert len(card["summary"]) < 140
    assert card["indicator"] in ("info", "warning", "critical")
    assert UUID(card["uuid"])
    assert set(card["source"]) <= {"label", "url", "icon", "topic"}
    assert ("suggestions" in card) == ("selectionBehavior" in card)
    assert [reason["code"] for reason in card["overrideReasons"]] == list(OVERRIDES)
    (defined,) = [made for made in definitions(PROTOCOL) if made["id"].endswith("-override-reasons")]
    assert {reason["system"] for reason in card["overrideReasons"]} == {defined["url"]}
    assert [{key: reason[key] for key in ("code", "display")} for reason in card["overrideReasons"]] == defined["concept"]
    for suggestion in card.get("suggestions", ()):
        assert UUID(suggestion["uuid"])
        for action in suggestion["actions"]:
            assert set(action) == {"type", "description", "resource"}
            assert action["type"] == "create"
    for link in card.get("links", ()):
        assert set(link) == {"label", "url", "type"}
        assert link["type"] == "absolute"
    assert not empty(card), "no element is null or empty"
    return card


def empty(value):
    if isinstance(value, dict):
        return not value or any(map(empty, value.values()))
    if isinstance(value, list):
        return not value or any(map(empty, value))
    return value is None or value == ""


@pytest.mark.parametrize("story", PROTOCOL.stories.values(), ids=list(PROTOCOL.stories))
def test_a_card_of_every_story_is_as_the_specification_has_it(story):
    case = Case(values=story.findings, as_of=NOW)
    observed = [
        entry["resource"] for entry in extracted(PROTOCOL, case, {"subject": ME, "authored": NOW.isoformat()}).get("entry", ())
    ]
    made = [checked(card) for card in cards(VIEW, *observed, base="https://cds.example")]
    assert bool(made) == (story.expected in ("emergency", "urgent")) or story.expected == "urgent"
    if story.expected == "emergency":
        assert made[0]["indicator"] == "critical"
        assert made[0]["links"][0]["url"].startswith("https://cds.example/card/")


def test_the_words_that_state_it_are_in_the_detail_as_code():
    (card,) = cards(VIEW, message("My back hurts and I cannot pee at all."), RETENTION)
    assert "`cannot pee`" in card["detail"]
    assert "Protocol back-pain" in card["detail"]
    (coded,) = cards(VIEW, RETENTION)
    assert "`Retention of urine, unspecified R33.9 (Condition/c-R33-9)`" in coded["detail"]


@pytest.mark.parametrize(
    "marked", ["<img src=x onerror=alert(1)>", "`](http://evil.example)", "[a](javascript:x)", "**b** www.evil.example"]
)
def test_words_of_a_record_are_no_markup(marked):
    (card,) = cards(VIEW, condition("R33.9", f"Retention {marked}"))
    outside = re.sub(r"`[^`]*`", "", card["detail"])
    assert "evil" not in outside
    assert "<" not in card["detail"]
    assert "javascript" not in outside
    assert marked not in card["summary"]


def test_tests_are_proposed_as_requests_that_nobody_has_made():
    (card,) = cards(VIEW, RETENTION, BACK)
    requests = [suggestion["actions"][0]["resource"] for suggestion in card["suggestions"]]
    assert [request["resourceType"] for request in requests] == ["ServiceRequest", "ServiceRequest", "Task"]
    assert {request["code"]["coding"][0]["code"] for request in requests} >= {"mri_lumbar", "bladder_scan"}
    for request in requests:
        assert request["intent"] == "proposal"
        assert request.get("subject", request.get("for")) == ME
        assert request["encounter"] == {"reference": "Encounter/e1"}
    assert [suggestion["isRecommended"] for suggestion in card["suggestions"]] == [True, False, False]


def test_where_the_record_says_both_it_is_said():
    denied = {**condition("R33.9", "Retention", verified="refuted"), "id": "c2"}
    (card,) = cards(VIEW, RETENTION, denied)
    assert "**Does not fit together:** Urinary retention" in card["detail"]


def test_what_was_not_sent_or_not_whole_is_said():
    data = call(VIEW, RETENTION)
    data["prefetch"]["conditions"]["link"] = [{"relation": "next", "url": "https://ehr.example/next"}]
    (card,) = answered(PROTOCOL, VIEW, json.dumps(data).encode(), NOW)["cards"]
    assert "**Not sent with the request:** measurements," in card["detail"]
    assert "**Only the first page was sent:** conditions" in card["detail"]


# --- the same answer as everywhere -----------------------------------------------------------------------------------------------


@TRIES
@given(cases)
def test_a_random_case_gets_the_card_that_its_level_asks_for(case):
    observed = [
        entry["resource"] for entry in extracted(PROTOCOL, case, {"subject": ME, "authored": NOW.isoformat()}).get("entry", ())
    ]
    records = [record | {"subject": ME} for record in observed]
    gathered = gather(Gathered(PROTOCOL, NOW), [{"resourceType": "Patient", "id": "p1", "birthDate": "1980-02-03"}, *records], {})
    assessment = assess(PROTOCOL, gathered.case())
    expected = {"emergency": ["critical"], "urgent": ["warning"]}.get(assessment.low, [])
    made = cards(VIEW, *records)
    assert [checked(card)["indicator"] for card in made] == expected


CODES = [(system, code) for system, table in PROTOCOL.codes.items() for codes in table.values() for code in codes]
SYSTEMS = {"icd10cm": ICD, "loinc": "http://loinc.org", "snomed": "http://snomed.info/sct"}
concepts = st.builds(
    lambda coded, words: {"coding": [{"system": SYSTEMS.get(coded[0], coded[0]), "code": coded[1]}], "text": words},
    st.sampled_from([*CODES, ("snomed", "1"), ("icd10cm", "J06.9")]),
    st.sampled_from(["Low back pain", "Cough", "Retention of urine", "naproxen", "simvastatin", "history of cancer"]),
)
records = st.builds(
    lambda kind, concept, days, value, status, verified: {
        "resourceType": kind,
        "clinicalStatus": {"coding": [{"code": status}]},
        "verificationStatus": {"coding": [{"code": verified}]},
        "id": "r",
        "status": "active" if kind == "MedicationRequest" else "final",
        "code": concept,
        "medicationCodeableConcept": concept,
        "reasonCode": [concept],
        "valueQuantity": {"value": value, "code": "Cel"},
        "period": {"start": (NOW - timedelta(days=days)).isoformat()},
        "recordedDate": (NOW - timedelta(days=days)).isoformat(),
        "effectiveDateTime": (NOW - timedelta(days=days)).isoformat(),
    },
    st.sampled_from(["Condition", "Observation", "MedicationRequest", "Procedure", "Encounter"]),
    concepts,
    st.integers(-2, 40),
    st.floats(30, 45),
    st.sampled_from(["active", "resolved", "inactive", "remission", "recurrence"]),
    st.sampled_from(["confirmed", "confirmed", "refuted", "provisional", "entered-in-error"]),
)


def of_now(evidence):
    """The evidence without what is past, which no card shows."""
    found = {name: [piece for piece in pieces if piece.assertion != "historical"] for name, pieces in evidence.items()}
    return {name: pieces for name, pieces in found.items() if pieces}


@TRIES
@given(st.lists(records, max_size=6))
def test_a_record_that_is_let_go_would_have_stated_nothing(given_records):
    whole = gather(Gathered(PROTOCOL, NOW), given_records, {}).case()
    kept = list(bearing(Gathered(PROTOCOL, NOW), given_records))
    part = gather(Gathered(PROTOCOL, NOW), kept, {}).case()
    assert (part.values, part.onset, part.conflicts) == (whole.values, whole.onset, whole.conflicts)
    assert of_now(part.evidence) == of_now(whole.evidence)


@TRIES
@given(findings, st.sampled_from(sorted(PROTOCOL.core_flags)))
def test_more_on_record_never_makes_a_card_calmer(values, flag):
    def level(values):
        case = Case(values=values, as_of=NOW)
        observed = extracted(PROTOCOL, case, {"subject": ME, "authored": NOW.isoformat()}).get("entry", ())
        found = indicators(VIEW, *(entry["resource"] for entry in observed))
        return [[], ["warning"], ["critical"]].index(found)

    assert level({**values, flag: True}) >= level({name: value for name, value in values.items() if name != flag})
