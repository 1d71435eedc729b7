"""Lines of a file, packed or not, with their numbers; and the report of what cannot be unpacked."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from equina.batch.inputs import Input, Piece

__all__ = ["LONGEST", "Damaged", "lines_of", "opened"]

# A record with a long letter in it has some hundred kilobytes. What is longer than this is no record, and must not fill the memory.
LONGEST = 32 * 1024 * 1024
_READ = 4 * 1024 * 1024


class Damaged(ValueError):  # noqa: N818  (what it is, not how it is told)
    """Packed data that cannot be unpacked any further; what came before it has been given."""


def opened(each: Input) -> BinaryIO:
    """The file, unpacked as it is read. Raises OSError."""
    if each.packed == "gz":
        return gzip.open(each.path, "rb")  # type: ignore[return-value]
    if each.packed == "zst":
        from pyarrow import input_stream

        return input_stream(each.path, compression="zstd")  # type: ignore[no-any-return]
    return open(each.path, "rb", buffering=0)  # noqa: SIM115, PTH123  (closed by who opened it)


def lines_of(file: BinaryIO, piece: Piece, heed: Callable[[int], None] = lambda _: None) -> Iterator[bytes | None]:
    """Each line that begins within the piece, without its end; None for one that is too long to hold. `heed` is told of the bytes.

    Raises Damaged, after the lines before the damage.
    """
    at = piece.start
    if at:
        file.seek(at - 1)  # a line that begins right here has an end just before it
        at -= 1
    skipping = bool(piece.start)  # the line that began in the piece before, or one that is too long
    told = not piece.start
    carry, damage = b"", None
    while damage is None:
        try:
            block = file.read(_READ)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            block, damage = b"", _told(error)
        except OSError as error:
            if error.errno is not None:
                raise
            block, damage = b"", _told(error)
        if not block:
            break
        heed(len(block))
        *whole, rest = block.split(b"\n")
        for i, part in enumerate(whole):
            line, length = (carry + part if i == 0 and carry else part), len(part) + 1 + (len(carry) if i == 0 else 0)
            if skipping:
                if told:
                    yield None
                skipping, told = False, True
            else:
                if piece.end is not None and at >= piece.end:
                    return
                yield line
            at += length
            if i == 0:
                carry = b""
        carry += rest
        if skipping or len(carry) > LONGEST:
            if not skipping and piece.end is not None and at >= piece.end:
                return
            skipping = True
            at += len(carry)
            carry = b""
        if piece.end is not None and at >= piece.end and not skipping:
            return
    if damage is not None:
        raise Damaged(damage)
    if skipping:
        if told:
            yield None
    elif carry and not (piece.end is not None and at >= piece.end):
        yield carry


def _told(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the packed data ends early: what came before was judged; pack the file again"
    return "the packed data is damaged: what came before was judged; pack the file again"
