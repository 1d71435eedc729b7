"""Scanning: which patterns can match in a sentence at all. Two scanners, one answer.

`Planes` needs the standard library alone. `Automaton` asks RE2 (the extra "text"), which runs all patterns at once in one pass and
takes a second to make itself ready: worth it from some hundreds of texts on. What either names is then matched by the same
expressions, and neither leaves out what would match, so that the reading is the same (tests/test_reading_scanners.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Protocol

from equina.notes.vocabulary import OTHER

__all__ = ["PLANES", "Automaton", "Planes", "Scanner"]

PLANES = 3
_MEMORY = 256 << 20  # bytes that RE2 may use for the states of its automaton


class Scanner(Protocol):
    """Names the groups of patterns that may match in a sentence, given as letters; every group that matches is among them."""

    def __call__(self, sentence: str) -> Iterable[int]: ...


class Planes:
    """Bits: each group has one in each of three planes, `width` apart, for the three rarest sets of letters of which it needs one.

    A letter sets the bits of the groups that need it. Where all three of a group are set, it may match.
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
        planes = reduce(or_, map(self._masks.__getitem__, sentence.replace(OTHER, "")), self._always)
        width = self._width
        bits = planes & (planes >> width) & (planes >> 2 * width) & ((1 << width) - 1)
        while bits:
            lowest = bits & -bits
            bits ^= lowest
            yield lowest.bit_length() - 1


class Automaton:
    """One RE2 automaton over all groups."""

    def __init__(self, expressions: Iterable[str]) -> None:
        """Raises ModuleNotFoundError when RE2 is not there."""
        import re2

        options = re2.Options()
        options.max_mem = _MEMORY
        options.log_errors = False
        patterns = re2.Set.SearchSet(options)
        for expression in expressions:
            patterns.Add(expression.replace("}?", "}"))  # whether a gap is lazy does not bear on whether there is a match
        patterns.Compile()
        self._match: Callable[[str], Sequence[int] | None] = patterns.Match

    def __call__(self, sentence: str) -> Iterable[int]:
        return self._match(sentence) or ()
