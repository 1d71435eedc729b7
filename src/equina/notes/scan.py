"""Scanning: which patterns can match in a sentence at all, by the letters in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Protocol

__all__ = ["NEEDED", "Planes", "Scanner"]

_SOME = re.compile(rb"[^\0]")
_BITS = [tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256)]  # of each byte, the places of its bits
NEEDED = 4  # sets of letters looked at for each pattern; more of them rule out next to nothing


class Scanner(Protocol):
    """Names the groups of patterns that may match in a sentence, given as letters; every group that matches is among them."""

    def __call__(self, sentence: str) -> Iterable[int]: ...


class Planes:
    """Bits: a letter sets the bit of each group of whose rarest set it is, and in a second plane that of the second rarest.

    Where both bits of a group are set, its other sets are looked at: few groups come so far.
    """

    def __init__(self, needed: Sequence[Sequence[frozenset[str]]]) -> None:
        """`needed`: for each group the sets of which it needs a letter each, the rarest first."""
        self._width = len(needed)
        self._every, self._bytes = (1 << self._width) - 1, self._width // 8 + 1
        self._always = 0  # the bits in the second plane of groups that need one set alone
        self._others: list[tuple[frozenset[str], ...]] = []
        bits: dict[str, int] = {}
        for group, (first, *rest) in enumerate(needed):
            for letter in first:
                bits[letter] = bits.get(letter, 0) | 1 << group
            for letter in rest[0] if rest else ():
                bits[letter] = bits.get(letter, 0) | 1 << group + self._width
            if not rest:
                self._always |= 1 << group + self._width
            self._others.append(tuple(rest[1:]))
        self._bits = bits

    def __call__(self, sentence: str) -> Iterator[int]:
        letters = frozenset(sentence)
        known = self._bits
        both = reduce(or_, [known[letter] for letter in letters if letter in known], self._always)
        left = both & both >> self._width & self._every
        # Shifting out one bit after another would copy the whole number for each.
        for some in _SOME.finditer(left.to_bytes(self._bytes, "little")):
            start = 8 * some.start()
            for group in _BITS[some[0][0]]:
                group += start
                for needed in self._others[group]:
                    if needed.isdisjoint(letters):
                        break
                else:
                    yield group
