"""Spark: the rules as SQL columns, as bit planes through mapInArrow and as a Python UDF beside a bare scan; two workers beside one.

    spark.py           tables of 1,000,000 and 300,000 rows, two rounds; a population of 6,000 patients with texts
    spark.py --short   little of each, one round: that everything runs and agrees

The cluster is a standalone master with its workers on loopback. Rates are for each second of processor time of the machines of the
cluster, since other programs share this one, and as a share of the bare scan of the same run. Written to bench/spark.json as well.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sql

from equina import Case, load
from equina.batch.columns import Columns
from equina.batch.inputs import discover, tasks_of
from equina.batch.plan import Plan
from equina.batch.screen import held
from equina.batch.spark import carry_out_on_spark
from equina.batch.spark_rules import with_levels
from equina.model import DISPOSITIONS, Protocol
from equina.triage import interval

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from figures import Figure, absent, measured, write_rows  # noqa: E402
from spark_cluster import Cluster, why_not  # noqa: E402

AS_OF = datetime(2026, 11, 25, 12, tzinfo=UTC)
SEED = 20261126
STATED = 0.5  # of the cells of the table
TRUE = 0.04


def columns_of(protocol: Protocol, count: int) -> list[str]:
    """The findings that the table has a column of: those that decide most come first."""
    stated = [each.id for each in protocol.findings.values() if not each.measured and each.kind != "choice"]
    return list(dict.fromkeys(("back_pain", *protocol.core_flags, *protocol.baseline_facts, *stated)))[:count]


def write_table(path: Path, names: list[str], rows: int) -> None:
    """A table of booleans, half of them null."""
    dice = np.random.default_rng(SEED)
    columns = {"id": pa.array(np.arange(rows))}
    for name in names:
        columns[name] = pa.array(dice.random(rows) < TRUE, mask=dice.random(rows) > STATED)
    pq.write_table(pa.table(columns), path, row_group_size=100_000)


# --- the contenders: each gives (id, low, high) of every row ---------------------------------------------------------------------


def scan(table: DataFrame, names: list[str]) -> DataFrame:
    """Spark alone: every cell is read, and how many are true is summed."""
    trues = " + ".join(f"int(coalesce({name}, false))" for name in names)
    return table.selectExpr("id", f"{trues} AS trues")


def as_sql(table: DataFrame, names: list[str]) -> DataFrame:
    return with_levels(table.select("id", *names), load()).select("id", "low", "high")


def as_planes(table: DataFrame, names: list[str]) -> DataFrame:
    def judge(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        columns, levels = Columns(load(), names), pa.array(DISPOSITIONS)
        for batch in batches:
            found = columns.judge(batch)
            low, high = (levels.take(pa.array(each)) for each in (found.low, found.high))
            yield pa.RecordBatch.from_arrays([batch.column("id"), low, high], ["id", "low", "high"])

    return table.mapInArrow(judge, "id bigint, low string, high string")


def as_udf(table: DataFrame, names: list[str]) -> DataFrame:
    kept: list[Protocol] = []  # loaded once in each process beside the executors

    def one(row: Any) -> tuple[str, str]:
        if not kept:
            kept.append(load())
        values = {name: value for name, value in row.asDict().items() if value is not None}
        return interval(kept[0], Case(values=values))

    judged = sql.udf(one, "low string, high string")(sql.struct(*names)).alias("found")
    return table.select("id", judged).select("id", "found.low", "found.high")


CONTENDERS: dict[str, tuple[Callable[[DataFrame, list[str]], DataFrame], int]] = {
    "Spark alone: scan and sum": (scan, 1),
    "SQL columns (with_levels)": (as_sql, 1),
    "mapInArrow, bit planes": (as_planes, 1),
    "Python UDF, case by case": (as_udf, 50),  # on one row of so many, since it takes so long
}


def compare(spark: SparkSession, cluster: Cluster, folder: Path, count: int, rows: int, rounds: int) -> list[dict[str, Any]]:
    """The contenders in turn, round by round."""
    names, path = columns_of(load(), count), folder / f"table-{count}.parquet"
    write_table(path, names, rows)
    write_table(folder / f"few-{count}.parquet", names, rows // 50)
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "65536")
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for turn in range(rounds + 1):  # the first is not counted
        for name, (contender, share) in CONTENDERS.items():
            table = spark.read.parquet(str(path if share == 1 else folder / f"few-{count}.parquet"))
            before = cluster_seconds(cluster)
            contender(table, names).write.mode("overwrite").format("noop").save()
            if turn:
                seconds[name].append(cluster_seconds(cluster) - before)
    few = spark.read.parquet(str(folder / f"few-{count}.parquet"))
    agree(few, names)
    floor = rows / statistics.median(seconds["Spark alone: scan and sum"])
    found = []
    for name, (_, share) in CONTENDERS.items():
        rate = rows / share / max(0.01, statistics.median(seconds[name]))
        found.append(
            {
                "columns": count,
                "rows": rows // share,
                "how": name,
                "rows_a_cpu_second": round(rate),
                "of_scan": round(rate / floor, 5),
            }
        )
        print(f"  {count:4} columns  {name:28} {rate / 1000:10.1f} k rows per CPU second  {rate / floor:8.4f} of the scan")
    return found


def agree(table: DataFrame, names: list[str]) -> None:
    """Every contender says the same of every row."""
    ways = [contender for _, (contender, _) in list(CONTENDERS.items())[1:]]
    told = [sorted(map(tuple, way(table, names).collect())) for way in ways]
    assert told[0] == told[1] == told[2], "the contenders do not agree"


def cluster_seconds(cluster: Cluster) -> float:
    """Seconds of processor time that the workers, their executors and the Python beside them have used so far."""
    groups = {process.pid for name, process in cluster.processes.items() if name.startswith("worker")}
    ticks = 0
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = each.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) in groups:  # the session, which each worker begins
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


# --- the whole engine: two workers beside one ------------------------------------------------------------------------------------


def write_population(folder: Path, patients: int) -> None:
    """Five coded records for each patient, and a letter of 300 words for every fifth."""
    folder.mkdir()
    dice = random.Random(SEED)
    codes = [
        ("267064002", "Retention of urine"),
        ("279039007", "Low back pain"),
        ("386661006", "Fever"),
        ("38341003", "Hypertension"),
    ]
    plain = "He lives alone and walks the dog every morning. The shop was busy. No change of medicines was made. "
    with (folder / "Condition.ndjson").open("w") as conditions, (folder / "DocumentReference.ndjson").open("w") as letters:
        for number in range(patients):
            subject = {"reference": f"Patient/p{number}"}
            for each in range(5):
                code, words = dice.choices(codes, (1, 5, 2, 40))[0]
                coding = [{"system": "http://snomed.info/sct", "code": code, "display": words}]
                when = f"2026-{dice.randint(1, 11):02}-{dice.randint(1, 24):02}"
                record = {"resourceType": "Condition", "id": f"c{number}-{each}", "subject": subject, "code": {"coding": coding}}
                conditions.write(json.dumps(record | {"recordedDate": when}) + "\n")
            if number % 5 == 0:
                said = dice.choice(["Back pain for a week. Numb when wiping.", "Denies numbness. No fever.", "Cannot pass urine."])
                data = base64.b64encode((plain * 8 + said + plain * 8).encode()).decode()
                letter = {"resourceType": "DocumentReference", "id": f"d{number}", "status": "current", "subject": subject}
                content = [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}]
                letters.write(json.dumps(letter | {"date": "2026-11-20T10:00:00Z", "content": content}) + "\n")


def engine(folder: Path, workers: int, patients: int) -> dict[str, Any]:
    """A run of the whole engine on so many workers, after one that is not counted."""
    protocol, population = load(), folder / "population"
    inputs, asides = discover([str(population)], str(folder / "out"))
    chunk = max(100_000, sum(each.bytes for each in inputs) // 16)
    plan = Plan(
        inputs=tuple(inputs),
        asides=tuple(asides),
        tasks=tuple(tasks_of(inputs, chunk)),
        partitions=16,
        as_of=AS_OF,
        window_days=30,
        protocol=None,
        digest=protocol.digest,
        pseudonym=None,
        started=AS_OF.isoformat(),
    )
    (folder / f"cluster{workers}").mkdir()
    with Cluster(folder / f"cluster{workers}", workers=workers, brief=False) as cluster:
        spark = session(cluster)
        taken = []
        for turn in range(2):
            out = folder / f"out{workers}-{turn}"
            with held(out):
                before, began = cluster_seconds(cluster), time.monotonic()
                carry_out_on_spark(plan, protocol, out, cluster.address)
                taken = [time.monotonic() - began, cluster_seconds(cluster) - before]
        spark.stop()
    wall, cpu = taken
    rate = patients / cpu
    print(f"  workers: {workers} {wall:9.1f} s {cpu:9.1f} CPU seconds {rate:9.0f} patients per CPU second")
    return {"workers": workers, "patients": patients, "seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)}


def session(cluster: Cluster) -> SparkSession:
    """A session on the cluster; the engine takes it as the one that is there already."""
    os.environ |= {name: value for name, value in cluster.environment.items() if name.startswith(("SPARK_", "PYSPARK_"))}
    spark = SparkSession.builder.master(cluster.address).config("spark.ui.showConsoleProgress", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def figures(result: dict[str, Any]) -> Iterator[Figure]:
    """The figures for report.py; both ways of ours stand beside Spark alone and a UDF."""
    names = {"SQL columns (with_levels)": "equina, SQL columns", "mapInArrow, bit planes": "equina, bit planes in mapInArrow"}
    for row in result["rules"]:
        what, who = f"rules over a table of {row['columns']} columns", names.get(row["how"], row["how"])
        yield measured("spark", what, who, "rows a processor second", row["rows_a_cpu_second"])
    for run in result["engine"]:
        what, who = f"{run['patients']:,} patients, records and letters", f"equina, workers: {run['workers']}"
        yield measured("spark", what, who, "s", run["seconds"], more_is_better=False)
    first, second = (run["seconds"] for run in result["engine"])
    yield measured("spark", "two workers beside one", "equina", "times as fast", first / second)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="little of each, one round")
    parser.add_argument("--rows", type=Path, help="write the figures there, for report.py")
    given = parser.parse_args()
    short = given.short
    if reason := why_not():
        write_rows(given.rows, [absent("spark", "rules over a table", "equina on Spark", "rows a processor second", reason)])
        print(f"spark: {reason}", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="equina-bench-"))
    try:
        result: dict[str, Any] = {"rules": [], "engine": []}
        (folder / "cluster").mkdir()
        print("The rules over a table of booleans, half of them null:")
        with Cluster(folder / "cluster", workers=2, brief=False) as cluster:
            spark = session(cluster)
            for count, rows in ((40, 1_000_000), (198, 300_000)):
                result["rules"] += compare(spark, cluster, folder, count, 2_000 if short else rows, 1 if short else 2)
            spark.stop()
        patients = 500 if short else 6_000
        write_population(folder / "population", patients)
        print(f"The whole engine, {patients} patients, five codes each and a letter for every fifth:")
        result["engine"] = [engine(folder, workers, patients) for workers in (1, 2)]
        first, second = (each["seconds"] for each in result["engine"])
        print(f"  two workers are {first / second:.2f} times as fast as one")
        write_rows(given.rows, figures(result))
        if not short:
            (ROOT / "bench" / "spark.json").write_text(json.dumps(result, indent=1) + "\n")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
