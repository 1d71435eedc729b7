"""The promises hold over every case; a protocol that breaks one is refuted with a patient; terms and engine agree."""

import io
import shutil

import pytest
from hypothesis import given

from equina import load
from equina.model import LONG_STANDING
from equina.protocol import SHIPPED
from equina.triage import interval
from strategies import FULL, PROTOCOL, TRIES, cases

pytest.importorskip("z3", reason="the extra `proofs` is not installed")
from equina.proof import terms
from equina.proof.advised import core_flags_answered
from equina.proof.promised import never_old_alone, promises
from equina.proof.run import prove
from surfaces.interpreters import INTERPRETERS


def edited(tmp_path, file, old, new):
    """The shipped protocol with one passage of one file changed."""
    folder = shutil.copytree(SHIPPED, tmp_path / "protocol")
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} is not in {file}"
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return load(folder)


def proved(protocol, *only):
    out = io.StringIO()
    return prove(protocol, out, only=only, processes=1), out.getvalue()


def broken(protocol):
    """The patients who refute promises of the protocol."""
    return [proof.patient for proof in promises(terms.cases(protocol)) if proof.patient is not None]


def test_every_promise_holds_and_every_emergency_rule_is_guarded():
    holds, text = proved(PROTOCOL, *(() if FULL else ("promises_kept", "rules_guarded")))  # `make prove` proves the others
    assert holds, text
    assert "all hold" in text


# Each edit weakens the protocol in one place; the words are of the finding that the refuting patient must have.
EDITS = {
    "a lowered rule": (
        "rules.toml",
        '[rules.saddle_numbness]\ndisposition = "emergency"',
        '[rules.saddle_numbness]\ndisposition = "urgent"',
        "saddle_anesthesia",
    ),
    "a rule that asks for more": (
        "rules.toml",
        'when = "urinary_retention"',
        'when = "urinary_retention and weak_stream"',
        "urinary_retention",
    ),
    "a rule that forgets an alternative": (
        "rules.toml",
        'bladder_feeling_loss = "reduced_bladder_sensation or insensate_urination"',
        'bladder_feeling_loss = "insensate_urination"',
        "reduced_bladder_sensation",
    ),
    "a threshold set too low": ("rules.toml", "mrc_power_lowest <= 3", "mrc_power_lowest <= 2", "mrc_power_lowest"),
    "a finding that no longer implies its parent": (
        "findings.toml",
        'implies = ["saddle_anesthesia"]',
        "implies = []",
        "perianal_sensation_reduced",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_weakened_protocol_is_refuted_with_a_patient_who_has_the_finding(tmp_path, name):
    file, old, new, finding = EDITS[name]
    patients = broken(edited(tmp_path, file, old, new))
    assert patients
    assert any(finding in patient.values for patient in patients)
    assert all(len(patient.values) <= 4 for patient in patients), "a patient with as few answers as can be"


def test_a_refutation_is_printed_as_a_patient_a_clinician_can_read(tmp_path):
    file, old, new, _ = EDITS["a lowered rule"]
    holds, text = proved(edited(tmp_path, file, old, new), "promises_kept")
    assert not holds
    first = text.split("REFUTED")[2]  # the first is that of the property
    assert "Back pain with saddle numbness is an emergency." in first
    assert f"{PROTOCOL.findings['saddle_anesthesia'].label}: yes, new or of unknown age" in first


def test_a_core_flag_that_is_taken_out_is_refuted(tmp_path):
    weakened = edited(tmp_path, "protocol.toml", '  "saddle_anesthesia",\n', "")
    refuted = [proof for proof in core_flags_answered(terms.cases(weakened)) if proof.patient is not None]
    assert ["saddle_anesthesia" in proof.id for proof in refuted] == [True]
    assert refuted[0].patient.values.get("saddle_anesthesia") is None


def test_a_flag_that_may_be_old_without_a_baseline_is_refuted(tmp_path):
    line = 'old_only_with = ["spinal_cord_injury", "spina_bifida"]\n'
    text = (SHIPPED / "findings.toml").read_text(encoding="utf-8")
    table = text[text.index("[findings.saddle_anesthesia]") :].split("\n\n")[0]
    assert line in table
    weakened = edited(tmp_path, "findings.toml", table, table.replace(line, ""))
    refuted = {proof.id: proof.patient for proof in never_old_alone(terms.cases(weakened)) if proof.patient is not None}
    assert refuted["saddle_anesthesia"].values["saddle_anesthesia"] == LONG_STANDING


def test_a_change_of_wording_alone_breaks_nothing(tmp_path):
    assert not broken(edited(tmp_path, "rules.toml", "You can't pee, or only a few drops come.", "You can't pee, or just drops."))


@TRIES
@given(cases)
def test_the_terms_give_the_same_interval_as_the_engine(case):
    verdict, _ = INTERPRETERS["terms"](case)
    assert (verdict.low, verdict.high) == interval(PROTOCOL, case)
