"""A few processes that share the work: tasks go out one by one, answers come back, and an end of any of them is noticed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from traceback import extract_tb
from typing import Any

__all__ = ["Broken", "work_through"]

# Makes the worker's own function from the settings: (settings, heed) to a function of a task. `heed` tells how far it is.
Start = Callable[[Any, Callable[[int], None]], Callable[[Any], Any]]


class Broken(RuntimeError):  # noqa: N818  (what it is, not how it is told)
    """The work could not be gone on with; the message says why, in words without any data."""


def work_through(start: Start, settings: Any, tasks: Iterable[Any], workers: int, heed: Callable[[int], None]) -> Iterator[Any]:
    """The answer of each task, as they come. With one worker it is this process. Raises Broken, and OSError of what was written."""
    if workers <= 1:
        run = start(settings, heed)
        yield from (run(task) for task in tasks)
        return
    waiting = iter(tasks)
    crew: dict[Connection, tuple[Any, Any]] = {}  # the process and the task that it has
    context = get_context("spawn")
    try:
        for task in waiting:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, start, settings), daemon=True)
            process.start()
            theirs.close()
            ours.send(task)
            crew[ours] = (process, task)
            if len(crew) == workers:
                break
        while crew:
            for ready in wait(list(crew)):
                assert isinstance(ready, Connection)
                process, task = crew[ready]
                try:
                    kind, said = ready.recv()
                except (EOFError, OSError):
                    process.join()
                    raise Broken(_ended(process.exitcode)) from None
                if kind == "heed":
                    heed(said)
                    continue
                if kind == "fault":
                    raise said
                following = next(waiting, None)
                if following is None:
                    del crew[ready]
                    ready.close()
                else:
                    ready.send(following)
                    crew[ready] = (process, following)
                yield said
    finally:
        for connection, (process, _) in crew.items():
            process.terminate()
            connection.close()


def _ended(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "a worker process was killed, perhaps for want of memory; give --workers 1 or free some, then --resume"
    return f"a worker process ended with {code}; go on with --resume"


def _serve(tasks: Connection, start: Start, settings: Any) -> None:
    """A worker: answers tasks until there are no more, or until nobody is there to give them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that leads
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            run = start(settings, lambda amount: tasks.send(("heed", amount)))
            while True:
                tasks.send(("done", run(tasks.recv())))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except OSError as error:
            tasks.send(("fault", OSError(error.errno, error.strerror or str(error))))
        except Exception as error:  # noqa: BLE001  (told without its message, which may hold what was read)
            place = extract_tb(error.__traceback__)[-1]
            tasks.send(("fault", Broken(f"a fault of this program: {type(error).__name__} in {place.name}, line {place.lineno}")))
