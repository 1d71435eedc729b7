"""A guide: the protocol with the words of the reading pages, the links between its cards, and what refers to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from equina.logic import Condition
from equina.model import Protocol
from equina.web.card import Clause, Link, Part, address_of, clause

__all__ = [
    "Guide",
    "clause_of",
    "guide_of",
    "link_to",
    "links_to",
    "shelf_link",
    "sources_part",
    "tables_of",
    "title_of",
    "users_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """The protocol with the words of the pages, the named groups of signs, and what refers to each card."""

    protocol: Protocol
    words: Mapping[str, str]
    names: Mapping[Condition, str]
    uses: Mapping[str, tuple[tuple[str, str], ...]]  # address of a card: shelf and id of the cards that lead to it


def guide_of(protocol: Protocol, words: Mapping[str, str]) -> Guide:
    """The guide of a protocol. The words are those of its language."""
    names = {condition: name for name, condition in protocol.groups.items() if f"group_{name}" in words}
    uses: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for shelf, id, shelf_used, used in _uses(protocol):
        uses[address_of(shelf_used, used)][shelf, id] = None
    for rule in protocol.rules.values():
        for name in _groups_in(names, rule.when):
            uses[address_of("group", name)]["rule", rule.id] = None
    return Guide(protocol=protocol, words=words, names=names, uses={address: tuple(cards) for address, cards in uses.items()})


def _uses(protocol: Protocol) -> Iterator[tuple[str, str, str, str]]:
    """Which card names which: shelf and id of the one, shelf and id of the other."""
    for shelf, table in tables_of(protocol).items():
        for id, item in table.items():
            yield from ((shelf, id, "source", name) for name in getattr(item, "sources", ()))
            yield from ((shelf, id, "care", name) for name in getattr(item, "care", ()))
            yield from ((shelf, id, "test", name) for name in getattr(item, "workup", ()))
    for cause in protocol.causes.values():
        for kind in cause.kinds:
            yield from (("cause", cause.id, "test", name) for name in kind.workup)
            yield from (("cause", cause.id, "care", name) for name in kind.care)
            yield from (("cause", cause.id, "source", name) for name in kind.sources)


def _groups_in(names: Mapping[Condition, str], condition: Condition) -> Iterator[str]:
    if condition in names:
        yield names[condition]
    else:
        for part in getattr(condition, "parts", ()):
            yield from _groups_in(names, part)


def tables_of(protocol: Protocol) -> Mapping[str, Mapping[str, object]]:
    """What has cards, by shelf and id."""
    return {
        "cause": protocol.causes,
        "leak": protocol.leak_types,
        "test": protocol.workup,
        "care": protocol.care,
        "question": protocol.questions,
        "story": protocol.stories,
        "rule": protocol.rules,
        "policy": protocol.policies,
        "group": {name: name for name in protocol.groups},
        "source": protocol.sources,
    }


# --- links ---------------------------------------------------------------------------------------------------------------------


def link_to(guide: Guide, shelf: str, id: str, beside: str = "") -> Link:
    """The link to a card, in the words of its title."""
    return Link(words=title_of(guide, shelf, id), address=address_of(shelf, id), beside=beside, plain=shelf == "source")


def shelf_link(words: Mapping[str, str], shelf: str) -> Link:
    """The link to a shelf. The policies stand with the rules."""
    shelf = "rule" if shelf == "policy" else shelf
    return Link(words=words[f"read_{shelf}"], address=address_of("shelf", shelf))


def title_of(guide: Guide, shelf: str, id: str) -> str:
    """What a card is called: a rule by the first sentence of its reason."""
    protocol = guide.protocol
    match shelf:
        case "rule":
            return _first_sentence(protocol.rules[id].because)
        case "policy":
            return _first_sentence(protocol.policies[id].because)
        case "question":
            return protocol.questions[id].question
        case "story":
            return protocol.stories[id].title
        case "source":
            return protocol.sources[id].citation
        case "group":
            return guide.words.get(f"group_{id}", id.replace("_", " "))
        case _:
            return str(getattr(tables_of(protocol)[shelf][id], "label"))  # noqa: B009  (one of four classes that have it)


def _first_sentence(text: str) -> str:
    return f"{text.split('. ', 1)[0].rstrip('.')}."


def links_to(guide: Guide, shelf: str, ids: Iterable[str]) -> tuple[Link, ...]:
    """The links to some cards of one shelf."""
    return tuple(link_to(guide, shelf, id) for id in ids)


def users_of(guide: Guide, shelf: str, id: str, *by: str) -> tuple[Link, ...]:
    """The cards of these shelves that lead to this one."""
    return tuple(link_to(guide, *card) for card in guide.uses.get(address_of(shelf, id), ()) if card[0] in by)


def sources_part(guide: Guide, ids: Iterable[str]) -> Part:
    """Where something comes from."""
    return Part(title=guide.words["card_sources"], links=tuple(_source_link(guide, id) for id in ids))


def _source_link(guide: Guide, id: str) -> Link:
    source = guide.protocol.sources[id]
    beside = (source.doi and f"doi:{source.doi}", "" if source.seen else guide.words["card_to_check"])
    return link_to(guide, "source", id, ", ".join(filter(None, beside)))


def clause_of(guide: Guide, condition: Condition, *, whole: bool = False) -> Clause:
    """The condition in readable words."""
    return clause(guide.protocol, guide.words, guide.names, condition, whole=whole)
