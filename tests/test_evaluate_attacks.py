"""Attacks on text and findings, and generated emergencies: what they change, that they can be repeated, and that none is lost."""

from collections import Counter
from random import Random

import pytest

from equina.evaluation import rewording
from equina.evaluation.attacks import ATTACKS, _words, attack, attacked
from equina.evaluation.emergencies import emergencies, score_emergencies
from equina.evaluation.scoring import score
from equina.evaluation.systems import Answer, Engine
from equina.evaluation.vignettes import Vignette, shipped
from equina.logic import findings_in
from equina.triage import CAN_ANSWER
from strategies import FULL, PROTOCOL

TEXT = "I can't pee since this morning. My bum is numb! No fever."
CASE = Vignette(
    id="a",
    file="f",
    line=1,
    expected="emergency",
    acceptable=("emergency",),
    findings={"back_pain": True, "urinary_retention": True, "stress_leak": "long_standing", "headache": True, "fever": False},
    texts={"patient": TEXT},
    age=40,
    sex="F",
)
BY_ID = {one.id: one for one in ATTACKS}


def told(name, mode, vignette=CASE, rounds=1, seed=0):
    return [(request, did) for _, request, did in attacked(BY_ID[name], PROTOCOL, [vignette], mode, rounds, seed)]


def test_the_seed_draws_every_change():
    for one in ATTACKS:
        for mode in ("findings", "patient"):
            assert told(one.id, mode, rounds=3, seed=4) == told(one.id, mode, rounds=3, seed=4)
    assert told("typos", "patient", rounds=5) != told("typos", "patient", rounds=5, seed=1)


def test_each_round_has_an_id_of_its_own():
    ids = [request["id"] for one in ATTACKS for mode in ("findings", "patient") for request, _ in told(one.id, mode, rounds=3)]
    per_mode = Counter(ids)
    assert max(per_mode.values()) == 2  # once a mode


def test_findings_are_shuffled_dropped_added_denied_and_doubted():
    ((request, _),) = told("shuffled", "findings")
    assert request["findings"] == CASE.findings
    ((request, did),) = told("dropped", "findings")
    (gone,) = CASE.findings.keys() - request["findings"].keys()
    assert CASE.findings[gone] is not False
    assert did == f"left out {gone}"
    ((request, _),) = told("irrelevant", "findings")
    assert [request["findings"][name] for name in request["findings"].keys() - CASE.findings.keys()] == [True] * 3
    ((request, _),) = told("denials", "findings")
    added = request["findings"].keys() - CASE.findings.keys()
    assert [request["findings"][name] for name in added] == [False] * 5
    assert not added & set(PROTOCOL.baseline_facts)
    ((request, _),) = told("unsure", "findings")
    assert request["findings"] == {**CASE.findings, "fever": None}


def test_what_cannot_be_changed_is_left_out():
    bare = Vignette(
        id="b", file="f", line=2, expected="urgent", acceptable=("urgent",), findings={"fever": False}, texts={"patient": "Ok"}
    )
    assert [one.id for one in ATTACKS if told(one.id, "findings", bare)] == ["irrelevant", "denials", "unsure"]
    assert [one.id for one in ATTACKS if told(one.id, "patient", bare)] == ["irrelevant", "denials", "unmarked"]


def test_text_is_reordered_shortened_reworded_mistyped_and_bared():
    ((request, _),) = told("shuffled", "patient")
    assert sorted(rewording.sentences(request["text"])) == sorted(rewording.sentences(TEXT))
    ((request, did),) = told("dropped", "patient")
    assert len(rewording.sentences(request["text"])) == 2
    assert did.removeprefix('left out "')[:-1] not in request["text"]
    ((request, _),) = told("unmarked", "patient")
    assert request["text"] == "i can't pee since this morning my bum is numb no fever"
    ((request, _),) = told("typos", "patient")
    assert request["text"] != TEXT
    assert abs(len(request["text"]) - len(TEXT)) <= 3
    ((request, _),) = told("paraphrase", "patient")
    assert request["text"] != TEXT
    assert len(rewording.sentences(request["text"])) == 3
    ((request, _),) = told("irrelevant", "patient")
    assert sum(remark in request["text"] for remark in _words().remarks) == 3


