"""`equina screen IN… --out DIR`: the protocol over a whole population."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from equina.batch.contract import KEY_VARIABLE, MANIFEST, SHORTEST_KEY, WINDOW_DAYS, WORK

if TYPE_CHECKING:
    from equina.batch.plan import Plan
    from equina.model import Protocol

__all__ = ["add_arguments", "run"]

OK, BAD_INPUT, INTERRUPTED = 0, 2, 130
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


def run(protocol: Protocol, options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Screen as the options say; the exit code."""
    from equina.batch.crew import Broken
    from equina.batch.inputs import NotReadable
    from equina.batch.pseudonym import NoKey
    from equina.batch.screen import NotResumable, held

    out = Path(options.out)
    if options.master and options.engine != "spark":
        say("--master names a Spark cluster: give --engine spark with it")
        return BAD_INPUT
    try:
        if (out / MANIFEST).exists():
            return _finished(out, options, say)
        with held(out):
            return _run(protocol, options, out)
    except (NotReadable, NotResumable, NoKey, Broken, ValueError) as error:
        say(str(error))
        _tidy(out)
        return BAD_INPUT
    except KeyboardInterrupt:
        say(f"stopped by you; the same command with --resume goes on in {out}")
        return INTERRUPTED
    except OSError as error:
        say(f"{out}: {(error.strerror or str(error)).lower()}; mend that, then the same command with --resume goes on")
        return BAD_INPUT


def _finished(out: Path, options: argparse.Namespace, say: Callable[[str], None]) -> int:
    if options.resume:
        say(f"{out}: the run is finished already; nothing was left to do")
        return OK
    say(f"{out}: a finished run is there, and none is written over; give another folder")
    return BAD_INPUT


def _tidy(out: Path) -> None:
    """Leave no empty folder behind where nothing was begun."""
    work = out / WORK
    if work.is_dir() and not (work / "plan.json").exists():
        (work / "lock").unlink(missing_ok=True)
        for folder in (work, out):
            if not any(folder.iterdir()):
                folder.rmdir()


def _run(protocol: Protocol, options: argparse.Namespace, out: Path) -> int:
    from equina.batch.progress import Progress
    from equina.batch.screen import NotResumable, carry_out, taken_up

    begun = (out / WORK / "plan.json").exists()
    if begun and not options.resume:
        raise NotResumable(f"{out}: an unfinished run is there; --resume goes on with it, or give another folder")
    plan = taken_up(out, protocol) if options.resume else _planned(protocol, options, out)
    if options.engine == "spark":
        from equina.batch.spark import carry_out_on_spark

        manifest = carry_out_on_spark(plan, protocol, out, options.master or "local[*]", quiet=options.quiet)
    else:
        manifest = carry_out(plan, protocol, out, max(1, options.workers), Progress(sys.stderr, quiet=options.quiet))
    print(summary(manifest, out))
    return OK


def _planned(protocol: Protocol, options: argparse.Namespace, out: Path) -> Plan:
    """The plan of a new run, kept in its folder. Raises NotReadable, NoKey and ValueError."""
    from equina.batch.inputs import NotReadable, discover, tasks_of
    from equina.batch.plan import Plan, partitions_for, write_plan
    from equina.batch.pseudonym import key_mark
    from equina.lines import moment_of

    days = WINDOW_DAYS if options.window_days is None else options.window_days
    if not 1 <= days <= 3660:
        raise NotReadable("--window-days: give a number of days from 1 to 3660")
    inputs, asides = discover(options.inputs, str(out))
    if not inputs:
        raise NotReadable("nothing to read was found; give files or folders of .ndjson, .jsonl, .csv or .parquet")
    plan = Plan(
        inputs=tuple(inputs),
        asides=tuple(asides),
        tasks=tuple(tasks_of(inputs)),
        partitions=partitions_for(inputs),
        as_of=moment_of(options.as_of),
        window_days=days,
        protocol=options.protocol,
        digest=protocol.digest,
        pseudonym=key_mark() if options.pseudonymise else None,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_plan(out / WORK / "plan.json", plan)
    return plan


def summary(manifest: dict[str, Any], out: Path) -> str:
    """A run in a few lines, without any patient."""
    counts = manifest["counts"]
    levels = ", ".join(f"{level} {counts['low'][level]}" for level in reversed(counts["low"]))
    lines = [
        f"{out}: {counts['patients']} patients as of {manifest['as_of']}, window of {manifest['window_days']} days",
        f"  certain at the least: {levels}",
        f"  set aside: {counts['set_aside']} (set_aside.jsonl says why)",
    ]
    return "\n".join(lines)
