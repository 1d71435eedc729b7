"""`equina worklist` from outside: what it prints and writes, and what it says of a folder that is no finished run."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import stat

import pytest

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

from command import ENVIRONMENT  # noqa: E402
from command import run as equina  # noqa: E402
from equina.cli import main  # noqa: E402
from equina.extras import lacking  # noqa: E402
from equina.fhir.definitions import definitions  # noqa: E402
from screened import SCHEMA, days, parted, piece, row, run  # noqa: E402
from strategies import PROTOCOL  # noqa: E402

ROWS = [
    row("pat-retention", piece("back_pain", date=days(3)), piece("urinary_retention", date=days(1), quote="cannot pass urine")),
    row("pat-numb", piece("saddle_anesthesia", date=days(9), quote="-numb (Condition/c7)"), age=44.0, sex="F"),
    row("pat-urgency", piece("back_pain", date=days(3)), piece("urgency", date=days(2))),
    row("pat-silent"),
]
IDS = ("pat-retention", "pat-numb", "pat-urgency")
FILES = {"--csv": "list.csv", "--fhir": "list.json", "--html": "list.html"}


@pytest.fixture
def folder(tmp_path):
    return run(tmp_path / "run", ROWS)


@pytest.fixture
def worklist(capsys, monkeypatch):
    """The command in this process, and with the protocol that is loaded already: a process for each test would take too long."""
    monkeypatch.setattr("equina.protocol.load", lambda folder: PROTOCOL)

    def called(*arguments):
        capsys.readouterr()
        try:
            code = main(["worklist", *map(str, arguments)])
        except SystemExit as stopped:
            code = stopped.code
        out, said = capsys.readouterr()
        assert "Traceback" not in said
        return code, out, said

    return called


def test_the_list_comes_after_what_to_expect_of_it(worklist, folder):
    code, out, said = worklist(folder)
    assert (code, said) == (0, "")
    order = ["What to expect of this list", "per 10,000", "What this rests on", "No clinician has", "1. EMERGENCY: pat-retention"]
    order += ["2. EMERGENCY: pat-numb (44, F)", "3. URGENT: pat-urgency"]
    places = [out.index(words) for words in order]
    assert places == sorted(places)
    assert "pat-silent" not in out
    assert "HANDOVER" not in out


def test_size_level_and_one_place(worklist, folder):
    assert "3. " not in worklist(folder, "--size", 2)[1]
    assert "pat-urgency" not in worklist(folder, "--level", "emergency")[1]
    out = worklist(folder, "--only", 2)[1]
    assert out.startswith("2. EMERGENCY: pat-numb")
    assert "HANDOVER: BACK PAIN" in out
    assert "pat-retention" not in out
    assert worklist(folder, "--handover")[1].count("HANDOVER: BACK PAIN") == 3


def test_json_has_all_of_it(worklist, folder):
    found = json.loads(worklist(folder, "--json", "--size", 2)[1])
    assert [each["id"] for each in found["patients"]] == ["pat-retention", "pat-numb"]
    assert (found["total"], found["left_off"], found["expected"]["patients"]) == (3, 1, 4)
    assert found["expected"]["per_10000"]["emergency"]["patients"] == 2
    assert found["patients"][0]["evidence"][0]["pieces"][0]["quote"] == "cannot pass urine"
    assert found["patients"][0]["ask"][0]["words"].startswith("Tell the patient")
    assert found["protocol"]["digest"] == PROTOCOL.digest
    assert "HANDOVER" in found["patients"][1]["handover"]


def test_results_in_parts_are_one_list(worklist, folder, tmp_path):
    other = parted(tmp_path / "parted", ROWS)
    assert worklist(other, "--json") == worklist(folder, "--json")
    (other / "results.parquet" / "part-1.parquet").unlink()
    assert "it was changed or cut off" in worklist(other)[2]


# --- files ---------------------------------------------------------------------------------------------------------------------


def test_files_are_the_owners_alone_and_the_list_is_in_them_alone(worklist, folder, tmp_path):
    paths = {option: tmp_path / name for option, name in FILES.items()}
    code, out, said = worklist(folder, *(word for pair in paths.items() for word in pair))
    assert (code, said) == (0, "")
    assert "What to expect" in out
    assert not any(id in out for id in IDS)
    for path in paths.values():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert all(id in path.read_text(encoding="utf-8") for id in IDS)
    assert {path.name for path in tmp_path.iterdir()} == {"run", *FILES.values()}


@pytest.mark.parametrize("option", FILES)
def test_what_is_there_is_never_written_over_unasked(worklist, folder, tmp_path, option):
    path, other = tmp_path / FILES[option], tmp_path / "other.csv"
    path.write_text("mine", encoding="utf-8")
    more = ("--csv", other) if option != "--csv" else ("--html", other)
    code, out, said = worklist(folder, option, path, *more)
    assert (code, out) == (2, "")
    assert said == f"equina: {path}: the file is there; give a new name, or --force to write over it\n"
    assert path.read_text(encoding="utf-8") == "mine"
    assert not other.exists()
    assert worklist(folder, option, path, "--force")[0] == 0
    assert path.read_text(encoding="utf-8") != "mine"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_system_without_links_is_written_to_all_the_same(worklist, folder, tmp_path, monkeypatch):
    def refuse(path, target):
        if path.name == "late.csv":  # somebody else was quicker
            path.write_text("theirs", encoding="utf-8")
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.hardlink_to", refuse)
    assert worklist(folder, "--csv", tmp_path / "list.csv")[0] == 0
    assert stat.S_IMODE((tmp_path / "list.csv").stat().st_mode) == 0o600
    code, _, said = worklist(folder, "--csv", tmp_path / "late.csv")
    assert (code, "the file is there" in said) == (2, True)
    assert (tmp_path / "late.csv").read_text(encoding="utf-8") == "theirs"
    assert {path.name for path in tmp_path.iterdir()} == {"run", "list.csv", "late.csv"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--csv", "FOLDER"), "is a directory"),
        (("--csv", "FOLDER/none/list.csv"), "there is no folder"),
        (("--csv", "FOLDER/x", "--html", "FOLDER/x"), "named twice"),
        (("--counts-only",), "--counts-only goes with --html FILE"),
        (("--only", "9"), "--only 9: the list has 3 places"),
        (("--size", "0"), "a whole number of 1 or more is expected"),
        (("--size", "many"), "a whole number of 1 or more is expected"),
        (("--level", "high"), "invalid choice"),
        (("--json", "--only", "1"), "not allowed with"),
    ],
)
def test_bad_options_are_refused(worklist, folder, arguments, words):
    code, out, said = worklist(folder, *(word.replace("FOLDER", str(folder)) for word in arguments))
    assert (code, out) == (2, "")
    assert words in said
    assert {path.name for path in folder.iterdir()} == {"results.parquet", "set_aside.jsonl", "manifest.json"}


def test_a_table_runs_nothing_and_keeps_the_ids(worklist, tmp_path):
    rows = [row("=p1", piece("urinary_retention", date=days(1), quote='=HYPERLINK("x")')), *ROWS]
    worklist(run(tmp_path / "run", rows), "--csv", tmp_path / "list.csv")
    with (tmp_path / "list.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [each["id"] for each in found] == ["=p1", *IDS]
    assert [each["place"] for each in found] == ["1", "2", "3", "4"]
    assert found[0]["words"] == '\'=HYPERLINK("x")'
    assert found[2]["words"].startswith("'-numb")
    assert found[1]["rules"] == "cannot_pass_urine"
    assert found[1]["protocol_digest"] == PROTOCOL.digest


# --- FHIR ----------------------------------------------------------------------------------------------------------------------

KNOWN = {
    "List": {"status", "mode", "title", "date", "source", "orderedBy", "note", "entry", "emptyReason"},
    "Flag": {"status", "category", "code", "subject", "period", "author", "extension"},
    "Provenance": {"target", "occurredDateTime", "recorded", "policy", "agent", "entity"},
}
SYSTEMS = {
    made["url"]: {concept["code"] for concept in made["concept"]}
    for made in definitions(PROTOCOL, [])
    if made["resourceType"] == "CodeSystem"
}


def bundle(worklist, folder, tmp_path, *arguments):
    assert worklist(folder, "--fhir", tmp_path / "list.json", *arguments)[0] == 0
    made = json.loads((tmp_path / "list.json").read_text(encoding="utf-8"))
    assert (made["resourceType"], made["type"]) == ("Bundle", "collection")
    resources = {entry["fullUrl"]: entry["resource"] for entry in made["entry"]}
    for resource in resources.values():
        assert set(resource) - {"resourceType"} <= KNOWN[resource["resourceType"]]
    return resources


def codings(value):
    if isinstance(value, dict):
        if "system" in value and "code" in value:
            yield value["system"], value["code"]
        for each in value.values():
            yield from codings(each)
    elif isinstance(value, list):
        for each in value:
            yield from codings(each)


def of(resources, kind):
    return [each for each in resources.values() if each["resourceType"] == kind]


def test_the_list_has_a_flag_for_each_patient_in_its_order(worklist, folder, tmp_path):
    resources = bundle(worklist, folder, tmp_path)
    (listed,) = of(resources, "List")
    flags = [resources[entry["item"]["reference"]] for entry in listed["entry"]]
    assert [flag["subject"]["reference"] for flag in flags] == [f"Patient/{id}" for id in IDS]
    assert len(of(resources, "Flag")) == len(flags) == 3
    assert (listed["status"], listed["mode"], flags[0]["status"]) == ("current", "snapshot", "active")
    assert flags[0]["period"]["start"] == days(1)
    assert flags[1]["extension"][0]["valueReference"] == {"reference": "Condition/c7"}
    assert any("No clinician has reviewed" in note["text"] for note in listed["note"])
    ours = [pair for pair in codings(flags) if pair[0].startswith("https://equina")]
    assert "cannot_pass_urine" in {code for _, code in ours}
    assert all(code in SYSTEMS[system] for system, code in ours)


def test_the_provenance_covers_all_and_names_the_digest(worklist, folder, tmp_path):
    resources = bundle(worklist, folder, tmp_path)
    (made,) = of(resources, "Provenance")
    covered = {target["reference"] for target in made["target"]}
    assert covered == {address for address, each in resources.items() if each is not made}
    assert made["entity"][0]["what"]["identifier"]["value"] == PROTOCOL.digest


def test_a_pseudonym_and_an_odd_id_name_no_resource(worklist, tmp_path):
    hidden = run(tmp_path / "hidden", ROWS, pseudonymised=True)
    flags = of(bundle(worklist, hidden, tmp_path), "Flag")
    assert [set(flag["subject"]) for flag in flags] == [{"type", "identifier"}] * 3
    assert not any("extension" in flag for flag in flags)
    odd = run(tmp_path / "odd", [row("a b", piece("urinary_retention")), row(None, piece("urinary_retention", line=8))])
    subjects = [flag["subject"] for flag in of(bundle(worklist, odd, tmp_path, "--force"), "Flag")]
    assert {"type": "Patient", "display": "no id (notes.jsonl, line 8)"} in subjects
    assert any(subject.get("identifier", {}).get("value") == "a b" for subject in subjects)


def test_an_empty_list_says_why_and_not_that_nobody_is_ill(worklist, tmp_path):
    resources = bundle(worklist, run(tmp_path / "run", [row("a")]), tmp_path)
    (listed,) = of(resources, "List")
    assert "entry" not in listed
    assert set(listed["emptyReason"]) == {"text"}
    assert "no reassurance" in listed["emptyReason"]["text"]


def test_the_same_run_makes_the_same_bundle(worklist, folder, tmp_path):
    first = bundle(worklist, folder, tmp_path)
    assert bundle(worklist, folder, tmp_path, "--force") == first


# --- folders that are no finished run ------------------------------------------------------------------------------------------


def rewrite(folder, **more):
    path = folder / "manifest.json"
    told = json.loads(path.read_text(encoding="utf-8")) | more
    path.write_text(json.dumps({key: value for key, value in told.items() if value != "gone"}), encoding="utf-8")


def sealed(folder):
    """The manifest's outputs, as they now are: a change that no digest tells."""
    files = [folder / "results.parquet", folder / "set_aside.jsonl"]
    outputs = [
        {"path": file.name, "rows": 4, "bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in files
    ]
    rewrite(folder, outputs=outputs)


def results(folder, rows, schema=SCHEMA):
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "results.parquet")
    sealed(folder)


