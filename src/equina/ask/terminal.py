"""Lines in, lines out: how a question, a list and blocks of words look in a terminal of any width, and read aloud."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from equina.prose import Block, as_text

__all__ = ["Terminal", "printable", "standard"]

WIDEST, NARROWEST = 80, 20
LONGEST = 4096
CONTROL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O?.)")
# Marks that turn the direction of what follows on the line.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# For a terminal that has no more than ASCII.
IN_ASCII = {
    "°": " ",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "–": "-",
    "—": "-",
    "≥": ">=",
    "≤": "<=",
    "×": "x",
    "µ": "u",
    "…": "...",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where the person reads and types. `read` gives a line without its end, or None when no more will come."""

    read: Callable[[], str | None]
    write: Callable[[str], None]
    width: Callable[[], int]
    bold: bool = False
    plain: bool = False
    echoes: bool = True  # whether what is typed, and its Enter, show behind the prompt

    def say(self, *lines: str, bold: bool = False) -> None:
        """Paragraphs, each from a line of its own; an empty one is an empty line."""
        for line in lines:
            self._lines(line, bold=bold)

    def item(self, mark: str, text: str) -> None:
        """A marked line whose further lines stand in from the mark."""
        self._lines(text, first=mark, rest=" " * len(mark))

    def rule(self) -> None:
        """A line across, for the eye alone."""
        if not self.plain:
            self.write("-" * self.width() + "\n")

    def in_a_row(self, parts: Sequence[str]) -> bool:
        """Write the parts in one line, if they are for the eye and fit there."""
        line = "   ".join(parts)
        if self.plain or len(line) > self.width():
            return False
        self.write(line + "\n")
        return True

    def show(self, blocks: Iterable[Block]) -> None:
        """The blocks, in words."""
        self.write(as_text(blocks, self.width(), bold=self.bold))

    def ask(self, prompt: str) -> str | None:
        """The line that is typed behind the prompt, without what a terminal's own keys leave in it."""
        self.write(prompt if self.echoes else prompt.rstrip() + "\n")
        line = self.read()
        return None if line is None else printable(line).strip()

    def _lines(self, text: str, *, first: str = "", rest: str = "", bold: bool = False) -> None:
        wrapped = textwrap.wrap(
            text, self.width(), initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
        )
        for line in wrapped or [""]:
            self.write(f"\x1b[1m{line}\x1b[0m\n" if bold and self.bold else f"{line}\n")


def printable(text: str) -> str:
    """The text without what would act on a terminal instead of being read."""
    text = CONTROL_SEQUENCE.sub("", text).replace("\t", " ")
    return "".join(mark for mark in text if mark not in TURNING and unicodedata.category(mark) not in ("Cc", "Cs"))


def standard(*, plain: bool = False) -> Terminal:
    """The terminal of this process. What is no terminal, such as a pipe, is plain."""
    seen, typed = sys.stdout.isatty(), sys.stdin.isatty()
    plain = plain or not (seen and typed)
    bold = not plain and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return Terminal(
        read=lambda: _line(sys.stdin.buffer),
        write=lambda text: _written(sys.stdout, text),
        width=width,
        bold=bold,
        plain=plain,
        echoes=typed,
    )


def width() -> int:
    """How many columns are used: what the terminal has, 80 at the most."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns))


def _line(stream: BinaryIO) -> str | None:
    """The next line; what is beyond a length that nobody types is read and left out."""
    line = stream.readline(LONGEST)
    if not line:
        return None
    part = line
    while part and not part.endswith(b"\n"):
        part = stream.readline(LONGEST)
    return line.decode("utf-8", errors="replace")


def _written(stream: TextIO, text: str) -> None:
    try:
        text.encode(stream.encoding)
    except UnicodeEncodeError:
        text = "".join(IN_ASCII.get(mark, mark) for mark in text)
        text = text.encode(stream.encoding, errors="replace").decode(stream.encoding)
    stream.write(text)
    stream.flush()
