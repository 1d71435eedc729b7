"""`equina handover --pdf FILE` and `equina paper`: what is printed goes into a new file that only its owner can read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from equina.ask import files
from equina.exchange import BadInput, read_request
from equina.model import Protocol
from equina.notes.evidence import with_text
from equina.paper import checklist_pdf, form_pdf, handover_pdf
from equina.paper.sheet import Paper
from equina.triage import assess
from equina.wording import wording

__all__ = ["print_sheet"]

OK, BAD_INPUT = 0, 2
Warn = Callable[[str], None]


def print_sheet(
    protocol: Protocol, warn: Warn, sheet: str, out: str, lines: Iterable[tuple[int, bytes | None]] = (), *, letter: bool = False
) -> int:
    """Print the checklist, the form, or the page for the desk of the one case of the lines; the exit code."""
    try:
        made = _made(protocol, sheet, lines, "us-letter" if letter else "a4")
        files.create(Path(out), made, protocol.language, there=wording("paper", protocol.language)["file_there"])
    except BadInput as error:
        warn(str(error))
        return BAD_INPUT
    return OK


def _made(protocol: Protocol, sheet: str, lines: Iterable[tuple[int, bytes | None]], paper: Paper) -> bytes:
    if sheet == "checklist":
        return checklist_pdf(protocol)
    if sheet == "form":
        return form_pdf(protocol, paper=paper)
    now = datetime.now(UTC).astimezone().replace(microsecond=0)
    case = with_text(protocol, read_request(protocol, _only(protocol, lines), now).case)
    return handover_pdf(protocol, case, assess(protocol, case), paper=paper)


def _only(protocol: Protocol, lines: Iterable[tuple[int, bytes | None]]) -> bytes:
    asked, given = wording("ask", protocol.language), list(lines)
    if not given:
        raise BadInput(asked["no_case"])
    if len(given) > 1:
        raise BadInput(wording("paper", protocol.language)["one_case"].format(n=len(given)))
    line = given[0][1]
    if line is None:
        raise BadInput(asked["line_too_long"])
    return line
