"""FHIR records as cases: each rule of docs/fhir.md, on small invented records."""

import base64
import io
import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from equina import assess, load
from equina.cli import main
from equina.fhir.coded import SYSTEMS
from equina.fhir.elements import resources_of, span
from equina.fhir.records import case_of, cases_of
from equina.fhir.units import converted

PROTOCOL = load()
NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
NOTHING = "not asked"


def concept(code, system=ICD):
    return {"coding": [{"system": system, "code": code}]}


def status(code):
    return {"coding": [{"code": code}]}


def condition(code="R33.9", **more):
    return {"resourceType": "Condition", "id": "c1", "code": concept(code), "recordedDate": "2026-11-20", **more}


def observation(code, **more):
    return {"resourceType": "Observation", "id": "o1", "code": concept(code, LOINC), "effectiveDateTime": "2026-11-22", **more}


def quantity(value, unit, **more):
    return {"valueQuantity": {"value": value, "code": unit, "system": UCUM, **more}}


def document(text, **more):
    attachment = {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(text.encode()).decode()}
    content = [{"attachment": attachment}]
    return {"resourceType": "DocumentReference", "status": "current", "date": "2026-11-22", "content": content, **more}


def value(name, *resources):
    return case_of(PROTOCOL, list(resources), NOW).values.get(name, NOTHING)


@pytest.mark.parametrize(
    ("told", "more", "expected"),
    [
        ("first recorded within the episode is new", {}, True),
        ("first recorded before it is long-standing", {"recordedDate": "2026-10-01"}, "long_standing"),
        ("without a date it is long-standing", {"recordedDate": None}, "long_standing"),
        ("a month counts by its last day", {"recordedDate": "2026-11"}, True),
        ("the onset stands in for the record's date", {"recordedDate": None, "onsetDateTime": "2026-11-21"}, True),
        ("so does the start of a period", {"recordedDate": None, "onsetPeriod": {"start": "2025"}}, "long_standing"),
        ("refuted is absent", {"verificationStatus": status("refuted")}, False),
        (
            "refuted before the episode says nothing of now",
            {"verificationStatus": status("refuted"), "recordedDate": "2020"},
            NOTHING,
        ),
        ("entered in error is nothing", {"verificationStatus": status("entered-in-error")}, NOTHING),
        ("provisional is not known", {"verificationStatus": status("provisional")}, None),
        ("a differential is not known", {"verificationStatus": status("differential")}, None),
        ("an unknown verification is set aside", {"verificationStatus": status("guessed")}, NOTHING),
        ("resolved is past, and no evidence of absence", {"clinicalStatus": status("resolved")}, NOTHING),
        ("so is what abated", {"abatementDateTime": "2026-11-21"}, NOTHING),
        ("what abates later is present", {"abatementDateTime": "2027-01-01"}, True),
        ("a recurrence is new by its own date", {"clinicalStatus": status("recurrence")}, True),
        ("what may mean something else is set aside", {"modifierExtension": [{"url": "urn:x"}]}, NOTHING),
        ("what is dated ahead is set aside", {"recordedDate": "2027-11-23"}, NOTHING),
    ],
)
def test_a_condition_says_what_its_statuses_and_dates_say(told, more, expected):
    assert value("urinary_retention", condition(**more)) == expected, told


def test_a_problem_coded_again_at_each_visit_is_as_old_as_its_first_record():
    first, again = condition(recordedDate="2025-01-01"), condition()
    assert value("urinary_retention", first, again) == "long_standing"
    assert value("urinary_retention", again, first | {"clinicalStatus": status("resolved")}) is True
    assert value("urinary_retention", first, again | {"clinicalStatus": status("relapse")}) is True


def test_codes_reach_what_they_state_and_what_is_wider():
    assert value("cauda_equina_syndrome", condition("G83.4")) is True
    assert value("back_pain", condition("M5490", recordedDate="2001")) is True  # without the dot, and narrower
    assert value("back_pain", condition("M54")) == NOTHING
    assert value("back_pain", condition() | {"code": concept("M54.9", "urn:other")}) == NOTHING
    assert value("urinary_retention", condition() | {"code": concept("267064002", SNOMED)}) is True


def test_words_of_a_concept_are_read_where_no_code_is_known():
    assert value("cauda_equina_syndrome", condition() | {"code": {"text": "Cauda equina syndrome"}}) is True


def test_what_once_happened_is_present_while_it_is_recent():
    assert value("pregnancy", condition("Z33.1")) is True
    assert value("pregnancy", condition("Z33.1", recordedDate="2024-01-01")) == NOTHING
    assert value("recurrent_uti", condition("Z87.440", clinicalStatus=status("resolved"))) is True


