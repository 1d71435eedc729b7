"""Mentions of many letters as columns: what was found in each letter, and what its parts and its other mentions make of that."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from equina.model import Protocol
from equina.notes.cues import Section
from equina.notes.lexicon import Lexicon
from equina.notes.native import VERDICTS
from equina.notes.reading import Found, Mention, Parts, since
from equina.notes.sentence import ASSERTED, ONSETS

__all__ = ["BYTES", "FIND", "KINDS", "SIZE", "Bools", "Mentions", "Numbers", "Sheaf", "Sorter", "where_any"]

Numbers = np.ndarray[Any, np.dtype[np.intp]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

KINDS = tuple(product(ASSERTED, ONSETS))  # what may be said of a finding: an assertion and an onset
_KIND = {kind: number for number, kind in enumerate(KINDS)}
# How many numbers the compiled reader gives of a mention, in how many bytes, and which of them is the find.
SIZE, BYTES, FIND = 8, 32, 2
_BEGIN = struct.Struct("4i").unpack_from  # start, end, find and verdict of a mention
_REMEMBERED = 50_000
_PRESENT, _NEW, _OLD = (np.array([what in kind for kind in KINDS]) for what in ("present", "new", "long_standing"))


@dataclass
class Sheaf:
    """Letters that are taken in and not told yet."""

    found: list[bytes] = field(default_factory=list)  # of each letter, as the compiled reader tells it
    texts: list[str] = field(default_factory=list)
    ages: list[float | None] = field(default_factory=list)  # by the record
    decided: list[tuple[int, int]] = field(default_factory=list)  # (place of a mention, its kind) where a part of the text decides
    values: list[tuple[int, float]] = field(default_factory=list)  # (place of a mention, its number) where that can be
    mentions: int = 0


class Mentions(NamedTuple):
    """Mentions, letter by letter in the order of the texts."""

    letter: Numbers  # its place in the sheaf
    start: Numbers
    end: Numbers
    finding: Numbers  # its place in the protocol
    kind: Numbers  # its place in KINDS
    valued: Bools  # whether a number is told of it
    low: Numbers  # where the words of its cue begin, or -1, and where they end
    high: Numbers
    place: Numbers  # of the mention as it was found: one that bears on two findings is here twice

    def of(self, places: Numbers) -> Mentions:
        """Those at these places."""
        return Mentions._make(column[places] for column in self)


class Sorter:
    """Tells of many mentions at once what the numbers of the compiled reader say of each."""

    def __init__(self, protocol: Protocol, words: Lexicon) -> None:
        self._words = words
        self._finds = () if words.compiled is None else words.compiled.finds
        self._number = number = {name: place for place, name in enumerate(protocol.findings)}
        # Behind the finds of the compiled reader the findings, behind its verdicts the kinds: what was read without it is told so.
        self._finding = np.array([*(number.get(find.finding or "", -1) for find in self._finds), *number.values()], np.intp)
        verdicts = [_KIND[assertion, since(assertion, onset, before)] for assertion, onset, _, _, before in VERDICTS]
        self._kind = np.array([*verdicts, *range(len(KINDS))], np.intp)
        self._open: dict[tuple[int, int, int], bool] = {}

    def numbers(self, mentions: Sequence[Mention]) -> bytes:
        """What the compiled reader would tell of these mentions."""
        rows = [
            (
                each.start,
                each.end,
                len(self._finds) + self._number[each.finding],
                len(VERDICTS) + _KIND[each.assertion, each.onset],
                *(each.cue[:2] if each.cue else (-1, -1)),
                *((-1, -1) if each.value is None else (0, 0)),
            )
            for each in mentions
        ]
        return np.array(rows, np.int32).tobytes()

    def mentions(self, sheaf: Sheaf) -> Mentions:
        """The mentions of the letters, each once for every finding on which it bears."""
        numbers = np.frombuffer(b"".join(sheaf.found), np.int32).reshape(-1, SIZE).T.astype(np.intp, order="C")
        start, end, find, verdict, low, high, number, _ = numbers
        counts = [len(each) // BYTES for each in sheaf.found]
        letter = np.repeat(np.arange(len(counts)), counts)
        kind = self._kind[verdict]
        for place, decided in sheaf.decided:
            kind[place], low[place] = decided, -1
        found = Mentions(letter, start, end, self._finding[find], kind, number >= 0, low, high, np.arange(len(letter)))
        return self._with_what_they_become(found, len(counts))

    def decided(self, text: str, found: Found) -> dict[int, int]:
        """The kinds of those mentions found in a text of which the part decides in which they are; by their places."""
        begun, decided, parts = found.begun, dict[int, int](), None
        starts: list[int] = []
        for part, (begins, section) in enumerate(begun):
            if section is None or section.assertion is None:
                continue
            starts = starts or memoryview(found.numbers).cast("i")[::SIZE].tolist()
            behind = bisect_left(starts, begun[part + 1][0]) if part + 1 < len(begun) else len(starts)
            for at in range(bisect_left(starts, begins), behind):
                start, _, which, said = _BEGIN(found.numbers, at * BYTES)
                if self._may_decide(section, which, said):
                    parts = parts or Parts(self._words, text, begun)
                    # How far a part reaches is worked out only where that matters: it takes longer than all else here.
                    if parts.at(start) is section and parts.decides(section, start, self._finds[which], VERDICTS[said]):
                        decided[at] = _KIND[section.assertion, since(section.assertion, "unknown", VERDICTS[said][4])]
        return decided

    def _may_decide(self, section: Section, find: int, verdict: int) -> bool:
        """Whether a part decides of such a mention, unless the words themselves are against it."""
        key = (id(section), find, verdict)  # the lexicon keeps its sections
        known = self._open.get(key)
        if known is None:
            if len(self._open) >= _REMEMBERED:
                self._open.clear()
            no_words = Parts(self._words, "", ())
            known = self._open[key] = no_words.decides(section, 0, self._finds[find], VERDICTS[verdict])
        return known

    def _with_what_they_become(self, found: Mentions, letters: int) -> Mentions:
        """The mentions, and behind each that bears on another finding besides its own that one: what `evidence.becoming` tells."""
        besides = np.full(len(found.letter), -1)
        present = _PRESENT[found.kind]
        for name, becomes in self._words.becomes.items():
            own = found.finding == self._number[name]
            if own.any():
                is_new, is_old = (where_any(found.letter[own & present & told[found.kind]], letters) for told in (_NEW, _OLD))
                kinds = [self._number[other] for other in self._words.unless.get(name, ())]
                kind = present & np.isin(found.finding, kinds)
                named, newly = (where_any(found.letter[some], letters) for some in (kind, kind & _NEW[found.kind]))
                named_so = named[found.letter] & ~(_NEW[found.kind] & ~newly[found.letter])
                does = (is_new | ~is_old)[found.letter] & ~(present & named_so)
                besides[own & does] = self._number[becomes]
        twice = besides >= 0
        if not twice.any():
            return found
        place = np.repeat(found.place, 1 + twice)
        second = np.flatnonzero(place[1:] == place[:-1]) + 1
        found = found.of(place)
        found.finding[second] = besides[place[second]]
        return found


def where_any(of: Numbers, letters: int) -> Bools:
    """Of each letter whether it is among these."""
    found = np.zeros(letters, np.bool_)
    found[of] = True
    return found
