"""The library: every reading page of a protocol by its address, made once. No request and no response is known here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from equina.model import DISPOSITIONS, Disposition, Protocol
from equina.web.card import READ, Card, Link, Part, Row, address_of
from equina.web.guide import Guide, clause_of, guide_of, link_to, tables_of
from equina.web.pages import Page
from equina.web.shelves import SHELVES, cards_of
from equina.wording import wording

__all__ = ["Library", "library", "reading_page"]

SHOWN_WHOLE = 12  # a longer shelf is listed on a page of its own alone
ABOUT = ("table", "checked", "use", "wrong_answer")
PROVE, WEAKEN, SCORE = "equina prove", "equina prove --lowered", "equina evaluate"


@dataclass(frozen=True, slots=True)
class Library:
    """The pages of one protocol in one language, by address."""

    cards: Mapping[str, Card]


def library(protocol: Protocol) -> Library:
    """All pages, in the language of the protocol. Raises ValueError when two would have the same address."""
    guide = guide_of(protocol, wording("web", protocol.language))
    cards: dict[str, Card] = {}
    for card in _all(guide):
        if card.address in cards:
            raise ValueError(f"two pages at {card.address}: {card.title!r} and {cards[card.address].title!r}")
        cards[card.address] = card
    return Library(cards)


def reading_page(library: Library, address: str) -> Page | None:
    """The page at an address, or None when nothing is there."""
    card = library.cards.get(address)
    return Page(template=card.template, shows={"card": card, "title": card.title, "here": address}) if card else None


def _all(guide: Guide) -> Iterator[Card]:
    yield _index(guide)
    yield from (_about(guide, name) for name in ABOUT)
    yield from (_table(guide, level) for level in _levels(guide.protocol))
    for shelf in SHELVES:
        if shelf != "policy":
            yield _shelf(guide, shelf)
        yield from cards_of(guide, shelf)


# --- what leads to the cards ---------------------------------------------------------------------------------------------------


def _index(guide: Guide) -> Card:
    words = guide.words
    parts = [Part(title=words["read_about"], links=tuple(_about_link(words, name) for name in ABOUT))]
    for shelf in SHELVES:
        if shelf == "policy":
            continue
        own = [link_to(guide, shelf, id) for id in tables_of(guide.protocol)[shelf]]
        whole = Link(words=words["read_see_all"].format(n=len(own)), address=address_of("shelf", shelf))
        links = tuple(own) if len(own) <= SHOWN_WHOLE else (whole,)
        parts.append(Part(title=words[f"read_{shelf}"], text=(words[f"read_{shelf}_help"],), links=links))
    parts = [*parts[1:], parts[0]]
    return Card(address=READ, title=words["menu"], lead=(words["read_lead"],), parts=tuple(parts))


def _shelf(guide: Guide, shelf: str) -> Card:
    words, protocol = guide.words, guide.protocol
    if shelf == "rule":
        parts = [
            Part(
                title=protocol.disposition_words[level],
                links=tuple(link_to(guide, "rule", rule.id) for rule in protocol.rules.values() if rule.disposition == level),
                level=level,
            )
            for level in _levels(protocol)
        ]
        parts.append(_unknown(guide))
        parts.append(Part(title=words["table_title"], links=(_about_link(words, "table"),)))
    else:
        links = [link_to(guide, shelf, id) for id in tables_of(protocol)[shelf]]
        parts = [Part(links=tuple(sorted(links, key=lambda link: link.words) if shelf == "source" else links))]
    return Card(
        address=address_of("shelf", shelf),
        title=words[f"read_{shelf}"],
        lead=(words[f"read_{shelf}_help"],),
        parts=tuple(part for part in parts if not part.empty),
    )


def _unknown(guide: Guide) -> Part:
    return Part(
        title=guide.words["table_unknown"],
        text=(guide.words["table_unknown_lead"],),
        links=tuple(link_to(guide, "policy", name) for name in guide.protocol.policies),
    )


# --- about the guide itself ----------------------------------------------------------------------------------------------------


def _about_link(words: Mapping[str, str], name: str) -> Link:
    return Link(words=words[f"{name}_title"], address=address_of("about", name))


def _about(guide: Guide, name: str) -> Card:
    words = guide.words
    makers = {"table": _tables, "checked": _checked, "use": _use, "wrong_answer": _wrong_answer}
    return Card(
        address=address_of("about", name),
        title=words[f"{name}_title"],
        lead=(words[f"{name}_lead"],),
        parts=tuple(makers[name](guide)),
    )


def _levels(protocol: Protocol) -> Iterator[Disposition]:
    """The levels that rules give, the worst first."""
    given = {rule.disposition for rule in protocol.rules.values()}
    return (level for level in reversed(DISPOSITIONS) if level in given)


def _tables(guide: Guide) -> Iterator[Part]:
    yield Part(links=tuple(_table_link(guide, level) for level in _levels(guide.protocol)))
    yield _unknown(guide)


def _table_link(guide: Guide, level: Disposition) -> Link:
    says = guide.words["table_level"].format(level=guide.protocol.disposition_words[level])
    return Link(words=says, address=address_of("table", level))


def _table(guide: Guide, level: Disposition) -> Card:
    """The rules of a level as a table, in the order of the protocol."""
    rows = (
        Row(rule=link_to(guide, "rule", rule.id), when=clause_of(guide, rule.when), does=rule.timing)
        for rule in guide.protocol.rules.values()
        if rule.disposition == level
    )
    link = _table_link(guide, level)
    return Card(
        address=link.address,
        title=link.words,
        above=_about_link(guide.words, "table"),
        lead=(guide.words["table_lead"], guide.words["when_note"]),
        table=tuple(rows),
    )


def _numbered(words: Mapping[str, str], key: str, **fields: object) -> tuple[str, ...]:
    """The lines `key_1`, `key_2` and so on, with their fields filled."""
    lines: list[str] = []
    while (line := words.get(f"{key}_{len(lines) + 1}")) is not None:
        lines.append(line.format(**fields))
    return tuple(lines)


def _checked(guide: Guide) -> Iterator[Part]:
    words, protocol = guide.words, guide.protocol
    sources = protocol.sources.values()
    unread = sum(not source.seen for source in sources)
    yield Part(title=words["checked_clinician"], items=_numbered(words, "checked_clinician", n=len(sources), unread=unread))
    yield Part(title=words["checked_tests"], items=_numbered(words, "checked_tests"))
    promises = protocol.promises.values()
    proof = _numbered(words, "checked_proof", n=len(promises), command=PROVE, weaken=WEAKEN)
    levels = [(level, protocol.disposition_words[level]) for level in reversed(DISPOSITIONS)]
    told = tuple(
        Part(
            title=words["checked_promises"].format(level=says),
            items=tuple(promise.sentence for promise in promises if promise.level == level),
            folded=True,
            plain=True,
        )
        for level, says in levels
    )
    yield Part(title=words["checked_proof"], text=proof, parts=tuple(part for part in told if not part.empty))
    yield Part(title=words["checked_figures"], text=_numbered(words, "checked_figures", command=SCORE))
    yield Part(title=words["checked_version"], text=_version(guide))


def _version(guide: Guide) -> tuple[str, ...]:
    protocol = guide.protocol
    return _numbered(
        guide.words,
        "checked_version",
        id=protocol.id,
        version=protocol.version,
        reviewed=protocol.reviewed,
        digest=protocol.digest,
    )


def _use(guide: Guide) -> Iterator[Part]:
    words = guide.words
    yield Part(title=words["use_yes"], items=_numbered(words, "use_yes"))
    yield Part(title=words["use_no"], items=_numbered(words, "use_no"))
    yield Part(title=words["use_notice"], text=(" ".join(guide.protocol.notice.split()),))


def _wrong_answer(guide: Guide) -> Iterator[Part]:
    words, protocol = guide.words, guide.protocol
    line = f"{protocol.id} {protocol.version} {protocol.digest}"
    yield Part(text=(words["wrong_answer_first"],), level="emergency")
    yield Part(title=words["wrong_answer_how"], items=_numbered(words, "wrong_answer_how", line=line))
    yield Part(title=words["wrong_answer_where"], items=_numbered(words, "wrong_answer_where"))
