"""What an edit of the shipped protocol is told to do: who is lowered, who is raised, by which rule, and what was edited besides."""

import pytest

from equina import load
from equina.protocol import SHIPPED
from versions import shipped

pytest.importorskip("z3", reason="the extra `proofs` is not installed")
from equina.diff.difference import difference
from equina.diff.patients import Both, slot_in_words
from equina.diff.report import in_words

OLD = load(SHIPPED)
RULES = (SHIPPED / "rules.toml").read_text(encoding="utf-8")


def table(rule):
    """The table of a rule as the file has it."""
    return RULES[RULES.index(f"[rules.{rule}]") :].split("\n\n")[0]


def compared(tmp_path, *edits):
    return difference(Both(OLD, load(shipped(tmp_path / "new", *edits))), (), (), seconds=300)


def told(found, moves):
    """Each set as (old level, new level, rules, the words of each slot)."""
    levels = ("self_care", "scheduled", "urgent", "emergency")
    return [
        (*(levels[n] for n in moved.levels), moved.rules, [list(slot_in_words(found.both, slot)) for slot in moved.slots])
        for moved in moves.sets
    ]


ADDED = """\
[rules.hiccups]
disposition = "emergency"
when = "at_least(2, dysuria, flank_pain, hematuria)"
because = "Made up."
timing = "Go now."
pathway = "None."
sources = ["clinical_consensus"]
strength = "consensus"

[rules.cannot_pass_urine]"""


def test_a_threshold_that_is_raised_lowers_those_between_the_two(tmp_path):
    found = compared(tmp_path, ("findings.toml", 'true_when = "pvr_ml >= 200"', 'true_when = "pvr_ml >= 300"'))
    residual = ["Post-void residual volume (bladder scan): 200 to less than 300 mL"]
    assert told(found, found.lowered) == [("emergency", "self_care", ("large_residual",), [residual])]
    assert not found.raised.sets
    assert found.lowered.not_settled is found.raised.not_settled is None
    assert [(edit.place, edit.old, edit.new) for edit in found.edits] == [
        ("findings.elevated_pvr true_when", "pvr_ml >= 200", "pvr_ml >= 300")
    ]
    assert not found.passes


def test_the_same_edit_the_other_way_round_raises_them(tmp_path):
    lower = load(shipped(tmp_path / "old", ("findings.toml", 'true_when = "pvr_ml >= 200"', 'true_when = "pvr_ml >= 300"')))
    found = difference(Both(lower, OLD), (), (), seconds=300)
    assert not found.lowered.sets
    ((old, new, rules, (slot,)),) = told(found, found.raised)
    assert (old, new, rules) == ("self_care", "emergency", ("large_residual",))
    assert "200 to less than 300 mL" in slot[0]
    assert found.passes, "only a lowered emergency wants a signature"


def test_a_finding_dropped_from_a_rule_lowers_those_who_have_it(tmp_path):
    wide, narrow = 'when = "spine_pain and palpable_bladder"', 'when = "back_pain and palpable_bladder"'
    found = compared(tmp_path, ("rules.toml", wide, narrow))
    assert {moved.rules for moved in found.lowered.sets} == {("bladder_felt_full",)}
    slots = [finding for moved in found.lowered.sets for finding in moved.findings]
    assert "palpable_bladder" in slots
    assert "sciatica_unilateral" in slots
    assert "back_pain" not in slots, "those are an emergency still"
    assert all(len(moved.slots) <= 3 for moved in found.lowered.sets), "as few answers as can be"
    assert list(found.by_rule()) == [("bladder_felt_full", "when", len(found.lowered.sets), 0)]


def test_a_rule_that_is_taken_out_lowers_all_whom_no_other_rule_catches(tmp_path):
    found = compared(tmp_path, ("rules.toml", table("saddle_numbness"), ""))
    (first, *_) = found.lowered.sets
    assert first.rules == ("saddle_numbness",)
    assert [said.finding for said in first.patient] == ["saddle_anesthesia"]
    assert ("saddle_numbness", "removed", len(found.lowered.sets), 0) in list(found.by_rule())


def test_a_rule_that_is_added_raises_and_lowers_nobody(tmp_path):
    found = compared(tmp_path, ("rules.toml", "[rules.cannot_pass_urine]", ADDED))
    assert not found.lowered.sets
    assert {moved.rules for moved in found.raised.sets} == {("hiccups",)}
    pairs = {frozenset(said.finding for said in moved.patient) for moved in found.raised.sets}
    assert all(len(pair) == 2 for pair in pairs)
    named = {finding for moved in found.raised.sets for finding in moved.findings}
    assert {"dysuria", "flank_pain", "hematuria"} <= named
    assert found.passes


@pytest.mark.parametrize(
    ("file", "old", "new", "part", "place"),
    [
        ("rules.toml", "You can't pee, or only a few drops come.", "No pee comes.", "wording", "rules.cannot_pass_urine because"),
        (
            "rules.toml",
            '"girft_ces_2023", "sbns_bass_2018", "bmj_bp_ces", "nice_cg97"',
            '"girft_ces_2023"',
            "sources",
            "rules.cannot_pass_urine sources",
        ),
        (
            "rules.toml",
            'workup = ["neuro_exam", "saddle_sensation", "bladder_scan", "kidney_blood_test"]',
            'workup = ["neuro_exam"]',
            "care",
            "rules.cannot_pass_urine workup",
        ),
    ],
    ids=["wording", "sources", "care"],
)
def test_an_edit_that_moves_nobody_is_listed_by_what_it_is(tmp_path, file, old, new, part, place):
    found = compared(tmp_path, (file, old, new))
    assert not found.lowered.sets
    assert not found.raised.sets
    assert found.lowered.not_settled is found.raised.not_settled is None
    assert [(edit.part, edit.place) for edit in found.edits] == [(part, place)]
    assert found.passes


def test_the_report_reads_like_one_for_a_clinician(tmp_path):
    text = "\n".join(in_words(compared(tmp_path, ("findings.toml", 'true_when = "pvr_ml >= 200"', 'true_when = "pvr_ml >= 300"'))))
    assert "LOWERED: 1 set (proved: every case that is lowered has, or counts as having, the answers of one set)" in text
    assert (
        "  emergency → self_care, by large_residual\n    Post-void residual volume (bladder scan): 200 to less than 300 mL" in text
    )
    assert "RAISED: nobody (proved)" in text
    assert "note: levels move but the version is the same" in text
    assert "NOT SIGNED FOR" in text
    assert 'answers = "pvr_ml >= 200 and pvr_ml < 300"' in text


def test_a_search_that_has_no_time_says_so_and_does_not_pass(tmp_path):
    new = load(shipped(tmp_path / "new"))
    found = difference(Both(OLD, new), (), (), seconds=1e-9)
    assert not found.passes
    assert found.lowered.not_settled
    assert any("NOT SETTLED" in line for line in in_words(found))
