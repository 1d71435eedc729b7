"""The proofs are sharp: an edit that makes the protocol worse is refuted by a patient who has the finding; words alone are not."""

import io
from dataclasses import replace
from itertools import islice

import pytest

from equina import Case
from equina.protocol import edited
from equina.triage import interval
from strategies import FULL, PROTOCOL

pytest.importorskip("z3", reason="the extra `proofs` is not installed")
from equina.proof.mutants import mutants, verdicts
from equina.proof.mutations import of_implications, of_rules, of_wording

# Of about a thousand edits of rules and a hundred and fifty of implications, one in so many.
SAMPLE = 1 if FULL else 40


def test_of_a_sample_each_edit_is_refuted_or_moves_no_patient():
    edits = [*islice(of_rules(PROTOCOL), 3, None, SAMPLE), *islice(of_implications(PROTOCOL), 3, None, SAMPLE)]
    judged = list(verdicts(PROTOCOL, edits))
    assert [v.mutation.words for v in judged if not v.refuted and not v.equivalent] == []
    assert sum(v.refuted is not None for v in judged) >= 0.85 * len(judged), "in a small sample, by chance, fewer"


@pytest.mark.parametrize("kind", ["dropped", "weakened", "loosened"])
def test_an_edit_of_each_kind_is_refuted_by_a_patient_who_has_a_finding_of_it(kind):
    (verdict,) = verdicts(PROTOCOL, islice((one for one in of_rules(PROTOCOL) if one.kind == kind), 1))
    assert verdict.refuted is not None
    assert set(verdict.mutation.about) & set(verdict.refuted.patient.values)


def test_a_lost_implication_is_refuted_by_whoever_has_the_narrower_finding():
    edits = (one for one in of_implications(PROTOCOL) if one.of == "perianal_sensation_reduced" and one.kind == "dropped")
    (verdict,) = verdicts(PROTOCOL, edits)
    assert verdict.refuted.patient.values == {"perianal_sensation_reduced": True}


def test_an_edit_of_words_alone_is_not_refuted():
    judged = list(verdicts(PROTOCOL, islice(of_wording(PROTOCOL), 0, None, 1 if FULL else 10)))
    assert judged
    assert all(v.refuted is None and v.equivalent for v in judged)


def test_the_figures_are_printed_with_a_patient_of_each_kind():
    out = io.StringIO()
    mutants(PROTOCOL, out, sample=150)
    text = out.getvalue()
    assert "dropped cannot_pass_urine: the rule is dropped\n  REFUTED" in text
    assert f"{PROTOCOL.findings['urinary_retention'].label}: yes, new or of unknown age" in text
    assert " missed (" in text


def test_an_edited_protocol_is_ready_to_be_used():
    """What is worked out of rules and findings is worked out anew; the protocol that was edited stays as it is."""
    retention = Case.of(urinary_retention=True)
    lowered = {name: replace(rule, disposition="urgent") for name, rule in PROTOCOL.rules.items()}
    assert interval(edited(PROTOCOL, rules=lowered, findings=PROTOCOL.findings), retention)[0] == "urgent"
    childless = {name: replace(finding, implies=()) for name, finding in PROTOCOL.findings.items()}
    alone = edited(PROTOCOL, rules=PROTOCOL.rules, findings=childless)
    assert alone.table.effects["foot_drop", True].true == alone.table.bits["foot_drop"]
    assert interval(PROTOCOL, retention)[0] == "emergency"
