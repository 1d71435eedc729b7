"""The end of a run: the parts become one file, what was set aside another, and the manifest says of what it all was made."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from equina import __version__
from equina.batch.contract import CONTRACT, MANIFEST, RESULTS, SET_ASIDE, WORK
from equina.batch.parts import read_part
from equina.batch.plan import Plan
from equina.batch.pseudonym import pseudonyms
from equina.batch.rows import schema
from equina.batch.scan import digest
from equina.batch.spill import put, written
from equina.model import DISPOSITIONS, Protocol

__all__ = ["finish"]

_PACKAGES = ("pyarrow", "numpy", "msgspec")
_ENGINES = {"local": (), "spark": ("pyspark",)}
_A_GROUP = 100_000  # rows of a row group
# Of what columns a row group tells the least and the most: nobody seeks by the parts of lists, and they take a seventh of the time.
_TOLD = [field.name for field in schema() if not pa.types.is_list(field.type)]
Found = Mapping[str, Any]


def finish(
    plan: Plan,
    protocol: Protocol,
    out: Path,
    tasks: list[Found],
    judged: list[Found],
    workers: int,
    seconds: float,
    *,
    engine: str = "local",
    rows: int | None = None,
) -> dict[str, Any]:
    """Write the results, what was set aside, and last the manifest, which it returns.

    `rows`: how many there are of the results, where the engine has written them itself, as a folder of part files.
    """
    folder = out / WORK
    if rows is None:
        with written(out / RESULTS) as file:
            rows = _results(folder, len(judged), file)
    with written(out / SET_ASIDE) as file:
        asides, refused = _set_aside(plan, folder, tasks, len(judged), file)
    manifest = {
        "contract": CONTRACT,
        "engine": engine,
        "equina": __version__,
        "protocol": {"id": protocol.id, "version": protocol.version, "digest": protocol.digest},
        "packages": {"python": sys.version.split()[0], **{name: version(name) for name in (*_PACKAGES, *_ENGINES[engine])}},
        "as_of": plan.as_of.isoformat(),
        "window_days": plan.window_days,
        "window_start": plan.window_start.isoformat(),
        "pseudonymised": plan.pseudonym is not None,
        "workers": workers,
        "started": plan.started,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "resumed": plan.resumed,
        "inputs": _inputs(plan, tasks, asides),
        "records": _records(tasks),
        "not_counted": dict(sorted(_total("not_counted", (*tasks, *judged)).items())),
        "counts": {
            "patients": rows,
            "low": _levels("low", judged),
            "high": _levels("high", judged),
            "disposition": {**_levels("disposition", judged), "none": _total("disposition", judged)["none"]},
            "set_aside": asides.total(),
            "refused": refused,
        },
        "reasons": dict(_total("reasons", judged).most_common()),
        "outputs": [_output(out / RESULTS, rows), _output(out / SET_ASIDE, asides.total())],
    }
    with written(out / MANIFEST) as file:
        put(file, json.dumps(manifest, indent=1).encode("ascii") + b"\n")
    return manifest


def _total(key: str, found: Iterable[Found]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in found:
        total.update(each[key])
    return total


def _levels(key: str, judged: list[Found]) -> dict[str, int]:
    total = _total(key, judged)
    return {level: total[level] for level in DISPOSITIONS}


def _records(tasks: list[Found]) -> dict[str, dict[str, int]]:
    read, kept = _total("read", tasks), _total("kept", tasks)
    return {kind: {"read": read[kind], "kept": kept[kind]} for kind in sorted(read)}


def _inputs(plan: Plan, tasks: list[Found], asides: Counter[str]) -> list[dict[str, object]]:
    records: Counter[int] = Counter()
    digests: dict[int, str] = {}
    for each in tasks:
        records.update({int(input): number for input, number in each["records"].items()})
        digests |= {int(input): digest for input, digest in each["digests"].items()}
    return [
        {
            "path": each.name,
            "bytes": each.bytes,
            "sha256": digests.get(number),
            "kind": each.kind + (f", {each.packed}" if each.packed else ""),
            "records": records[number],
            "set_aside": asides[each.name],
        }
        for number, each in enumerate(plan.inputs)
    ]


def _output(path: Path, rows: int) -> dict[str, object]:
    """What the manifest says of an output; the digest of a folder is that of the digests of its files, by name."""
    files = sorted(each for each in path.iterdir() if each.name[0] not in "._") if path.is_dir() else [path]
    digests = [digest(str(each)) for each in files]
    together = "".join(f"{one}  {each.name}\n" for one, each in zip(digests, files, strict=True))
    return {
        "path": path.name,
        "rows": rows,
        "bytes": sum(each.stat().st_size for each in files),
        "sha256": hashlib.sha256(together.encode()).hexdigest() if path.is_dir() else digests[0],
    }


def _results(folder: Path, parts: int, file: BinaryIO) -> int:
    """The parts, one after the other, in row groups of a good size; how many rows."""
    rows, held, number = 0, [], 0
    with pq.ParquetWriter(file, schema(), compression="zstd", write_statistics=_TOLD) as writer:
        for number in range(parts):
            table = read_part(folder, number)
            rows += table.num_rows
            held.append(table)
            if sum(each.num_rows for each in held) >= _A_GROUP or number == parts - 1:
                writer.write_table(pa.concat_tables(held).combine_chunks(), row_group_size=_A_GROUP)
                held = []
    return rows


def _set_aside(plan: Plan, folder: Path, tasks: list[Found], parts: int, file: BinaryIO) -> tuple[Counter[str], int]:
    """What was set aside, as one file; (how many of each input, how many were not read at all)."""
    by_input: Counter[str] = Counter()
    refused = 0
    pseudonym = pseudonyms() if plan.pseudonym else None
    for row in _asides(plan, folder, tasks, parts):
        by_input[str(row["file"])] += 1
        refused += row["what"] == "input"
        if pseudonym is not None and isinstance(row["id"], str):
            row["id"] = pseudonym(row["id"])
        put(file, json.dumps(row).encode("ascii") + b"\n")
    return by_input, refused


def _asides(plan: Plan, folder: Path, tasks: list[Found], parts: int) -> Iterator[dict[str, object]]:
    def row(file: str, line: int | None, what: str, why: str, id: str | None = None, quote: str | None = None) -> dict[str, object]:
        return {"file": file, "line": line, "what": what, "reason": why, "id": id, "quote": quote}

    for name, why in plan.asides:
        yield row(name, None, "input", why)
    before: Counter[int] = Counter()
    for task, found in zip(plan.tasks, tasks, strict=True):
        with (folder / f"task-{task.number:06d}.asides").open("rb") as file:
            for line in file:
                input, number, why = msgspec.json.decode(line)
                yield row(plan.inputs[input].name, None if number is None else number + before[input], "input", why)
        before.update({int(input): number for input, number in found["lines"].items()})
    for part in range(parts):
        with (folder / f"part-{part:06d}.asides").open("rb") as file:
            for line in file:
                input, number, what, why, id, quote = msgspec.json.decode(line)
                yield row(plan.inputs[input].name, number, what, why, id, quote)
