"""`equina screen IN… --out DIR`: the protocol over a whole population."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from equina.batch.contract import MANIFEST, WINDOW_DAYS, WORK

if TYPE_CHECKING:
    from equina.batch.plan import Plan
    from equina.model import Protocol

__all__ = ["run"]

OK, BAD_INPUT, INTERRUPTED = 0, 2, 130


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
    lost = f"; {counts['refused']} of it not read at all: a patient named there alone has no row" if counts["refused"] else ""
    levels = ", ".join(f"{level} {counts['low'][level]}" for level in reversed(counts["low"]))
    lines = [
        f"{out}: {counts['patients']} patients as of {manifest['as_of']}, window of {manifest['window_days']} days",
        f"  certain at the least: {levels}",
        f"  set aside: {counts['set_aside']} (set_aside.jsonl says why){lost}",
    ]
    return "\n".join(lines)
