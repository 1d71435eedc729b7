"""The cards that the lines of a result lead to: a reason to its rule, a cause, a kind of leak or a test to its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from equina.case import Assessment
from equina.model import Protocol
from equina.prose import Block
from equina.web.card import address_of
from equina.wording import wording

__all__ = ["Beside", "cards_beside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A line of a result with the words in it that lead to a card, and what stands before and after them."""

    before: str = ""
    words: str
    after: str = ""
    address: str


def cards_beside(protocol: Protocol, language: str, assessment: Assessment, blocks: Iterable[Block]) -> Mapping[str, Beside]:
    """The lines that have a card."""
    end = f"?lang={language}"
    rules = {
        reason.because: address_of("rule" if reason.id in protocol.rules else "policy", reason.id) for reason in assessment.reasons
    }
    named = {
        "causes": [(cause.label, "cause", cause.id) for cause in protocol.causes.values()],
        "leak": [(leak.label, "leak", leak.id) for leak in protocol.leak_types.values()],
        "workup": [(test.label, "test", test.id) for test in protocol.workup.values()],
    }
    found: dict[str, Beside] = {}
    for block in blocks:
        for line in block.lines:
            if block.id == "why" and line in rules:
                words = wording("web", language)["result_sources"]
                found[line] = Beside(before=f"{line} ", words=words, address=rules[line] + end)
            for label, shelf, id in named.get(_kind(block.id), ()):
                if line.startswith(f"{label}. "):
                    found[line] = Beside(words=label, after=line.removeprefix(label), address=address_of(shelf, id) + end)
    return found


def _kind(block: str) -> str:
    """What a block lists: the blocks of tests are several, by how soon."""
    return "workup" if block.startswith(("workup_", "examine")) else block
