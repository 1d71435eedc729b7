"""Runs of `equina screen`, made small: folders as docs/screening.md tells them, from cases."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

from equina import Case, assess  # noqa: E402
from equina.batch.contract import CONTRACT, EVIDENCE, MANIFEST, RESULT_COLUMNS, RESULTS, SET_ASIDE  # noqa: E402
from equina.model import LONG_STANDING  # noqa: E402
from equina.worklist.patient import Patient, Piece  # noqa: E402
from strategies import PROTOCOL  # noqa: E402

AS_OF = datetime(2026, 11, 25, 12, tzinfo=UTC)
KINDS = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "list<string>": pa.list_(pa.string()),
    "list<evidence>": pa.list_(
        pa.struct([(column.name, {"int32": pa.int32(), "int64": pa.int64()}.get(column.kind, pa.string())) for column in EVIDENCE])
    ),
}
SCHEMA = pa.schema([pa.field(column.name, KINDS[column.kind], nullable=column.nullable) for column in RESULT_COLUMNS])


def days(count):
    """The day so many days before the run, as a record would date it."""
    return (AS_OF - timedelta(days=count)).date().isoformat()


def piece(finding, value=True, *, date=None, file="notes.jsonl", line=1, quote=None, origin="record", **more):
    """One item of the evidence."""
    told = {True: "true", False: "false", None: "null"}.get(value, str(value)) if not isinstance(value, float) else f"{value:g}"
    said = {"false": "absent", "null": "uncertain"}.get(told, "present")
    made = {
        "finding": finding,
        "value": told,
        "assertion": said,
        "origin": origin,
        "file": file,
        "line": line,
        "start": None,
        "end": None,
        "quote": quote or f"{finding} in the record",
        "code": None,
        "date": date,
    }
    return made | more


def row(id, *evidence, age=None, sex=None, **more):
    """The row of a patient of whom a record states this, judged by the shipped protocol."""
    values = {each["finding"]: _value(each["value"]) for each in evidence if each["value"] is not None}
    values |= {name: value for name, value in (("age_years", age), ("sex_at_birth", sex)) if value is not None}
    assessment = assess(PROTOCOL, Case(values=values, as_of=AS_OF, answered_by="record"))
    present = [name for name, value in values.items() if value in (True, LONG_STANDING)]
    made = {
        "id": id,
        "low": assessment.low,
        "high": assessment.high,
        "disposition": assessment.disposition,
        "settled": assessment.settled,
        "reasons": [reason.id for reason in assessment.reasons],
        "questions_left": None,
        "nearest_rule": None,
        "nearest_needs": [],
        "nearest_known": 0,
        "present": present,
        "latest": None,
        "age_years": age,
        "sex": sex,
        "window_start": AS_OF - timedelta(days=30),
        "window_end": AS_OF,
        "evidence": list(evidence),
        "conflicts": [],
        "set_aside": 0,
        "deceased": False,
        "protocol_version": PROTOCOL.version,
        "protocol_digest": PROTOCOL.digest,
    }
    return made | more


def patient_of(made):
    """The patient of a row, as the worklist reads it."""
    names = ("id", "low", "high", "disposition", "questions_left", "nearest_rule", "nearest_known", "latest", "age_years", "sex")
    lists = {name: tuple(made[name]) for name in ("reasons", "nearest_needs", "conflicts")}
    pieces = tuple(Piece(**each) for each in made["evidence"])
    return Patient(**{name: made[name] for name in names}, **lists, as_of=made["window_end"], evidence=pieces)


def run(folder, rows, aside=(), **more):
    """The folder of a finished run with these rows."""
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / RESULTS)
    (folder / SET_ASIDE).write_text("".join(json.dumps(each) + "\n" for each in aside), encoding="utf-8")
    (folder / MANIFEST).write_text(json.dumps(manifest(folder, rows, aside) | more), encoding="utf-8")
    return folder


def parted(folder, rows):
    """The folder of a run with these rows as the Spark engine leaves them: a folder of part files."""
    run(folder, rows)
    (folder / RESULTS).unlink()
    (folder / RESULTS).mkdir()
    for number, part in enumerate((rows[1:], rows[:1])):
        pq.write_table(pa.Table.from_pylist(part, schema=SCHEMA), folder / RESULTS / f"part-{number}.parquet")
    (folder / RESULTS / "_SUCCESS").touch()
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    told["outputs"] = [output(folder / name, len(rows)) for name in (RESULTS, SET_ASIDE)]
    (folder / MANIFEST).write_text(json.dumps(told), encoding="utf-8")
    return folder


def manifest(folder, rows, aside):
    """What the run says of itself."""
    return {
        "contract": CONTRACT,
        "engine": "local",
        "equina": "0.1.0",
        "protocol": {"id": PROTOCOL.id, "version": PROTOCOL.version, "digest": PROTOCOL.digest},
        "packages": {},
        "as_of": AS_OF.isoformat(),
        "window_days": 30,
        "window_start": (AS_OF - timedelta(days=30)).isoformat(),
        "pseudonymised": False,
        "workers": 1,
        "started": AS_OF.isoformat(),
        "finished": (AS_OF + timedelta(seconds=9)).isoformat(),
        "seconds": 9.0,
        "resumed": 0,
        "inputs": [
            {"path": "notes.jsonl", "bytes": 1000, "sha256": "0", "kind": "jsonl", "records": len(rows), "set_aside": len(aside)}
        ],
        "records": {"case": {"read": len(rows) + 3, "kept": len(rows)}},
        "not_counted": {"a note from before this episode": 3},
        "counts": {
            "patients": len(rows),
            "low": dict(Counter(each["low"] for each in rows)),
            "high": dict(Counter(each["high"] for each in rows)),
            "disposition": dict(Counter(each["disposition"] or "none" for each in rows)),
            "set_aside": len(aside),
            "refused": sum(each.get("what") == "input" for each in aside),
        },
        "reasons": dict(Counter(reason for each in rows for reason in each["reasons"])),
        "outputs": [output(folder / name, len(rows)) for name in (RESULTS, SET_ASIDE)],
    }


def output(path, rows):
    """What the manifest says of a file; of a folder of part files the digest is that of their digests, by name."""
    files = sorted(each for each in path.iterdir() if each.name[0] not in "._") if path.is_dir() else [path]
    digests = [hashlib.sha256(each.read_bytes()).hexdigest() for each in files]
    together = "".join(f"{one}  {each.name}\n" for one, each in zip(digests, files, strict=True))
    whole = hashlib.sha256(together.encode()).hexdigest() if path.is_dir() else digests[0]
    return {"path": path.name, "rows": rows, "bytes": sum(each.stat().st_size for each in files), "sha256": whole}


def _value(told):
    words = {"true": True, "false": False, "null": None, LONG_STANDING: LONG_STANDING}
    return words[told] if told in words else float(told)
