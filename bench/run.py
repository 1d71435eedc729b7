"""Cases a second of Equina beside two other rule engines on the same rules, and the time to start: a report, in one run.

    run.py           2,000 random cases and the shipped vignettes, seven rounds; written to bench/result.json as well
    run.py --short   few cases, one round: that everything runs and that the engines agree

Exit code 1: the engines do not agree, or `equina --help` takes longer than its limit (not looked at with --short).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from equina import Case, __version__, assess, load
from equina.exchange import answer, read_request
from equina.leaves import Truth, resolve
from equina.model import DISPOSITIONS, Disposition, Finding, Protocol
from equina.triage import interval, settle
from figures import Figure, absent, measured, write_rows
from peers import Contender, Interval, PeerMissingError, cql_contenders, node_version, timed, zen_contenders

ROOT = Path(__file__).parents[1]
VIGNETTES = ROOT / "src" / "equina" / "protocols" / "back_pain" / "vignettes" / "first.jsonl"
RESULT = ROOT / "bench" / "result.json"
SEED = 20261125
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LIMIT = 4  # `equina --help` may take this many times as long as a Python that does nothing

Report = dict[str, Any]

FULL, INTERVAL, RULES, LINES = "full result", "interval alone", "its rules alone", "JSON line to JSON line"


@dataclass(frozen=True)
class Amount:
    """How much is run."""

    cases: int
    rounds: int
    starts: int


AMOUNTS = {"full": Amount(2000, 7, 21), "short": Amount(200, 1, 1)}


def main() -> int:
    """Run, print the report, and return the exit code."""
    options = argparse.ArgumentParser(description="Time Equina beside its named peers.")
    options.add_argument("--short", action="store_true", help="few cases, one round; nothing is written")
    options.add_argument("--rows", type=Path, help="write the figures there, for report.py")
    given = options.parse_args()
    report = run(load(), AMOUNTS["short" if given.short else "full"])
    print(in_words(report))
    write_rows(given.rows, figures(report))
    if given.short:
        return 1 if report["disagreements"] else 0
    RESULT.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    return 1 if report["disagreements"] or help_ratio(report) >= LIMIT else 0


def run(protocol: Protocol, amount: Amount) -> Report:
    """Everything measured, as it is written to bench/result.json."""
    generated = random_lines(protocol, amount.cases)
    lines = generated + vignette_lines()[: amount.cases]
    cases = [read_request(protocol, line, NOW).case for line in lines]
    truths = [resolve(protocol.table, settle(protocol, case)[0]) for case in cases]
    right = [interval(protocol, case) for case in cases]

    versions = {"equina": __version__, "protocol": f"{protocol.id} {protocol.version}", "digest": protocol.digest}
    missing: dict[str, str] = {}
    contenders = own_contenders(protocol, lines, cases, truths)
    with ExitStack() as running:
        for peer, start in (("zen-engine", zen_contenders), ("cql-execution", cql_contenders)):
            try:
                versions[peer], theirs = running.enter_context(start(protocol, truths))
                contenders += theirs
            except PeerMissingError as why:
                missing[peer] = str(why)
        wrong = disagreements(contenders, lines, right)
        rates = measure(contenders, len(cases), amount.rounds)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions,
        "missing": missing,
        "rules": len(protocol.rules),
        "cases": {"random": len(generated), "vignettes": len(lines) - len(generated), "seed": SEED},
        "low": dict(Counter(low for low, _ in right)),
        "high": dict(Counter(high for _, high in right)),
        "rates": rates,
        "times_faster": {mine: times_faster(rates, mine) for mine in (FULL, INTERVAL, RULES)},
        "load_seconds": load_seconds(amount.rounds),
        "start_seconds": start_seconds(lines[0], amount.starts),
        "disagreements": wrong,
    }


# --- the cases ------------------------------------------------------------------------------------------------------------------


def random_lines(protocol: Protocol, count: int) -> list[bytes]:
    """Cases of 5 to 40 stated findings and up to 3 measured quantities; how many are present varies from case to case.

    Every tenth answers everything and denies all but what one rule asks about, since with few answers an emergency always stays
    possible, and in company few rules decide alone.
    """
    rng = random.Random(SEED)
    stated = [finding.id for finding in protocol.findings.values() if not finding.measured and finding.kind != "choice"]
    measured = [finding for finding in protocol.findings.values() if finding.measured]
    rules = sorted(protocol.rules)
    lines = []
    for number in range(count):
        values: dict[str, object] = {}
        if number % 10 == 9:
            values = dict.fromkeys(stated, False) | {finding.id: unremarkable(protocol, finding) for finding in measured}
            asked = [name for name in protocol.rule_findings[rng.choice(rules)] if name in stated]
            names = rng.sample(asked, min(len(asked), rng.randint(0, 5)))
            values |= {name: rng.choice((True, True, "long_standing", None)) for name in names}
        else:
            present = rng.choice((0.05, 0.15, 0.4))
            shares = (present, present / 2, 0.95 - 1.5 * present, 0.05)
            names = rng.sample(stated, min(len(stated), rng.randint(5, 40)))
            values |= zip(names, rng.choices((True, "long_standing", False, None), shares, k=len(names)), strict=True)
            for finding in rng.sample(measured, min(len(measured), rng.randint(0, 3))):
                values[finding.id] = round(rng.uniform(finding.low or 0, finding.high or 0), 1)
        case = {
            "id": f"random {number + 1}",
            "findings": values,
            "complete": rng.random() < 0.5,
            "answered_by": rng.choice(("self", "clinician", "record")),
            "as_of": NOW.isoformat(),
        }
        lines.append(json.dumps(case).encode())
    return lines


def unremarkable(protocol: Protocol, finding: Finding) -> float:
    """A possible value of the quantity for which the fewest comparisons of the rules hold."""
    rows, low, high = protocol.table.measures[finding.id], finding.low or 0.0, finding.high or 0.0
    near = [round(row.number + step, 1) for row in rows for step in (-0.1, 0.1)]
    return min(
        (value for value in (*near, low, high) if low <= value <= high), key=lambda v: sum(r.relation(v, r.number) for r in rows)
    )


def vignette_lines() -> list[bytes]:
    """The hand-written cases, when they are there (a package without its tests has none)."""
    if not VIGNETTES.exists():
        return []
    lines = []
    for text in VIGNETTES.read_text("utf-8").splitlines():
        told = json.loads(text)
        keys = ((True, "findings_present"), (False, "findings_absent"), ("long_standing", "findings_long_standing"))
        findings = {name: value for value, key in keys for name in told[key]}
        case = {"id": told["id"], "age": told["age"], "sex": told["sex"], "findings": findings, "as_of": NOW.isoformat()}
        lines.append(json.dumps(case).encode())
    return lines


# --- Equina ---------------------------------------------------------------------------------------------------------------------


def own_contenders(protocol: Protocol, lines: Sequence[bytes], cases: Sequence[Case], truths: Sequence[Truth]) -> list[Contender]:
    """Equina's own four: from a case to everything, to the interval, from its leaves to the interval, and from line to line."""

    def full() -> list[Interval]:
        intervals = []
        for case in cases:  # each result is let go, as the command does; a thousand kept would be the collector's time
            result = assess(protocol, case)
            intervals.append((result.low, result.high))
        return intervals

    def line_to_line() -> list[Interval]:
        intervals = []
        for line in lines:
            request = read_request(protocol, line, NOW)
            assessment = assess(protocol, request.case)
            json.dumps(answer(protocol, request, assessment), separators=(", ", ": "))
            intervals.append((assessment.low, assessment.high))
        return intervals

    return [
        timed(FULL, full),
        timed(INTERVAL, lambda: [interval(protocol, case) for case in cases]),
        timed(RULES, lambda: [(level(protocol, truth.must), level(protocol, truth.may)) for truth in truths]),
        timed(LINES, line_to_line),
    ]


