"""A table in memory that the workers of one service share: how much each address has asked for, and which tokens were used.

It has a fixed size and is in no file. What it is asked about is kept as a digest alone, under a key that ends with the service. A
worker that is killed holds nothing up: the locks are the operating system's own, and end with it.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import secrets
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Table"]

_ROW = struct.Struct("<8sdd")  # the digest of a name, and two numbers
_ROWS = 8  # of a bucket: a name stands in one of them


class Table:
    """Numbers by name. When a bucket is full, the row whose second number is least makes room."""

    def __init__(self, buckets: int = 4096) -> None:
        """A table of 8 rows a bucket, 24 bytes a row."""
        size = buckets * _ROWS * _ROW.size
        self._buckets, self._key = buckets, secrets.token_bytes(16)
        self._file = os.memfd_create("equina", os.MFD_CLOEXEC) if hasattr(os, "memfd_create") else _nameless()
        os.ftruncate(self._file, size)
        self._memory = mmap.mmap(self._file, size)

    def take(self, name: str, rate: float, burst: float, now: float) -> bool:
        """Whether `name` may have one more now: so many at once, and so many more each second."""
        with self._row(name) as (place, digest, found):
            tokens, then = found or (burst, now)
            tokens = min(burst, tokens + max(now - then, 0.0) * rate)
            _ROW.pack_into(self._memory, place, digest, max(tokens - 1, 0.0), now)
            return tokens >= 1

    def once(self, name: str, until: float, now: float) -> bool:
        """Whether `name` is new; it is remembered until then."""
        with self._row(name) as (place, digest, found):
            if found is not None and found[1] > now:
                return False
            _ROW.pack_into(self._memory, place, digest, 0.0, until)
            return True

    @contextmanager
    def _row(self, name: str) -> Iterator[tuple[int, bytes, tuple[float, float] | None]]:
        """The place of a name's row, its digest, and its numbers if it has any; its bucket is held meanwhile."""
        made = hashlib.blake2b(name.encode(), digest_size=16, key=self._key).digest()
        digest, bucket = made[:8], int.from_bytes(made[8:], "little") % self._buckets
        start = bucket * _ROWS * _ROW.size
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, bucket)
        try:
            rows = [(*_ROW.unpack_from(self._memory, start + i * _ROW.size), start + i * _ROW.size) for i in range(_ROWS)]
            known = next((row for row in rows if row[0] == digest), None)
            if known is not None:
                yield known[3], digest, (known[1], known[2])
            else:
                yield min(rows, key=lambda row: row[2])[3], digest, None
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, bucket)


def _nameless() -> int:
    """A file without a name, where the system has none in memory."""
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