def cut(folder):
    path = folder / "results.parquet"
    path.write_bytes(path.read_bytes()[:-100])


def flipped(folder):
    path = folder / "results.parquet"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)


def sealed_rubbish(folder):
    (folder / "results.parquet").write_bytes(b"PAR1" + b"x" * 100)
    sealed(folder)


def not_finished(folder):
    (folder / "manifest.json").unlink()


def not_a_finding(folder):
    results(folder, [*ROWS[1:], ROWS[0] | {"evidence": [piece("urinary_retention") | {"finding": "telepathy"}]}])


FAULTS = {
    "not finished": (not_finished, "it has no manifest.json; the run is not finished"),
    "not JSON": (lambda f: (f / "manifest.json").write_text("{"), "manifest.json: not JSON"),
    "a list": (lambda f: (f / "manifest.json").write_text("[]"), "manifest.json: an object is expected"),
    "another contract": (lambda f: rewrite(f, contract=99), "contract: 1 is expected, not 99"),
    "a key is missing": (lambda f: rewrite(f, counts="gone"), "counts: the key is missing"),
    "counts of another kind": (lambda f: rewrite(f, counts=[]), "not as a run writes it"),
    "a count that is none": (lambda f: rewrite(f, window_days=-1), "not as a run writes it"),
    "a moment that is none": (lambda f: rewrite(f, as_of="yesterday"), "not as a run writes it"),
    "a moment without its offset": (lambda f: rewrite(f, as_of="2026-11-25T12:00"), "as_of has no offset"),
    "another protocol": (
        lambda f: rewrite(f, protocol={"id": "back-pain", "version": "0.0.1", "digest": "sha256:00"}),
        "screened by protocol back-pain 0.0.1",
    ),
    "no results": (lambda f: (f / "results.parquet").unlink(), "results.parquet: the file is missing"),
    "results cut off": (cut, "it was changed or cut off"),
    "a bit flipped": (flipped, "its content is not what manifest.json says"),
    "no Parquet": (sealed_rubbish, "results.parquet: not Parquet as a run writes it"),
    "rows lost": (lambda f: results(f, ROWS[:2]), "2 rows, where manifest.json counts 4 patients"),
    "a column is missing": (lambda f: results(f, ROWS, SCHEMA.remove(SCHEMA.get_field_index("deceased"))), "deceased: the column"),
    "no level": (lambda f: results(f, [*ROWS[1:], ROWS[0] | {"low": "dire"}]), "not a level"),
    "a row of another protocol": (lambda f: results(f, [*ROWS[1:], ROWS[0] | {"protocol_digest": "x"}]), "of another protocol"),
    "a finding that is none": (not_a_finding, "a finding that the protocol does not know"),
    "no set-aside file": (lambda f: (f / "set_aside.jsonl").unlink(), "set_aside.jsonl: the file is missing"),
    "a set-aside line that is none": (
        lambda f: ((f / "set_aside.jsonl").write_text("{}\n"), sealed(f)),
        "set_aside.jsonl, line 1: not a JSON object with a reason",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_finished_run_is_refused_whole(worklist, folder, tmp_path, fault):
    spoil, words = FAULTS[fault]
    spoil(folder)
    code, out, said = worklist(folder, "--csv", tmp_path / "list.csv")
    assert (code, out) == (2, "")
    assert words in said
    assert len(said.splitlines()) == 1
    assert not any(id in said for id in IDS)
    assert not (tmp_path / "list.csv").exists()


def test_folders_that_are_none_are_refused(worklist, tmp_path):
    assert "no such folder" in worklist(tmp_path / "none")[2]
    (tmp_path / "file").write_text("x")
    assert "not a folder" in worklist(tmp_path / "file")[2]
    assert "no run of `equina screen` is in it" in worklist(tmp_path)[2]


def test_without_the_extra_it_says_what_to_install(folder, tmp_path):
    (tmp_path / "pyarrow").mkdir()
    (tmp_path / "pyarrow" / "__init__.py").write_text("raise ModuleNotFoundError('no', name='pyarrow')")
    path = os.pathsep.join((str(tmp_path), ENVIRONMENT["PYTHONPATH"]))
    code, out, said = equina("worklist", folder, env=ENVIRONMENT | {"PYTHONPATH": path})
    assert (code, out) == (2, b"")
    assert said == f"equina: {lacking('worklists are read with', 'pyarrow', 'batch')}\n"


# --- with the real screening run -----------------------------------------------------------------------------------------------


def test_from_notes_to_the_list(tmp_path):
    """Two lines of one patient are joined; the emergency comes first; a calm note is not on the list."""
    notes = [
        {"id": "n1", "text": "Low back pain after gardening, better with rest. No leg weakness."},
        {"id": "n2", "text": "Back pain for a week. Unable to pass urine since last night."},
        {"id": "n3", "findings": {"back_pain": True}},
        {"id": "n3", "findings": {"urgency": True}},
    ]
    path = tmp_path / "notes.jsonl"
    path.write_text("".join(json.dumps(note) + "\n" for note in notes) + "{\n", encoding="utf-8")
    code, _, said = equina("screen", path, "--out", tmp_path / "run", "--workers", 1, "--quiet")
    assert code == 0, said
    found = json.loads(equina("worklist", tmp_path / "run", "--json", "--context")[1])
    assert [(each["id"], each["level"]) for each in found["patients"]] == [("n2", "emergency"), ("n3", "urgent")]
    (said,) = [
        each["pieces"][0] for each in found["patients"][0]["evidence"] if each["counts"] and each["finding"] == "urinary_retention"
    ]
    assert (said["line"], said["before"]) == (2, "Back pain for a week. ")
    assert found["expected"]["patients"] == 3
