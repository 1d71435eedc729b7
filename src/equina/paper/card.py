"""A card as large as a postcard (A6): the signs that cannot wait, to tick, the sentence to say and the number to call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from equina.model import Protocol
from equina.paper.sheet import Sheet, first_on_one_page, small_print
from equina.paper.signs import printed
from equina.wording import wording

__all__ = ["checklist_pdf"]

LAYOUTS: tuple[Mapping[str, Any], ...] = tuple({"size": size} for size in (9.5, 9, 8.5, 8))


def checklist_pdf(protocol: Protocol) -> bytes:
    """The card as a tagged PDF of one page."""
    words = _words(protocol)
    return Sheet("card", {**words, **(first_on_one_page("card", words, LAYOUTS) or LAYOUTS[-1])}).pdf()


def _words(protocol: Protocol) -> Mapping[str, Any]:
    own = wording("paper", protocol.language)
    return {
        "language": protocol.language,
        "title": own["title_card"],
        "top": own["card_top"],
        "how": own["card_how"].format(emergency=printed(protocol.disposition_words["emergency"])),
        "signs": [printed(sign.words) for sign in protocol.watch_for.values()],
        "why": [printed(protocol.policies[name].because) for name in ("waiting_harms",) if name in protocol.policies],
        "under": list(_under(protocol, own)),
        "fine": small_print(protocol),
    }


def _under(protocol: Protocol, own: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """What stands under the signs, each with its title: what to say, and whom to call."""
    yield {"title": own["card_say"], "words": f"“{printed(protocol.say['opening'])}”"}
    if "emergency_number" in protocol.care:
        yield {"title": own["card_number"], "words": printed(protocol.care["emergency_number"].told)}
