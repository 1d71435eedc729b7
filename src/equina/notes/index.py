"""An index of patterns: they are sought in one sentence after another, those of one word by it, the others by a scanner."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from equina.notes.cues import Cue, Find
from equina.notes.patterns import Pattern, Placed, Writer, together
from equina.notes.scan import Planes, Scanner
from equina.notes.vocabulary import OTHER

__all__ = ["Group", "Index", "Match", "any_of"]

_SEEN, _LONG_KEY = 100_000, 60  # answers remembered, and of how many words: memory stays flat

Search = Callable[[str], Iterator["re.Match[str]"]]
# First word, word after the last, what it is, and where its number stands.
Match = tuple[int, int, Find | Cue, int | None]


def any_of(letters: Iterable[str]) -> str:
    """The expression for any of these letters."""
    kept = "".join(sorted(set(letters)))
    return f"[{kept}]" if kept else "(?!)"


def _number(match: re.Match[str]) -> int | None:
    """Where the first number of a measure stands."""
    return next((start for i in range(1, match.re.groups + 1) if (start := match.start(i)) >= 0), None)


class Group:
    """Patterns that mean the same and need letters of the same sets: one expression, compiled when it is first sought."""

    __slots__ = ("_made", "_writer", "pattern", "value", "what")

    def __init__(self, what: Find | Cue, pattern: Pattern, writer: Writer) -> None:
        self.what = what
        self.value = isinstance(what, Find) and what.measure is not None
        self.pattern = pattern
        self._writer = writer
        self._made: re.Pattern[str] | None = None

    def search(self) -> Search:
        """What finds the matches in a stretch of letters."""
        if self._made is None:
            self._made = re.compile(self._writer.expression(self.pattern))
        return self._made.finditer


class Index:
    """Patterns to be sought sentence by sentence: those of one word by their letter, the others by a scanner and their expression.

    What the scanner says of a row of letters is remembered: sentences differ, but the words of the lexicon in them recur.
    """

    def __init__(
        self,
        single: Mapping[str, Sequence[Find | Cue]],
        groups: Sequence[Group],
        wanted: Sequence[Sequence[Sequence[Placed]]],
    ) -> None:
        self.single = single
        self._words = re.compile(any_of(single))
        self.groups = tuple(groups)
        self._wanted = wanted
        begins = {letter for patterns in wanted for needs in patterns for letter in needs[0][0]}
        self.any = re.compile(any_of({*single, *begins}))
        self._begins = re.compile(any_of(begins))
        self._seen: dict[str, tuple[tuple[Search, Find | Cue, bool], ...]] = {}

    @cached_property
    def scanner(self) -> Scanner:
        """Names the groups that may match; made when it is first asked."""
        return Planes([[one for one, _, _ in level] for level in self.levels()])

    def levels(self) -> list[Sequence[Placed]]:
        """For each group the sets of which each match of it holds a letter, the rarest first, and where."""
        return [patterns[0] if len(patterns) == 1 else list(together(patterns)) for patterns in self._wanted]

    def matches(self, sentence: str) -> list[Match]:
        """All that is found in a sentence."""
        single = self.single
        found: list[Match] = []
        for word in self._words.finditer(sentence):
            place = word.start()
            found += [(place, place + 1, what, None) for what in single[sentence[place]]]
        if self._begins.search(sentence):
            key = sentence.replace(OTHER, "")
            searches = self._seen.get(key)
            for search, what, value in self._searches(key) if searches is None else searches:
                found += [(*match.span(), what, _number(match) if value else None) for match in search(sentence)]
        return found

    def _searches(self, key: str) -> tuple[tuple[Search, Find | Cue, bool], ...]:
        """What to seek in a sentence of these known words. Leaving the others out only shortens gaps, so that nothing is lost."""
        groups = [self.groups[i] for i in self.scanner(key)]
        searches = tuple((group.search(), group.what, group.value) for group in groups)
        if len(self._seen) < _SEEN and len(key) <= _LONG_KEY:
            self._seen[key] = searches
        return searches
