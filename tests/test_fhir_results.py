"""An assessment as GuidanceResponse, RiskAssessment and Provenance."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given, settings

from equina import Case, assess
from equina.case import SetAside
from equina.fhir.refusals import operation_outcome
from equina.fhir.results import results
from strategies import FULL, NOW, PROTOCOL, findings

ID = UUID(int=7)
TRIES = settings(max_examples=2_000 if FULL else 50, deadline=None)  # each makes a whole Bundle


def parts(case, **more):
    made = results(PROTOCOL, case, assess(PROTOCOL, case), NOW, **more)
    return [entry["resource"] for entry in made["entry"]]


def outcome(guidance):
    return {p["name"]: p.get("valueCoding", {}).get("code", p.get("valueBoolean")) for p in guidance["contained"][0]["parameter"]}


@given(findings)
@TRIES
def test_data_is_requested_exactly_while_the_advice_is_open(values):
    case = Case(values=values, as_of=NOW)
    assessment = assess(PROTOCOL, case)
    guidance, risk, *_ = parts(case)
    still = assessment.disposition is None or not assessment.settled
    assert guidance["status"] == ("data-requested" if still else "success")
    assert outcome(guidance).get("disposition") == assessment.disposition
    assert (outcome(guidance)["low"], outcome(guidance)["high"]) == (assessment.low, assessment.high)
    assert [p["outcome"]["coding"][0]["code"] for p in risk.get("prediction", [])] == [fit.id for fit in assessment.causes]


def test_an_emergency_is_told_in_the_words_of_the_protocol():
    guidance, risk, *_ = parts(Case.of(back_pain=True, urinary_retention=True), subject="Patient/p1")
    assert outcome(guidance)["disposition"] == "emergency"
    assert guidance["note"][0]["text"] == risk["mitigation"] == PROTOCOL.disposition_words["emergency"]
    assert guidance["subject"] == risk["subject"] == {"reference": "Patient/p1"}
    assert guidance["reasonCode"][0]["text"]


def test_open_questions_are_named_as_data_and_nothing_is_advised():
    guidance, risk, *_ = parts(Case.of(back_pain=True))
    assert guidance["dataRequirement"][0]["codeFilter"][0]["code"][0]["code"] in PROTOCOL.core_flags
    assert "disposition" not in outcome(guidance)
    assert (risk["status"], "code" in risk) == ("preliminary", False)


def test_what_was_set_aside_is_told():
    case = Case(values={"back_pain": True}, set_aside=(SetAside(origin="record", quote="temp 380", why="no"),))
    issues = parts(case)[0]["contained"][1]["issue"]
    assert issues[0]["diagnostics"] == "not judged: temp 380: no"


def test_the_provenance_names_program_protocol_and_digest():
    first, second = (results(PROTOCOL, Case(), assess(PROTOCOL, Case()), datetime(2026, 1, 1, tzinfo=UTC), id=ID) for _ in range(2))
    assert first == second
    provenance = first["entry"][-1]["resource"]
    assert provenance["entity"][0]["what"]["identifier"]["value"] == PROTOCOL.digest
    assert [t["reference"] for t in provenance["target"]] == [entry["fullUrl"] for entry in first["entry"][:-1]]


def test_errors_are_issues():
    assert operation_outcome(["no"])["issue"] == [{"severity": "error", "code": "invalid", "diagnostics": "no"}]
