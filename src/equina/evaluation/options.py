"""The options of `equina evaluate`. Apart from what they ask for, so that other commands start without loading it."""

from __future__ import annotations

import argparse

__all__ = ["add_arguments"]

MODES = ("findings", "patient", "clinical", "all")
EMERGENCIES = 2600
EPILOG = """\
With no FILE the protocol's own vignettes and stories are judged. A FILE is JSON
Lines, or a table (.csv, .tsv) with the columns text and level; docs/evaluation.md
has both formats, and what each measure counts.

exit codes:
  0    the bar was met
  1    it was not: an emergency was missed, or lost to an attack on findings that
       takes nothing away
  2    bad input, or a command that answers badly
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("files", nargs="*", metavar="FILE", help="vignettes (default: those shipped with the protocol)")
    parser.add_argument(
        "--command", metavar="CMD", help='another command to judge, such as "other-tool triage" (default: this engine)'
    )
    parser.add_argument("--timeout", type=_above_zero, default=120.0, metavar="S", help="seconds it may take for each answer (120)")
    parser.add_argument("--mode", choices=MODES, default="all", help="what of each vignette is told (default: all it has)")
    parser.add_argument(
        "--attacks",
        nargs="?",
        type=_count,
        const=1,
        default=0,
        metavar="N",
        help="tell each vignette otherwise, N times a kind (1)",
    )
    parser.add_argument(
        "--emergencies",
        nargs="?",
        type=_count,
        const=EMERGENCIES,
        default=0,
        metavar="N",
        help=f"add N emergencies made from the protocol's rules ({EMERGENCIES})",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="what attacks and emergencies are drawn by (0)")
    parser.add_argument(
        "--bar", type=_share, default=1.0, metavar="SHARE", help="least share of true emergencies to be found in each mode (1)"
    )
    parser.add_argument("--html", metavar="FILE", help="write the report as one page")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON (- for standard output, and no summary)")


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f'"{text}" is no count; write a whole number')
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f'"{text}" is no share; write a number from 0 to 1')
    return value


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f'"{text}" is no time; write seconds, more than 0')
    return value
