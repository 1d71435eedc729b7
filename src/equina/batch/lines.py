"""Lines of a file, packed or not, with their numbers; and the report of what cannot be unpacked."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from equina.batch.inputs import Input, Piece

__all__ = ["LONGEST", "Damaged", "chunks_of", "lines_of", "opened", "split"]

# A record with a long letter in it has some hundred kilobytes. What is longer than this is no record, and must not fill the memory.
LONGEST = 32 * 1024 * 1024
_READ = 256 * 1024  # what is read at once stays in the nearest memory while it is looked at
_READ_PACKED = 64 * 1024


class Damaged(ValueError):  # noqa: N818  (what it is, not how it is told)
    """Packed data that cannot be unpacked any further; what came before it has been given."""


def opened(each: Input) -> BinaryIO:
    """The file, unpacked as it is read. Raises OSError."""
    if each.packed == "gz":
        return gzip.open(each.path, "rb")  # type: ignore[return-value]
    if each.packed == "zst":
        from pyarrow import input_stream

        return input_stream(each.path, compression="zstd")  # type: ignore[no-any-return]
    return Path(each.path).open("rb", buffering=0)


def lines_of(file: BinaryIO, piece: Piece, heed: Callable[[int], None] = lambda _: None) -> Iterator[bytes | None]:
    """Each line that begins within the piece, without its end; None for one that is too long to hold. `heed` is told of the bytes.

    Raises Damaged, after the lines before the damage.
    """
    for chunk in chunks_of(file, piece, heed):
        if chunk is None:
            yield None
        else:
            yield from split(chunk)


def split(chunk: bytes) -> list[bytes]:
    """The lines of a chunk, without their ends."""
    return chunk.removesuffix(b"\n").split(b"\n")


def chunks_of(file: BinaryIO, piece: Piece, heed: Callable[[int], None] = lambda _: None) -> Iterator[bytes | None]:
    """As `lines_of`, but whole lines together, with their ends, as many as were read at once."""
    at, inside = piece.start, True  # where the next line begins; whether it is one of the piece
    if at:
        at, inside = at - 1, False  # a line that begins right at the start has an end just before it
        file.seek(at)
    held: list[bytes] = []  # what is read of a line whose end is not yet
    size = 0
    for block in _blocks(file, heed):
        start, cut = 0, block.rfind(b"\n") + 1  # the whole lines of the block
        if cut and (size or not inside):
            start = block.find(b"\n") + 1
            size += start
            if inside:
                yield None if size - 1 > LONGEST else b"".join((*held, block[:start]))
            at += size
            held, size, inside = [], 0, True
            if piece.end is not None and at >= piece.end:
                return
        if piece.end is not None and at + cut - start >= piece.end:
            cut = block.find(b"\n", piece.end - at + start - 1) + 1  # the end of the last line that begins before that of the piece
            if cut > start:
                yield block[start:cut]
            return
        if cut > start:
            yield block[start:cut]
            at += cut - start
        rest = block[cut:]
        size += len(rest)
        if size > LONGEST:
            held = []
        elif rest:
            held.append(rest)
    if size and inside:
        yield None if size > LONGEST else b"".join(held)


def _blocks(file: BinaryIO, heed: Callable[[int], None]) -> Iterator[bytes]:
    """The bytes of the file. Raises Damaged, after those before the damage."""
    # To ask a damaged file for more than is left of it loses what comes before the damage: of gzip one takes what there is, of zstd
    # no more at a time than may be lost.
    packed = not isinstance(file, io.FileIO)
    read = getattr(file, "read1", file.read)
    size = _READ_PACKED if packed else _READ
    while True:
        try:
            block = read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Damaged(_told(error)) from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise Damaged(_told(error)) from None
        if not block:
            return
        heed(len(block))
        yield block


def _told(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the packed data ends early: what came before was judged; pack the file again"
    return "the packed data is damaged or ends early: what came more than 64 kB before was judged; pack the file again"