def test_a_history_and_a_refutation_conflict_and_what_is_present_wins():
    case = case_of(PROTOCOL, [condition(), condition(verificationStatus=status("refuted"))], NOW)
    assert case.values["urinary_retention"] is True
    assert [conflict.finding for conflict in case.conflicts] == ["urinary_retention"]


def test_an_onset_of_the_episode_is_kept():
    case = case_of(PROTOCOL, [condition(onsetDateTime="2026-11-21T10:00:00+01:00")], NOW)
    assert NOW - case.onset["urinary_retention"] < timedelta(days=2)


@pytest.mark.parametrize(
    ("told", "name", "resource", "expected"),
    [
        ("Celsius", "temperature_c", observation("8310-5", **quantity(38.4, "Cel")), 38.4),
        ("Fahrenheit", "temperature_c", observation("8310-5", **quantity(102.2, "[degF]")), 39.0),
        ("an annotation", "heart_rate_bpm", observation("8867-4", **quantity(120, "{beats}/min")), 120),
        ("cells", "wbc_10e9_per_l", observation("6690-2", **quantity(14.2, "10*3/uL")), 14.2),
        ("another unit", "creatinine_mg_per_dl", observation("2160-0", **quantity(88.42, "umol/L")), 1.0),
        ("no unit", "temperature_c", observation("8310-5", valueQuantity={"value": 38.4}), NOTHING),
        ("impossible", "temperature_c", observation("8310-5", **quantity(380, "Cel")), NOTHING),
        ("only a bound", "temperature_c", observation("8310-5", **quantity(38, "Cel", comparator=">")), NOTHING),
        ("no number", "temperature_c", observation("8310-5", valueQuantity={"value": "38"}), NOTHING),
        ("not measured", "temperature_c", observation("8310-5", dataAbsentReason=status("not-performed")), None),
        ("old", "temperature_c", observation("8310-5", **quantity(39, "Cel"), effectiveDateTime="2020"), NOTHING),
        ("entered in error", "temperature_c", observation("8310-5", **quantity(39, "Cel"), status="entered-in-error"), NOTHING),
        ("cancelled", "temperature_c", observation("8310-5", **quantity(39, "Cel"), status="cancelled"), NOTHING),
        ("positive", "nitrite_positive", observation("5802-4", valueCodeableConcept=concept("LA6576-8", LOINC)), True),
        ("a coded negative", "nitrite_positive", observation("5802-4", valueCodeableConcept=concept("LA6577-6", LOINC)), False),
        ("a word", "nitrite_positive", observation("5802-4", valueString="Negative"), False),
        ("interpreted", "nitrite_positive", observation("5802-4", interpretation=[concept("POS")]), True),
        ("a boolean", "nitrite_positive", observation("5802-4", valueBoolean=True), True),
        ("neither", "nitrite_positive", observation("5802-4", valueString="see comment"), None),
        ("absent", "nitrite_positive", observation("5802-4", dataAbsentReason=status("unknown")), None),
        ("an old negative", "nitrite_positive", observation("5802-4", valueBoolean=False, effectiveDateTime="2019"), NOTHING),
        ("as a value", "urinary_retention", observation("x", valueCodeableConcept=concept("R33.9")), True),
        (
            "as a value denied",
            "urinary_retention",
            observation("x", valueCodeableConcept=concept("R33.9"), interpretation=[concept("NEG")]),
            False,
        ),
        ("a choice", "sex_at_birth", observation("76689-9", valueCodeableConcept=concept("F")), "F"),
    ],
)
def test_an_observation_says_what_its_value_says(told, name, resource, expected):
    assert value(name, resource) == expected, told


def test_of_components_and_repeated_measurements_each_danger_counts():
    def pressure(number):
        component = {"code": concept("8480-6", LOINC), **quantity(number, "mm[Hg]")}
        return observation("85354-9", component=[component])

    case = case_of(PROTOCOL, [pressure(200), pressure(120)], NOW)
    assert case.values["systolic_bp_mmhg"] == 120
    assert case.values["severe_hypertension"] is True


def medicine(text, status="active", **more):
    return {"resourceType": "MedicationRequest", "status": status, "medicationCodeableConcept": {"text": text}, **more}


def test_medicines_are_known_by_name_while_they_are_taken():
    assert value("opioid_use", medicine("morphine 10 MG Oral Tablet")) is True
    assert value("steroid_use", medicine("Prednisolone 5 mg")) is True
    assert value("opioid_use", medicine("morphine", "stopped")) == NOTHING
    assert value("opioid_use", medicine("morphine", "not-taken")) == NOTHING
    assert value("opioid_use", medicine("morphine", doNotPerform=True)) == NOTHING
    other = {"resourceType": "Medication", "id": "m9", "code": {"text": "warfarin"}}
    statement = {"resourceType": "MedicationStatement", "status": "active", "medicationReference": {"reference": "Medication/m9"}}
    assert value("anticoagulant_use", other, statement) is True


