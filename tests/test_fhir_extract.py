"""Answers extracted as Observations, and read back from a record as the same answers."""

from __future__ import annotations

from hypothesis import given

from equina import Case
from equina.fhir.observations import extracted
from equina.fhir.records import case_of
from equina.fhir.responses import case_of_response, response_of
from fhir_service import EMPTY, TRIES, of_kind, post
from strategies import NOW, PROTOCOL, dated, findings


@given(findings.flatmap(dated))
@TRIES
def test_what_is_extracted_from_answers_is_read_back_from_a_record_as_the_same(given):
    values, onset = given
    response = response_of(PROTOCOL, Case(values=values, onset=onset, as_of=NOW, complete=True))
    bundle = extracted(PROTOCOL, case_of_response(PROTOCOL, response, NOW), response)
    back = case_of(PROTOCOL, bundle, NOW)
    assert back.values == values
    assert back.onset == {name: moment for name, moment in onset.items() if values[name] is True}
    assert not back.set_aside


def test_the_extraction_has_negatives_numbers_with_units_and_what_is_not_known():
    case = Case(values={"fever": False, "pvr_ml": 450.0, "back_pain": None, "saddle_anesthesia": True}, as_of=NOW, complete=True)
    bundle = post("QuestionnaireResponse/$extract", response_of(PROTOCOL, case)).json()
    assert (bundle["type"], {entry["request"]["method"] for entry in bundle["entry"]}) == ("transaction", {"POST"})
    found = {each["code"]["coding"][0]["code"]: each for each in of_kind(bundle, "Observation")}
    assert found["fever"]["interpretation"][0]["coding"][0]["code"] == "NEG"
    assert found["fever"]["valueCodeableConcept"]["coding"][0]["code"] == "no"
    assert (found["pvr_ml"]["valueQuantity"]["value"], found["pvr_ml"]["valueQuantity"]["code"]) == (450.0, "mL")
    assert found["back_pain"]["dataAbsentReason"]["coding"][0]["code"] == "asked-unknown"
    assert {each["status"] for each in found.values()} == {"final"}


def test_words_that_were_read_are_marked_as_such():
    said = response_of(PROTOCOL, Case(told="I can't pass urine", as_of=NOW, complete=True))
    (observation,) = of_kind(post("QuestionnaireResponse/$extract", said).json(), "Observation")
    assert observation["status"] == "preliminary"
    assert "own words" in observation["note"][0]["text"]


def test_what_was_not_judged_is_told_beside_what_was():
    said = response_of(PROTOCOL, Case(values={"fever": False}, told="Ich kann kein Wasser lassen und habe Fieber", as_of=NOW))
    made = post("QuestionnaireResponse/$extract", said).json()
    parts = {each["name"]: each["resource"] for each in made["parameter"]}
    assert len(of_kind(parts["return"], "Observation")) == 1
    assert parts["issues"]["issue"][0]["severity"] == "warning"


def test_of_nothing_answered_nothing_is_extracted():
    assert post("QuestionnaireResponse/$extract", EMPTY).json()["resourceType"] == "OperationOutcome"
