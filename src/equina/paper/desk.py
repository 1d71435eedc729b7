"""The handover on one sheet, for the triage desk: the same blocks as in the terminal, with lines to write who it is by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from equina.case import Assessment, Case
from equina.handover import handover
from equina.model import Protocol
from equina.paper.sheet import Paper, Sheet, first_on_one_page
from equina.paper.signs import UNPRINTED, printed, right_to_left
from equina.prose import Block
from equina.wording import wording

__all__ = ["BLANKS", "SMALLEST", "handover_pdf"]

BLANKS = ("name", "date_of_birth", "phone", "arrival")
ACROSS = ("top", "level", "told", "notice")  # what stands across both columns
SECOND = ("questions", "suggested")  # what begins the second column, where the page has room for that

# How the page is laid out, tried in this order until it fits on one page. The type in points: below the smallest nobody reads at
# a desk, so then margins and lines draw closer, and at last lines run on behind one another, the checklist as the last.
SIZES = (11, 10.5, 10, 9.5, 9, 8.5, 8)
SMALLEST = SIZES[-1]
RUNNING_ON = ((), ("level",), ("level", "also", "questions", "suggested", "conflicts"))
LAYOUTS: tuple[Mapping[str, Any], ...] = (
    *({"size": size, "tight": False, "runs_on": ()} for size in SIZES),
    *({"size": SMALLEST, "tight": True, "runs_on": blocks} for blocks in (*RUNNING_ON, (*RUNNING_ON[-1], "items"))),
)
OVERLEAF: Mapping[str, Any] = {
    "size": 9,
    "tight": False,
    "runs_on": (),
}  # what fits in none takes more pages, in type that reads easily


def handover_pdf(protocol: Protocol, case: Case, assessment: Assessment, *, paper: Paper = "a4") -> bytes:
    """The page as a tagged PDF, in the most legible layout that fits on one page. What fits in none goes on overleaf, uncut."""
    words = {**_words(protocol, handover(protocol, case, assessment), paper), "split": False}
    layout = first_on_one_page("desk", words, LAYOUTS)
    if layout is None:
        return Sheet("desk", {**words, **OVERLEAF}).pdf()
    sheets = [Sheet("desk", {**words, **layout, "split": split}) for split in (True, False)]
    return next(sheet for sheet in sheets if sheet.pages() == 1).pdf()


def _words(protocol: Protocol, blocks: tuple[Block, ...], paper: Paper) -> Mapping[str, Any]:
    """What the template is filled with."""
    own, handed = wording("paper", protocol.language), wording("handover", protocol.language)
    by_id = {block.id: block for block in blocks}
    top, told = by_id["top"], by_id.get("told")
    quoted = printed(" ".join(told.lines)) if told else ""
    return {
        "language": protocol.language,
        "paper": paper,
        "title": own["title_desk"],
        "top": printed(top.title),
        "blanks": [own[name] for name in BLANKS],
        "about": [printed(line) for line in top.lines if line != handed["blank"]],
        "level": _block(by_id["level"], handed),
        "told": told and {"title": printed(told.title), "quote": quoted, "right_to_left": right_to_left(quoted)},
        "unprinted": own["unprinted"].format(mark=UNPRINTED) if UNPRINTED in quoted else "",
        "blocks": [_block(block, handed) for block in blocks if block.id not in ACROSS],
        "second": next((block.id for block in blocks if block.id in SECOND), None),
        "fine": [printed(line) for line in by_id["notice"].lines],
    }


def _block(block: Block, words: Mapping[str, str]) -> Mapping[str, Any]:
    return {"id": block.id, "title": printed(block.title), "lines": list(_lines(block, words))}


def _lines(block: Block, words: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Each line with what leads it, to be set in bold: the state, the test, the question. What is present is bold as a whole."""
    present = tuple(words["state"].format(state=words[state], findings="") for state in ("present", "other_present"))
    for line in block.lines:
        end = "? " if block.id == "questions" else ": "
        lead, mark, rest = printed(line).partition(end)
        yield {"lead": lead + mark if mark else "", "rest": rest if mark else lead, "heavy": line.startswith(present)}
