"""Patterns of words: the small language of cues*.toml and context*.toml, compiled to expressions over the letters of a vocabulary.

    numb            that word, also with one slip of the keyboard when it is long
    incontinen*     any word that begins so
    <saddle>        any entry of that list of [terms]
    (a|b c|<d>)     one of these
    x?  x{0,3}      x or nothing; x so many times
    ~4              up to four other words of the same clause: no comma, no full stop, no "but", no "not"
    ~~4             the same, but commas may come between
    #               a number; <#name> a number of that class of [numbers]; s2 the letter and the very number
    ":"             a sign, as it stands in the text; $ the end of a sentence or of the text

Every repetition has a bound, so what is tried from one word is bounded too and the cost of a text grows with its length alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = [
    "Alternatives",
    "BadPattern",
    "Gap",
    "Letter",
    "Needs",
    "Pattern",
    "Placed",
    "Repeat",
    "Row",
    "Sets",
    "lines",
    "Writer",
    "flat",
    "parse",
    "together",
    "words_in",
]

LONGEST_GAP = 12
MOST_REPEATS = 8
MOST_BRACKETS = 100  # of one line


class BadPattern(ValueError):  # noqa: N818  (what it is, not how it is told)
    """A pattern that cannot be read; the message says where and how to mend it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One word, stem, sign, or class of numbers (`#`, `#name`)."""

    word: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to `most` other words; `wide` crosses commas."""

    most: int
    wide: bool


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part, from `least` to `most` times."""

    part: Pattern
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of these."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """These, one after the other."""

    parts: tuple[Pattern, ...]


Pattern: TypeAlias = Letter | Gap | Repeat | Alternatives | Row
Terms: TypeAlias = Mapping[str, Pattern]

_TOKENS = re.compile(r"~~?\d+|\{\d+,\d+\}|[()|?#]|<#?[a-z0-9_]+>|\"[^\"\s]+\"|[^\s()|?{}<>\"~#]+")
_LETTERS_AND_NUMBERS = re.compile(r"\d+|\D+")


def parse(text: str, terms: Terms, *, whole: bool = True) -> Pattern:
    """The pattern that a line of the lexicon says; `terms` are the lists it may name. One that is not `whole` may match nothing.

    Raises BadPattern.
    """
    tokens = list(_tokens(text))
    if text.count("(") > MOST_BRACKETS:
        raise BadPattern(f"more than {MOST_BRACKETS} brackets; name a part of it in [terms]")
    pattern, rest = _alternatives(tokens, 0, terms)
    if rest < len(tokens):
        raise BadPattern(f"an unexpected {tokens[rest][1]!r}; is a bracket missing before it?")
    if isinstance(pattern, Gap) or (isinstance(pattern, Row) and isinstance(pattern.parts[0], Gap)):
        raise BadPattern("it begins with a gap; begin with a word")
    if whole and _may_be_empty(pattern):
        raise BadPattern("it matches nothing at all; leave at least one word without a question mark")
    return pattern


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """The tokens of a line, each with its kind: "word", "name", "gap", "times", or the mark itself."""
    tokens = _TOKENS.findall(text)
    if not tokens and not text.strip():
        raise BadPattern("it is empty; write at least one word")
    if len("".join(tokens)) != len("".join(text.split())):
        place = next(i for i in range(len(text)) if text[i] in '~{<>}"' and not _TOKENS.match(text, i))
        raise BadPattern(f'cannot read {text[place:].strip()[:20]!r}; put signs in quotes, as in ":"')
    for token in tokens:
        first = token[0]
        if first in "()|?":
            yield token, token
        elif first == "~":
            yield "gap", token
        elif first == "{":
            yield "times", token
        elif first == "<":
            yield "name", token[1:-1]
        elif first == '"':
            yield "word", token[1:-1]
        elif token.isalpha() or first == "#":
            yield "word", token.lower()
        else:
            for part in _LETTERS_AND_NUMBERS.findall(token.lower()):
                yield "word", f"#={part}" if part.isdigit() else part


def _alternatives(tokens: list[tuple[str, str]], i: int, terms: Terms) -> tuple[Pattern, int]:
    options = []
    while True:
        row, i = _row(tokens, i, terms)
        options.append(row)
        if i < len(tokens) and tokens[i][0] == "|":
            i += 1
            continue
        return (options[0] if len(options) == 1 else Alternatives(tuple(options))), i


def _row(tokens: list[tuple[str, str]], i: int, terms: Terms) -> tuple[Pattern, int]:
    parts: list[Pattern] = []
    while i < len(tokens) and tokens[i][0] not in "|)":
        kind, text = tokens[i]
        i += 1
        if kind == "(":
            part, i = _alternatives(tokens, i, terms)
            if i >= len(tokens) or tokens[i][0] != ")":
                raise BadPattern("a bracket is not closed")
            i += 1
            parts.append(part)
        elif kind in ("?", "times"):
            if not parts or isinstance(parts[-1], Gap):
                raise BadPattern(f"{text} has no word before it")
            parts[-1] = _repeat(parts[-1], text)
        else:
            parts.append(_one(kind, text, terms))
    if not parts:
        raise BadPattern("an empty alternative; write a word between the bars")
    return (parts[0] if len(parts) == 1 else Row(tuple(parts))), i


def _repeat(part: Pattern, text: str) -> Repeat:
    least, most = (0, 1) if text == "?" else map(int, text.strip("{}").split(","))
    if most > MOST_REPEATS or least > most:
        raise BadPattern(f"{text}: at most {MOST_REPEATS} times, the smaller number first")
    return Repeat(part, least, most)


def _one(kind: str, text: str, terms: Terms) -> Pattern:
    """A word, a gap, or a list by its name."""
    if kind == "word" or text.startswith("#"):
        return Letter(text)
    if kind == "name":
        if text not in terms:
            raise BadPattern(f"<{text}> is no list of [terms]; define it above its first use")
        return terms[text]
    most = int(text.lstrip("~"))
    if most > LONGEST_GAP:
        raise BadPattern(f"a gap of {most} words; {LONGEST_GAP} at most")
    return Gap(most, text.startswith("~~"))


def _may_be_empty(pattern: Pattern) -> bool:
    match pattern:
        case Letter():
            return False
        case Gap():
            return True
        case Repeat(part, least, _):
            return least == 0 or _may_be_empty(part)
        case Alternatives(parts):
            return any(map(_may_be_empty, parts))
        case Row(parts):
            return all(map(_may_be_empty, parts))


def words_in(patterns: Iterable[Pattern]) -> frozenset[str]:
    """Every word, stem and sign that the patterns name; classes of numbers with their "#", ends as "$"."""
    words: set[str] = set()
    seen: set[int] = set()  # parts that many patterns share are looked at once
    left = list(patterns)
    while left:
        pattern = left.pop()
        if id(pattern) in seen:
            continue
        seen.add(id(pattern))
        match pattern:
            case Letter(word):
                words.add(word)
            case Repeat(part, _, _):
                left.append(part)
            case Alternatives(parts) | Row(parts):
                left.extend(parts)
            case Gap():
                pass
    return frozenset(words)


Sets: TypeAlias = tuple[frozenset[str], ...]
Lengths: TypeAlias = tuple[int, int]
# A set of letters, and how many words before it a match has at least and at most.
Placed: TypeAlias = tuple[frozenset[str], int, int]
Held: TypeAlias = tuple[tuple[Placed, ...], Lengths]  # and how many words a match has


@dataclass(frozen=True, slots=True)
class Needs:
    """What every match of a pattern holds: one letter of each of some sets, the rarest first, `most` of them at most.

    `known` remembers the answer for parts that many patterns share.
    """

    letters: Callable[[str], str]
    weights: Mapping[str, int]  # how frequent a letter is; 1 when not told
    most: int
    known: dict[int, tuple[Pattern, Held]]  # the pattern is kept, so that its number stays its own
    weighed: dict[frozenset[str], int]
    words: dict[str, Held] = field(default_factory=dict)

    def of(self, pattern: Pattern) -> Sets:
        """The sets of a pattern."""
        return tuple(one for one, _, _ in self.placed(pattern))

    def placed(self, pattern: Pattern) -> tuple[Placed, ...]:
        """The same with their places."""
        return self._held(pattern)[0]

    def _held(self, pattern: Pattern) -> Held:
        if isinstance(pattern, Letter):  # nine parts of ten
            found = self.words.get(pattern.word)
            if found is None:
                found = self.words[pattern.word] = ((frozenset(self.letters(pattern.word)), 0, 0),), (1, 1)
            return found
        known = self.known.get(id(pattern))
        if known is None:
            placed, lengths = self._worked_out(pattern)
            rarest = placed if len(placed) < 2 else self._rarest(placed)
            known = self.known[id(pattern)] = pattern, (tuple(rarest), lengths)
        return known[1]

    def _rarest(self, placed: Iterable[Placed]) -> Sequence[Placed]:
        each: dict[frozenset[str], Placed] = {}
        for one in placed:
            each.setdefault(one[0], one)
        return sorted(each.values(), key=self._weight)[: self.most]

    def _weight(self, placed: Placed) -> int:
        one = placed[0]
        if one not in self.weighed:
            self.weighed[one] = sum(self.weights.get(letter, 1) for letter in one)
        return self.weighed[one]

    def _worked_out(self, pattern: Pattern) -> tuple[Sequence[Placed], Lengths]:
        match pattern:
            case Letter():
                return self._held(pattern)
            case Gap(most, _):
                return (), (0, most)
            case Repeat(part, least, most):
                placed, (shortest, longest) = self._held(part)
                return placed if least else (), (least * shortest, most * longest)
            case Alternatives(parts):  # the rarest sets of all alternatives together, then the second rarest, and so on
                if all(isinstance(part, Letter) for part in parts):
                    return [(frozenset().union(*(self._held(part)[0][0][0] for part in parts)), 0, 0)], (1, 1)
                each, lengths = zip(*map(self._held, parts), strict=True)
                shortests, longests = zip(*lengths, strict=True)
                return list(together(each)), (min(shortests), max(longests))
            case Row(parts):
                return self._of_row(parts)

    def _of_row(self, parts: Sequence[Pattern]) -> tuple[Sequence[Placed], Lengths]:
        found = list[Placed]()
        least = most = 0
        for part in parts:
            placed, (shortest, longest) = self._held(part)
            found += [(one, least + low, most + high) for one, low, high in placed]
            least, most = least + shortest, most + longest
        return found, (least, most)


def together(each: Iterable[Sequence[Placed]]) -> Iterator[Placed]:
    """What every match of one of several patterns holds, by what every match of each holds."""
    for level in zip(*each, strict=False):
        sets, least, most = zip(*level, strict=True)
        yield frozenset().union(*sets), min(least), max(most)


def lines(pattern: Pattern) -> Iterator[Pattern]:
    """The alternatives of which a pattern is made, each by itself."""
    if isinstance(pattern, Alternatives):
        for part in pattern.parts:
            yield from lines(part)
    else:
        yield pattern


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes patterns as regular expressions over letters. `stops` are the letters that no narrow and no wide gap crosses.

    `known` remembers the parts that many patterns share.
    """

    letters: Callable[[str], str]
    stops: tuple[str, str]
    known: dict[int, tuple[Pattern, str]]  # the pattern is kept, so that its number stays its own
    catch: bool = False  # numbers are caught

    def expression(self, pattern: Pattern) -> str:
        """The expression of a pattern."""
        if id(pattern) not in self.known:
            self.known[id(pattern)] = pattern, self._written(pattern)
        return self.known[id(pattern)][1]

    def _written(self, pattern: Pattern) -> str:
        match pattern:
            case Letter(word):
                known = self.letters(word)
                one = known if len(known) == 1 else f"[{known}]"
                return f"({one})" if self.catch and word.startswith("#") else one
            case Gap(most, wide):
                return f"[^{self.stops[wide]}]{{0,{most}}}?"
            case Repeat(part, least, most):
                return f"(?:{self.expression(part)}){{{least},{most}}}"
            case Alternatives(parts):
                return self._either(parts)
            case Row(parts):
                return "".join(map(self.expression, parts))

    def _either(self, parts: Iterable[Pattern]) -> str:
        single: dict[str, None] = {}
        longer: list[str] = []
        for part in flat(parts):
            if isinstance(part, Letter) and not (self.catch and part.word.startswith("#")):
                single.update(dict.fromkeys(self.letters(part.word)))
            else:
                longer.append(self.expression(part))
        if single:
            longer.append(f"[{''.join(single)}]")
        return longer[0] if len(longer) == 1 else f"(?:{'|'.join(longer)})"


def flat(parts: Iterable[Pattern]) -> Iterator[Pattern]:
    """The parts of alternatives, those of alternatives among them too."""
    for part in parts:
        if isinstance(part, Alternatives):
            yield from flat(part.parts)
        else:
            yield part
