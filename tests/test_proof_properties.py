"""Each property can fail: an unsafe edit, of the data where the data can break it and of what was worked out of it elsewhere, is
refuted with a patient who has the finding. The terms of the advice agree with the engine."""

import re
import shutil
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given

from equina import load
from equina.model import LONG_STANDING, Protocol
from equina.protocol import SHIPPED
from equina.triage import assess
from strategies import FULL, PROTOCOL, TRIES, cases

z3 = pytest.importorskip("z3", reason="the extra `proofs` is not installed")
from equina.leaves import Effect  # noqa: E402
from equina.proof import pairs, terms  # noqa: E402
from equina.proof.patients import in_words  # noqa: E402
from equina.proof.properties import PROPERTIES, Setting  # noqa: E402
from equina.proof.run import known, proved  # noqa: E402
from surfaces.interpreters import INTERPRETERS  # noqa: E402

EVERY = terms.cases(PROTOCOL)

RETENTION = 'when = "urinary_retention"'
SADDLE = "[findings.saddle_anesthesia]\n"
ITCH = """
[rules.tired]
disposition = "emergency"
when = "urine_culture_positive"
because = "You are tired."
timing = "Go now."
pathway = "None."
sources = ["clinical_consensus"]
strength = "consensus"
"""

# property: the edit (file, old, new), a claim that it refutes, and a finding of its patient
EDITS = {
    "promises_kept": (
        "rules.toml",
        RETENTION,
        'when = "urinary_retention and weak_stream"',
        "article_retention",
        "urinary_retention",
    ),
    "only_promised_emergencies": (
        "rules.toml",
        'when = "spine_pain and sexual_dysfunction"',
        'when = "sexual_dysfunction"',
        "sexual_change",
        "sexual_dysfunction",
    ),
    "rules_guarded": (
        "rules.toml",
        "\n[rules.cannot_pass_urine]",
        ITCH + "\n[rules.cannot_pass_urine]",
        "tired",
        "urine_culture_positive",
    ),
    "rules_stand_alone": (
        "rules.toml",
        'when = "spine_pain and palpable_bladder"',
        'when = "spine_pain and saddle_anesthesia"',
        "bladder_felt_full",
        "saddle_anesthesia",
    ),
    "new_never_lowers": (
        "rules.toml",
        RETENTION,
        'when = "urinary_retention or post_void_dribble_long_standing"',
        "emergency",
        "post_void_dribble",
    ),
    "reassurance_never_lowers": (
        "findings.toml",
        SADDLE,
        SADDLE + 'implies = ["reduced_anal_tone"]\n',
        "urgent",
        "urinary_retention",
    ),
    "core_flags_answered_by_name": (
        "findings.toml",
        SADDLE,
        SADDLE + 'implies = ["neuro_deficit"]\n',
        "saddle_anesthesia",
        "neuro_deficit",
    ),
    "old_needs_a_baseline": (
        "findings.toml",
        'old_only_with = ["spinal_cord_injury", "spina_bifida", "catheter_user"]\n',
        "",
        "urinary_retention",
        "urinary_retention",
    ),
    "stops_agree_with_completions": (
        "interview.toml",
        " or neurogenic_bladder or chronic_urinary_symptoms",
        "",
        "urgent",
        "neurogenic_bladder",
    ),
    "findings_mean_what_is_written": (
        "findings.toml",
        'true_when = "pvr_ml >= 200"',
        'true_when = "pvr_ml >= 250"',
        "elevated_pvr from there",
        "pvr_ml",
    ),
    "denials_reach_what_they_name": (
        "findings.toml",
        SADDLE,
        SADDLE + 'implies = ["neuro_deficit"]\n',
        "neuro_deficit saddle_anesthesia",
        "neuro_deficit",
    ),
    "thresholds_meet": (
        "rules.toml",
        "mrc_power_lowest <= 3",
        "(mrc_power_lowest <= 3 and mrc_power_lowest >= 1)",
        "apart mrc_power_lowest",
        "mrc_power_lowest",
    ),
}


def edited(tmp_path, file, old, new):
    folder = shutil.copytree(SHIPPED, tmp_path / "protocol")
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return load(folder)