def test_medicines_are_known_by_the_codes_of_their_ingredients():
    coded = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "11289"}]}
    request = {"resourceType": "MedicationRequest", "status": "active", "medicationCodeableConcept": coded}
    assert value("anticoagulant_use", request) is True
    medication = {"resourceType": "Medication", "id": "m1", "code": {"text": "X"}, "ingredient": [{"itemCodeableConcept": coded}]}
    by_reference = {"resourceType": "MedicationRequest", "status": "active", "medicationReference": {"reference": "Medication/m1"}}
    assert value("anticoagulant_use", medication, by_reference) is True
    contained = {**by_reference, "contained": [medication], "medicationReference": {"reference": "#m1"}}
    assert value("anticoagulant_use", contained) is True


def test_each_table_of_codes_names_its_system_and_its_licence():
    folder = Path(PROTOCOL.folder) / "codes"
    tables = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.toml")}
    assert {name: table["system"] for name, table in tables.items()} == dict(SYSTEMS)
    assert all(
        "The Apache License of this project does not cover" in " ".join(table["licence"].split()) for table in tables.values()
    )
    assert {PROTOCOL.findings[name].kind for name in PROTOCOL.codes["rxnorm"]} == {"medicine"}


def test_procedures_and_encounters_count_when_they_took_place():
    done = {"resourceType": "Procedure", "status": "completed", "code": {"text": "Dialysis"}, "performedDateTime": "2026-11-01"}
    assert value("dialysis", done) is True
    assert value("dialysis", done | {"status": "not-done"}) == NOTHING
    visit = {"resourceType": "Encounter", "status": "finished", "period": {"start": "2026-11-22"}, "reasonCode": [concept("R15.9")]}
    assert value("bowel_incontinence", visit) is True
    assert value("bowel_incontinence", visit | {"status": "cancelled"}) == NOTHING
    assert value("bowel_incontinence", visit | {"period": {"start": "2024-11-22"}}) == NOTHING


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("Renal dialysis (procedure)", "dialysis"),
        ("Lumbar laminectomy", "prior_spinal_surgery"),
        ("Combined chemotherapy and radiation therapy (procedure)", "immunosuppression"),
        ("Human immunodeficiency virus antigen test", None),
        ("Hepatitis B Surface Antigen Measurement", None),
        ("Assessment using Morse Fall Scale (procedure)", None),
        ("Streptococcus pneumoniae group B antigen assay", None),
        ("Induced termination of pregnancy", None),
    ],
)
def test_a_procedure_states_what_it_leaves_behind_and_no_disease_that_it_looks_for(text, finding):
    case = case_of(PROTOCOL, {"resourceType": "Procedure", "status": "completed", "code": {"text": text}}, NOW)
    assert set(case.values) <= {finding}
    assert finding is None or case.values[finding] is True


def test_age_and_sex_are_those_of_the_patient():
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1986-11-01", "gender": "female"}
    old = observation("30525-0", **quantity(80, "a"))
    for records in ([patient, document("A 95 year old man with back pain"), old], [old, document("a 95 year old man"), patient]):
        case = case_of(PROTOCOL, records, NOW)
        assert (case.values["age_years"], case.values["sex_at_birth"]) == (40, "F")
    assert case_of(PROTOCOL, document("A 95 year old with back pain"), NOW).values["age_years"] == 95


def test_a_birth_date_that_is_none_is_set_aside():
    case = case_of(PROTOCOL, [{"resourceType": "Patient", "id": "p", "birthDate": "1980-13-45", "gender": "female"}], NOW)
    assert (case.values, case.set_aside[0].why) == ({"sex_at_birth": "F"}, "birthDate: not a date; write it as 1980-12-31")


def test_texts_are_read_when_they_are_of_this_episode():
    note = document("Back pain. Unable to pass urine since yesterday. Denies fever.")
    case = case_of(PROTOCOL, [note], NOW)
    assert (case.values["urinary_retention"], case.values["fever"]) == (True, False)
    assert case.evidence["urinary_retention"][0].origin == "text"
    assert value("urinary_retention", note | {"date": "2020-01-01"}) == NOTHING
    assert value("urinary_retention", note | {"status": "superseded"}) == NOTHING
    message = {"resourceType": "Communication", "sent": "2026-11-22", "payload": [{"contentString": "I can't pee"}]}
    assert value("urinary_retention", message) is True


