"""What counts as new, as old, as denied: tests/cases/time_course.toml, and the conflicts that are shown."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from equina import Case, assess
from equina.leaves import resolve
from equina.triage import general_denials, not_known_by_name, settle
from strategies import PROTOCOL

NOW = datetime(2026, 11, 25, 2, 10, tzinfo=UTC)
ROWS = tomllib.loads((Path(__file__).parent / "cases" / "time_course.toml").read_text(encoding="utf-8"))["case"]


def case_of(row, complete):
    values = {name: None if value == "not_sure" else value for name, value in row["findings"].items()}
    if "others" in row or "others_but_fever" in row:
        denied = [name for name in PROTOCOL.core_flags if not (name == "fever" and "others_but_fever" in row)]
        values = dict.fromkeys(denied, False) | values
    onset = {name: NOW - timedelta(days=days) for name, days in row.get("onset_days", {}).items()}
    return Case(values=values, onset=onset, as_of=NOW, complete=complete)


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_time_course(row):
    assert assess(PROTOCOL, case_of(row, complete=False)).low == row["low"]
    assert assess(PROTOCOL, case_of(row, complete=True)).disposition == row["advice"]


def test_a_denial_that_something_present_contradicts_is_shown():
    conflicts = assess(
        PROTOCOL, Case.of(leg_weakness=False, foot_drop=True, bladder_dysfunction=False, urinary_retention=True)
    ).conflicts
    assert {(c.finding, c.against) for c in conflicts} == {
        ("leg_weakness", ("foot_drop",)),
        ("bladder_dysfunction", ("urinary_retention",)),
    }


def test_an_old_symptom_with_a_recent_onset_is_shown_as_a_conflict():
    case = Case(values={"weak_stream": "long_standing"}, onset={"weak_stream": NOW}, as_of=NOW)
    (conflict,) = assess(PROTOCOL, case).conflicts
    assert conflict.finding == "weak_stream"
    assert "taken as new" in conflict.why


def test_an_umbrella_excludes_its_members_but_never_a_core_flag():
    case = Case.of(bladder_dysfunction=False)
    truth = resolve(PROTOCOL.table, settle(PROTOCOL, case)[0])
    excluded = {name for name in PROTOCOL.findings["bladder_dysfunction"].denies if not truth.may & PROTOCOL.table.about[name]}
    assert "frequency" in excluded
    assert not excluded & set(PROTOCOL.core_flags)
    assert "urinary_retention" in not_known_by_name(PROTOCOL, case, truth)
    assert "urinary_retention" in general_denials(PROTOCOL, case)


def test_an_umbrella_over_nerves_never_denies_saddle_bladder_bowel_or_sexual_function():
    sections = {PROTOCOL.findings[name].section for name in PROTOCOL.findings["neuro_deficit"].denies}
    assert not sections & {"urinary", "bowel"}
    assert not {
        "saddle_anesthesia",
        "saddle_paresthesia",
        "genital_sensory_change",
        "perianal_sensation_reduced",
        "sexual_dysfunction",
    } & set(PROTOCOL.findings["neuro_deficit"].denies)


def test_with_nothing_given_there_is_no_advice_and_it_is_said():
    for values in ({}, {"age_years": 80, "sex_at_birth": "F"}):
        assessment = assess(PROTOCOL, Case(values=values, complete=True))
        assert assessment.disposition is None
        assert [reason.id for reason in assessment.reasons] == ["nothing_given"]


def test_a_record_gets_no_advice_below_emergency_until_it_is_complete():
    values = {"back_pain": True, "stress_leak": True}
    assert assess(PROTOCOL, Case(values=values, answered_by="record")).disposition is None
    assert assess(PROTOCOL, Case(values=values, answered_by="record", complete=True)).disposition == "urgent"


def test_what_only_an_examination_settles_is_named_to_a_person_and_raises_nothing():
    values = dict.fromkeys(PROTOCOL.core_flags, False) | {"back_pain": True, "weak_stream": False, "incomplete_emptying": False}
    assessment = assess(PROTOCOL, Case(values=values, complete=True))
    assert assessment.disposition == "self_care"
    assert "reduced_anal_tone" in assessment.examine
    assert "reduced_anal_tone" not in assess(PROTOCOL, Case(values=values, answered_by="clinician")).examine


def test_a_measurement_contradicts_a_denial():
    conflicts = assess(PROTOCOL, Case.of(fever=False, temperature_c=39.0, elevated_pvr=False, pvr_ml=450)).conflicts
    assert {(c.finding, c.against) for c in conflicts} == {("fever", ("temperature_c",)), ("elevated_pvr", ("pvr_ml",))}


def test_a_number_is_aged_by_nothing_but_its_own_as_always():
    measured = {"chronic_urinary_symptoms": True, "temperature_c": 38.0, "nocturia_per_night": 2}
    assert assess(PROTOCOL, Case(values=measured)).low == "urgent"
    assert assess(PROTOCOL, Case(values=measured | {"nocturia": True})).low == "urgent"
    assert assess(PROTOCOL, Case(values=measured | {"nocturia": "long_standing"})).low == "scheduled"


def test_the_same_for_years_and_not_sure_of_a_change_is_seen_today():
    answered = dict.fromkeys(PROTOCOL.core_flags, False) | {"chronic_urinary_symptoms": True, "change_from_baseline": None}
    assert assess(PROTOCOL, Case(values=answered, complete=True)).disposition == "urgent"


def test_while_there_is_no_advice_nothing_is_said_that_holds_for_self_care():
    assessment = assess(PROTOCOL, Case.of(back_pain=True))
    assert assessment.disposition is None
    assert assessment.reasons[0].id == "questions_open"
    assert assessment.not_known == PROTOCOL.core_flags
    assert assessment.care == PROTOCOL.level_care["none"]
    assert "stay_active" not in assessment.care


def test_what_is_there_is_not_watched_for_but_its_getting_worse_is():
    assert "cannot_pee" not in assess(PROTOCOL, Case.of(urinary_retention=True)).watch_for
    assert "weak_legs" in assess(PROTOCOL, Case.of(leg_weakness=True)).watch_for
    assert "bowel_feeling" not in assess(PROTOCOL, Case.of(reduced_rectal_sensation=True)).watch_for
    assert "bowel" in assess(PROTOCOL, Case.of(reduced_rectal_sensation=True)).watch_for


@pytest.mark.parametrize(
    ("values", "opens"),
    [
        ({"back_pain": True, "urinary_retention": True}, True),
        ({"urinary_retention": True}, False),
        ({"back_pain": True, "urinary_retention": None}, False),
        ({"back_pain": True, "stress_leak": "long_standing"}, False),
    ],
)
def test_the_sentence_about_back_and_bladder_is_said_only_when_it_is_true(values, opens):
    assert assess(PROTOCOL, Case.of(**values)).say.startswith(PROTOCOL.say["opening"]) == opens


@pytest.mark.parametrize(
    ("wider", "narrower"),
    [
        ({"saddle_paresthesia": "long_standing"}, {"genital_sensory_change": True}),
        ({"sciatica_bilateral": "long_standing"}, {"sciatica_unilateral_to_bilateral": True}),
        ({"leg_weakness": "long_standing"}, {"foot_drop": True}),
        ({"leg_weakness": False}, {"foot_drop": True}),
        ({"insensate_urination": False}, {"insensible_incontinence": True}),
        ({"fever": False, "iv_drug_use": True}, {"temperature_c": 38.6}),
        ({"fever": "long_standing", "iv_drug_use": True}, {"temperature_c": 38.6}),
        ({"saddle_anesthesia": False}, {"perianal_sensation_reduced": True}),
    ],
)
def test_what_is_old_or_denied_hides_nothing_narrower_that_is_new(wider, narrower):
    before = Case(values={"back_pain": True} | wider, answered_by="clinician")
    after = Case(values={"back_pain": True} | wider | narrower, answered_by="clinician")
    assert assess(PROTOCOL, after).low == "emergency"
    assert assess(PROTOCOL, before).high == "emergency"
    assert not assess(PROTOCOL, before).settled
