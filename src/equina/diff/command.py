"""`equina diff OLD NEW`: the words of the command line, and the way from two folders to an exit code."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from equina.extras import lacking

if TYPE_CHECKING:
    from equina.tables import ProtocolError

__all__ = ["add_arguments", "diff"]

OK, NO, BAD_INPUT = 0, 1, 2
SECONDS = 45.0

Lines = Callable[[BinaryIO], Iterable[tuple[int, bytes | None]]]

ABOUT = """\
Whom a change of the protocol moves: every set of answers whose level is lowered
or raised between two versions, as small patients; then what was edited besides.

exit codes:
  0  no emergency is lowered, or each that is has a signed reason
  1  an emergency is lowered that nobody has signed for, a signed reason covers
     nothing (any more), or the search could not be finished
  2  bad input
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.description = ABOUT
    command.add_argument("old", metavar="OLD", help="the folder of the older version, such as the last one released")
    command.add_argument("new", metavar="NEW", help="the folder of the newer version")
    command.add_argument(
        "--cases",
        metavar="FILE",
        action="append",
        default=[],
        help="count the moves of these cases too (JSON Lines, as for triage)",
    )
    command.add_argument("--accept", metavar="FILE", help="the signed reasons for lowered emergencies (docs/diff.md)")
    command.add_argument("--seconds", type=_seconds, default=SECONDS, help=f"how long to search at the most (default: {SECONDS:g})")
    command.add_argument("--json", action="store_true", help="print one JSON object")


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError  # argparse then says that the value is no good
    return number


def diff(options: argparse.Namespace, out: TextIO, say: Callable[[str], None], lines: Lines) -> int:
    """Compare the two folders of the options and print what came of it. Returns the exit code."""
    from equina.protocol import load
    from equina.tables import ProtocolError

    protocols, refused = [], False
    for which, folder in (("older", options.old), ("newer", options.new)):
        try:
            protocols.append(load(folder))
        except ProtocolError as error:
            refused = True
            say(f"the {which} protocol, {folder}, cannot be used:{_listed(error)}")
    if refused:
        return BAD_INPUT
    try:
        from equina.diff.difference import difference
    except ModuleNotFoundError as error:
        if error.name != "z3":
            raise
        say(lacking("diff needs", "z3", "proofs"))
        return BAD_INPUT
    from equina.diff.counts import given_cases, shipped_vignettes
    from equina.diff.patients import Both
    from equina.diff.report import as_json, in_words
    from equina.diff.signed import accepted

    both = Both(*protocols)
    try:
        signed = accepted(options.accept, both) if options.accept else ()
        now = datetime.now(UTC).replace(microsecond=0)
        counts = [shipped_vignettes(both, now)]
        for file in options.cases:
            with Path(file).open("rb") as stream:
                counts.append(given_cases(both, file, lines(stream), now))
    except ProtocolError as error:
        say(f"the signed reasons cannot be used:{_listed(error)}")
        return BAD_INPUT
    except OSError as error:
        say(f"{error.filename}: {(error.strerror or str(error)).lower()}; give a file that can be read")
        return BAD_INPUT
    found = difference(both, signed, counts, seconds=options.seconds)
    if options.json:
        print(json.dumps(as_json(found), indent=1), file=out)
    else:
        for line in in_words(found):
            print(line, file=out)
    if any(count.unread for count in counts):
        say("some lines could not be judged; the report says why")
        return BAD_INPUT if found.passes else NO
    return OK if found.passes else NO


def _listed(error: ProtocolError) -> str:
    return "".join(f"\n  {fault}" for fault in error.faults)
