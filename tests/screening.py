"""A screening run as a test wants it: in this process, its rows by patient, what was set aside, its manifest."""

import json
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from equina.batch.contract import ASIDE_KEYS, MANIFEST_KEYS, RESULT_COLUMNS
from equina.cli import main
from equina.protocol import load

PROTOCOL = load()
AS_OF = "2026-11-23T02:10:00+00:00"
JUDGED = ("low", "high", "disposition", "settled", "reasons")
DEV_CASES = Path(__file__).parent / "cases" / "dev_cases.jsonl"


def dev_cases():
    """Each development case as a line for `triage`: its findings, and its clinical narrative as another line of text alone."""
    for line in DEV_CASES.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        findings = dict.fromkeys(case["findings_present"], True) | dict.fromkeys(case["findings_absent"], False)
        findings |= dict.fromkeys(case["findings_long_standing"], "long_standing")
        measured = {name: value for name, value in case.get("measurements", {}).items() if name in PROTOCOL.findings}
        known = {name: value for name, value in findings.items() if not PROTOCOL.findings[name].measured}
        yield {"id": case["id"], "age": case["age"], "sex": case["sex"], "findings": known | measured}
        yield {"id": case["id"] + "-text", "text": case["narrative_clinical"]}


class Run(NamedTuple):
    rows: list
    asides: list
    manifest: dict

    def of(self, id):
        """The one row of the patient."""
        [row] = [row for row in self.rows if row["id"] == id]
        return row


def results_in(out):
    """What a finished run left in its folder, held to the contract."""
    rows = pq.read_table(out / "results.parquet")
    assert rows.column_names == [each.name for each in RESULT_COLUMNS]
    asides = [json.loads(line) for line in (out / "set_aside.jsonl").read_bytes().splitlines()]
    assert all(tuple(each) == ASIDE_KEYS for each in asides)
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert tuple(manifest) == MANIFEST_KEYS
    assert manifest["counts"]["patients"] == rows.num_rows
    assert manifest["counts"]["set_aside"] == len(asides)
    return Run(rows.to_pylist(), asides, manifest)


def screen(out, *inputs, options=("--workers", "1"), as_of=AS_OF):
    """Run the command over the inputs, into the folder."""
    when = () if as_of is None else ("--as-of", as_of)
    code = main(["screen", *map(str, inputs), "--out", str(out), "--quiet", *when, *options])
    assert code == 0
    return results_in(out)


def judged(row):
    """What of a row `triage` says too."""
    return {key: row[key] for key in JUDGED}


def as_row(assessment):
    """What an assessment says, as a row has it."""
    return {key: getattr(assessment, key) for key in JUDGED[:4]} | {"reasons": [reason.id for reason in assessment.reasons]}


def write_lines(path, records, end="\n"):
    """The records, one a line."""
    path.write_text("".join(json.dumps(record) + end for record in records), encoding="utf-8")
    return path