@pytest.mark.parametrize(
    "attachment",
    [
        {"contentType": "text/plain", "url": "https://example.org/note"},
        {"contentType": "application/pdf", "data": "AAAA"},
        {"contentType": "text/plain", "data": "////"},
        {"contentType": "text/plain; charset=none", "data": "AAAA"},
    ],
)
def test_a_text_that_cannot_be_read_is_set_aside(attachment):
    case = case_of(PROTOCOL, [document("") | {"content": [{"attachment": attachment}]}], NOW)
    assert case.set_aside


def test_a_patient_gives_age_and_sex():
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1980-11-24", "gender": "female", "deceasedBoolean": True}
    case = case_of(PROTOCOL, [patient], NOW)
    assert (case.values["age_years"], case.values["sex_at_birth"]) == (45, "F")
    assert case.set_aside[0].why == "the record says that the patient has died"
    assert value("sex_at_birth", {"resourceType": "Patient", "gender": "other"}) == NOTHING


def test_a_bundle_of_several_patients_gives_a_case_each():
    subject = {"subject": {"reference": "urn:uuid:a"}}
    entries = [
        {"fullUrl": "urn:uuid:a", "resource": {"resourceType": "Patient", "gender": "male"}},
        {"resource": {"resourceType": "Patient", "id": "b"}},
        {"resource": condition() | subject},
        {"resource": condition("R15.9")},
    ]
    bundle = {"resourceType": "Bundle", "entry": entries}
    cases = dict(cases_of(PROTOCOL, bundle, NOW))
    assert cases["a"].values["urinary_retention"] is True
    assert "bowel_incontinence" not in cases["b"].values
    assert cases["b"].set_aside
    with pytest.raises(ValueError, match="2 patients"):
        case_of(PROTOCOL, bundle, NOW)


def test_a_silent_record_is_unknown():
    case = case_of(PROTOCOL, [], NOW)
    assert (case.values, case.answered_by) == ({}, "record")
    assert assess(PROTOCOL, case).disposition is None


@pytest.mark.parametrize("odd", [None, 3, "text", [], {}, [[]], {"coding": 3}, {"coding": ["x"]}, {"value": []}])
def test_what_is_not_of_the_shape_of_fhir_reads_as_missing(odd):
    keys = ("code", "status", "verificationStatus", "recordedDate", "valueQuantity", "content", "payload", "period", "birthDate")
    for kind in (
        "Condition",
        "Observation",
        "MedicationRequest",
        "Procedure",
        "Encounter",
        "Patient",
        "DocumentReference",
        "Communication",
    ):
        case = case_of(PROTOCOL, [{"resourceType": kind, **dict.fromkeys(keys, odd)}], NOW)
        assert set(case.values) <= {"age_years"}


@pytest.mark.parametrize("kind", [{}, [], ["Condition"], None, 1, True], ids=str)
def test_a_resource_of_no_kind_is_passed_over(kind):
    given = [condition(), condition() | {"resourceType": kind}]
    assert case_of(PROTOCOL, given, NOW).values == case_of(PROTOCOL, [condition()], NOW).values
    assert case_of(PROTOCOL, {"resourceType": "Bundle", "entry": [{"resource": each} for each in given]}, NOW).values


def test_dates_and_units_that_say_nothing():
    assert span("2026-13") is None
    assert span("0001-01-01T00:00:00+14:00") is None
    assert span("2026-12").last.month == 12
    assert converted(1, "furlong", "kg") is None
    assert list(resources_of("nothing")) == []


def triaged(capsys, monkeypatch, text, *options):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code = main(["triage", "--fhir", *options])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_command_takes_a_bundle_or_resources_by_the_line(capsys, monkeypatch):
    back = condition("M54.9") | {"subject": {"reference": "Patient/p1"}}
    both = [back, condition() | {"subject": {"reference": "Patient/p1"}}]
    bundle = json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in both]}, indent=1)
    for text in (bundle, "\n".join(map(json.dumps, both)), json.dumps(both)):
        code, lines = triaged(capsys, monkeypatch, text, "--as-of", "2026-11-23T02:10+00:00")
        assert (code, lines[0]["id"], lines[0]["disposition"]) == (0, "p1", "emergency")


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', "[1,", '{"resourceType": "Patient"}\n{', "[" * 100000])
def test_the_command_refuses_what_is_no_record(capsys, monkeypatch, text):
    code, _ = triaged(capsys, monkeypatch, text)
    assert code == 2


def test_a_moment_goes_with_records(capsys, monkeypatch):
    assert triaged(capsys, monkeypatch, "[]", "--as-of", "today")[0] == 2
    assert main(["triage", "--as-of", "2026-11-23T02:10+00:00"]) == 2
