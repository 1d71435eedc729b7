"""What a run reads: the files that were named, in the order in which they are read, and the tasks that they make."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CHUNK", "Input", "NotReadable", "Piece", "Task", "discover", "tasks_of"]

# How many bytes one task reads, about: large enough to be quick, small enough to share and to take up again.
CHUNK = 64 * 1024 * 1024
_FILES_A_TASK = 2_000
_PACKED = {".gz": "gz", ".zst": "zst"}
_KINDS = {".ndjson": "lines", ".jsonl": "lines", ".json": "lines", ".csv": "csv", ".parquet": "parquet"}
# How much larger a packed file is when it is read, about; and a table, whose columns hold many rows in few bytes.
_GROWS, _GROWS_IN_ROWS = 10, 40
NOT_KNOWN = "its kind is not known by its name; give .ndjson, .jsonl, .json or .csv (each also .gz or .zst) or .parquet"


class NotReadable(ValueError):  # noqa: N818  (what it is, not how it is told)
    """What was named cannot be read at all; the message says what and the mend."""


@dataclass(frozen=True, slots=True)
class Input:
    """One file. `name` is how the run tells of it: as it was given, or under the folder that was given."""

    path: str
    name: str
    kind: str  # lines, csv or parquet
    packed: str  # gz, zst or nothing
    bytes: int
    changed: int  # when, in nanoseconds: a run that is taken up again reads the same files

    @property
    def weight(self) -> int:
        """About how many bytes will be kept of it at the most."""
        return self.bytes * (_GROWS_IN_ROWS if self.kind == "parquet" else _GROWS if self.packed else 1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an input: bytes of lines, or row groups of Parquet; `end` is None for all that follows."""

    input: int
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """The pieces that one worker reads in one go, and how many bytes that is, about."""

    number: int
    pieces: tuple[Piece, ...]
    weight: int


def discover(given: Sequence[str], out: str) -> tuple[list[Input], list[tuple[str, str]]]:
    """The inputs, and (name, why) of each file that is not read. What is in the folder of the run itself is left out.

    Raises NotReadable when something that was named is not there.
    """
    found: dict[tuple[int, int], Input] = {}
    asides: list[tuple[str, str]] = []
    for name in given:
        if not os.path.lexists(name):
            raise NotReadable(f"{name}: no such file or folder")
        for path in _under(name, out):
            try:
                state = Path(path).stat()
            except OSError as error:
                asides.append((path, _why(error)))
                continue
            kind, packed = _kind(path)
            if not stat.S_ISREG(state.st_mode):
                asides.append((path, "it is no file"))
            elif kind is None and path != name:
                asides.append((path, NOT_KNOWN))
            else:
                found.setdefault(
                    (state.st_dev, state.st_ino),
                    Input(str(Path(path).absolute()), path, kind or "lines", packed, state.st_size, state.st_mtime_ns),
                )
    return list(found.values()), asides


def _under(name: str, out: str) -> Iterator[str]:
    """The files that a name stands for, in order."""
    if not Path(name).is_dir():
        yield name
        return
    own = os.path.realpath(out)
    for folder, folders, files in os.walk(name):
        folders[:] = sorted(each for each in folders if os.path.realpath(f"{folder}/{each}") != own)
        yield from (f"{folder.rstrip('/')}/{each}" for each in sorted(files) if not each.startswith("."))


def _kind(path: str) -> tuple[str | None, str]:
    name = Path(path.lower())
    packed = _PACKED.get(name.suffix, "")
    return _KINDS.get(Path(name.stem).suffix if packed else name.suffix), packed


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def tasks_of(inputs: Sequence[Input], chunk: int = CHUNK) -> list[Task]:
    """The tasks, in the order of the inputs: a large file of lines in several, small files together."""
    tasks: list[Task] = []
    small: list[Piece] = []
    weight = 0

    def close() -> None:
        nonlocal small, weight
        if small:
            tasks.append(Task(len(tasks), tuple(small), weight))
        small, weight = [], 0

    for number, each in enumerate(inputs):
        for piece, size in _pieces(number, each, chunk):
            if weight + size > chunk or len(small) >= _FILES_A_TASK:
                close()
            small.append(piece)
            weight += size
    close()
    return tasks


def _pieces(number: int, each: Input, chunk: int) -> Iterable[tuple[Piece, int]]:
    if each.kind == "parquet":
        return _row_groups(number, each, chunk)
    if each.kind == "csv" or each.packed or each.bytes <= chunk * 3 // 2:
        return [(Piece(number), each.weight)]
    starts = range(0, each.bytes, chunk)
    return [(Piece(number, start, min(start + chunk, each.bytes)), min(chunk, each.bytes - start)) for start in starts]


def _row_groups(number: int, each: Input, chunk: int) -> list[tuple[Piece, int]]:
    """A file of Parquet by its row groups; one that cannot be opened is one piece, and says so when it is read."""
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        groups = read_metadata(each.path).num_row_groups
    except (OSError, ArrowException):
        return [(Piece(number), each.bytes)]
    if groups == 0:
        return [(Piece(number), each.bytes)]
    together = max(1, groups * chunk // max(1, 4 * each.bytes))  # what is packed in columns is several times as large in rows
    return [
        (Piece(number, start, min(start + together, groups)), each.bytes * together // groups)
        for start in range(0, groups, together)
    ]
