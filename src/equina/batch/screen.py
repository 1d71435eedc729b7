"""A screening run, from its plan to its manifest: read, join and judge. Each step is kept, so that it can be taken up again.

docs/screening.md
"""

from __future__ import annotations

import fcntl
import gc
import json
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from equina.batch.contract import WORK
from equina.batch.crew import Crew
from equina.batch.finish import finish
from equina.batch.judge import Patients, judge
from equina.batch.kept import Spilled, owners_in
from equina.batch.outcome import Outcomes
from equina.batch.plan import Plan, read_plan, write_plan
from equina.batch.progress import Progress
from equina.batch.pseudonym import key_mark, pseudonyms
from equina.batch.rows import Run
from equina.batch.scan import scan
from equina.batch.sift import Sieve
from equina.batch.spill import write_json
from equina.fhir.elements import Resource
from equina.model import Protocol
from equina.protocol import SHIPPED, load

__all__ = ["NotResumable", "carry_out", "held", "taken_up"]


class NotResumable(ValueError):  # noqa: N818  (what it is, not how it is told)
    """The folder holds no run that can be begun or gone on with in this way; the message says what to do."""


@contextmanager
def held(out: Path) -> Iterator[None]:
    """Hold the folder of a run, made where it is not there, against a second run. Raises NotResumable."""
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    (out / WORK).mkdir(mode=0o700, exist_ok=True)
    with (out / WORK / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NotResumable(f"{out}: another run is at work there; wait for it, or give another folder") from None
        yield


def taken_up(out: Path, protocol: Protocol) -> Plan:
    """The plan of the unfinished run in the folder. Raises NotResumable when it cannot be gone on with as it was begun."""
    try:
        plan = read_plan(out / WORK / "plan.json")
    except OSError:
        raise NotResumable(f"{out}: there is no run to take up; leave out --resume") from None
    if plan.digest != protocol.digest:
        raise NotResumable(
            f"{out}: it was begun with another version of the protocol; give that one, or begin anew in another folder"
        )
    if plan.pseudonym is not None and plan.pseudonym != key_mark():
        raise NotResumable(f"{out}: it was begun with another key for its pseudonyms; give that one")
    for each in plan.inputs:
        try:
            state = Path(each.path).stat()
            same = (state.st_size, state.st_mtime_ns) == (each.bytes, each.changed)
        except OSError:
            same = False
        if not same:
            raise NotResumable(f"{each.name}: it has changed since the run was begun; begin anew in another folder")
    plan = replace(plan, resumed=plan.resumed + 1)
    write_plan(out / WORK / "plan.json", plan)
    return plan


class Settings(NamedTuple):
    """What a worker is given to start with."""

    plan: Plan
    folder: str
    protocol: Protocol | None = None  # where it is at hand, in this process


class Second(NamedTuple):
    """What the second half needs of the first: one file for all its tasks, since it is large where there are many."""

    spilled: tuple[Spilled, ...]
    only_one: bool
    medicines: Mapping[str, Resource]


def _worker(settings: Settings, heed: Callable[[int], None]) -> Callable[[tuple[str, int]], int]:
    """What a worker does: `read` a task, `judge` a partition. Each leaves its answer behind in the folder."""
    plan, folder = settings.plan, Path(settings.folder)
    if settings.protocol is None:
        gc.disable()  # in a process of its own, as `_uncollected` says
    protocol = settings.protocol or load(plan.protocol or SHIPPED)
    sieve = Sieve(protocol, plan.as_of, plan.window_days)

    def read(number: int) -> None:
        found = scan(plan.tasks[number], list(plan.inputs), sieve, plan.partitions, folder, heed)
        write_json(folder / _found(number), found)

    @cache
    def second() -> tuple[Patients, Second]:
        after = _second(plan, folder)
        run = Run(protocol, plan.as_of, plan.window_start, pseudonyms() if plan.pseudonym else None)
        return Patients(run, plan, Outcomes(protocol), after.medicines), after

    def part(number: int) -> None:
        patients, after = second()
        write_json(folder / _judged(number), judge(patients, number, after.spilled, folder, only_one=after.only_one))

    def work(task: tuple[str, int]) -> int:
        (read if task[0] == "read" else part)(task[1])
        return task[1]

    return work


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looks for rings of garbage, which take a sixth of the time: the work makes none to speak of, and keeps much."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _found(number: int) -> str:
    return f"task-{number:06d}.json"


def _judged(number: int) -> str:
    return f"part-{number:06d}.json"


def carry_out(plan: Plan, protocol: Protocol, out: Path, workers: int, progress: Progress) -> dict[str, Any]:
    """Carry out what is still to do of the plan; the manifest. Raises Broken, and OSError when the folder cannot take it."""
    folder = out / WORK
    began = time.monotonic()
    left = [task for task in plan.tasks if not (folder / _found(task.number)).exists()]
    whole = sum(task.weight for task in plan.tasks)
    with _uncollected(), Crew(_worker, Settings(plan, str(folder), protocol if workers <= 1 else None), workers) as crew:
        progress.phase("reading, step 1 of 2", whole, "bytes", done=whole - sum(task.weight for task in left))
        for _ in crew.work((("read", task.number) for task in left), progress.add):
            pass
        parts = range(1 if _second(plan, folder).only_one else plan.partitions + 1)  # the last is of what names nobody
        open_parts = [number for number in parts if not (folder / _judged(number)).exists()]
        progress.phase("judging, step 2 of 2", len(parts), "parts", done=len(parts) - len(open_parts))
        for _ in crew.work((("judge", number) for number in open_parts), lambda _: None):
            progress.add(1)
    progress.end()
    tasks = _tasks(plan, folder)
    judged = [json.loads((folder / _judged(number)).read_bytes()) for number in parts]
    manifest = finish(plan, protocol, out, tasks, judged, workers, time.monotonic() - began)
    shutil.rmtree(folder)
    return manifest


def _tasks(plan: Plan, folder: Path) -> list[Mapping[str, Any]]:
    return [json.loads((folder / _found(task.number)).read_bytes()) for task in plan.tasks]


def _second(plan: Plan, folder: Path) -> Second:
    """The spill files in the order of the input, and the Medications that the protocol knows: of two with one id the later one."""
    before: defaultdict[int, int] = defaultdict(int)
    medicines: dict[str, Resource] = {}
    spilled = []
    for task, found in zip(plan.tasks, _tasks(plan, folder), strict=True):
        path = folder / f"task-{task.number:06d}.spill"
        lines = {int(input): number for input, number in found["lines"].items()}
        blocks = tuple((part, at, length) for part, at, length in found["blocks"])
        spilled.append(Spilled(path, blocks, {input: before[input] for input in lines if before[input]}))
        for input, number in lines.items():
            before[input] += number
        medicines.update(found["medicines"])
    return Second(tuple(spilled), _patients(spilled) <= 1, medicines)


def _patients(spilled: Sequence[Spilled]) -> int:
    """How many patients there are, counted up to two."""
    found: set[str] = set()
    for each in spilled:
        for owner in owners_in(each):
            found.add(owner)
            if len(found) > 1:
                return 2
    return len(found)
