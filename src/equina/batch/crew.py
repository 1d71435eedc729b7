"""A few processes that share the work: tasks go out one by one, answers come back, and an end of any of them is noticed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from traceback import extract_tb
from typing import Any

__all__ = ["Broken", "Crew"]

# Makes the worker's own function from the settings: (settings, heed) to a function of a task. `heed` tells how far it is.
Start = Callable[[Any, Callable[[int], None]], Callable[[Any], Any]]


class Broken(RuntimeError):  # noqa: N818  (what it is, not how it is told)
    """The work could not be gone on with; the message says why, in words without any data."""


class Crew:
    """The processes, each begun when there is work for it; with one worker it is this process."""

    def __init__(self, start: Start, settings: Any, workers: int) -> None:
        self._start, self._settings, self._workers = start, settings, workers
        self._idle: list[tuple[Connection, Any]] = []
        self._busy: dict[Connection, Any] = {}
        self._own: Callable[[Any], Any] | None = None
        self._heed: Callable[[int], None] = lambda _: None

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for connection, process in (*self._idle, *self._busy.items()):
            process.terminate()
            connection.close()
            process.join()

    def work(self, tasks: Iterable[Any], heed: Callable[[int], None]) -> Iterator[Any]:
        """The answer of each task, as they come. Raises Broken, and OSError of what was written."""
        self._heed = heed
        if self._workers <= 1:
            self._own = self._own or self._start(self._settings, lambda amount: self._heed(amount))
            yield from map(self._own, tasks)
            return
        waiting = iter(tasks)
        for task in islice(waiting, self._workers):
            self._give(*(self._idle.pop() if self._idle else self._another()), task)
        while self._busy:
            for ready in wait(list(self._busy)):
                assert isinstance(ready, Connection)
                kind, said = self._heard(ready)
                if kind == "heed":
                    heed(said)
                    continue
                if kind == "fault":
                    raise said
                process = self._busy.pop(ready)
                for task in islice(waiting, 1):
                    self._give(ready, process, task)
                if ready not in self._busy:
                    self._idle.append((ready, process))
                yield said

    def _another(self) -> tuple[Connection, Any]:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._start, self._settings), daemon=True)
        process.start()
        theirs.close()
        return ours, process

    def _give(self, connection: Connection, process: Any, task: Any) -> None:
        self._busy[connection] = process
        try:
            connection.send(task)
        except (BrokenPipeError, ConnectionResetError):
            process.join()
            raise Broken(_ended(process.exitcode)) from None

    def _heard(self, ready: Connection) -> tuple[str, Any]:
        try:
            return ready.recv()  # type: ignore[no-any-return]
        except (EOFError, OSError):
            process = self._busy[ready]
            process.join()
            raise Broken(_ended(process.exitcode)) from None


def _ended(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "a worker process was killed, perhaps for want of memory; give --workers 1 or free some, then --resume"
    return f"a worker process ended with {code}; go on with --resume"


def _tell(tasks: Connection, amount: int) -> None:
    """Tell how far a worker is. Where nobody leads any more it ends: an error of this pipe must not pass for one of a file."""
    try:
        tasks.send(("heed", amount))
    except OSError:
        raise SystemExit from None


def _serve(tasks: Connection, start: Start, settings: Any) -> None:
    """A worker: answers tasks until there are no more, or until nobody is there to give them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that leads
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            run = start(settings, lambda amount: _tell(tasks, amount))
            while True:
                tasks.send(("done", run(tasks.recv())))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except OSError as error:
            tasks.send(("fault", OSError(error.errno, error.strerror or str(error))))
        except Exception as error:
            place = extract_tb(error.__traceback__)[-1]
            tasks.send(("fault", Broken(f"a fault of this program: {type(error).__name__} in {place.name}, line {place.lineno}")))
