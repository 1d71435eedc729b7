"""What a reading page is made of: a card with its parts, links to other cards, and conditions in readable words. Values only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from equina.logic import SUFFIXES, And, AtLeast, Compare, Condition, Or, Present, stem
from equina.model import Protocol

__all__ = ["READ", "Answer", "Card", "Clause", "Figures", "Link", "Part", "Row", "address_of", "clause"]

READ = "/read"  # the page that lists the others
CARD = "/card/"
DIGITS = 8
TIMES = {"_long_standing": "when_old", "_unexplained": "when_unexplained", "_new": "when_new"}
RELATIONS = {">=": "when_ge", ">": "when_gt", "<=": "when_le", "<": "when_lt"}


def address_of(shelf: str, id: str) -> str:
    """Where a card is. Nobody can read from it what the card is about: it may stand in a browser's history.

    >>> address_of("leak", "stress")
    '/card/5695e1df'
    """
    return CARD + hashlib.sha256(f"{shelf}:{id}".encode()).hexdigest()[:DIGITS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Words that lead to a page; `beside` stands after them. `plain` when they are English in every language."""

    words: str
    address: str
    beside: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A condition in readable words: what joins its parts, or, where it has none, what must be true."""

    says: str
    parts: tuple[Clause, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said to whom: words, and the condition under which they are said."""

    says: str
    when: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Published accuracy: what the columns are (the last is the source), the rows, and the source of each."""

    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], Link], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A heading with what stands below it. `folded` is shown on request; `plain` is in English in every language."""

    title: str = ""
    text: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    quote: str = ""
    when: Clause | None = None
    links: tuple[Link, ...] = ()
    away: tuple[Link, ...] = ()  # to other sites: followed by a person alone, never by the page
    answers: tuple[Answer, ...] = ()
    figures: Figures | None = None
    parts: tuple[Part, ...] = ()
    folded: bool = False
    plain: bool = False
    level: str = ""  # of the advice that the part gives

    @property
    def empty(self) -> bool:
        """Whether there is nothing but a heading."""
        inside = (self.text, self.items, self.quote, self.when, self.links, self.away, self.answers, self.figures, self.parts)
        return not any(inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a decision table: the rule, what must be true, and what to do then."""

    rule: Link
    when: Clause
    does: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A page: its shelf (whose page is `above`), its title, what is read first, a decision table, and its parts."""

    address: str
    title: str
    above: Link | None = None
    lead: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    table: tuple[Row, ...] = ()
    template: str = "card.html"
    plain: bool = False  # the title is English in every language


# --- conditions ----------------------------------------------------------------------------------------------------------------


def clause(
    protocol: Protocol, words: Mapping[str, str], names: Mapping[Condition, str], condition: Condition, *, whole: bool = False
) -> Clause:
    """The condition in words. A group of signs that has a name (`names`, and words for it) is said by it, which leads to its own
    card; `whole` for that card, where the name alone would say nothing."""
    name = names.get(condition)
    if name and not whole and f"group_{name}" in words:
        return Clause(says=words[f"group_{name}"], address=address_of("group", name))
    match condition:
        case Present(finding):
            return Clause(says=_present(protocol, words, finding))
        case Compare(quantity, relation, number):
            return Clause(says=_compared(protocol, words, quantity, relation, number))
        case AtLeast(count, _):
            says = words["when_some"].format(n=count)
        case _:
            says = words["when_all" if isinstance(condition, And) else "when_any"]
    parts = (part for each in condition.parts for part in _flat(each, condition, names))
    return Clause(says=says, parts=tuple(clause(protocol, words, names, part) for part in parts))


def _flat(part: Condition, around: Condition, names: Mapping[Condition, str]) -> Iterator[Condition]:
    """The part; or its own parts, when it is joined as what it stands in and has no name."""
    if isinstance(part, And | Or) and type(part) is type(around) and part not in names:
        yield from (inner for each in part.parts for inner in _flat(each, around, names))
    else:
        yield part


def _present(protocol: Protocol, words: Mapping[str, str], name: str) -> str:
    finding = protocol.findings[stem(name, protocol.findings)]
    says = finding.say or f"{finding.label.rstrip('.')}."
    ending = next((suffix for suffix in SUFFIXES if name == finding.id + suffix), None)
    return words[TIMES[ending]].format(says=says) if ending else says


def _compared(protocol: Protocol, words: Mapping[str, str], quantity: str, relation: str, number: float) -> str:
    finding = protocol.findings[quantity]
    unit = finding.unit_words or ""
    said = f"{number:g}" if not unit or unit.lower() in finding.label.lower() else f"{number:g} {unit}"
    return words[RELATIONS[relation]].format(label=finding.label, number=said)
