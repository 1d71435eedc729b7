"""The examples run as their folder's README says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from command import COMMAND, ENVIRONMENT, run
from equina import Case, assess, load
from snippets import snippets

EXAMPLES = Path(__file__).parents[1] / "examples"
HEAD_INJURY = EXAMPLES / "head_injury"
NOTEBOOK = EXAMPLES / "notebook.ipynb"


def files():
    found = (
        path for path in EXAMPLES.rglob("*") if path.is_file() and path.name != "README.md" and "__pycache__" not in path.parts
    )
    return sorted(str(path.relative_to(EXAMPLES)) for path in found)


def test_the_readme_leads_to_every_file_that_says_something():
    linked = set(re.findall(r"\]\(([^)]+)\)", (EXAMPLES / "README.md").read_text(encoding="utf-8")))
    silent = {
        name for name in files() if name.startswith("head_injury/") and "[" not in (EXAMPLES / name).read_text(encoding="utf-8")
    }
    assert {name for name in files() if name not in silent} == linked - {"head_injury/", "public_records/"}


def equina_in(folder):
    """The command as a script in that folder."""
    command = folder / "equina"
    command.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n', encoding="utf-8")
    command.chmod(0o700)
    return command


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_the_pipeline_ends_at_the_emergencies(tmp_path):
    pytest.importorskip("pyarrow")
    command = equina_in(tmp_path)
    out = tmp_path / "a b"
    done = subprocess.run(
        ["sh", EXAMPLES / "pipeline.sh", EXAMPLES / "notes.jsonl", out],
        env=ENVIRONMENT | {"EQUINA": str(command)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^\d+\. EMERGENCY: (\w+)", done.stdout, re.MULTILINE) == ["n1", "n3"]
    assert "»numb when wiping«" in done.stdout
    answers = [json.loads(line) for line in (out / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [each["low"] for each in answers] == ["emergency", "self_care", "emergency", "scheduled", "urgent"]
    assert len((out / "mentions.jsonl").read_text(encoding="utf-8").splitlines()) == 5
    written = [out / name for name in ("mentions.jsonl", "answers.jsonl", "emergencies.html", "emergencies.csv", "expect.txt")]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in written)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ({"head_injury": True, "blackout": True}, "emergency"),
        ({"head_injury": True, "memory_loss": True}, "emergency"),
        ({"head_injury": True, "anticoagulant_use": True, "blackout": False, "seizure": False}, "urgent"),
        ({"head_injury": True, "blackout": False, "seizure": False, "vomiting": False, "memory_loss": False}, "self_care"),
        ({"head_injury": True, "blackout": None, "seizure": False}, "urgent"),  # a key flag that is not known is never calm
        ({"head_injury": True}, None),  # nor is one that was not asked
        ({"blackout": True, "seizure": False}, "self_care"),  # it is a protocol about blows to the head alone
    ],
)
def test_the_protocol_of_ones_own_triages(findings, expected):
    protocol = load(HEAD_INJURY)
    assert assess(protocol, Case(values=findings)).disposition == expected


def test_the_commands_take_it():
    line = b'{"id": "a", "findings": {"head_injury": true, "blackout": true}}'
    code, out, said = run("triage", "--protocol", HEAD_INJURY, given=line)
    assert (code, said, json.loads(out)["disposition"]) == (0, "", "emergency")
    code, out, _ = run("show", "--protocol", HEAD_INJURY, "sign_after_a_blow")
    assert (code, b"general knowledge" in out or b"nice_ng232" in out) == (0, True)


def test_its_safety_properties_hold_and_it_says_what_it_is():
    pytest.importorskip("z3")
    code, out, _ = run("prove", "--protocol", HEAD_INJURY)
    assert (code, out.decode().splitlines()[-1].rpartition(": ")[2].startswith("all hold")) == (0, True)
    protocol = load(HEAD_INJURY)
    assert "not for use with patients" in protocol.notice
    assert not any(source.seen for source in protocol.sources.values())
    lines = [
        line for name in ("findings", "rules") for line in (HEAD_INJURY / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    ]
    assert len(lines) == 30


@pytest.mark.skipif(os.name != "posix", reason="a shell")
def test_the_page_about_it_prints_what_it_says(tmp_path):
    pytest.importorskip("z3")
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    path = f"{equina_in(tmp_path).parent}:{os.environ['PATH']}"
    found = snippets("own-protocol.md")
    assert len(found) == 4
    for _, code, printed in found:
        done = subprocess.run(
            ["sh", "-c", code], cwd=tmp_path, env=ENVIRONMENT | {"PATH": path}, capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.stderr) == (printed, ""), code


# --- the notebook ----------------------------------------------------------------------------------------------------------------


def test_the_notebook_runs_from_top_to_bottom(monkeypatch, capsys):
    monkeypatch.chdir(EXAMPLES)
    names = {}
    for number, code in enumerate(cells("code")):
        exec(compile(code, f"cell {number}", "exec"), names)  # noqa: S102  (our own file)
    shown = capsys.readouterr().out
    assert shown.count("low self_care") == 4
    assert "self_care -> emergency\ncannot_pass_urine: " in shown
    assert re.search(r"saddle_anesthesia +present +new +'bum is numb'\nfever +absent", shown)
    assert "I fainted." in shown
    assert all(names["assess"](names["protocol"], case).low == "self_care" for case in names["cases"].values())
    assert names["result"].disposition == "emergency"


def test_the_notebook_is_kept_without_outputs_and_says_what_it_is():
    told = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in told["cells"] if cell["cell_type"] == "code")
    assert "No clinician has reviewed the protocol" in "".join(cells("markdown"))
    assert (told["nbformat"], len({cell["id"] for cell in told["cells"]})) == (4, len(told["cells"]))


def cells(kind):
    return [
        "".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind
    ]
