"""Several processes that answer at one socket. One that ends is replaced; when the first process ends, all do."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

__all__ = ["run_workers"]

_PATIENCE = 15.0  # seconds until a worker that was asked to stop is stopped; it takes 10 to end what it has begun
_PAUSE = 1.0  # seconds between the starts of workers that end at once
_STOPS = frozenset((signal.SIGTERM, signal.SIGINT))
LOG = logging.getLogger("equina.workers")


def run_workers(number: int, work: Callable[[], None], gone: Callable[[int], None]) -> None:
    """Run `work` in so many processes until SIGTERM or SIGINT, then let each end what it has begun.

    `gone` is told the id of a process that has ended. No other thread may run, for they are lost in the workers.
    """
    alive, holds = os.pipe()  # a worker sees the end of the pipe when this process ends, however it ends
    pids: dict[int, float] = {}
    stopping: list[int] = []

    before = {stop: signal.signal(stop, lambda *_: stopping.append(1)) for stop in _STOPS}
    try:
        for _ in range(number):
            _start(pids, work, alive, holds)
        while not stopping:
            pid = _next_ended()
            if pid in pids and not stopping:
                began = pids.pop(pid)
                gone(pid)
                LOG.warning("a worker ended; another takes its place")
                if time.monotonic() - began < _PAUSE:
                    time.sleep(_PAUSE)
                _start(pids, work, alive, holds)
        _end(pids, gone)
    finally:
        for stop, handler in before.items():
            signal.signal(stop, handler)
        os.close(alive)
        os.close(holds)


def _start(pids: dict[int, float], work: Callable[[], None], alive: int, holds: int) -> None:
    """Start one more worker. A signal that comes in between is kept until its id is known."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    if pid := os.fork():
        pids[pid] = time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        return
    code = 1
    try:
        os.close(holds)
        for number in _STOPS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        threading.Thread(target=_end_with_the_first, args=(alive,), daemon=True).start()
        work()
        code = 0
    except BaseException as error:  # told by its kind alone: its text could hold anything
        LOG.error("a worker failed: %s", type(error).__name__)  # noqa: TRY400
    finally:
        os._exit(code)


def _end_with_the_first(alive: int) -> None:
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _next_ended() -> int:
    """The id of a worker that has ended, or 0 after a moment."""
    pid, _ = os.waitpid(-1, os.WNOHANG)
    if not pid:
        time.sleep(0.05)
    return pid


def _end(pids: dict[int, float], gone: Callable[[int], None]) -> None:
    """Wait until all have ended, and stop those that don't."""
    for pid in pids:
        _signal(pid, signal.SIGTERM)
    until = time.monotonic() + _PATIENCE
    while pids:
        pid = _next_ended()
        if pids.pop(pid, None) is not None:
            gone(pid)
        if time.monotonic() > until:
            for left in pids:
                _signal(left, signal.SIGKILL)
            until += _PATIENCE


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
