"""The file of points, and of those around a complaint: read, each fault named, and put into letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from equina.notes.around import VERDICTS, ZONES, Around
from equina.notes.cues import Find
from equina.notes.points import Points, Shares
from equina.notes.vocabulary import OTHER, Vocabulary
from equina.tables import Table

__all__ = ["Given", "GivenAround", "around_given", "around_in_letters", "in_letters", "points_given"]

_MOST = 9999  # points of a word, and of a base
_POINTS = re.compile(r"-?[1-9][0-9]{0,3}")
_NUMBER = re.compile(r"#[0-9][0-9.,/+-]*")

Checked = Callable[[Table, str, str], str]  # of a table, a key and a name: the name, once it is seen to be a finding


class Given(NamedTuple):
    """What the file says of a finding: what is found, the base, and the points of words and pairs."""

    find: Find
    base: int
    words: Mapping[str, int]


class GivenAround(NamedTuple):
    """What the file says of a verdict: the findings, the base, and in each zone the points of words and pairs."""

    findings: frozenset[str]
    base: int
    zones: Mapping[str, Mapping[str, int]]


def points_given(name: str, table: Table, kinds: Mapping[str, str], checked: Checked) -> Given:
    """What one table of [points] says."""
    finding = checked(table, "", name)
    void = frozenset(checked(table, "unless", other) for other in table.texts("unless"))
    find = Find(id=f"points.{name}", finding=finding, kind=kinds.get(finding, ""), of=void | {finding}, likely=True)
    return Given(find, _base(table, "since a sentence without a word names nothing"), _words(table, "words"))


def around_given(name: str, table: Table, checked: Checked) -> GivenAround:
    """What one table of [around] says."""
    if name not in VERDICTS:
        table.fault("", f'"{name}" is nothing that words around a complaint make of it', f"name it {', '.join(VERDICTS)}")
    findings = frozenset(checked(table, "of", finding) for finding in table.texts("of", required=True))
    base = _base(table, "since words that tell nothing make nothing of a complaint")
    return GivenAround(findings, base, {zone: _words(table, zone) for zone in ZONES})


def _base(table: Table, why: str) -> int:
    missing = "base" not in table
    base = table.number("base")
    if missing or (base is not None and not (base.is_integer() and -_MOST <= base < 0)):
        given = "the key is missing" if base is None else f"{base:g} is no base, {why}"
        table.fault("base", given, f"give a whole number from -{_MOST} to -1")
    return int(base or -1)


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
        for word in words:
            if word in given:
                below.fault(number, f'"{word}" has {given[word]} points already', "leave it in one list")
            given[word] = int(number)
    return given


def in_letters(given: Iterable[Given], vocabulary: Vocabulary) -> Points:
    """Points by the letters of a vocabulary. A word that it has not is none of any text."""
    each = tuple(given)
    of = _by_letters([one.words for one in each], vocabulary)
    return Points(tuple(one.find for one in each), tuple(one.base for one in each), of)


def around_in_letters(given: Mapping[str, GivenAround], vocabulary: Vocabulary) -> Around:
    """The same of what is around a complaint; a verdict that the file has not is none of anything."""
    none = GivenAround(frozenset(), -1, {zone: {} for zone in ZONES})
    each = [given.get(name, none) for name in VERDICTS]
    of = _by_letters([one.zones[zone] for one in each for zone in ZONES], vocabulary)
    return Around(tuple(one.findings for one in each), tuple(one.base for one in each), of)


def _by_letters(lists: Iterable[Mapping[str, int]], vocabulary: Vocabulary) -> Mapping[str, Shares]:
    """Of letters the points: in which list, how many. Numbers that the lexicon does not tell apart add up."""
    of: dict[str, dict[int, int]] = {}
    for which, words in enumerate(lists):
        for name, some in words.items():
            letters = [_letter(vocabulary, word) for word in name.split(" ")]
            if all(letters):
                shares = of.setdefault("".join(letters), {})
                shares[which] = max(-_MOST, min(_MOST, shares.get(which, 0) + some))
    return {key: tuple(shares.items()) for key, shares in of.items()}


def _letter(vocabulary: Vocabulary, word: str) -> str:
    """The letter of a word, or none; "#1987" is any number that the lexicon does not tell from 1987."""
    letter = vocabulary.letter(word[1:]) if _NUMBER.fullmatch(word) else vocabulary.letters.get(word, OTHER)
    return "" if letter == OTHER else letter
