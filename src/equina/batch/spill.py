"""What was read and is still to be joined: on disk, by partitions of the patients, so that no run needs memory for all of them.

A spill file holds, one JSON value a line: `[owner, input, line, record]`, with the record as it came; `[owner, input, line, [birth
date, gender, sex]]` for a plain Patient; or an owner alone, of whom nothing was kept. Its blocks are those of one partition each.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

import msgspec

__all__ = ["Block", "NotWritten", "Spill", "partition_of", "put", "read_blocks", "write_json", "written"]


class NotWritten(OSError):  # noqa: N818  (what it is, not how it is told)
    """The folder of the run cannot take what is to be written: it is full, or not to be written."""


_HELD = 32 * 1024 * 1024
_NOT_PLAIN = re.compile(r'[\x00-\x09\x0b-\x1f"\\]')  # what JSON writes otherwise, but for the end of a line
_lines = msgspec.json.Encoder().encode_lines
Block = tuple[int, int, int]  # partition, first byte, length


def partition_of(owner: str, partitions: int) -> int:
    """The partition of a patient: the same in every run and on every machine."""
    return crc32(owner.encode("utf-8", "surrogatepass")) % partitions


def _quoted(text: str) -> bytes:
    return msgspec.json.encode(text) if text.isascii() else json.dumps(text).encode("ascii")


class Spill:
    """A spill file while it is written; its blocks are told once it is closed."""

    def __init__(self, file: BinaryIO, partitions: int) -> None:
        self.blocks: list[Block] = []
        self._file = file
        self._parts: list[list[bytes]] = [[] for _ in range(partitions + 1)]
        self._partitions = partitions
        self._held = 0

    def keep(self, owner: str | None, input: int, line: int, record: bytes) -> None:
        """Keep a record, which is JSON on one line. What has no owner is in a partition of its own, the last."""
        part = self._partitions if owner is None else partition_of(owner, self._partitions)
        row = b"[%b,%d,%d,%b]\n" % (b"null" if owner is None else _quoted(owner), input, line, record)
        self._add(part, row)

    def keep_plain(self, rows: Iterable[tuple[str, int, int, tuple[str, ...]]]) -> None:
        """Keep what plain records say, each as (owner, input, line, a few words)."""
        partitions, dealt = self._partitions, defaultdict[int, list[object]](list)
        for row in rows:
            dealt[crc32(row[0].encode("utf-8")) % partitions].append(row)
        for part, found in dealt.items():
            self._add(part, _lines(found))

    def count(self, owners: Sequence[str]) -> None:
        """Keep that there are such patients."""
        rows = "\n".join(owners)
        if not rows.isascii() or _NOT_PLAIN.search(rows) or rows.count("\n") != len(owners) - 1:
            for owner in owners:
                self._add(partition_of(owner, self._partitions), _quoted(owner) + b"\n")
            return
        dealt: list[list[bytes]] = [[] for _ in range(self._partitions)]
        partitions = self._partitions
        for row in rows.encode("ascii").split(b"\n"):
            dealt[crc32(row) % partitions].append(row)
        for part, found in enumerate(dealt):
            if found:
                self._add(part, b'"' + b'"\n"'.join(found) + b'"\n')

    def _add(self, part: int, row: bytes) -> None:
        self._parts[part].append(row)
        self._held += len(row)
        if self._held >= _HELD:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        at = self._file.tell()
        for part, rows in enumerate(self._parts):
            if rows:
                data = b"".join(rows)
                put(self._file, data)
                self.blocks.append((part, at, len(data)))
                at += len(data)
                self._parts[part] = []
        self._held = 0


def read_blocks(path: Path, blocks: Iterable[Block], partition: int) -> Iterator[bytes]:
    """The blocks of one partition."""
    wanted = [(at, length) for part, at, length in blocks if part == partition]
    if wanted:
        with path.open("rb") as file:
            for at, length in wanted:
                file.seek(at)
                yield file.read(length)


def put(file: BinaryIO, data: bytes) -> None:
    """Write the data. Raises NotWritten, which nobody takes for a fault of what is being read."""
    try:
        file.write(data)
    except OSError as error:
        raise NotWritten(error.errno, error.strerror) from None


class written:  # noqa: N801  (reads as what it does: with written(path) as file)
    """A file that is there whole or not at all: written under another name, then renamed; readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.under = path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> BinaryIO:
        try:
            self.file = os.fdopen(os.open(self.under, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        except OSError as error:
            raise NotWritten(error.errno, error.strerror) from None
        return self.file

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self.file.flush()
                os.fsync(self.file.fileno())
            self.file.close()
            if kind is None:
                self.under.rename(self.path)
        except OSError as error:
            raise NotWritten(error.errno, error.strerror) from None
        finally:
            if self.under.exists():
                with suppress(OSError):
                    self.under.unlink()


def write_json(path: Path, value: object) -> None:
    """The value as a file of JSON, whole or not at all."""
    with written(path) as file:
        put(file, json.dumps(value).encode("ascii") + b"\n")
