"""FHIR over HTTP: definitions, adaptive form, extraction and assessment; and what the service says of itself is true."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equina import Case, assess
from equina.fhir.operations import assessed
from equina.fhir.records import case_of
from equina.fhir.responses import response_of
from equina.interview import next_questions, with_answers
from equina.locale import localized
from fhir_service import AS_OF, EMPTY, TRIES, asked, client, of_kind, outcome, post, told
from strategies import NOW, PROTOCOL, cases, findings

# --- what the service says of itself -------------------------------------------------------------------------------------------

METADATA = client.get("/fhir/metadata").json()
RESOURCES = {resource["type"]: resource for resource in METADATA["rest"][0]["resource"]}
READ = [kind for kind, resource in RESOURCES.items() if "interaction" in resource]


@pytest.mark.parametrize("kind", READ)
def test_each_kind_that_is_declared_can_be_searched_by_each_parameter_and_read(kind):
    whole = client.get(f"/fhir/{kind}").json()
    assert whole["type"] == "searchset"
    assert whole["total"] == len(whole["entry"]) > 0
    for entry in whole["entry"]:
        resource = entry["resource"]
        assert client.get(entry["fullUrl"].partition("testserver")[2]).json() == resource
        values = {"_id": resource["id"], **{name: resource[name] for name in ("url", "version", "name", "title", "status")}}
        assert {parameter["name"] for parameter in RESOURCES[kind]["searchParam"]} == set(values)
        for name, value in values.items():
            found = client.get(f"/fhir/{kind}", params={name: value}).json()
            assert resource in [each["resource"] for each in found["entry"]], name
            other = client.get(f"/fhir/{kind}", params={name: f"x{value}"}).json()
            assert (other["total"], "entry" in other) == (0, False), name
    assert {"code": "read"} in RESOURCES[kind]["interaction"]


def test_each_address_that_is_served_is_declared_and_the_other_way_round():
    paths = {route.path for route in client.app.routes if getattr(route, "path", "").startswith("/fhir/")}
    declared = {f"/fhir/${each['name']}" for each in METADATA["rest"][0]["operation"]}
    declared |= {f"/fhir/{kind}/${each['name']}" for kind, resource in RESOURCES.items() for each in resource.get("operation", ())}
    assert paths == declared | {"/fhir/metadata", "/fhir/{kind}", "/fhir/{kind}/{id}", "/fhir/{kind}/_search"}


def test_the_definition_of_our_own_operation_is_here():
    for operation in METADATA["rest"][0]["operation"]:
        found = client.get("/fhir/OperationDefinition", params={"url": operation["definition"]}).json()
        assert found["entry"][0]["resource"]["code"] == operation["name"]


def test_a_search_by_form_finds_the_same_and_a_count_shortens_it():
    form = client.post("/fhir/CodeSystem/_search", data={"_count": "2"})
    assert form.status_code == 200
    assert form.json()["entry"] == client.get("/fhir/CodeSystem?_count=2").json()["entry"]
    assert len(form.json()["entry"]) == 2 < form.json()["total"]
    assert "entry" not in client.get("/fhir/CodeSystem?_count=0").json()


def test_a_canonical_with_its_version_finds_that_version_alone():
    url = client.get("/fhir/Questionnaire/back-pain-interview").json()["url"]
    for version, number in ((PROTOCOL.version, 1), ("0.0.0", 0)):
        assert client.get("/fhir/Questionnaire", params={"url": f"{url}|{version}"}).json()["total"] == number


@pytest.mark.parametrize(
    ("headers", "query", "kind"),
    [
        ({}, "", "application/fhir+json"),
        ({"Accept": "application/json"}, "", "application/json"),
        ({"Accept": "application/json;q=0.5, application/fhir+json"}, "", "application/fhir+json"),
        ({"Accept": "application/fhir+json; fhirVersion=4.0"}, "", "application/fhir+json"),
        ({"Accept": "application/fhir+xml, */*;q=0.1"}, "", "application/fhir+json"),
        ({"Accept": "application/fhir+xml"}, "?_format=json", "application/fhir+json"),
        ({"Accept": "application/fhir+xml"}, "?_format=application/fhir%2Bjson", "application/fhir+json"),
        ({}, "?_format=application/json&_pretty=true", "application/json"),
    ],
)
def test_the_answer_has_the_form_that_was_asked_for(headers, query, kind):
    answer = client.get(f"/fhir/metadata{query}", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.json()["fhirVersion"] == "4.0.1"


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("es", "es"), ("es-MX, en;q=0.5", "es"), ("fr, es;q=0.1", "es"), ("es;q=0, *", "en"), ("q", "en")],
)
def test_the_words_are_in_the_language_that_was_asked_for(header, language):
    answer = client.get("/fhir/Questionnaire/back-pain-interview", headers={"Accept-Language": header})
    assert answer.headers["content-language"] == answer.json()["language"] == language


# --- the adaptive form ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["no", "not_sure"])
def test_the_form_asks_step_by_step_until_it_is_completed_and_then_advises_the_same(code):
    case, now = Case(as_of=NOW), post("Questionnaire/$next-question", EMPTY).json()
    while (step := next_questions(PROTOCOL, case)) is not None:
        group = now["contained"][0]["item"][-1]
        assert ([item["linkId"] for item in group["item"]], now["status"]) == ([o.finding for o in step.options], "in-progress")
        answers = {o.finding: code if code in o.answers else "not_sure" for o in step.options}
        case = with_answers(PROTOCOL, case, answers)
        now["item"] = [*now.get("item", ()), {"linkId": group["linkId"], "item": [answered(*each) for each in answers.items()]}]
        now = post("Questionnaire/$next-question", now).json()
    assert now["status"] == "completed"
    wanted = assess(PROTOCOL, Case(values=case.values, as_of=NOW, complete=True))
    assert outcome(asked(now)).get("disposition") == wanted.disposition


def answered(name, code):
    if PROTOCOL.findings[name].measured:
        absent = [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "asked-unknown"}]
        return {"linkId": name, "answer": [{"_valueDecimal": {"extension": absent}}]}
    return {"linkId": name, "answer": [{"valueCoding": {"code": code}}]}


def test_the_response_may_come_as_a_parameter_and_the_questions_in_spanish():
    given = {"resourceType": "Parameters", "parameter": [{"name": "questionnaire-response", "resource": EMPTY}]}
    plain, wrapped = post("Questionnaire/$next-question", EMPTY).json(), post("Questionnaire/$next-question", given).json()
    assert plain == wrapped
    spanish = post("Questionnaire/$next-question", EMPTY, **{"Accept-Language": "es"}).json()
    assert spanish["contained"][0]["language"] == "es"
    assert spanish["contained"][0]["item"][0]["text"] != plain["contained"][0]["item"][0]["text"]


def test_the_contained_questionnaire_is_as_the_adaptive_profile_wants_it():
    contained = post("Questionnaire/$next-question", EMPTY).json()["contained"][0]
    assert "url" not in contained
    assert "version" not in contained
    (derived,) = contained["derivedFrom"]
    assert client.get("/fhir/Questionnaire", params={"url": derived}).json()["entry"][0]["resource"]["extension"]
    assert all(item["text"] for group in contained["item"] for item in (group, *group["item"]))


# --- the assessment ------------------------------------------------------------------------------------------------------------


@given(cases)
@TRIES
def test_answers_are_assessed_as_everywhere_else(case):
    bundle = assessed(PROTOCOL, response_of(PROTOCOL, case), NOW)
    wanted = assess(PROTOCOL, case)
    got = outcome(bundle)
    assert (got.get("disposition"), got["low"], got["high"], got["settled"]) == (
        wanted.disposition,
        wanted.low,
        wanted.high,
        wanted.settled,
    )
    requests = [each["code"]["coding"][0]["code"] for each in of_kind(bundle, "ServiceRequest")]
    assert requests == ([test.id for test in wanted.workup] if wanted.disposition else [])


def condition(code, **more):
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "recordedDate": "2026-11-24",
        **more,
    }


def bundled(*resources):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource} for resource in resources]}


def parameters(*parts):
    return {"resourceType": "Parameters", "parameter": [{"name": "asOf", "valueDateTime": AS_OF}, *parts]}


RETENTION, PAIN = condition("R33.9", id="c1"), condition("M54.50", id="c2")


def test_records_of_an_emergency_get_the_whole_answer():
    bundle = asked(parameters({"name": "record", "resource": bundled(RETENTION, PAIN)}))
    assert outcome(bundle)["disposition"] == "emergency"
    (guidance,) = of_kind(bundle, "GuidanceResponse")
    assert guidance["subject"] == {"reference": "Patient/p1"}
    requests = of_kind(bundle, "ServiceRequest")
    assert {(each["intent"], each["status"]) for each in requests} == {("proposal", "draft")}
    assert "stat" in {each["priority"] for each in requests}
    (group,) = of_kind(bundle, "RequestGroup")
    addresses = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    assert addresses[guidance["result"]["reference"]] == group
    assert [addresses[action["resource"]["reference"]] for action in group["action"]] == requests
    (provenance,) = of_kind(bundle, "Provenance")
    assert {target["reference"] for target in provenance["target"]} == {
        address for address, resource in addresses.items() if resource["resourceType"] != "Provenance"
    }
    assert PROTOCOL.digest in json.dumps(provenance)
    (composition,) = of_kind(bundle, "Composition")
    (document,) = of_kind(bundle, "DocumentReference")
    page = base64.b64decode(document["content"][0]["attachment"]["data"]).decode()
    for section in composition["section"][1:]:
        assert section.get("title", "").split("(")[0].strip()[:20] in page


def test_what_the_advice_rests_on_is_named():
    text = {"resourceType": "Communication", "id": "m1", "sent": AS_OF, "payload": [{"contentString": "My bum is numb"}]}
    bundle = asked(parameters({"name": "record", "resource": bundled(RETENTION, PAIN, condition("I10", id="c9"), text)}))
    (risk,) = of_kind(bundle, "RiskAssessment")
    named = {each["reference"] for each in risk["basis"]}
    assert {"Condition/c1"} <= named <= {"Condition/c1", "Condition/c2"}
    lines = [line for line in told(bundle) if line.startswith("rests on: ")]
    assert any("R33.9 (Condition/c1)" in line for line in lines)
    assert any("bum is numb" in line for line in lines)
    assert "basis" not in of_kind(asked(response_of(PROTOCOL, Case(values={"back_pain": True}, as_of=NOW))), "RiskAssessment")[0]


def test_the_page_for_the_desk_is_not_read_as_words_of_the_patient():
    (document,) = of_kind(asked(parameters({"name": "record", "resource": bundled(RETENTION, PAIN)})), "DocumentReference")
    back = asked(parameters({"name": "record", "resource": bundled({**document, "date": AS_OF})}))
    assert "disposition" not in outcome(back)
    assert any("a page of this program" in line for line in told(back))


def test_one_resource_a_bundle_or_several_parameters_say_the_same():
    whole = asked(parameters({"name": "record", "resource": bundled(RETENTION, PAIN)}))
    singly = asked(parameters({"name": "record", "resource": RETENTION}, {"name": "record", "resource": PAIN}))
    assert outcome(whole) == outcome(singly)
    assert outcome(asked(condition("R33.9", recordedDate=None)))


def test_a_silent_record_asks_for_data_and_a_complete_case_ends():
    record = {"name": "record", "resource": bundled(condition("Z00.0"))}
    (guidance,) = of_kind(asked(parameters(record)), "GuidanceResponse")
    assert guidance["status"] == "data-requested"
    assert guidance["dataRequirement"]
    done = asked(parameters({"name": "record", "resource": PAIN}, {"name": "complete", "valueBoolean": True}))
    assert outcome(done)["disposition"] == "urgent"


def test_answers_and_records_make_one_case_and_what_is_present_counts():
    answers = response_of(PROTOCOL, Case(values={"urinary_retention": False, "back_pain": True, "fever": False}, as_of=NOW))
    both = asked(parameters({"name": "record", "resource": bundled(RETENTION)}, {"name": "response", "resource": answers}))
    assert outcome(both)["disposition"] == "emergency"
    assert any(line.startswith("conflict: ") for line in told(both))


@pytest.mark.parametrize(
    ("answer", "recorded", "value"),
    [
        (True, False, True),
        (False, True, True),
        (None, True, True),
        ("long_standing", True, True),
        (None, False, False),
        (False, None, False),
    ],
)
def test_an_answer_and_a_record_of_the_same_finding(answer, recorded, value):
    said = {True: "confirmed", False: "refuted", None: "unconfirmed"}[recorded]
    coded = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": said}]}
    record = bundled({**RETENTION, "verificationStatus": coded})
    case = case_of(PROTOCOL, record, NOW, answered=Case(values={"urinary_retention": answer}, answered_by="self"))
    assert (case.values["urinary_retention"], case.answered_by) == (value, "self")


def test_of_two_numbers_the_one_on_the_side_of_danger_counts():
    temperature = {
        "resourceType": "Observation",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
        "effectiveDateTime": "2026-11-24T08:00:00Z",
        "valueQuantity": {"value": 39.2, "code": "Cel"},
    }
    for answer in (37.0, None):
        assert case_of(PROTOCOL, temperature, NOW, answered=Case(values={"temperature_c": answer})).values["temperature_c"] == 39.2
    assert case_of(PROTOCOL, temperature, NOW, answered=Case(values={"temperature_c": 40.0})).values["temperature_c"] == 40.0


def test_an_interview_among_the_records_counts_when_it_is_of_this_episode():
    answers = response_of(PROTOCOL, Case(values={"urinary_retention": True, "back_pain": True}, as_of=NOW))
    old, other = {**answers, "authored": "2026-01-01"}, {**answers, "questionnaire": "https://elsewhere.example/Questionnaire/x"}
    assert outcome(asked(parameters({"name": "record", "resource": bundled(old, answers, other)})))["disposition"] == "emergency"
    without = asked(parameters({"name": "record", "resource": bundled(old, other)}))
    assert "disposition" not in outcome(without)
    assert any("answers to another questionnaire" in line for line in told(without))


def test_what_is_of_a_kind_that_is_not_read_is_told_with_how_many():
    claims = [{"resourceType": "Claim", "id": str(number)} for number in range(3)]
    lines = told(asked(parameters({"name": "record", "resource": bundled(PAIN, *claims, {"resourceType": "Immunization"})})))
    assert "not judged: Claim (3), Immunization (1): records of these kinds are not read" in lines
    assert not any("not read" in line for line in told(asked(parameters({"name": "record", "resource": bundled(PAIN)}))))


def test_words_of_another_language_are_told_in_it():
    given = parameters({"name": "record", "resource": bundled(RETENTION, PAIN)})
    (guidance,) = of_kind(asked(given, **{"Accept-Language": "es"}), "GuidanceResponse")
    assert guidance["note"][0]["text"] == localized(PROTOCOL, "es").disposition_words["emergency"]


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Condition", "code": RETENTION["code"], "verificationStatus": "refuted"},
        {"resourceType": "Condition", "code": RETENTION["code"], "clinicalStatus": "resolved"},
        {"resourceType": "MedicationStatement", "status": "active", "taken": "n"},
        {"resourceType": "MedicationRequest", "status": "active", "medication": {"concept": {"text": "oxybutynin"}}},
        {"resourceType": "Procedure", "status": "completed", "notDone": True},
        {"resourceType": "Encounter", "status": "finished", "reason": [{"text": "cannot pass urine"}]},
    ],
    ids=lambda each: "-".join(each),
)
def test_another_version_of_fhir_is_told_and_not_taken_for_r4(resource):
    bundle = asked(bundled(resource))
    assert any("FHIR" in line for line in told(bundle)), told(bundle)
    assert "disposition" not in outcome(bundle)


@given(st.sampled_from(["self", "clinician"]), findings)
@TRIES
def test_an_answer_given_beside_an_empty_record_changes_nothing(who, values):
    answered = Case(values=values, as_of=NOW, answered_by=who, complete=True)
    assert case_of(PROTOCOL, [], NOW, answered=answered).values == values
