"""The file of points: read, each fault named, and put into letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from equina.notes.cues import Find
from equina.notes.points import Points
from equina.tables import Table

__all__ = ["Given", "in_letters", "points_given"]

_MOST = 9999  # points of a word, and of a base
_POINTS = re.compile(r"-?[1-9][0-9]{0,3}")

Checked = Callable[[Table, str, str], str]  # of a table, a key and a name: the name, once it is seen to be a finding


class Given(NamedTuple):
    """What the file says of a finding: what is found, the base, and the points of words and pairs."""

    find: Find
    base: int
    words: Mapping[str, int]


def points_given(name: str, table: Table, kinds: Mapping[str, str], checked: Checked) -> Given:
    """What one table of [points] says."""
    finding = checked(table, "", name)
    void = frozenset(checked(table, "unless", other) for other in table.texts("unless"))
    find = Find(id=f"points.{name}", finding=finding, kind=kinds.get(finding, ""), of=void | {finding}, likely=True)
    missing = "base" not in table
    base = table.number("base")
    if missing or (base is not None and not (base.is_integer() and -_MOST <= base < 0)):
        given = "the key is missing" if base is None else f"{base:g} is no base, since a sentence without a word names nothing"
        table.fault("base", given, f"give a whole number from -{_MOST} to -1")
    return Given(find, int(base or -1), _words(table))


def _words(table: Table) -> Mapping[str, int]:
    """The points of words and pairs, which stand in lists under their number."""
    given: dict[str, int] = {}
    numbers = table.mapping("words")
    below = Table(table.file, f"{table.path}.words", dict(numbers), table.faults)
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


def in_letters(given: Iterable[Given], letters: Mapping[str, str]) -> Points:
    """Points by the letters of a vocabulary. A word that it has not is none of any text."""
    each = tuple(given)
    of: dict[str, list[tuple[int, int]]] = {}
    for which, one in enumerate(each):
        for words, some in one.words.items():
            spelt = [letters.get(word, "") for word in words.split(" ")]
            if all(spelt):
                of.setdefault("".join(spelt), []).append((which, some))
    return Points(tuple(one.find for one in each), tuple(one.base for one in each), {key: tuple(some) for key, some in of.items()})