def refuted(protocol, name):
    (one,) = known([name])
    return {claim.id: claim for claim in proved(Setting(protocol), one).refuted}


# That one takes as long as all others; `make prove` proves the property itself.
@pytest.mark.parametrize("name", [name for name in EDITS if FULL or name != "stops_agree_with_completions"])
def test_an_unsafe_edit_is_refuted_with_a_patient_who_has_the_finding(tmp_path, name):
    file, old, new, claim, finding = EDITS[name]
    worse = edited(tmp_path, file, old, new)
    found = refuted(worse, name)
    assert claim in found, f"{name} is not refuted: {list(found)}"
    patient = found[claim]
    assert finding in (patient.after or patient.patient).values
    assert worse.findings[finding].label in in_words(worse, patient)


def test_care_that_is_missing_for_a_level_is_refuted(tmp_path):
    text = (SHIPPED / "protocol.toml").read_text(encoding="utf-8")
    care = re.search(r"^scheduled = \[.*?\]\n", text[text.index("[level_care]") :], re.M | re.S).group()
    found = refuted(edited(tmp_path, "protocol.toml", care, "scheduled = []\n"), "one_level_with_reason_and_care")
    assert found["scheduled by a rule"].why == "no care is for everyone of this level"


def doctored(protocol, **changes):
    return Protocol(**{field.name: getattr(protocol, field.name) for field in fields(protocol)} | changes)


def test_a_baseline_that_counts_as_an_answer_widens_the_interval(monkeypatch):
    plain = doctored(PROTOCOL, baseline_facts=())
    monkeypatch.setattr(pairs.Moments, "protocol", property(lambda pair: plain))
    learned = [claim.after.values for claim in refuted(PROTOCOL, "answers_never_widen").values()]
    assert any(set(PROTOCOL.baseline_facts) & set(values) for values in learned)


def test_what_is_certain_and_yet_excluded_is_refuted():
    leaves = {**EVERY.leaves, "saddle_anesthesia": replace(EVERY.leaves["saddle_anesthesia"], may=z3.BoolVal(False))}
    found = list(pairs.low_within_high(replace(EVERY, leaves=leaves)))
    assert any(claim.patient and "saddle_anesthesia" in claim.patient.values for claim in found)


def test_an_old_answer_that_counts_for_nothing_is_refuted():
    silent = {**PROTOCOL.table.effects, ("stress_leak", LONG_STANDING): Effect(0, 0)}
    found = refuted(doctored(PROTOCOL, table=replace(PROTOCOL.table, effects=silent)), "old_counts_as_old")
    assert "stress_leak" in found["counts stress_leak"].patient.values


def test_a_compiled_form_that_is_not_its_rule_is_refuted():
    tests = {**PROTOCOL.rule_tests, "cold_leg": PROTOCOL.rule_tests["cannot_pass_urine"]}
    found = refuted(doctored(PROTOCOL, rule_tests=tests), "compiled_forms_equal_rules")
    assert found["cold_leg"].patient.values == {"cold_pale_leg": True}
    tests = {**PROTOCOL.rule_tests, "cold_leg": PROTOCOL.table.test(PROTOCOL.promises["all_unstable"].when)}
    assert "cold_leg" in refuted(doctored(PROTOCOL, rule_tests=tests), "compiled_forms_equal_rules")


def test_the_unsafe_edits_are_of_every_property():
    elsewhere = {"one_level_with_reason_and_care", "answers_never_widen", "low_within_high", "old_counts_as_old"}
    elsewhere.add("compiled_forms_equal_rules")
    assert {one.id for one in PROPERTIES} == EDITS.keys() | elsewhere


def test_the_page_on_proofs_names_every_property_with_its_sentence():
    page = (Path(__file__).parent.parent / "docs" / "proof.md").read_text(encoding="utf-8")
    assert [row for one in PROPERTIES if (row := f"| `{one.id}` | {one.sentence} |") not in page] == []


@TRIES
@given(cases)
def test_the_terms_give_the_same_advice_as_the_engine(case):
    _, advised = INTERPRETERS["terms"](case)
    assert advised == assess(PROTOCOL, case).disposition
