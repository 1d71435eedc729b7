"""Conditions without negation: five nodes, one grammar, one fold.

A condition says positively what raises concern. There is no `not`, so more findings never lower a level, and the truth of a
condition under partly unknown facts is exactly the pair (holds when everything unknown is false, holds when everything
unknown is true). See Kleene's strong three-valued logic; the tables are in tests/test_logic.py.

>>> render(parse("spine_pain and (fever or temperature_c >= 38)", groups={"spine_pain": parse("back_pain")}))
'back_pain and (fever or temperature_c >= 38)'
>>> parse("fever or not chills")
Traceback (most recent call last):
    ...
equina.logic.ConditionError: there is no `not`: say positively what raises concern (at character 10)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = [
    "SUFFIXES",
    "And",
    "AtLeast",
    "Compare",
    "Condition",
    "ConditionError",
    "Connectives",
    "Or",
    "Present",
    "compares",
    "findings_in",
    "fold",
    "leaves",
    "parse",
    "predicate",
    "render",
]

T = TypeVar("T")

# What a leaf may ask of a finding, by the ending of its name: nothing added, "present: new, worse or of unknown age" (for findings
# that count whether new or old: present at all); the others are the time courses that docs/decisions/0004 explains.
SUFFIXES = ("_long_standing", "_unexplained", "_new")


class ConditionError(ValueError):
    """A condition that cannot be read; the message says where and how to mend it."""


@dataclass(frozen=True, slots=True)
class Present:
    """The finding named is present, in the time course that the ending of its name says."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A measured quantity stands in this relation to a number, in the quantity's own unit."""

    quantity: str
    relation: str  # one of >=  >  <=  <
    number: float


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least `count` of the parts hold."""

    count: int
    parts: tuple[Condition, ...]


Condition = Present | Compare | And | Or | AtLeast
Leaf = Present | Compare


@dataclass(frozen=True, slots=True)
class Connectives(Generic[T]):
    """What an interpreter supplies: how it reads a leaf and how it joins what it has read."""

    leaf: Callable[[Leaf], T]
    all_of: Callable[[Sequence[T]], T]
    any_of: Callable[[Sequence[T]], T]
    at_least: Callable[[int, Sequence[T]], T]


def fold(condition: Condition, by: Connectives[T]) -> T:
    """The condition read from its leaves upwards with the connectives supplied: the one meaning that every interpreter shares."""
    match condition:
        case And(parts):
            return by.all_of([fold(part, by) for part in parts])
        case Or(parts):
            return by.any_of([fold(part, by) for part in parts])
        case AtLeast(count, parts):
            return by.at_least(count, [fold(part, by) for part in parts])
        case _:
            return by.leaf(condition)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every leaf, from left to right, repeats included."""
    if isinstance(condition, Present | Compare):
        yield condition
    else:
        for part in condition.parts:
            yield from leaves(part)


def compares(condition: Condition) -> Iterator[Compare]:
    """Every comparison of a quantity in the condition."""
    return (leaf for leaf in leaves(condition) if isinstance(leaf, Compare))


def findings_in(condition: Condition, known: Mapping[str, object]) -> tuple[str, ...]:
    """Ids of the findings and quantities that the condition asks about, once each, in its own order."""
    ids = (leaf.quantity if isinstance(leaf, Compare) else stem(leaf.name, known) for leaf in leaves(condition))
    return tuple(dict.fromkeys(ids))


def stem(name: str, known: Mapping[str, object]) -> str:
    """The finding that a leaf's name is about: the name itself, or the name without its time-course ending."""
    if name not in known:
        for suffix in SUFFIXES:
            if name.endswith(suffix) and name.removesuffix(suffix) in known:
                return name.removesuffix(suffix)
    return name


# --- reading and writing -------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[a-z][a-z0-9_]*)|(?P<number>-?\d{1,12}(?:\.\d{1,12})?)|(?P<sign>>=|<=|>|<|\(|\)|,)|(?P<odd>\S))"
)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    at: int


def parse(text: str, groups: Mapping[str, Condition] | None = None) -> Condition:
    """The condition that a line of the protocol states; names in `groups` stand for the condition defined there.

    `and` and `or` may be mixed only with parentheses, since two readers take an unbracketed mixture in two ways.
    Raises ConditionError, which says the place and the mend.
    """
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(text):
        word = match.group().strip()
        if match["odd"]:
            raise ConditionError(f"{word!r} has no meaning here (at character {match.start('odd') + 1})")
        tokens.append(_Token(word, match.end() - len(word) + 1))
    tokens.append(_Token("", len(text) + 1))
    condition, rest = _joined(tokens, 0, groups or {})
    if tokens[rest].text:
        raise ConditionError(f"{tokens[rest].text!r} is not expected (at character {tokens[rest].at})")
    return condition


def _joined(tokens: list[_Token], i: int, groups: Mapping[str, Condition]) -> tuple[Condition, int]:
    part, i = _part(tokens, i, groups)
    parts, word = [part], tokens[i].text
    while tokens[i].text in ("and", "or"):
        if tokens[i].text != word:
            raise ConditionError(f"`and` and `or` are mixed: put parentheses (at character {tokens[i].at})")
        part, i = _part(tokens, i + 1, groups)
        parts.append(part)
    if len(parts) == 1:
        return parts[0], i
    return (And if word == "and" else Or)(tuple(parts)), i


