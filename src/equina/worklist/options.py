"""What `equina worklist` takes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["add_arguments"]

SIZE = 50
LEVELS = ("emergency", "urgent", "scheduled", "self_care")  # said here, so that help loads no engine


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options of the command."""
    command.add_argument("folder", metavar="DIR", type=_path, help="what `equina screen --out DIR` wrote")
    command.add_argument(
        "--size", metavar="N", type=_size, default=SIZE, help=f"patients on the list at the most (default: {SIZE})"
    )
    command.add_argument(
        "--level",
        choices=LEVELS,
        default="urgent",
        help="list who is at or above this level (default: urgent)",
    )
    command.add_argument(
        "--context", action="store_true", help="read the texts once more where they stand, and show the words around each quote"
    )
    shown = command.add_mutually_exclusive_group()
    shown.add_argument("--only", metavar="PLACE", type=_size, help="print this place of the list alone, with its page to hand over")
    shown.add_argument("--handover", action="store_true", help="print the page to hand over with each patient")
    shown.add_argument("--json", action="store_true", help="print the list as one JSON object")
    command.add_argument("--csv", metavar="FILE", type=_path, help="write the list as a table")
    command.add_argument("--fhir", metavar="FILE", type=_path, help="write the list as a FHIR R4 Bundle of a List and Flags")
    command.add_argument("--html", metavar="FILE", type=_path, help="write the list and the summary of the run as a page")
    command.add_argument("--counts-only", action="store_true", help="with --html: leave the patients out, to show the page around")
    command.add_argument("--force", action="store_true", help="write over files that are there")


def _path(text: str) -> Path:
    from pathlib import Path  # help needs none

    return Path(text)


def _size(text: str) -> int:
    try:
        size = int(text)
    except ValueError:
        size = 0
    if size < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number of 1 or more is expected")
    return size