def level(protocol: Protocol, true: int) -> Disposition:
    """What the peers are asked: from resolved leaves, the level of the first rule that holds."""
    for name, test in protocol.rule_tests.items():
        if test.holds(true):
            return protocol.rules[name].disposition
    return "self_care"


# --- measuring ------------------------------------------------------------------------------------------------------------------


def disagreements(contenders: Sequence[Contender], lines: Sequence[bytes], truth: Sequence[Interval]) -> dict[str, list[str]]:
    """The cases on which a contender's answer is not the interval of `equina.triage`. This run also warms every engine up."""
    wrong: dict[str, list[str]] = {}
    for contender in contenders:
        given = contender.run()[1]
        for line, mine, right in zip(lines, given, truth, strict=True):
            if mine != right:
                wrong.setdefault(contender.name, []).append(f"{json.loads(line)['id']}: {mine}, not {right}")
    return wrong


def measure(contenders: Sequence[Contender], cases: int, rounds: int) -> dict[str, list[float]]:
    """Cases a second of each contender in each round; every round begins with another, so that none is always first."""
    rates: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for turn in range(rounds):
        first = turn % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            gc.collect()
            rates[contender.name].append(cases / contender.run()[0])
    return rates


def times_faster(rates: dict[str, list[float]], mine: str) -> dict[str, float]:
    """How many times the peers' rates ours is: the median of what each round gives."""
    peers = [name for name in rates if name not in (FULL, INTERVAL, RULES, LINES)]
    return {peer: statistics.median(a / b for a, b in zip(rates[mine], rates[peer], strict=True)) for peer in peers}


def load_seconds(rounds: int) -> list[float]:
    """Seconds to read, check and prepare the shipped protocol."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        load()
        seconds.append(time.perf_counter() - start)
    return seconds


def start_seconds(line: bytes, starts: int) -> dict[str, list[float]]:
    """Seconds that each command takes from its start to its end, in this same environment."""
    script = Path(sys.executable).parent / "equina"
    source = "import sys; from equina.cli import main; sys.exit(main())"  # what the script says, where there is none
    equina = [str(script)] if script.exists() else [sys.executable, "-c", source]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "equina --help": [*equina, "--help"],
        "equina triage": [*equina, "triage"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(starts):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, input=line, stdout=subprocess.DEVNULL, check=True)
            seconds[name].append(time.perf_counter() - start)
    return seconds


def machine() -> dict[str, str | int | None]:
    """What the numbers were measured on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "node": node_version(),
    }


