"""Cases by the line: JSON Lines in, JSON Lines out, in the same order; one bad line never stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from json import dumps
from typing import BinaryIO, TextIO

from equina.exchange import BadInput, answer, failure, read_request
from equina.model import Protocol
from equina.notes.evidence import with_text
from equina.triage import assess

__all__ = ["lines_of", "moment_of", "triage"]

OK, BAD_INPUT = 0, 2
# A case is a few kilobytes, with a long note a few hundred. What is longer is no case, and must not fill the memory.
LONGEST_LINE = 4 * 1024 * 1024


def triage(protocol: Protocol, lines: BinaryIO, out: TextIO, warn: Callable[[str], None]) -> int:
    """Answer each case of the stream, as soon as it is read; the exit code."""
    given = faulty = 0
    for number, line in lines_of(lines):
        given += 1
        try:
            if line is None:
                raise BadInput(f"longer than {LONGEST_LINE // 1024**2} MiB; a case is one line of JSON, and each has its own line")
            now = datetime.now(UTC).replace(microsecond=0)
            request = read_request(protocol, line, now)
            request = replace(request, case=with_text(protocol, request.case))
            result = answer(protocol, request, assess(protocol, request.case), number)
        except BadInput as error:
            faulty += 1
            result = failure(number, error)
        out.write(dumps(result, separators=(", ", ": ")) + "\n")
        out.flush()
    if not given:
        warn("no case was given; each line of the input is one JSON object")
        return BAD_INPUT
    if faulty:
        warn(f"{faulty} of {given} lines could not be judged; their answers say why")
        return BAD_INPUT
    return OK


def lines_of(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """The lines that are not blank, with their numbers from 1; None stands for a line too long to hold, which is skipped."""
    number = 0
    while part := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(part) > LONGEST_LINE and not part.endswith(b"\n"):
            while part and not part.endswith(b"\n"):
                part = stream.readline(LONGEST_LINE + 1)
            yield number, None
            continue
        line = part.removeprefix(b"\xef\xbb\xbf") if number == 1 else part
        if line.strip():
            yield number, line


def moment_of(as_of: str | None) -> datetime:
    """The moment of the option `--as-of`, or now. Raises BadInput."""
    if as_of is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(as_of)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInput('--as-of: not a moment; write it as "2026-11-23T02:10+00:00", with its offset from UTC')
    return moment
