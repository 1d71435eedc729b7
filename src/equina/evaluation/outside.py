"""Another command as the system that is judged: cases to its standard input, one JSON line each, its answers back."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shlex
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from equina.evaluation.systems import Answer, BadSystem, Progress, read_answer
from equina.evaluation.vignettes import Request

__all__ = ["Command"]

LONGEST_ANSWER = 4 * 1024 * 1024
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, run without a shell. `patience` is how many seconds it may take for each next answer."""

    line: str
    patience: float = 120.0

    @property
    def name(self) -> str:
        return self.line

    def answers(self, requests: Sequence[Request], told: Progress) -> Mapping[str, Answer]:
        try:
            return self._answers(requests, told)
        except BadSystem as error:
            raise BadSystem(f'"{self.line}": {error}') from None

    def _answers(self, requests: Sequence[Request], told: Progress) -> Mapping[str, Answer]:
        wanted = [str(request["id"]) for request in requests]
        found: dict[str, Answer] = {}
        with _running(self.line) as process:
            lines = _Lines(process, requests)
            for number, line in enumerate(lines.read(self.patience, len(found)), 1):
                id, answer = read_answer(line, number)
                if id in found:
                    raise BadSystem(f'its answer {number} answers "{id}" a second time; give each case one answer')
                if id not in wanted:
                    raise BadSystem(
                        f'its answer {number} has the id "{id[:60]}", which was not asked; give back the id of the case'
                    )
                found[id] = answer
                told(len(found))
            code = _ended(process, self.patience)
            if missing := [id for id in wanted if id not in found]:
                raise BadSystem(
                    f"it gave no answer for {len(missing)} of {len(wanted)} cases, such as {', '.join(missing[:MOST_NAMED])}; "
                    f"it ended with exit code {code}{lines.last_words()}"
                )
        return found


@contextlib.contextmanager
def _running(line: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command running in a group of its own, which is gone afterwards, come what may."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise BadSystem(f"it is no command line: {str(error).lower()}; close its quotes") from None
    if not words:
        raise BadSystem("it names no command; write what you would type in a terminal")
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    except OSError as error:
        raise BadSystem(f"it cannot be run: {(error.strerror or str(error)).lower()}; give a command that is there") from None
    try:
        yield process
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _ended(process: subprocess.Popen[bytes], patience: float) -> int:
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        raise BadSystem(f"it closed its output and did not end within {patience:g} seconds; let it end") from None


class _Lines:
    """The output of a process line by line, while its input is written and its complaints are kept, each by a thread."""

    def __init__(self, process: subprocess.Popen[bytes], requests: Sequence[Request]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._out: queue.Queue[bytes | None] = queue.Queue()
        self._said: list[bytes] = []
        self._threads = [
            threading.Thread(target=_write, args=(process.stdin, requests), daemon=True),
            threading.Thread(target=_gather, args=(process.stdout, self._out), daemon=True),
            threading.Thread(target=_keep, args=(process.stderr, self._said), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def read(self, patience: float, done: int) -> Iterator[str]:
        """The lines that are not blank, until the output ends. Raises BadSystem when the next one takes too long."""
        while True:
            try:
                line = self._out.get(timeout=patience)
            except queue.Empty:
                raise BadSystem(
                    f"it gave no further answer for {patience:g} seconds, after {done}; allow more with --timeout"
                ) from None
            if line is None:
                return
            if len(line) > LONGEST_ANSWER:
                raise BadSystem(
                    f"its answer {done + 1} is longer than {LONGEST_ANSWER // 1024**2} MiB; each line is one JSON object"
                )
            if line.strip():
                yield line.decode("utf-8", errors="replace")
                done += 1

    def last_words(self) -> str:
        """The last line of its standard error."""
        self._threads[-1].join(timeout=1)
        lines = b"".join(self._said).decode("utf-8", errors="replace").strip().splitlines()
        return f' and said: "{lines[-1].strip()[:200]}"' if lines else ""


def _write(stream: IO[bytes], requests: Sequence[Request]) -> None:
    with contextlib.suppress(OSError, ValueError):  # it closed its input, or was stopped: what it answered tells the rest
        for request in requests:
            stream.write(json.dumps(request).encode() + b"\n")
            stream.flush()
        stream.close()


def _gather(stream: IO[bytes], out: queue.Queue[bytes | None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while line := stream.readline(LONGEST_ANSWER + 1):
            out.put(line)
    out.put(None)


def _keep(stream: IO[bytes], said: list[bytes]) -> None:
    """What it said last; no more than a few thousand bytes of it."""
    with contextlib.suppress(OSError, ValueError):
        while line := stream.readline(LONGEST_ANSWER):
            said.append(line[-4096:])
            del said[:-4]
