"""Programs: a pattern as instructions for the compiled matcher (match.c). It finds what the expression of patterns.Writer does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from equina.notes.patterns import Alternatives, Gap, Letter, Pattern, Repeat, Row, flat

__all__ = ["LetterSets", "Program", "UnfitError"]

# As in reader.h.
ONE, SET, NUMBER, GAP, SPLIT, JUMP, CALL, RETURN = (operation << 24 for operation in range(8))
_LARGEST = 1 << 24
_SHORT = 6  # instructions that are not worth a call

Code = list[int]


class UnfitError(Exception):
    """A lexicon that the compiled reader cannot take; it is read by the other one."""


class LetterSets:
    """Sets of letters, each with a number."""

    def __init__(self) -> None:
        self.all: dict[frozenset[str], int] = {}

    def number(self, letters: Iterable[str]) -> int:
        """The number of the set of these letters."""
        return self.all.setdefault(frozenset(letters), len(self.all))


class Program:
    """The instructions of patterns. A part that many patterns share is written down once, and called."""

    def __init__(self, letters: Callable[[str], str], sets: LetterSets) -> None:
        self.code: Code = []
        self._letters, self._sets = letters, sets
        self._words: dict[str, int] = {}
        # By the identity of a part, which is kept so that its number stays its own: its code, where it stands to be called (-1:
        # nowhere), and whether it may match nothing.
        self._known: dict[int, tuple[Pattern, Code, int, bool]] = {}
        self._numbered: dict[int, tuple[Pattern, bool]] = {}
        self._rank = 0

    def entry(self, pattern: Pattern, *, catch: bool) -> int:
        """Where the program of a pattern begins; with `catch` it tells where the first number stands.

        Raises UnfitError.
        """
        self._rank = 0
        code, empty = self._part(pattern, catch)
        if empty:
            raise UnfitError("a pattern that matches nothing at all")
        return self._kept(code)

    def _kept(self, code: Code) -> int:
        """Where this code stands, now that it can be called."""
        entry = len(self.code)
        self.code += code
        self.code.append(RETURN)
        if len(self.code) >= _LARGEST:
            raise UnfitError("a lexicon of more than sixteen million instructions")
        return entry

    def _part(self, pattern: Pattern, catch: bool) -> tuple[Code, bool]:
        """The code of a part, and whether it may match nothing. Each number that is caught has a rank of its own, so that parts
        with numbers are not shared."""
        if isinstance(pattern, Letter):
            return self._letter(pattern.word, catch), False
        if isinstance(pattern, Gap):
            return [GAP | pattern.wide << 8 | pattern.most], True
        if catch and self._has_number(pattern):
            return self._written(pattern, catch)
        known = self._known.get(id(pattern))
        if known is None:
            code, empty = self._written(pattern, catch=False)
            self._known[id(pattern)] = pattern, code, -1, empty
            return code, empty
        _, code, entry, empty = known
        if len(code) <= _SHORT:
            return code, empty
        if entry < 0:
            entry = self._kept(code)
            self._known[id(pattern)] = pattern, code, entry, empty
        return [CALL | entry], empty

    def _letter(self, word: str, catch: bool) -> Code:
        one = self._words.get(word)
        if one is None:
            one = self._words[word] = self._any(self._letters(word))
        if not (catch and word[0] == "#"):
            return [one]
        self._rank += 1
        return [NUMBER | self._rank, one]

    def _any(self, letters: str) -> int:
        return ONE | ord(letters) if len(letters) == 1 else SET | self._sets.number(letters)

    def _written(self, pattern: Pattern, catch: bool) -> tuple[Code, bool]:
        if isinstance(pattern, Row):
            parts = [self._part(part, catch) for part in pattern.parts]
            return [instruction for code, _ in parts for instruction in code], all(empty for _, empty in parts)
        if isinstance(pattern, Repeat):
            return self._repeat(pattern, catch)
        assert isinstance(pattern, Alternatives)
        return self._either(pattern.parts, catch)

    def _repeat(self, pattern: Repeat, catch: bool) -> tuple[Code, bool]:
        code, empty = self._part(pattern.part, catch)
        if empty and pattern.most > 1:
            raise UnfitError("a repetition of what may be nothing")
        if len(code) > _SHORT and pattern.most > 1:
            code = [CALL | self._kept(code)]
        again = pattern.most - pattern.least
        size = len(code) + 1
        return code * pattern.least + [
            instruction for i in range(again) for instruction in (SPLIT | size * (again - i), *code)
        ], empty or not pattern.least

    def _either(self, parts: Sequence[Pattern], catch: bool) -> tuple[Code, bool]:
        """Longer parts in their order, then one set of all single letters, as Writer has them."""
        single: list[str] = []
        longer: list[Code] = []
        may_be_empty = False
        for part in flat(parts):
            if isinstance(part, Letter) and not (catch and part.word[0] == "#"):
                single.append(self._letters(part.word))
            else:
                code, empty = self._part(part, catch)
                longer.append(code)
                may_be_empty = may_be_empty or empty
        if single:
            longer.append([self._any("".join(single))])
        written: Code = []
        left = sum(map(len, longer)) + 2 * len(longer) - 2  # instructions up to the end of the whole
        for code in longer[:-1]:
            written += (SPLIT | len(code) + 2, *code)
            left -= len(code) + 1
            written.append(JUMP | left)
            left -= 1
        return written + longer[-1], may_be_empty

    def _has_number(self, pattern: Pattern) -> bool:
        if isinstance(pattern, Letter):
            return pattern.word[0] == "#"
        if isinstance(pattern, Gap):
            return False
        if id(pattern) not in self._numbered:
            parts = (pattern.part,) if isinstance(pattern, Repeat) else pattern.parts
            self._numbered[id(pattern)] = pattern, any(map(self._has_number, parts))
        return self._numbered[id(pattern)][1]
