"""A screening run on a Spark cluster that is there already: the two halves of a run as Spark's own tasks, between them its shuffle.

Every line is read, and every patient judged, by the functions of the local engine, so that the rows are the same; Spark shares out
the work, and does again what a lost machine had done. docs/spark.md
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas  # noqa: F401  (mapInArrow asks for it, and would say so only once the cluster is at work)
from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from equina.batch.contract import KEY_VARIABLE, RESULTS, WORK
from equina.batch.crew import Broken
from equina.batch.finish import finish
from equina.batch.plan import Plan
from equina.batch.rows import schema
from equina.batch.spark_tasks import BLOCKS, FOUND, JUDGED, Rest, judging, reading
from equina.batch.spill import written
from equina.model import Protocol

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["carry_out_on_spark", "session"]

_SETTINGS = {
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # as the contract has them, not the twelve bytes of old
    "spark.sql.session.timeZone": "UTC",
}


@contextmanager
def session(master: str, *, quiet: bool = True) -> Iterator[SparkSession]:
    """The session that is there already, as in a notebook; else a new one on the cluster named, ended afterwards."""
    active = SparkSession.getActiveSession()
    if active is not None:
        yield active
        return
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    made = SparkSession.builder.master(master).appName("equina screen")
    spark = made.config("spark.ui.showConsoleProgress", str(not quiet).lower()).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        spark.stop()


def carry_out_on_spark(
    plan: Plan, protocol: Protocol, out: Path, master: str = "local[*]", *, quiet: bool = True
) -> dict[str, Any]:
    """Carry out the plan on the cluster; the manifest. The inputs and `out` are seen by every machine of it under the same name.

    Raises Broken when Spark gives up, and OSError when the folder cannot be written.
    """
    began = time.monotonic()
    try:
        with session(master, quiet=quiet) as spark, _set(spark, _SETTINGS):
            return _carry_out(spark, plan, protocol, out, began)
    except (PySparkException, Py4JError) as error:
        raise Broken(f"Spark gave up: {_told(error)}") from None


def _carry_out(spark: SparkSession, plan: Plan, protocol: Protocol, out: Path, began: float) -> dict[str, Any]:
    tasks = len(plan.tasks)
    blocks = spark.range(0, tasks, 1, max(1, tasks)).mapInArrow(reading(plan), from_arrow_schema(BLOCKS))
    blocks = blocks.persist(StorageLevel.DISK_ONLY)
    judged = None
    try:
        founds = _founds(blocks, tasks)
        rest = _rest(plan, founds)
        judged = _judged(blocks, plan, rest).persist(StorageLevel.DISK_ONLY)
        results = judged.where(judged[FOUND].isNull()).select(*schema().names)
        results.write.mode("overwrite").parquet((out / RESULTS).absolute().as_uri())
        parts = _parts(judged)
        workers = spark.sparkContext.defaultParallelism
    finally:
        for frame in (judged, blocks):
            if frame is not None:
                frame.unpersist()
    for number, (_, asides) in founds.items():
        _put(out / WORK / f"task-{number:06d}.asides", asides)
    for number, (_, asides) in enumerate(parts):
        _put(out / WORK / f"part-{number:06d}.asides", asides)
    _closed(out / RESULTS)
    rows = sum(found["patients"] for found, _ in parts)
    manifest = finish(
        plan,
        protocol,
        out,
        [found for _, (found, _) in sorted(founds.items())],
        [found for found, _ in parts],
        workers,
        time.monotonic() - began,
        engine="spark",
        rows=rows,
    )
    shutil.rmtree(out / WORK)
    return manifest


def _founds(blocks: DataFrame, tasks: int) -> dict[int, tuple[Mapping[str, Any], bytes]]:
    """What each task found, and what it set aside, as the local engine keeps them. Spark reads everything here."""
    rows = blocks.where("part < 0").select("task", "part", "data").collect()
    kept: defaultdict[int, dict[int, bytes]] = defaultdict(dict)
    for row in rows:
        kept[row.task][row.part] = bytes(row.data)
    assert len(kept) == tasks
    return {number: (json.loads(each[-1]), each[-2]) for number, each in sorted(kept.items())}


def _rest(plan: Plan, founds: Mapping[int, tuple[Mapping[str, Any], bytes]]) -> Rest:
    """What judging needs of all tasks together."""
    before: defaultdict[int, int] = defaultdict(int)
    until: dict[int, dict[int, int]] = {}
    medicines: dict[str, Any] = {}
    owners: set[str] = set()
    for number, (found, _) in founds.items():
        lines = {int(input): lines for input, lines in found["lines"].items()}
        until[number] = {input: before[input] for input in lines if before[input]}
        for input, count in lines.items():
            before[input] += count
        medicines.update(found["medicines"])
        owners.update(found["owners"])
    key = os.environ.get(KEY_VARIABLE) if plan.pseudonym else None
    return Rest(plan, until, medicines, len(owners) <= 1, key)


def _judged(blocks: DataFrame, plan: Plan, rest: Rest) -> DataFrame:
    """The rows of the results, and of each partition one more with what was found in judging it."""
    group = "0 AS group" if rest.only_one else "part AS group"
    dealt = blocks.where("part >= 0").selectExpr(group, "*").repartition(plan.partitions + 1, "group")
    return dealt.groupBy("group").applyInArrow(judging(rest), from_arrow_schema(JUDGED))


def _parts(judged: DataFrame) -> list[tuple[dict[str, Any], bytes]]:
    """What was found in each partition, and what was set aside of it, in the order of the partitions."""
    rows = judged.where(judged[FOUND].isNotNull()).select(FOUND, "asides").collect()
    found = [(json.loads(row[FOUND]), bytes(row.asides)) for row in rows]
    return sorted(found, key=lambda part: int(part[0]["number"]))


def _put(path: Path, data: bytes) -> None:
    with written(path) as file:
        file.write(data)


def _closed(folder: Path) -> None:
    """Let nobody else read the results, where the file system knows of such things."""
    with suppress(OSError):
        folder.chmod(0o700)
        for path in folder.iterdir():
            path.chmod(0o600)


@contextmanager
def _set(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """The settings of the session while this runs; it may be another's."""
    before = {name: spark.conf.get(name) for name in settings}
    for name, value in settings.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, old in before.items():
            with suppress(PySparkException):
                spark.conf.set(name, old or "")


def _told(error: Exception) -> str:
    """Why, in words without any data: a fault of this program says itself what it is, Spark by the name of its condition."""
    for line in str(error).splitlines():
        if f"{Broken.__name__}: " in line:
            return line.split(f"{Broken.__name__}: ", 1)[1].strip()
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    return f"{condition or type(error).__name__}; see that the cluster is there and that Java is, then look into its own log"
