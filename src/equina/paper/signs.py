"""Which signs the fonts can print, and texts of these alone: what has no glyph is shown as a mark, and nothing turns a line."""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["FONTS", "UNPRINTED", "printed", "right_to_left"]

FONTS = Path(__file__).parent / "fonts"
UNPRINTED = "\N{REPLACEMENT CHARACTER}"
LONGEST_WORD = 24  # signs; a longer one may be broken anywhere, so that it cannot leave its column
MOST_MARKS = 3  # on one letter: more would climb over the lines above
VARIANTS = frozenset(map(chr, range(0xFE00, 0xFE10)))  # which of its pictures the sign before is to have: we have one
BREAK = "\N{ZERO WIDTH SPACE}"


def printed(text: str) -> str:
    """The text in one line, of signs that can be printed, with a way to break what is too long for a word.

    >>> printed("I  can't\\tpee \\u202e\\u5c3f")
    "I can't pee \ufffd"
    """
    words = ("".join(_signs(word)) for word in text.split())
    return " ".join(_breakable(word) for word in words if word)


def _signs(word: str) -> Iterator[str]:
    marks = 0
    for sign in word:
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if sign.isprintable() and sign not in VARIANTS and marks <= MOST_MARKS:
            yield sign if ord(sign) in _covered() else UNPRINTED


def _breakable(word: str) -> str:
    return word if len(word) <= LONGEST_WORD else BREAK.join(word)


def right_to_left(text: str) -> bool:
    """Whether the text begins in a script that is written from right to left."""
    strong = (turn for sign in text if (turn := unicodedata.bidirectional(sign)) in ("L", "R", "AL"))
    return next(strong, "L") != "L"


@cache
def _covered() -> frozenset[int]:
    """The code points for which every font of ours has a glyph."""
    return frozenset[int].intersection(*(frozenset(_code_points(path.read_bytes())) for path in sorted(FONTS.glob("*.ttf"))))


def _code_points(font: bytes) -> Iterator[int]:
    """Those of the `cmap` table of an OpenType font, from its subtable of 32-bit groups (format 12)."""
    tables = {
        tag: start for tag, _, start, _ in struct.iter_unpack(">4sLLL", font[12 : 12 + 16 * struct.unpack_from(">H", font, 4)[0]])
    }
    cmap = tables[b"cmap"]
    count = struct.unpack_from(">H", font, cmap + 2)[0]
    for _, _, offset in struct.iter_unpack(">HHL", font[cmap + 4 : cmap + 4 + 8 * count]):
        at = cmap + offset
        if struct.unpack_from(">H", font, at)[0] == 12:
            groups = struct.unpack_from(">L", font, at + 12)[0]
            for first, last, _ in struct.iter_unpack(">LLL", font[at + 16 : at + 16 + 12 * groups]):
                yield from range(first, last + 1)
            return
