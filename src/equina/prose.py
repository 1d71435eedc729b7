"""What is told to a person, apart from how it is shown: blocks of words, and the blocks as plain text or as Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["Block", "as_markdown", "as_text"]

NARROWEST = 20
MARKS = "\\`*_[]<>#|&"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A title with what stands below it.

    `headline` is what to do, shown first and largest; `words` are to be said out loud; `list` is one line an item; `text` is
    paragraphs; `fine` is small print. `more` marks what is shown on request when the case cannot wait.
    """

    id: str
    title: str
    lines: tuple[str, ...]
    kind: Literal["headline", "words", "list", "text", "fine"] = "list"
    more: bool = False


def as_text(blocks: Iterable[Block], width: int = 80, *, bold: bool = False) -> str:
    """The blocks as lines no longer than the width; `bold` sets titles and headlines off by terminal codes too.

    Nothing depends on the codes: a headline is in capitals, a title stands alone, an item begins with a dash.
    """
    return "\n".join(_text(blocks, max(width, NARROWEST), bold=bold)) + "\n"


def _text(blocks: Iterable[Block], width: int, *, bold: bool) -> Iterator[str]:
    for i, block in enumerate(blocks):
        if i:
            yield ""
        if block.kind == "headline":
            yield from _wrapped(block.title.upper(), width, bold=bold)
        elif block.title:
            yield from _wrapped(block.title, width, bold=bold)
        for line in block.lines:
            if block.kind == "words":
                yield from _wrapped(f'"{line}"', width, "  ", "  ")
            elif block.kind == "list":
                yield from _wrapped(line, width, "  - ", "    ")
            else:
                yield from _wrapped(line, width)


def _wrapped(text: str, width: int, first: str = "", rest: str = "", *, bold: bool = False) -> Iterator[str]:
    """The text in lines; an address is never broken, so that it can be copied."""
    text = _plain(text)
    lines = textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)
    yield from (f"\x1b[1m{line}\x1b[0m" if bold else line for line in lines)


def _plain(text: str) -> str:
    """The text in one line and without what a terminal would obey: a person's own words may hold anything."""
    return "".join(mark for mark in " ".join(text.split()) if mark.isprintable())


def as_markdown(blocks: Iterable[Block]) -> str:
    """The blocks as Markdown: a headline is a heading of the first level, a title one of the second."""
    return "\n".join(_markdown(blocks)) + "\n"


def _markdown(blocks: Iterable[Block]) -> Iterator[str]:
    for i, block in enumerate(blocks):
        if i:
            yield ""
        if block.title:
            yield f"{'#' if block.kind == 'headline' else '##'} {_escaped(block.title)}"
            yield ""
        marks = {"list": "- ", "words": "> "}
        between = [] if block.kind in ("list", "words") else [""]
        for j, line in enumerate(block.lines):
            if j:
                yield from between
            yield marks.get(block.kind, "") + _escaped(line)


def _escaped(text: str) -> str:
    """The text with what Markdown would take for its own marks written as itself."""
    text = "".join(f"\\{mark}" if mark in MARKS else mark for mark in _plain(text))
    return re.sub(r"^(\d+)?([-+.)=~])", r"\1\\\2", text)  # a list, a rule or a heading begins with these
