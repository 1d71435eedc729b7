"""Identifiers pass through untouched or as keyed hashes, and are told to nobody else; what a run leaves behind is for one user."""

import json
import stat

import pyarrow.parquet as pq
import pytest

from command import COMMAND
from command import run as command
from equina.cli import main
from screening import AS_OF, screen, write_lines

KEY = "k" * 20 + "e" * 20 + "y"
OTHER = "o" * 40
SECRETS = ("Mabel-4711", "Otto-0815")


@pytest.fixture
def path(tmp_path):
    codes = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R33.9"}]}
    vital = {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}
    return write_lines(
        tmp_path / "records.ndjson",
        [
            {"resourceType": "Patient", "id": SECRETS[0], "deceasedBoolean": True, "birthDate": "1800"},
            {"resourceType": "Condition", "id": SECRETS[0], "code": codes, "subject": {"reference": f"Patient/{SECRETS[0]}"}},
            {
                "resourceType": "Observation",
                "id": f"o-{SECRETS[1]}",
                "code": vital,
                "subject": {"reference": f"Patient/{SECRETS[1]}"},
                "effectiveDateTime": AS_OF,
                "valueQuantity": {"value": 5, "unit": "Cel"},
            },
            {"id": SECRETS[1], "findings": {"bakc_pain": True}},
        ],
    )


def everything(out):
    rows = json.dumps(pq.read_table(out / "results.parquet").to_pylist(), default=str)
    return rows + (out / "set_aside.jsonl").read_text() + (out / "manifest.json").read_text()


def test_ids_pass_through_untouched(tmp_path, path, capsys):
    run = screen(tmp_path / "out", path)
    assert {row["id"] for row in run.rows} == set(SECRETS)
    assert {each["id"] for each in run.asides} == set(SECRETS)
    output, said = capsys.readouterr()
    assert not any(secret in output + said for secret in SECRETS)


def test_pseudonyms_stand_for_the_ids_everywhere(tmp_path, path, monkeypatch, capsys):
    options = ("--workers", "1", "--pseudonymise")
    monkeypatch.setenv("EQUINA_PSEUDONYM_KEY", KEY)
    run, again = screen(tmp_path / "out", path, options=options), screen(tmp_path / "again", path, options=options)
    ids = {row["id"] for row in run.rows}
    assert len(ids) == 2
    assert {row["id"] for row in again.rows} == ids
    assert {each["id"] for each in run.asides} == ids
    assert run.manifest["pseudonymised"]
    told = everything(tmp_path / "out") + "".join(capsys.readouterr())
    assert not any(secret in told for secret in (*SECRETS, KEY))
    monkeypatch.setenv("EQUINA_PSEUDONYM_KEY", OTHER)
    assert ids.isdisjoint(row["id"] for row in screen(tmp_path / "other", path, options=options).rows)


def test_a_key_that_is_too_short(tmp_path, path, monkeypatch, capsys):
    monkeypatch.setenv("EQUINA_PSEUDONYM_KEY", KEY[:31])
    assert main(["screen", str(path), "--out", str(tmp_path / "out"), "--pseudonymise"]) == 2
    said = capsys.readouterr().err
    assert "has only 31 characters" in said
    assert KEY[:31] not in said


def test_a_run_goes_on_with_its_own_key_alone(tmp_path, path, monkeypatch, capsys):
    import equina.batch.screen

    def carry_out(*_):
        raise KeyboardInterrupt

    arguments = ["screen", str(path), "--out", str(tmp_path / "out"), "--pseudonymise", "--quiet", "--workers", "1"]
    monkeypatch.setenv("EQUINA_PSEUDONYM_KEY", KEY)
    with monkeypatch.context() as patched:
        patched.setattr(equina.batch.screen, "carry_out", carry_out)
        assert main(arguments) == 130
    assert KEY not in (tmp_path / "out" / ".work" / "plan.json").read_text()
    monkeypatch.setenv("EQUINA_PSEUDONYM_KEY", OTHER)
    assert main([*arguments, "--resume"]) == 2
    assert "another key" in capsys.readouterr().err
    monkeypatch.setenv("EQUINA_PSEUDONYM_KEY", KEY)
    assert main([*arguments, "--resume"]) == 0


def test_what_a_run_writes_only_its_user_can_read(tmp_path, path, monkeypatch):
    """While it works and after, whatever the mask of the user says."""
    import equina.batch.screen

    def modes(folder):
        return {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.rglob("*")} | {
            "": stat.S_IMODE(folder.stat().st_mode)
        }

    seen = {}
    real = equina.batch.screen.finish

    def finish(plan, protocol, out, *rest):
        seen.update(modes(out))
        return real(plan, protocol, out, *rest)

    monkeypatch.setattr(equina.batch.screen, "finish", finish)
    code, _, said = command("-c", 'umask 000; exec "$@"', "sh", *COMMAND, "screen", path, "--out", tmp_path / "out", before=("sh",))
    assert code == 0
    assert "reading, step 1 of 2: 100%" in said
    assert "judging, step 2 of 2: 100%" in said
    screen(tmp_path / "here", path)
    for found in (modes(tmp_path / "out"), modes(tmp_path / "here"), seen):
        assert {mode for name, mode in found.items() if name in ("", ".work")} == {0o700}
        assert {mode for name, mode in found.items() if name not in ("", ".work", "lock")} == {0o600}, found
