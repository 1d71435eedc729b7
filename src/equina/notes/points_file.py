"""The file of points: read, each fault named, and put into letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from equina.notes.cues import Find
from equina.notes.points import Doubt, Points, Shares
from equina.tables import Table

__all__ = ["Given", "doubt_given", "in_letters", "points_given"]

_MOST = 9999  # points of a word, and of a base
_POINTS = re.compile(r"-?[0-9]{1,4}")

Checked = Callable[[Table, str, str], str]  # of a table, a key and a name: the name, once it is seen to be a finding


@dataclass(slots=True)
class Given:
    """Of each finding with points its find, base and words; the bases of doubt, and its words: of the sentence, of the text."""

    points: dict[str, tuple[Find, int, Mapping[str, int]]] = field(default_factory=dict)
    doubted: Mapping[str, int] = field(default_factory=dict)
    against: Sequence[Mapping[str, int]] = ()


def points_given(name: str, table: Table, kinds: Mapping[str, str], checked: Checked) -> tuple[Find, int, Mapping[str, int]]:
    """What one table of [points] says."""
    finding = checked(table, "", name)
    void = frozenset(checked(table, "unless", other) for other in table.texts("unless"))
    find = Find(id=f"points.{name}", finding=finding, kind=kinds.get(finding, ""), of=void | {finding}, weighed=True)
    base = int(table.number("base") or 0)
    if not -_MOST <= base < 0:
        table.fault("base", "a sentence without a word would name it, or none ever could", f"give a number from -{_MOST} to -1")
    return find, base, _words(table, "words")


def doubt_given(table: Table, checked: Checked) -> tuple[Mapping[str, int], Sequence[Mapping[str, int]]]:
    """What [doubt] says: the bases of findings; the words of the sentence, and of the text."""
    named = table.mapping("bases")
    below = Table(table.file, f"{table.path}.bases", dict(named), table.faults)
    bases = {checked(below, name, name): int(below.number(name) or 0) for name in named}
    for name, base in bases.items():
        if abs(base) > _MOST:
            below.fault(name, f"{base} is no number of points", f"give a number from -{_MOST} to {_MOST}")
    given = bases, [_words(table, "sentence"), _words(table, "text")]
    table.rest()
    return given


def _words(table: Table, key: str) -> Mapping[str, int]:
    """The points of words and pairs, which stand in lists under their number."""
    given: dict[str, int] = {}
    numbers = table.mapping(key)
    below = Table(table.file, f"{table.path}.{key}", dict(numbers), table.faults)
    for number in numbers:
        if not _POINTS.fullmatch(number):
            below.fault(number, "points are whole numbers", 'write 12 = ["numb*", "cannot feel"]')
            continue
        words = below.texts(number)
        for odd in (word for word in words if not (all(parts := word.split(" ")) and len(parts) <= 2)):
            below.fault(number, f'"{odd}" is not a word or two', "part two words by one blank")
        given |= dict.fromkeys(words, int(number))
    return given


def in_letters(given: Given, letters: Mapping[str, str]) -> tuple[Points, Doubt]:
    """Points and doubt by the letters of a vocabulary. A word that it has not is none of any text."""
    finds, bases, words = zip(*given.points.values(), strict=True) if given.points else ((), (), ())
    return Points(finds, bases, _shares(words, letters)), Doubt(given.doubted, _shares(given.against, letters))


def _shares(given: Iterable[Mapping[str, int]], letters: Mapping[str, str]) -> Mapping[str, Shares]:
    of: dict[str, list[tuple[int, int]]] = {}
    for which, points in enumerate(given):
        for words, some in points.items():
            spelt = [letters.get(word, "") for word in words.split(" ")]
            if all(spelt):
                of.setdefault("".join(spelt), []).append((which, some))
    return {key: tuple(each) for key, each in of.items()}
