"""What `equina screen` takes."""

from __future__ import annotations

import argparse

from equina.batch.contract import KEY_VARIABLE, SHORTEST_KEY, WINDOW_DAYS

__all__ = ["add_arguments"]

EPILOG = f"""\
inputs, joined by patient:
  folders of them, or files: .ndjson .jsonl .json (bulk FHIR R4, or cases as
  `equina triage` takes them), .csv, each also .gz or .zst; and .parquet

what the folder then holds, readable by you alone:
  results.parquet   a row a patient: level, interval, reasons, evidence
  set_aside.jsonl   what was not judged, by file and line, and why
  manifest.json     inputs and outputs with digests, versions, counts

{KEY_VARIABLE} holds the key of --pseudonymise ({SHORTEST_KEY} characters or more).

exit codes:
  0    the run is finished; what was set aside is in set_aside.jsonl
  2    bad input, or the run could not go on: --resume takes it up again
  130  Ctrl-C: the same
"""


def add_arguments(screen: argparse.ArgumentParser) -> None:
    """The options of the command."""
    screen.formatter_class, screen.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    screen.add_argument("inputs", nargs="+", metavar="IN", help="a file, or a folder of files")
    screen.add_argument("--out", required=True, metavar="DIR", help="the folder of the run: a new one, or with --resume the same")
    screen.add_argument("--as-of", metavar="MOMENT", help="the moment to judge by (default: now)")
    screen.add_argument(
        "--window-days",
        type=int,
        metavar="N",
        default=None,
        help=f"how long before it an episode began at most (default: {WINDOW_DAYS})",
    )
    screen.add_argument("--workers", type=int, default=2, metavar="N", help="processes that share the work (default: 2)")
    screen.add_argument("--engine", choices=("local", "spark"), default="local", help="what carries it out (default: local)")
    screen.add_argument("--master", metavar="URL", help="the Spark cluster, as Spark names it (default: local[*])")
    screen.add_argument("--resume", action="store_true", help="go on with the run that was stopped in that folder")
    screen.add_argument("--pseudonymise", action="store_true", help="keyed hashes instead of the patients' ids")
    screen.add_argument("--quiet", action="store_true", help="do not tell how far it is")
