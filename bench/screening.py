"""Screening beside its named peers on the same bytes, in one run: coded events, rules over columns, notes, memory.

    screening.py                    a tenth of the full size, the table for memory whole; some minutes
    screening.py --full             1 million patients with 5 million events; 10 million rows of a table
    screening.py --short            that everything runs, and that the peers find what we find
    screening.py --part rules       one part: events, rules, notes or memory

Peers that are not installed (duckdb, polars, fhir.resources) are left out. Times are of the wall beside the time of the processors,
since other work on a machine slows the one more than the other; of a pair of rates the ratio is the figure.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import screening_peers as peers
from equina import load
from equina.batch.columns import Columns
from equina.batch.inputs import discover, tasks_of
from equina.batch.plan import partitions_for
from equina.batch.planes import packed
from equina.batch.scan import scan
from equina.batch.sift import Sieve
from equina.notes.lexicon import lexicon
from equina.notes.reading import read
from figures import EQUINA, Figure, absent, measured, write_rows
from population import AS_OF, HIDDEN, write_notes, write_population
from screening_notes import beside_the_reader

sys.path.append(str(Path(__file__).parent / "reading"))
from notes import generate  # those of the bench of readers, in its own folder

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "bench" / "screening.json"
FHIR4DS = ROOT / ".venv-reading" / "venv-fhir4ds" / "bin" / "python"
ROUNDS = 5
FEW = 5_000  # patients for a peer that takes milliseconds for each
FIRST_PASS = "equina, the first pass alone, one process"
SIZES = {
    "short": (2_000, 64_000, 180, 5_000),
    "tenth": (100_000, 1_000_000, 24_000, 1_000_000),
    "full": (1_000_000, 10_000_000, 48_000, 1_000_000),
}


def timed(run: Callable[[], Any]) -> tuple[float, float, Any]:
    """(Seconds of the wall, of the processors with those of ended children, what was returned)."""
    before, began = _processors(), time.monotonic()
    found = run()
    return time.monotonic() - began, _processors() - before, found


def _processors() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def screened(folder: Path, inputs: list[Path], workers: int) -> tuple[float, float, dict[str, Any], int]:
    """Run the command: wall, processors, manifest, and the most memory that one process of it took, in bytes."""
    out = folder / f"out-{workers}"
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "equina", "screen", *map(str, inputs), "--out", str(out), "--quiet"]
    command += ["--as-of", AS_OF.isoformat(), "--workers", str(workers)]
    watch = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"  # noqa: E501
    wall, cpu, done = timed(lambda: subprocess.run([sys.executable, "-c", watch, *command], check=True, capture_output=True))
    return wall, cpu, json.loads((out / "manifest.json").read_bytes()), int(done.stdout.split()[-1]) * 1024


# --- coded events ---------------------------------------------------------------------------------------------------------------


def events(patients: int, folder: Path) -> dict[str, Any]:
    """A population's patients and events, through the whole command; and the same bytes through the peers."""
    data = folder / "events"
    size = write_population(data, patients)
    files = sorted(data.iterdir())
    rows: list[tuple[str, float, float, str]] = []
    few = folder / "few"
    part = write_population(few, min(patients, FEW))
    sieve = Sieve(load(), AS_OF, 30)
    first_pass(few, folder, sieve)  # which makes the lexicon ready, and takes seconds
    # In turn, since a machine is now slower, now quicker: of each round the ratio counts.
    both = [(timed(lambda: peers.bare_msgspec(files)), timed(lambda: first_pass(data, folder, sieve))) for _ in range(ROUNDS)]
    bare_wall, bare_cpu, records = min((bare for bare, _ in both), key=lambda each: each[1])
    rows.append(("bare msgspec, typed parse of the same bytes, one process", bare_wall, bare_cpu, f"{records} records"))
    wall, cpu, _ = min((own for _, own in both), key=lambda each: each[1])
    rows.append((FIRST_PASS, wall, cpu, "decoded, sifted, dealt to disk; with the digests of the files"))
    ratios = [bare[1] / own[1] for bare, own in both]
    for workers in (1, 2):
        wall, cpu, manifest, _ = screened(folder, [data], workers)
        found = manifest["counts"]["low"]["emergency"]
        assert manifest["counts"]["patients"] == patients
        assert found == -(-(patients - 7) // HIDDEN), "every hidden emergency is found, and no other"
        rows.append(
            (
                f"equina screen, {workers} process{'es' if workers > 1 else ''}: read, join, judge, write",
                wall,
                cpu,
                f"{found} found",
            )
        )
    if find_spec("duckdb"):
        wall, cpu, found = timed(lambda: peers.by_hand_in_duckdb(files, AS_OF))
        rows.append(("DuckDB, SQL by hand for one rule of 114, 2 threads", wall, cpu, f"{found} found"))
    if find_spec("polars"):
        wall, cpu, found = timed(lambda: peers.by_hand_in_polars(files, AS_OF))
        rows.append(("Polars, the same query, 2 threads", wall, cpu, f"{found} found"))
    if find_spec("fhir"):
        wall, cpu, part = timed(lambda: peers.fhir_resources(files, 3_000))
        rows.append(
            (f"fhir.resources, {part / 1e6:.1f} MB of it, told for all", wall * size / part, cpu * size / part, "parse alone")
        )
    if FHIR4DS.exists():
        wall, _, told = timed(lambda: peers.by_cql_in_fhir4ds(FHIR4DS, few, AS_OF))
        cpu, what = (told["load"] + told["judge"]) * size / part, f"{told['found']} found of {told['patients']} patients"
        rows.append((f"fhir4ds-v2, the same rule in CQL, {part / 1e6:.0f} MB of it, told for all", wall * size / part, cpu, what))
    return {"patients": patients, "bytes": size, "rows": [_rate(row, size, bare_cpu) for row in rows], "first_pass_of_bare": ratios}


def first_pass(data: Path, folder: Path, sieve: Sieve) -> None:
    """The first half of a run by itself, in this process."""
    inputs, _ = discover([str(data)], str(folder))
    partitions, kept = partitions_for(inputs), folder / "first-pass"
    kept.mkdir(exist_ok=True)
    gc.disable()  # as a worker does
    for task in tasks_of(inputs):
        scan(task, inputs, sieve, partitions, kept, lambda _: None)
    gc.enable()
    shutil.rmtree(kept)


def _rate(row: tuple[str, float, float, str], size: int, bare: float) -> dict[str, Any]:
    name, wall, cpu, what = row
    return {
        "name": name,
        "seconds": wall,
        "processor_seconds": cpu,
        "mb_a_processor_second": size / 1e6 / cpu,
        "of_bare": bare / cpu,
        "what": what,
    }


# --- rules over columns ----------------------------------------------------------------------------------------------------------


def rules(rows: int, folder: Path) -> dict[str, Any]:
    """`low` and `high` of every row of a table of boolean columns, beside a copy of the same columns and other engines."""
    protocol = load()
    stated = [f.id for f in protocol.findings.values() if not f.measured and f.kind != "choice"]
    names = [*protocol.core_flags, *(name for name in stated if name not in protocol.core_flags)][:60]
    draws = np.random.default_rng(8)
    table = pa.table({name: pa.array(draws.random(rows) < 0.02, mask=draws.random(rows) < 0.5) for name in names})
    columns = Columns(protocol, names)
    given = columns.planes(table)
    words, wanted = -(-rows // 64), [*columns.low[1:], *columns.high[1:]]
    planes = [plane for name in names for plane in packed(table.column(name))]
    copies = [np.empty_like(plane) for plane in planes]

    def copy() -> None:
        for plane, into in zip(planes, copies, strict=True):
            np.copyto(into, plane)

    def best(run: Callable[[], Any]) -> float:
        run()
        return min(timed(run)[1] for _ in range(5))

    copied = best(copy)
    path = folder / "rules.parquet"
    pq.write_table(table, path, row_group_size=1_000_000)
    found: list[tuple[str, float]] = [
        ("a copy of the same columns", copied),
        ("bit planes (numpy): low and high of all rules", best(lambda: columns.program.run(given, wanted, words))),
        ("bit planes: advice and settled too", best(lambda: columns.judge(table))),
        ("reading the columns from Parquet (pyarrow)", best(lambda: pq.read_table(path, use_threads=False))),
    ]
    low = [int(np.bitwise_count(plane).sum()) for plane in columns.program.run(given, list(columns.low[1:]), words)]
    for name, run in (("polars", peers.rules_in_polars), ("duckdb", peers.rules_in_duckdb)):
        if find_spec(name):
            seconds, theirs = run(protocol, columns, table)
            assert theirs == low, f"{name} finds {theirs}, and we {low}"
            found.append((f"{name}: low of all rules, 2 threads (processor time)", seconds))
    return {
        "rows": rows,
        "columns": len(names),
        "operations": len(columns.program),
        "found": [
            {"name": name, "seconds": seconds, "million_rows_a_second": rows / 1e6 / seconds, "of_copy": copied / seconds}
            for name, seconds in found
        ],
    }


# --- notes -----------------------------------------------------------------------------------------------------------------------


def notes(count: int, folder: Path) -> dict[str, Any]:
    """Invented notes, no two of which say the same: the whole command over them as records, and in turn with it the reader alone.

    Of some runs by one process and by two at once (a process beside another is slower) the one in the middle counts.
    """
    varied, many = list(_varied(count)), folder / "many.ndjson"
    size = write_notes(many, iter(varied))
    rows: list[dict[str, Any]] = []
    for workers in (1, 2):
        runs = beside_the_reader(many, folder, workers, AS_OF, ROUNDS if count >= SIZES["tenth"][2] else 1)
        ordered = sorted(runs, key=lambda run: run.reader / run.screening)
        run = ordered[(len(ordered) - 1) // 2]
        assert run.notes == count
        processes = f"{workers} process{'es' if workers > 1 else ''}"
        rows.append({"name": f"the reader alone, {processes}", "processor_seconds": run.reader, "of_reader": 1.0})
        name = f"equina screen, {processes}, records to rows"
        ratios = {"of_reader": run.reader / run.screening, "of_each_run": [each.reader / each.screening for each in ordered]}
        rows.append({"name": name, "processor_seconds": run.screening, **ratios})
    for row in rows:
        row["notes_a_processor_second"] = count / row["processor_seconds"]
    words = lexicon(load())
    found = [read(words, text).mentions for text in varied[: count // 3]]
    said = {tuple((each.finding, each.assertion, each.onset) for each in mentions) for mentions in found}
    kinds = {"mentions_a_note": sum(map(len, found)) / len(found), "said_the_same": 1 - len(said) / len(found)}
    return {"notes": count, "bytes": size, **kinds, "rows": rows}


def _varied(count: int) -> Iterator[str]:
    """So many notes, each of the first half of one of the notes that readers are timed with, and of the second half of another."""
    told = [note.text.split("\n") for note in generate(min(count, 400))]
    for i in range(count):
        first, second = told[i % len(told)], told[(i * 7 + 3 + i // len(told)) % len(told)]
        yield "\n".join((*first[: len(first) // 2], f"Seen on day {i}.", *second[len(second) // 2 :]))


# --- memory ----------------------------------------------------------------------------------------------------------------------


def memory(rows: int, folder: Path) -> dict[str, Any]:
    """The most that a process takes, for a table of so many rows and for one of ten times as many."""
    return {"runs": [_table_run(count, folder) for count in (rows, rows * 10)]}


def _table_run(rows: int, folder: Path) -> dict[str, Any]:
    names = ["back_pain", "urinary_retention", "saddle_anesthesia", "fever"]
    names += ["leg_weakness", "bowel_incontinence", "weight_loss", "trauma"]
    draws, path = np.random.default_rng(8), folder / f"table-{rows}.parquet"
    kinds = pa.schema([("id", pa.string()), ("age", pa.float64()), *((name, pa.bool_()) for name in names)])
    with pq.ParquetWriter(path, kinds) as file:
        for start in range(0, rows, 100_000):
            size = min(100_000, rows - start)
            columns = [pa.array(draws.random(size) < 0.005, mask=draws.random(size) < 0.5) for _ in names]
            ids = pa.array([f"p{number:09d}" for number in range(start, start + size)])
            file.write_table(pa.Table.from_arrays([ids, pa.array(np.floor(draws.random(size) * 95)), *columns], schema=kinds))
    wall, cpu, manifest, most = screened(folder, [path], 2)
    assert manifest["counts"]["patients"] == rows
    return {"rows": rows, "seconds": wall, "processor_seconds": cpu, "rows_a_second": rows / wall, "most_bytes_of_a_process": most}


# --- the report ------------------------------------------------------------------------------------------------------------------


def figures(report: dict[str, Any]) -> Iterator[Figure]:
    """The figures of the parts that were run, for report.py."""
    for part, told in (("events", event_figures), ("rules", rule_figures), ("notes", note_figures), ("memory", memory_figures)):
        if part in report:
            yield from told(report[part])


def event_figures(found: dict[str, Any]) -> Iterator[Figure]:
    area, rates = "screening", {row["name"]: row["mb_a_processor_second"] for row in found["rows"]}
    for name, rate in rates.items():
        yield measured(area, "coded events", name, "MB a processor second", rate)
    for peer, package in (("DuckDB", "duckdb"), ("Polars", "polars"), ("fhir.resources", "fhir")):
        if not find_spec(package):
            yield absent(area, "coded events", peer, "MB a processor second", "not installed here")
    if not FHIR4DS.exists():
        why = "no environment; bench/reading/environments.py fhir4ds builds it"
        yield absent(area, "coded events", "fhir4ds-v2", "MB a processor second", why)
    one = next(rate for name, rate in rates.items() if name.startswith("equina screen, 1"))
    bare = next(rate for name, rate in rates.items() if name.startswith("bare"))
    yield measured(area, "coded events beside a bare parse", EQUINA, "of its speed", found["first_pass_of_bare"])
    yield measured(area, "a whole run beside a bare parse", EQUINA, "of its speed", one / bare)
    for name, rate in rates.items():
        if name.startswith("fhir.resources"):
            yield measured(area, "coded events beside fhir.resources", EQUINA, "times as fast", rates[FIRST_PASS] / rate)
            yield measured(area, "a whole run beside a parse by fhir.resources", EQUINA, "times as fast", one / rate)
    if found["patients"] == 1_000_000:
        two = next(row["seconds"] for row in found["rows"] if row["name"].startswith("equina screen, 2"))
        yield measured(area, "a million patients with five million codes", EQUINA, "s", two, more_is_better=False)


def rule_figures(found: dict[str, Any]) -> Iterator[Figure]:
    names = {
        "bit planes (numpy): low and high of all rules": EQUINA,
        "bit planes: advice and settled too": "equina, advice and settled too",
    }
    for row in found["found"]:
        yield measured(
            "screening", "rules over columns", names.get(row["name"], row["name"]), "million rows/s", row["million_rows_a_second"]
        )
        if names.get(row["name"]) == EQUINA:
            yield measured("screening", "rules over columns beside a copy of them", EQUINA, "of its speed", row["of_copy"])


def note_figures(found: dict[str, Any]) -> Iterator[Figure]:
    for row in found["rows"]:
        name = row["name"] if row["name"].startswith("equina") else f"equina, {row['name']}"
        yield measured("screening", "notes", name, "notes a processor second", row["notes_a_processor_second"])
    yield measured(
        "screening", "notes beside the reader alone, two processes", EQUINA, "of its speed", found["rows"][-1]["of_reader"]
    )


def memory_figures(found: dict[str, Any]) -> Iterator[Figure]:
    few, many = found["runs"]
    for run in (few, many):
        yield measured(
            "screening",
            f"memory of a process, {run['rows']:,} rows",
            EQUINA,
            "MB",
            run["most_bytes_of_a_process"] / 1e6,
            more_is_better=False,
        )
    ratio = many["most_bytes_of_a_process"] / few["most_bytes_of_a_process"]
    yield measured(
        "screening", "memory of a process, ten times the rows beside one", EQUINA, "times as much", ratio, more_is_better=False
    )


def main() -> None:
    """Run the parts, print them, and keep them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--short", action="store_const", const="short", dest="size", default="tenth")
    options.add_argument("--full", action="store_const", const="full", dest="size")
    options.add_argument("--part", choices=("events", "rules", "notes", "memory"), action="append")
    options.add_argument("--folder", help="where the made-up data goes (default: a temporary folder)")
    options.add_argument("--rows", type=Path, help="write the figures there, for report.py")
    chosen = options.parse_args()
    parts = dict(zip((events, rules, notes, memory), SIZES[chosen.size], strict=True))
    report: dict[str, Any] = {"machine": platform.platform(), "processors": os.cpu_count(), "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        for part, size in parts.items():
            if chosen.part is None or part.__name__ in chosen.part:
                report[part.__name__] = part(size, Path(folder))
                print(json.dumps({part.__name__: report[part.__name__]}, indent=1), flush=True)
    write_rows(chosen.rows, figures(report))
    RESULT.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")


if __name__ == "__main__":
    main()
