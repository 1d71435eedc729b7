"""Screening of notes beside the reader alone, in turn in the same processes: whatever slows a machine for a while slows both.

A run of `equina screen` reads the letters some hundreds in a row. Before or behind each such row, in turn, the reader alone reads
the same letters once more, on its own clock. What the run takes besides, less what its processes take to be ready, is screening's.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from equina import load
from equina.batch import screen
from equina.batch.crew import Start
from equina.batch.inputs import discover, tasks_of
from equina.batch.letters import Letters
from equina.batch.plan import Plan, partitions_for, write_plan
from equina.batch.progress import Progress
from equina.notes.lexicon import lexicon
from equina.notes.reading import read

__all__ = ["Beside", "beside_the_reader"]

_worker: Start = screen._worker


@dataclass(frozen=True, slots=True)
class Beside:
    """Processor time of some runs, in seconds: of screening without what it takes to be ready, and of the reader alone."""

    notes: int
    screening: float
    reader: float
    to_start: float


@dataclass(slots=True)
class _Clock:
    """What one process has taken so far, in seconds of its processor."""

    reader: float = 0.0
    to_start: float = 0.0
    turn: bool = False

    def row(self, find: Callable[..., Any], alone: Callable[[str], Any]) -> Callable[[Letters, Sequence[bytes]], Any]:
        """`Letters.read`, with the reader alone over the same letters before it or behind it."""

        def read_alone(texts: Sequence[str]) -> None:
            began = time.process_time()
            for text in texts:
                alone(text)
            self.reader += time.process_time() - began

        @wraps(find)
        def found(letters: Letters, records: Sequence[bytes]) -> Any:
            self.turn = not self.turn
            if self.turn:
                began = time.process_time()
                texts = [letter.text for letter in map(letters.letter, records) if letter]
                self.to_start += time.process_time() - began  # neither's
                read_alone(texts)
            answer = find(letters, records)
            if not self.turn:
                read_alone([one[0].text for one in answer if one])
            return answer

        return found

    def starting(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """What is made once in a process."""

        @wraps(make)
        def made(*given: Any) -> Any:
            began = time.process_time()
            try:
                return make(*given)
            finally:
                self.to_start += time.process_time() - began

        return made


def _timed_worker(settings: screen.Settings, heed: Callable[[int], None]) -> Callable[[tuple[str, int]], int]:
    """A worker of the run that leaves behind, after each task, what it has taken."""
    clock, own = _Clock(), lexicon(load())
    # With one worker it is the process that leads, which was ready before.
    before = 0.0 if settings.protocol is None else time.process_time()
    Letters.read = clock.row(Letters.read, lambda text: read(own, text))  # type: ignore[method-assign]
    screen.Outcomes = clock.starting(screen.Outcomes)  # type: ignore[misc,assignment]
    letters = screen.Patients.__dict__["_letters"]  # made when the first of them is read, with the rules in columns
    letters.func = clock.starting(letters.func)
    screen.Patients = clock.starting(screen.Patients)  # type: ignore[misc,assignment]
    work = _worker(settings, heed)
    clock.to_start += time.process_time() - before
    kept = Path(settings.folder).parent / f"clock-{os.getpid()}.json"

    def timed(task: tuple[str, int]) -> int:
        answer = work(task)
        whole = 0.0 if settings.protocol is not None else time.process_time()
        kept.write_text(json.dumps({"whole": whole, "reader": clock.reader, "to_start": clock.to_start}), encoding="utf-8")
        return int(answer)

    return timed


def _run(file: Path, out: Path, workers: int, as_of: datetime) -> Beside:
    protocol = load()
    lexicon(protocol)
    out.mkdir(parents=True)
    inputs, asides = discover([str(file)], str(out))
    plan = Plan(
        inputs=tuple(inputs),
        asides=tuple(asides),
        tasks=tuple(tasks_of(inputs)),
        partitions=partitions_for(inputs),
        as_of=as_of,
        window_days=30,
        protocol=None,
        digest=protocol.digest,
        pseudonym=None,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    screen._worker = _timed_worker
    with screen.held(out):
        write_plan(out / screen.WORK / "plan.json", plan)
        began = time.process_time()
        manifest = screen.carry_out(plan, protocol, out, workers, Progress(StringIO(), quiet=True))
        led = time.process_time() - began
    clocks = [json.loads(each.read_bytes()) for each in sorted(out.glob("clock-*.json"))]
    assert clocks, "no process told what it took"
    reader, to_start = (sum(each[what] for each in clocks) for what in ("reader", "to_start"))
    whole = led + sum(each["whole"] for each in clocks)
    return Beside(manifest["counts"]["patients"], whole - reader - to_start, reader, to_start)


def beside_the_reader(file: Path, folder: Path, workers: int, as_of: datetime, rounds: int) -> Iterator[Beside]:
    """Some runs over the notes of a file, each in processes of its own."""
    for number in range(rounds):
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            found = pool.submit(_run, file, folder / f"beside-{workers}-{number}", workers, as_of).result()
        yield found
