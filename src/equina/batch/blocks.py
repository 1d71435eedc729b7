"""Blocks of lines: where their lines end, and of which kind a line seems to be, told without decoding any of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Ends", "kind_of", "line_at", "lines_in"]

Ends = np.ndarray[Any, np.dtype[np.intp]]  # where each line of a block ends
_LINE_END, _RETURN, _OPEN, _CLOSE = b"\n\r{}"


def lines_in(block: bytes) -> Ends | None:
    """Where each line of a block ends; None when some line is not an object from its first to its last byte.

    Within a JSON value no line that ends in } is followed by one that begins with {: as many values as lines are then one on each.
    """
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == _LINE_END)
    if not block.endswith(b"\n"):
        ends = np.append(ends, len(block))
    last = ends - 1
    last = np.where(data[last] == _RETURN, last - 1, last)
    plain = block[:1] == b"{" and (data[ends[:-1] + 1] == _OPEN).all() and (data[last] == _CLOSE).all()
    return ends if plain else None


def line_at(block: bytes, ends: Ends | Sequence[int], at: int) -> bytes:
    """One of the lines, by its place from 0."""
    return block[ends[at - 1] + 1 if at else 0 : ends[at]]


def kind_of(line: bytes) -> tuple[str, bytes]:
    """The kind of record that a line seems to be, and how lines of that kind begin in this file; no kind for what is not plain."""
    at = line.find(b'"resourceType"')
    if at < 0:
        return "", b"\0"
    after = line[at + 14 : at + 80].lstrip()
    if after[:1] != b":" or (name := after[1:].lstrip())[:1] != b'"':
        return "", b"\0"
    kind = name[1:].split(b'"', 1)[0]
    if not kind.isalpha():
        return "", b"\0"
    # Remembered only where a line begins with its kind: then the next line that begins in the same way is of the same kind.
    begins = line[: line.find(kind, at) + len(kind) + 1] if at < 4 else b"\0"
    return kind.decode("ascii"), begins