# --- the report -----------------------------------------------------------------------------------------------------------------


CAVEATS = (
    "The peers are given leaves already resolved and answer with low and high, as Equina's rules alone do. Its interval works out",
    "the leaves as well; its full result adds reasons, open rules, causes, tests and care. zen-engine knows two truth values, so",
    "it is asked twice a case. Both peers do other jobs too: tables that business people edit, retrieval from FHIR records.",
)


def help_ratio(report: Report) -> float:
    """How many times as long as `python -c pass` `equina --help` takes, by their medians."""
    seconds = report["start_seconds"]
    return float(statistics.median(seconds["equina --help"]) / statistics.median(seconds["python -c pass"]))


def figures(report: Report) -> list[Figure]:
    """The figures for report.py: like beside like, so the peers stand beside our rules alone."""
    area, versions, seconds = "engine", report["versions"], report["start_seconds"]
    ours = {FULL: "cases to full results", INTERVAL: "cases to their interval", LINES: "cases, JSON line to JSON line"}
    found = []
    for name, rates in report["rates"].items():
        what, peer = ours.get(name, "cases, rules on resolved leaves"), name.split(",")[0]
        mine = name in (FULL, INTERVAL, RULES, LINES)
        found.append(
            measured(area, what, "equina" if mine else name, "cases/s", rates, version=versions["equina" if mine else peer])
        )
    found += [absent(area, "cases, rules on resolved leaves", peer, "cases/s", why) for peer, why in report["missing"].items()]
    found.append(measured(area, "the protocol read and checked", "equina", "s", report["load_seconds"], more_is_better=False))
    found += [
        measured(area, "a command from start to end", name, "s", took, more_is_better=False) for name, took in seconds.items()
    ]
    found.append(
        measured(area, "equina --help beside an empty Python", "equina", "times as long", help_ratio(report), more_is_better=False)
    )
    wrong = sum(map(len, report["disagreements"].values()))
    return [*found, measured(area, "cases on which the engines differ", "equina", "cases", wrong, more_is_better=False)]


def in_words(report: Report) -> str:
    """The report as a page of text."""
    lines = [*heading(report), "", *rate_rows(report)]
    lines += [f"{peer} is left out: {why}" for peer, why in report["missing"].items()]
    lines += [
        "",
        *CAVEATS,
        "",
        f"load the protocol  {milliseconds(report['load_seconds'])}",
        *(f"{name:18} {milliseconds(seconds)}" for name, seconds in report["start_seconds"].items()),
        f"equina --help takes {help_ratio(report):.2f} times as long as python -c pass; the limit is {LIMIT}",
        "",
        *(f"DISAGREES on {len(wrong)} cases: {name}: {'; '.join(wrong[:3])}" for name, wrong in report["disagreements"].items()),
    ]
    return "\n".join(lines if report["disagreements"] else [*lines, "Every engine gives the same low and high for every case."])


def heading(report: Report) -> list[str]:
    """What was measured, on what."""
    host, cases, versions = report["machine"], report["cases"], report["versions"]
    peers = ", ".join(f"{peer} {versions[peer]}" for peer in ("zen-engine", "cql-execution") if peer in versions) or "none"
    levels = [
        f"{end}: {', '.join(f'{level} {report[end].get(level, 0)}' for level in reversed(DISPOSITIONS))}" for end in ("low", "high")
    ]
    return [
        f"equina {versions['equina']}, protocol {versions['protocol']}, {report['rules']} rules; peers: {peers}",
        f"{report['date']}, {host['system']}, {host['cores']} cores, Python {host['python']}, Node {host['node'] or 'none'}",
        f"{cases['random']} random cases (seed {cases['seed']}), {cases['vignettes']} vignettes",
        *levels,
    ]


def rate_rows(report: Report) -> list[str]:
    """The table of rates; beside a peer's, how many times as fast Equina is in each of its ways."""
    rows = [
        f"{'':60}  equina's rate / the peer's",
        f"{'cases a second':30}{'median':>10}{'slowest':>10}{'fastest':>10}{'full':>8}{'interval':>10}{'rules':>8}",
    ]
    for name, rates in report["rates"].items():
        row = f"{name:30}{statistics.median(rates):>10,.0f}{min(rates):>10,.0f}{max(rates):>10,.0f}"
        if name in report["times_faster"][FULL]:
            full, interval_alone, rules = (report["times_faster"][mine][name] for mine in (FULL, INTERVAL, RULES))
            row += f"{full:>8.2f}{interval_alone:>10.2f}{rules:>8.2f}"
        rows.append(row)
    return rows


def milliseconds(seconds: Sequence[float]) -> str:
    return f"{1000 * statistics.median(seconds):7.1f} ms  ({1000 * min(seconds):.1f} to {1000 * max(seconds):.1f})"


if __name__ == "__main__":
    sys.exit(main())
