"""What runs on the machines of a Spark cluster: reading tasks and judging partitions, with the functions of the local engine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import extract_tb
from typing import Any, NamedTuple

import pyarrow as pa

from equina.batch.contract import KEY_VARIABLE
from equina.batch.crew import Broken
from equina.batch.judge import Patients, judge
from equina.batch.kept import Spilled, owners_in
from equina.batch.outcome import Outcomes
from equina.batch.parts import read_part
from equina.batch.plan import Plan
from equina.batch.pseudonym import pseudonyms
from equina.batch.rows import Run, schema
from equina.batch.scan import scan
from equina.batch.sift import Sieve
from equina.fhir.elements import Resource
from equina.model import Protocol
from equina.protocol import SHIPPED, load

__all__ = ["BLOCKS", "FOUND", "JUDGED", "Rest", "faultless", "judging", "protocol_of", "reading"]

# What a task has read: blocks of a partition, in the order of the input; under -1 what it found, under -2 what it set aside.
BLOCKS = pa.schema([("part", pa.int32()), ("task", pa.int32()), ("place", pa.int64()), ("data", pa.binary())])
FOUND = "found"  # null in a row of the results; else what was found in judging one partition, as JSON, beside what was set aside
JUDGED = pa.schema(
    [*(field.with_nullable(True) for field in schema()), pa.field(FOUND, pa.string()), pa.field("asides", pa.binary())]
)


class Rest(NamedTuple):
    """What judging needs beside the blocks of a partition."""

    plan: Plan
    before: Mapping[int, Mapping[int, int]]  # task: input: how many lines of it were read before
    medicines: Mapping[str, Resource]
    only_one: bool
    key: str | None  # of the pseudonyms: it goes with the work, and stands in no setting that a page of the cluster shows


def reading(plan: Plan) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for `mapInArrow`: numbers of tasks in, BLOCKS out."""

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from faultless(lambda number=number: _read(plan, number))  # type: ignore[misc]

    return read


def judging(rest: Rest) -> Callable[[pa.Table], pa.Table]:
    """A function for `applyInArrow`: the blocks of one partition in, JUDGED out."""

    def judged(blocks: pa.Table) -> pa.Table:
        return next(faultless(lambda: iter([_judge(rest, blocks)])))

    return judged


def faultless(work: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """What the work gives; a fault is told by its kind and place, since its own words may hold what a record says."""
    try:
        yield from work()
    except (GeneratorExit, Broken):
        raise
    except OSError as error:
        raise Broken((error.strerror or type(error).__name__).lower()) from None
    except Exception as error:
        place = extract_tb(error.__traceback__)[-1]
        raise Broken(f"a fault of this program: {type(error).__name__} in {place.name}, line {place.lineno}") from None


@cache
def protocol_of(folder: str | None, digest: str) -> Protocol:
    """The protocol, once a process; the same one as where the run was begun. Raises Broken."""
    protocol = load(folder or SHIPPED)
    if protocol.digest != digest:
        raise Broken("this machine of the cluster has another version of the protocol; install the same version of equina on all")
    return protocol


@cache
def _outcomes(folder: str | None, digest: str) -> Outcomes:
    return Outcomes(protocol_of(folder, digest))


def _read(plan: Plan, number: int) -> Iterator[pa.RecordBatch]:
    task = plan.tasks[number]
    sieve = Sieve(protocol_of(plan.protocol, plan.digest), plan.as_of, plan.window_days)
    with TemporaryDirectory(prefix="equina-") as name:
        folder = Path(name)
        found = scan(task, list(plan.inputs), sieve, plan.partitions, folder, lambda _: None)
        path, blocks = folder / f"task-{number:06d}.spill", found.pop("blocks")
        found["owners"] = _few(owners_in(Spilled(path, blocks, {})))  # type: ignore[arg-type]
        yield _block(-1, number, 0, json.dumps(found).encode("ascii"))
        yield _block(-2, number, 0, (folder / f"task-{number:06d}.asides").read_bytes())
        with path.open("rb") as file:
            for part, at, length in blocks:  # type: ignore[attr-defined]
                file.seek(at)
                yield _block(part, number, at, file.read(length))


def _few(owners: Iterator[str]) -> list[str]:
    """Two different ones of the owners, or as many as there are."""
    found: dict[str, None] = {}
    for owner in owners:
        found[owner] = None
        if len(found) > 1:
            break
    return list(found)


def _block(part: int, task: int, place: int, data: bytes) -> pa.RecordBatch:
    return pa.record_batch([[part], [task], [place], [data]], schema=BLOCKS)


def _judge(rest: Rest, blocks: pa.Table) -> pa.Table:
    plan = rest.plan
    protocol = protocol_of(plan.protocol, plan.digest)
    if rest.key is not None:
        os.environ[KEY_VARIABLE] = rest.key
    run = Run(protocol, plan.as_of, plan.window_start, pseudonyms() if plan.pseudonym else None)
    patients = Patients(run, plan, _outcomes(plan.protocol, plan.digest), rest.medicines)
    with TemporaryDirectory(prefix="equina-") as name:
        folder = Path(name)
        number = blocks["group"][0].as_py()
        found = judge(patients, number, list(_spilled(rest, blocks, folder)), folder, only_one=rest.only_one)
        rows = read_part(folder, number)
        asides = (folder / f"part-{number:06d}.asides").read_bytes()
    last = pa.table({FOUND: pa.array([json.dumps({**found, "number": number})]), "asides": pa.array([asides], pa.binary())})
    return pa.concat_tables([rows, last], promote_options="default").select(JUDGED.names).cast(JUDGED)


def _spilled(rest: Rest, blocks: pa.Table, folder: Path) -> Iterator[Spilled]:
    """The blocks as spill files, in the order of the input."""
    ordered = blocks.sort_by([("task", "ascending"), ("place", "ascending")])
    tasks, parts = ordered["task"].to_pylist(), ordered["part"].to_pylist()
    for task in dict.fromkeys(tasks):
        path, at, places = folder / f"task-{task:06d}.spill", 0, []
        with path.open("wb") as file:
            for i, (of, part) in enumerate(zip(tasks, parts, strict=True)):
                if of == task:
                    data = ordered["data"][i].as_buffer()
                    file.write(data)
                    places.append((part, at, len(data)))
                    at += len(data)
        yield Spilled(path, places, rest.before.get(task, {}))
