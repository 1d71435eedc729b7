"""Scanning: which patterns can match in a sentence at all, by the letters in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Protocol

from equina.notes.vocabulary import OTHER

__all__ = ["PLANES", "Planes", "Scanner"]

PLANES = 4


class Scanner(Protocol):
    """Names the groups of patterns that may match in a sentence, given as letters; every group that matches is among them."""

    def __call__(self, sentence: str) -> Iterable[int]: ...


class Planes:
    """Bits: each group has one in each plane, `width` apart, for the rarest sets of letters of which it needs one.

    A letter sets the bits of the groups that need it. Where all of a group are set, it may match.
    """

    def __init__(self, wanted: Sequence[Sequence[Sequence[frozenset[str]]]], letters: Iterable[str]) -> None:
        """`wanted`: for each group, for each pattern of it, the sets; `letters`: all that may stand in a sentence, but OTHER."""
        self._width = len(wanted)
        self._always = 0  # the bits of groups that need fewer sets than there are planes
        self._masks = dict.fromkeys(letters, 0)
        for i, patterns in enumerate(wanted):
            for plane in range(PLANES):
                bit = 1 << i + plane * self._width
                if all(len(sets) > plane for sets in patterns):
                    for letter in frozenset().union(*(sets[plane] for sets in patterns)):
                        self._masks[letter] |= bit
                else:
                    self._always |= bit

    def __call__(self, sentence: str) -> Iterator[int]:
        planes = reduce(or_, map(self._masks.__getitem__, set(sentence.replace(OTHER, ""))), self._always)
        width = self._width
        bits = planes & ((1 << width) - 1)
        for plane in range(1, PLANES):
            bits &= planes >> plane * width
        while bits:
            lowest = bits & -bits
            bits ^= lowest
            yield lowest.bit_length() - 1
