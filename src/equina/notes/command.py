"""`equina read` behind its options: a text or JSON Lines in, mentions out, or the text with them marked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import BinaryIO, TextIO

from equina.model import Protocol
from equina.notes.evidence import not_read
from equina.notes.lexicon import lexicon
from equina.notes.marked import in_colour, in_html, in_plain, reasons, visible
from equina.notes.reading import Mention, Reading, read
from equina.wording import wording

__all__ = ["answer", "run", "tone"]

WORDS = wording("read")
OK, BAD_INPUT = 0, 2


class _Unreadable(ValueError):  # noqa: N818  (what it is, not how it is told)
    """A line that holds no text to read; the message says what to do."""

    def __init__(self, message: str, id: str | None = None) -> None:
        super().__init__(message)
        self.id = id


def run(
    protocol: Protocol, warn: Callable[[str], None], stream: BinaryIO, *, out: TextIO, show: str | None, cues: str | None
) -> int:
    """Read everything in the stream; the exit code.

    `show`: None for JSON Lines, else "plain", "colour" or "html". `cues`: a lexicon file of the user's own.
    Raises ProtocolError when the lexicon has faults.
    """
    words = lexicon(protocol, Path(cues) if cues else None)
    given = faulty = 0
    if show == "html":
        out.write(WORDS["html_head"] + "\n")
    for number, id, text, fault in _texts(stream):
        given += 1
        reading = Reading((), None)
        if text is not None:
            reading = read(words, text)
            fault = not_read(reading) if reading.refused else None
        if fault is not None:
            faulty += 1
        if show is None:
            if fault is None:
                out.writelines(_line_of(id, reading))
            else:
                out.write(json.dumps({"id": id, "line": number, "error": fault}) + "\n")
        else:
            shown = _shown(protocol, show, id, text or "", reading, fault) + "\n"
            # JSON can name half a character, which no file can hold.
            out.write(shown.encode("utf-8", "replace").decode("utf-8"))
        out.flush()
    if show == "html":
        out.write("</body></html>\n")
    if not given:
        warn('no text was given; give a text, or JSON Lines with "id" and "text"')
        return BAD_INPUT
    if faulty:
        warn(f"{faulty} of {given} texts could not be read; their answers say why")
        return BAD_INPUT
    return OK


def answer(id: str | None, reading: Reading) -> dict[str, object]:
    """The contract's JSON object. `nothing_read` is there when nothing was: that is no reassurance."""
    mentions = list(map(_row, reading.mentions))
    return {"id": id, "mentions": mentions, **({} if mentions else {"nothing_read": WORDS["nothing"]})}


def _row(mention: Mention) -> dict[str, object]:
    cue = mention.cue
    row: dict[str, object] = {
        "finding": mention.finding,
        "start": mention.start,
        "end": mention.end,
        "quote": mention.quote,
        "assertion": mention.assertion,
        "onset": mention.onset,
        "cue": {"start": cue.start, "end": cue.end, "quote": cue.quote} if cue else None,
        "section": mention.section,
    }
    if mention.value is not None:
        row["value"] = mention.value
    if mention.likely:
        row["likely"] = True
    return row


def _line_of(id: str | None, reading: Reading) -> Iterator[str]:
    """The answer as a line, a mention at a time: as one object those of a text of 50 MB would take gigabytes."""
    if not reading.mentions:
        yield json.dumps(answer(id, reading)) + "\n"
        return
    before = f'{{"id": {json.dumps(id)}, "mentions": ['
    for mention in reading.mentions:
        yield before + json.dumps(_row(mention))
        before = ", "
    yield "]}\n"


def _shown(protocol: Protocol, show: str, id: str | None, text: str, reading: Reading, fault: str | None) -> str:
    if show == "html":
        heading = f"<h2>{escape(id)}</h2>" if id else ""
        return heading + in_html(protocol, text, reading if fault is None else Reading((), fault))
    marked = in_colour(text, reading) if show == "colour" else in_plain(text, reading)
    lines = list(reasons(protocol, reading if fault is None else Reading((), fault)))
    above = [f"--- {id}"] if id else []
    if show == "colour":
        above, lines = list(map(visible, above)), list(map(visible, lines))
    return "\n".join([*above, marked.rstrip("\n"), "", *(f"  {line}" for line in lines), ""])


def _texts(stream: BinaryIO) -> Iterator[tuple[int, str | None, str | None, str | None]]:
    """Line number, id, text and fault of each text: of each line when the first is a JSON object, else of the whole input."""
    blank = 0
    while (line := stream.readline()) and not line.strip():
        blank += len(line)
    first = line.removeprefix(b"\xef\xbb\xbf")
    if not re.match(rb'\s*\{\s*(["}]|$)', first):
        data = b" " * blank + line + stream.read()  # blank lines before it hold their place, so that offsets are those of the input
        try:
            if data:
                yield 1, None, data.decode("utf-8"), None
        except UnicodeDecodeError as error:
            yield 1, None, None, f"not UTF-8 text (byte {error.start + 1}); save the file as UTF-8"
        return
    number, line = 1, first
    while line:
        if line.strip():
            try:
                yield number, *_line(line), None
            except _Unreadable as error:
                yield number, error.id, None, str(error)
        number, line = number + 1, stream.readline()


def _line(line: bytes) -> tuple[str | None, str]:
    try:
        data = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _Unreadable(f"not UTF-8 text (byte {error.start + 1} of the line); save the file as UTF-8") from None
    except (ValueError, RecursionError):
        raise _Unreadable('not JSON; each line is one object with "id" and "text"') from None
    if not isinstance(data, dict):
        raise _Unreadable('a JSON object is expected; write {"id": …, "text": …}')
    id = data.get("id")
    id = id if id is None or isinstance(id, str) else json.dumps(id)
    if not isinstance(data.get("text"), str):
        raise _Unreadable('text: a text in quotes is expected; write "text": "…"', id)
    return id, data["text"]


def tone(out: TextIO, *, plain: bool) -> str:
    """How a text is shown: in colour on a terminal, unless plain was asked for."""
    return "colour" if out.isatty() and not plain else "plain"
