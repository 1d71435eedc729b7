"""Tables: a lexicon as one row of numbers, of which tables.c makes what the compiled reader reads with."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from equina.notes.around import Around
from equina.notes.cues import KINDS, Cue, Find
from equina.notes.index import Index
from equina.notes.lexicon import Lexicon
from equina.notes.native.program import LetterSets, Program, UnfitError
from equina.notes.points import Points, Shares

__all__ = ["Tables", "tables"]

VERSION = 10  # as in reader.h, like the next three
_NEEDS = 4
_MOST_POINTS = 10_000
_FAR = 100  # words behind the beginning of a match beyond which no place is told apart
_MOST_LETTERS = 0xD800  # from there on UTF-16 has no letters of one number
_MOST_KINDS = 63
_MOST_REACH = 1 << 30


@dataclass(frozen=True, slots=True)
class Tables:
    """The row of numbers, and the finds that it numbers."""

    numbers: array[int]
    finds: tuple[Find, ...]


def tables(lexicon: Lexicon, letters: Callable[[str], str], last: str, stops: tuple[str, str]) -> Tables:
    """The tables of a lexicon: `letters` of its words, of which this is the `last`, and what stops a narrow and a wide gap.

    Raises UnfitError for a lexicon that the compiled reader cannot take.
    """
    if ord(last) >= _MOST_LETTERS:
        raise UnfitError("a lexicon of more than fifty thousand words")
    sets, finds, cues = LetterSets(), _Numbered(), _Numbered()
    program = Program(letters, sets)
    # Whatever has a number must have got it before the numbers are written down.
    written = [
        _index(index, finds if i == 0 else cues, program, sets)
        for i, index in enumerate((lexicon.finds, lexicon.cues, lexicon.persons, lexicon.before, lexicon.stories))
    ]
    for find in lexicon.points.finds:
        finds.number(find)
    named = [sets.number(some) for some in (*_asked_for(lexicon, letters), *stops)]
    all_finds = [find for find in finds.all if isinstance(find, Find)]
    findings = {name: number for number, name in enumerate(sorted({find.finding for find in all_finds if find.finding}))}
    kinds = {kind: number for number, kind in enumerate(sorted({find.kind for find in all_finds}))}
    if len(kinds) > _MOST_KINDS:
        raise UnfitError("findings of more than sixty kinds")
    numbers = array("i", [VERSION, ord(last) + 1, len(findings) + 1, *_sets(sets)])
    numbers.append(len(program.code))
    numbers.extend(program.code)
    numbers.extend(_finds(all_finds, findings, kinds))
    numbers.extend(_cues([cue for cue in cues.all if isinstance(cue, Cue)], kinds))
    for part in written:
        numbers.extend(part)
    numbers.extend(named)
    numbers.extend(_points(lexicon.points, finds))
    numbers.extend(_around(lexicon.around, findings))
    return Tables(numbers, tuple(all_finds))


def _asked_for(lexicon: Lexicon, letters: Callable[[str], str]) -> Iterable[Iterable[str]]:
    """Letters that the reader itself asks for, in the order of reader.h."""
    return (
        letters("$"),
        lexicon.comma,
        lexicon.question,
        lexicon.ors,
        lexicon.absences,
        lexicon.carers,
        lexicon.colon,
        lexicon.light,
        lexicon.joining,
        lexicon.own,
        lexicon.theirs,
        lexicon.at_hand,
        lexicon.of_late,
        lexicon.of_the_present,
        lexicon.of_the_past,
        lexicon.parting,
    )


class _Numbered:
    """Values by their identity, each with a number."""

    def __init__(self) -> None:
        self.all: list[Find | Cue] = []
        self._numbers: dict[int, int] = {}

    def number(self, what: Find | Cue) -> int:
        if id(what) not in self._numbers:
            self._numbers[id(what)] = len(self.all)
            self.all.append(what)
        return self._numbers[id(what)]


def _index(index: Index, whats: _Numbered, program: Program, sets: LetterSets) -> array[int]:
    pairs = [
        number for letter in sorted(index.single) for what in index.single[letter] for number in (ord(letter), whats.number(what))
    ]
    numbers = array("i", [len(pairs) // 2, *pairs, len(index.groups)])
    for group, levels in zip(index.groups, index.levels(), strict=True):
        needs = [(sets.number(one) + 1, min(least, _FAR), min(most, _FAR)) for one, least, most in levels[:_NEEDS]]
        needs += [(0, 0, 0)] * (_NEEDS - len(needs))
        numbers.extend((whats.number(group.what), program.entry(group.pattern, catch=group.value)))
        numbers.extend(number for need in needs for number in need)
    return numbers


def _sets(sets: LetterSets) -> list[int]:
    return [len(sets.all), *map(len, sets.all), *(ord(letter) for one in sets.all for letter in sorted(one))]


def _finds(finds: Sequence[Find], findings: Mapping[str, int], kinds: Mapping[str, int]) -> list[int]:
    numbers: list[int] = []
    listed = 0
    for find in finds:
        # A finding that no pattern names is in no mention that these could bear on.
        instead_of, of = ([findings.get(name, len(findings)) for name in sorted(names)] for names in (find.instead_of, find.of))
        listed += len(instead_of) + len(of)
        numbers += (
            findings[find.finding] + 1 if find.finding else 0,
            kinds[find.kind],
            find.normal,
            find.measure is not None,
            find.likely,
        )
        numbers += (len(instead_of), *instead_of, len(of), *of)
    return [listed, len(finds), *numbers]


def _points(points: Points, finds: _Numbered) -> list[int]:
    """The points: the finds with their bases, and what words and pairs have for them."""
    each = zip(points.finds, points.bases, strict=True)
    return [len(points.finds), *(number for find, base in each for number in (finds.number(find), -base)), *_shares(points.of)]


def _around(around: Around, findings: Mapping[str, int]) -> list[int]:
    """The points around a complaint: of each verdict the findings that may be so, and the base; and what words and pairs have for
    which verdict in which zone."""
    numbers: list[int] = []
    for names, base in zip(around.findings, around.bases, strict=True):
        may = sorted(findings[name] for name in names if name in findings)
        numbers += (len(may), *may, -base)
    return [*numbers, *_shares(around.of)]


def _shares(of: Mapping[str, Shares]) -> list[int]:
    """Of each word or pair, in order, its points for which thing."""
    numbers = [sum(map(len, of.values())), len(of)]
    for key, shares in sorted(of.items()):
        numbers += (ord(key[0]), ord(key[1]) if len(key) > 1 else 0, len(shares))
        numbers += (number for which, some in shares for number in (which, some + _MOST_POINTS))
    return numbers


def _cues(cues: Sequence[Cue], kinds: Mapping[str, int]) -> list[int]:
    numbers: list[int] = []
    for cue in cues:
        # A kind that no finding has makes it bear on none.
        bits = sum(1 << kinds[kind] for kind in cue.of if kind in kinds) or (1 << _MOST_KINDS if cue.of else 0)
        numbers += (KINDS.index(cue.kind), max(-1, min(cue.reach, _MOST_REACH)), cue.forward, cue.backward)
        numbers += (cue.over_commas, cue.box, cue.at_head, cue.since_then, cue.noun, _signed(bits), _signed(bits >> 32))
        numbers += (_kinds(cue.stopped_by), _kinds(cue.stopped_ahead))
    return [len(cues), *numbers]


def _kinds(kinds: Iterable[str]) -> int:
    """The bits of kinds of cue. The last ones are remarks, which never stand among the cues of a sentence."""
    return sum(1 << KINDS.index(kind) for kind in kinds) & 0x7FFFFFFF


def _signed(bits: int) -> int:
    """The low 32 bits as the number that has them."""
    low = bits & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low
