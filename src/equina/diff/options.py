"""What `equina diff` takes."""

from __future__ import annotations

import argparse

__all__ = ["SECONDS", "add_arguments"]

SECONDS = 45.0
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