def test_a_denial_never_contradicts_the_vignette():
    for turn in range(30):
        ((request, _),) = told("denials", "patient", seed=turn)
        assert "I have no headache." not in request["text"]
    wordless = Vignette(id="c", file="f", line=3, expected="urgent", acceptable=("urgent",), texts={"patient": TEXT})
    ((request, _),) = told("denials", "patient", wordless)
    assert "No toothache." in request["text"]


def test_paraphrases_keep_the_capital_and_take_no_part_of_a_word():
    same = [["pee", "urinate"], ["numb", "dead"]]
    for seed in range(20):
        changed = rewording.paraphrased("Pee. Numbness in Peebles, numb.", same, Random(seed))
        assert changed.split()[0] in ("Pee.", "Urinate.")
        assert "Numbness in Peebles" in changed


def test_the_lists_name_findings_of_the_protocol_and_nothing_weighs_that_is_called_idle():
    words = _words()
    named = set(words.idle_findings).union(*(denies for _, denies in words.denials))
    assert not named - PROTOCOL.findings.keys()
    deciding = {name for rule in PROTOCOL.rules.values() for name in findings_in(rule.when, PROTOCOL.findings)}
    assert not deciding & set(words.idle_findings)
    for group in words.same:
        assert len(set(group)) == len(group) > 1


def test_no_attack_on_findings_that_takes_nothing_away_lowers_a_level():
    vignettes = shipped(PROTOCOL)
    scores = score(Engine(PROTOCOL), vignettes, "findings", lambda _: None)
    before = {outcome.vignette.id: outcome.answer for outcome in scores.outcomes}
    rounds = 10 if FULL else 1
    rows = list(attack(Engine(PROTOCOL), PROTOCOL, before, vignettes, "findings", rounds, 1, lambda _: None))
    assert {row.attack.id for row in rows} == {"shuffled", "irrelevant", "denials", "unsure", "dropped"}
    for row in rows:
        if row.attack.harmless:
            assert (row.lower, row.lost) == (0, ())
        if row.attack.id in ("shuffled", "irrelevant", "denials", "unsure"):
            assert row.changed == ()
        assert row.emergencies <= row.cases


class Forgetful:
    """A system that has never heard of retention when it comes with headache."""

    name = "forgetful"

    def answers(self, requests, told):
        told(len(requests))
        return {
            r["id"]: Answer(level="urgent" if r["findings"].get("urinary_retention") is not True else "emergency", advice=None)
            for r in requests
        }


def test_a_lost_emergency_is_told():
    before = {"a": Answer(level="emergency", advice=None)}
    rows = list(attack(Forgetful(), PROTOCOL, before, [CASE], "findings", 12, 0, lambda _: None))
    (dropped,) = (row for row in rows if row.attack.id == "dropped")
    assert 0 < len(dropped.lost) < 12
    assert {change.did for change in dropped.lost} == {"left out urinary_retention"}
    assert dropped.share_lost.total == 12
    assert dropped.lower == len(dropped.lost)


# --- generated emergencies -----------------------------------------------------------------------------------------------------


def test_generated_emergencies_come_from_every_rule_in_turn_and_can_be_repeated():
    rules = [rule.id for rule in PROTOCOL.rules.values() if rule.disposition == "emergency"]
    made = list(emergencies(PROTOCOL, 2 * len(rules), 3))
    assert Counter(patient.tags[0] for patient in made) == dict.fromkeys(rules, 2)
    assert made == list(emergencies(PROTOCOL, 2 * len(rules), 3))
    assert made != list(emergencies(PROTOCOL, 2 * len(rules), 4))
    assert {patient.answered_by for patient in made} <= set(CAN_ANSWER)
    for patient in made:
        findings = patient.findings
        assert len(findings) > 40
        assert False in findings.values()
        present = [name for name, value in findings.items() if value is True and name in PROTOCOL.baseline_facts]
        assert len(present) <= 1  # what the rule itself asks for


@pytest.mark.parametrize("seed", range(5) if FULL else [0])
def test_no_generated_emergency_is_missed(seed):
    generated = score_emergencies(Engine(PROTOCOL), PROTOCOL, 2600 if FULL else 171, seed, lambda _: None)
    assert [(patient.id, answer.level) for patient, answer in generated.missed] == []
    assert sum(made for made, _ in generated.by_rule.values()) == len(generated.patients)


def test_missed_ones_are_told_by_rule():
    generated = score_emergencies(Forgetful(), PROTOCOL, 57, 0, lambda _: None)
    assert generated.missed
    assert sum(missed for _, missed in generated.by_rule.values()) == len(generated.missed)