def _part(tokens: list[_Token], i: int, groups: Mapping[str, Condition]) -> tuple[Condition, int]:
    token = tokens[i]
    if token.text == "(":
        condition, i = _joined(tokens, i + 1, groups)
        return condition, _expect(tokens, i, ")")
    if token.text == "not":
        raise ConditionError(f"there is no `not`: say positively what raises concern (at character {token.at})")
    if token.text == "at_least":
        return _at_least(tokens, i, groups)
    if not token.text or not token.text[0].isalpha() or token.text in ("and", "or"):
        found = repr(token.text) if token.text else "the end"
        raise ConditionError(f"a finding is expected, not {found} (at character {token.at})")
    if tokens[i + 1].text in (">=", "<=", ">", "<"):
        try:
            number = float(tokens[i + 2].text)
        except (ValueError, IndexError):
            raise ConditionError(f"a number is expected after {tokens[i + 1].text!r} (at character {tokens[i + 1].at})") from None
        return Compare(token.text, tokens[i + 1].text, number), i + 3
    return groups.get(token.text, Present(token.text)), i + 1


def _at_least(tokens: list[_Token], i: int, groups: Mapping[str, Condition]) -> tuple[Condition, int]:
    at = tokens[i].at
    i = _expect(tokens, i + 1, "(")
    if not tokens[i].text.isdigit() or len(tokens[i].text) > 3:
        raise ConditionError(f"at_least begins with how many: at_least(2, a, b, c) (at character {at})")
    count, parts = int(tokens[i].text), []
    i += 1
    while tokens[i].text == ",":
        part, i = _joined(tokens, i + 1, groups)
        parts.append(part)
    if not 1 <= count <= len(parts):
        raise ConditionError(f"at_least({count}, …) needs at least that many conditions, has {len(parts)} (at character {at})")
    return AtLeast(count, tuple(parts)), _expect(tokens, i, ")")


def _expect(tokens: list[_Token], i: int, sign: str) -> int:
    if tokens[i].text != sign:
        raise ConditionError(f"{sign!r} is missing (at character {tokens[i].at})")
    return i + 1


def render(condition: Condition, names: Mapping[Condition, str] | None = None) -> str:
    """The condition as a line that `parse` reads back to the same condition; a part that has a name is written by its name."""
    names = names or {}
    if condition in names:
        return names[condition]
    match condition:
        case Present(name):
            return name
        case Compare(quantity, relation, number):
            return f"{quantity} {relation} {_written(number)}"
        case AtLeast(count, parts):
            return f"at_least({count}, {', '.join(render(part, names) for part in parts)})"
        case _:
            word = " and " if isinstance(condition, And) else " or "
            return word.join(_bracketed(part, names) for part in condition.parts)


def _written(number: float) -> str:
    """The number in full, since leaves are told apart by it, without a needless .0."""
    return repr(number).removesuffix(".0")


def _bracketed(part: Condition, names: Mapping[Condition, str]) -> str:
    text = render(part, names)
    return f"({text})" if isinstance(part, And | Or) and part not in names else text


# --- the scalar interpreter ----------------------------------------------------------------------------------------------------

Holds = Callable[[int], object]  # truthy when the condition holds for the leaves whose bits are set


def predicate(condition: Condition, bit: Callable[[Leaf], int]) -> Holds:
    """The condition as a test of a set of true leaves, held as the bits of an integer.

    Asked of the leaves that are certain it says whether the condition certainly holds; asked of the leaves that are not excluded,
    whether it still may.
    """
    return _test(fold(condition, Connectives(bit, _all_of, _any_of, _count_of)))


# While folding, an integer stands for "any of these bits", so that a disjunction of findings costs one test.
_Test = int | Holds


def _test(part: _Test) -> Holds:
    return (lambda true: true & part) if isinstance(part, int) else part


def _any_of(parts: Sequence[_Test]) -> _Test:
    mask = 0
    for part in parts:
        if isinstance(part, int):
            mask |= part
    tests = [part for part in parts if not isinstance(part, int)]
    if not tests:
        return mask

    def holds(true: int) -> bool:
        # Plain loops here and below: generators would double the time of a whole assessment.
        if true & mask:
            return True
        for test in tests:  # noqa: SIM110
            if test(true):
                return True
        return False

    return holds


def _all_of(parts: Sequence[_Test]) -> Holds:
    masks = [part for part in parts if isinstance(part, int)]
    tests = [part for part in parts if not isinstance(part, int)]

    def holds(true: int) -> bool:
        for mask in masks:
            if not true & mask:
                return False
        for test in tests:  # noqa: SIM110
            if not test(true):
                return False
        return True

    return holds


def _count_of(count: int, parts: Sequence[_Test]) -> Holds:
    tests = [_test(part) for part in parts]
    return lambda true: sum(1 for test in tests if test(true)) >= count
