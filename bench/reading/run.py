"""Notes a second of Equina's reader beside named peers and bare scanners, with their accuracy, in one run on one core.

    environments.py                                          build the peers' environments, once
    run.py --lexicon lexicon.jsonl --labels NOTES LABELS     everything: ten to fifteen minutes
    run.py --lexicon lexicon.jsonl --short                   few notes, one round: that everything runs

All are given the same notes (notes.py) and the same phrases and cues (lexicon.py says in which form), but for Equina, which brings
its own, and "own cues", which keep a peer's. Each is a process of its own, started anew in every round, and the rounds go through
all contenders in turn, so that a machine that grows slow slows all. A reader is timed on notes that it has not seen, after as many
others; what it does on the same notes again is shown beside it. A contender that is not installed is named and left out.
Exit code 1: scanners that do the same job do not agree. Exit code 2: no contender could run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from accuracy import Rate, Score, score
from contenders import BARE, CONTENDERS, OURS, REFERENCE, Contender, Run, Setting, run
from environments import INTO
from notes import SEED, Note, generate, sized
from peer import PeerMissingError

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)


@dataclass(frozen=True)
class Amount:
    """How much is run."""

    seconds: float  # that a pass should take: a slow contender gets fewer of the same notes
    rounds: int
    passes: int
    longest: int


AMOUNTS = {"full": Amount(1.5, 5, 2, SIZES[-1]), "short": Amount(0.2, 1, 1, 100_000)}
FEWEST, MOST = 40, 5000  # notes in a part, for any contender


def main() -> int:
    """Run, print the tables, and return the exit code."""
    given = arguments()
    pin(given.core)
    setting = Setting(given.lexicon, given.environments, given.python)
    amount = AMOUNTS["short" if given.short else "full"]
    chosen = [c for c in CONTENDERS if not given.only or any(word in c.name for word in given.only)]
    notes = list(generate(MOST * (1 + amount.passes), SEED))

    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {platform.machine()}, core {given.core} of {os.cpu_count()}, load {load:.1f}")
    present = first_look(chosen, notes, setting)
    if not present:
        print("nothing to run", file=sys.stderr)
        return 2
    runs = rounds(present, notes, setting, amount)
    agreed = agreement({c.name: read for c, read in present.items() if c.kind == "scanner"})
    report: dict[str, Any] = {"speed": speed_table(runs, {c: found_share(notes, read) for c, read in present.items()})}
    if any(c.kind == "scanner" for c in present):
        print(f"\nScanners agree on every span: {'yes' if agreed else 'NO'}")
    for labeled_notes, labels in given.labels:
        report[labeled_notes.name] = accuracy_table([c for c in present if c.kind == "reader"], labeled_notes, labels, setting)
    if not given.no_lengths:
        scaling = [c for c in present if c.name in (OURS, BARE, REFERENCE)]
        report["length"] = length_table(scaling, min(amount.longest, given.longest), setting)
    if given.json:
        given.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    return 0 if agreed else 1


def arguments() -> argparse.Namespace:
    """The command line."""
    options = argparse.ArgumentParser(description="Time readers of clinical notes beside each other.")
    options.add_argument("--lexicon", type=Path, required=True, help="JSON Lines of phrases and cues")
    options.add_argument("--environments", type=Path, default=INTO, help="where environments.py put the peers")
    options.add_argument("--python", type=Path, default=Path(sys.executable), help="the Python that has equina")
    options.add_argument("--labels", nargs=2, type=Path, action="append", default=[], metavar=("NOTES", "LABELS"))
    options.add_argument("--only", nargs="+", default=[], metavar="WORD", help="the contenders with these in their names")
    options.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core that all run on")
    options.add_argument("--longest", type=int, default=SIZES[-1], help="bytes of the longest note of the table of lengths")
    options.add_argument("--no-lengths", action="store_true", help="leave that table out")
    options.add_argument("--short", action="store_true", help="few notes, one round")
    options.add_argument("--json", type=Path, help="write what was measured here as well")
    return options.parse_args()


def pin(core: int) -> None:
    """Keep this process, and so all that it starts, to one core: no contender gains by threads or is moved about."""
    os.sched_setaffinity(0, {core})


def first(notes: list[Note], count: int) -> list[tuple[str, str]]:
    """The first notes as they are put to a contender."""
    return [(note.id, note.text) for note in notes[:count]]


def fitting(contender: Contender, look: Run, amount: Amount) -> int:
    """How many notes make a part for a contender that read so fast at first look."""
    if contender.name == OURS:
        return MOST  # it gets its scanner ready only once it has read enough to be worth that
    return max(FEWEST, min(MOST, round(look.rate * amount.seconds)))


# --- speed ---


def first_look(chosen: list[Contender], notes: list[Note], setting: Setting) -> dict[Contender, Run]:
    """The contenders that run here, each with what it read in the first notes."""
    present: dict[Contender, Run] = {}
    for contender in chosen:
        try:
            present[contender] = run(contender, first(notes, 2 * FEWEST), setting, "--passes", "1")
        except PeerMissingError as missing:
            print(f"left out: {missing}")
    return present


def rounds(present: dict[Contender, Run], notes: list[Note], setting: Setting, amount: Amount) -> dict[Contender, list[Run]]:
    """Every contender once in every round."""
    runs: dict[Contender, list[Run]] = defaultdict(list)
    for _ in range(amount.rounds):
        for contender, look in present.items():
            texts = first(notes, fitting(contender, look, amount) * (1 + amount.passes))
            runs[contender].append(run(contender, texts, setting, "--quiet", "--passes", str(amount.passes)))
    return runs


def agreement(scanned: dict[str, Run]) -> bool:
    """Whether all scanners found the same spans in the notes that all of them read."""
    if REFERENCE not in scanned:
        return True
    right = scanned[REFERENCE].answers
    odd = [name for name, read in scanned.items() if any(right[note] != read.answers[note] for note in right.keys() & read.answers)]
    for name in odd:
        print(f"{name} does not find what {REFERENCE} finds")
    return not odd


def found_share(notes: list[Note], read: Run) -> float:
    """The share of the marked mentions that a contender found: that it reads, and is not merely quick."""
    marked = found = 0
    for note in notes:
        if note.id in read.answers:
            spans = [(m["finding"], m["start"], m["end"]) for m in read.answers[note.id]]
            marked += len(note.mentions)
            found += sum(any(f == m.finding and s < m.end and m.start < e for f, s, e in spans) for m in note.mentions)
    return found / marked if marked else 0.0


def speed_table(runs: dict[Contender, list[Run]], found: dict[Contender, float]) -> list[dict[str, Any]]:
    """Print the rates, the quickest first, and give them."""
    rates = {contender: statistics.median(r.rate for r in done) for contender, done in runs.items()}
    by_name = {contender.name: rate for contender, rate in rates.items()}
    ours, bare = by_name.get(OURS), by_name.get(BARE)
    rows = []
    heads = ("contender", "kind", "notes/s", "MB/s", "equina is", "of bare scan", "cold, notes/s", "again, notes/s", "spread")
    print("\n| " + " | ".join((*heads, "load s", "marked found", "notes")) + " |")
    print("| --- | --- |" + " ---: |" * 10)
    for contender in sorted(rates, key=lambda c: -rates[c]):
        done, rate = runs[contender], rates[contender]
        row: dict[str, Any] = {
            "contender": contender.name,
            "kind": contender.kind,
            "versions": done[0].versions,
            "notes_per_second": rate,
            "mb_per_second": rate * done[0].size / done[0].notes / 1e6,
            "ours_to_this": ours / rate if ours else None,
            "to_bare_scan": rate / bare if bare else None,
            "cold": statistics.median(r.notes / r.first for r in done),
            "again": statistics.median(r.notes / r.again for r in done),
            "spread": max(r.rate for r in done) / min(r.rate for r in done),
            "load": statistics.median(r.load for r in done),
            "found": found[contender],
            "notes": done[0].notes,
        }
        rows.append(row)
        print(
            f"| {row['contender']} | {row['kind']} | {rate:,.0f} | {row['mb_per_second']:.2f} | {times(row['ours_to_this'])} "
            f"| {times(row['to_bare_scan'])} | {row['cold']:,.0f} | {row['again']:,.0f} | {row['spread']:.2f} | {row['load']:.2f} "
            f"| {row['found']:.2f} | {row['notes']:.0f} |"
        )
    if ours and bare:
        print(f"\nEquina's reader keeps {ours / bare:.2f} of the speed of the bare scan ({BARE}).")
    print("\n" + ", ".join(sorted({f"{p} {v}" for done in runs.values() for p, v in done[0].versions.items()})))
    return rows


def times(ratio: float | None) -> str:
    """A ratio with two digits that count."""
    return "–" if ratio is None else f"{ratio:,.0f}x" if ratio >= 10 else f"{ratio:.2g}x"


# --- accuracy ---


def accuracy_table(readers: list[Contender], notes: Path, labels: Path, setting: Setting) -> list[dict[str, Any]]:
    """Print how each reader does on labelled notes, and give it."""
    marks = {row["id"]: row["mentions"] for row in json_lines(labels)}
    texts = [(row["id"], row["text"]) for row in json_lines(notes) if row["id"] in marks]
    rows = []
    print(f"\n{notes.name}: {len(texts)} notes (precision / recall / F1)\n")
    print("| reader | mentions | assertion right | present, a note | emergency flags, a note |")
    print("| --- | --- | ---: | --- | --- |")
    for contender in readers:
        read = run(contender, texts, setting, "--passes", "0")
        result: Score = score(marks, read.answers)
        rows.append({"contender": contender.name, **asdict(result)})
        print(
            f"| {contender.name} | {three(result.mention)} | {result.assertion.recall:.3f} of {result.assertion.there} "
            f"| {three(result.note)} | {three(result.flag)} |"
        )
    return rows


def three(rate: Rate) -> str:
    return f"{rate.precision:.3f} / {rate.recall:.3f} / {rate.f1:.3f}"


def json_lines(path: Path) -> list[dict[str, Any]]:
    """The objects in a file of JSON Lines."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


# --- length ---


def length_table(readers: list[Contender], longest: int, setting: Setting) -> list[dict[str, Any]]:
    """Print how time grows with the length of one note, and give it: as much time for each byte, if the reader is linear."""
    sizes = [size for size in SIZES if size <= longest]
    data = sized(sizes[-1]).encode()
    texts = [(str(size), data[:size].decode(errors="ignore")) for size in sizes]
    each = {c.name: run(c, texts, setting, "--quiet", "--passes", "0", "--each").each for c in readers}
    rows = []
    base = min(2, len(sizes) - 1)  # long enough that what a call costs, whatever the length, no longer shows
    print(f"\nOne note of each length: ns a byte (and how that stands to a note of {sizes[base]:,} bytes)\n")
    print("| bytes | " + " | ".join(each) + " |")
    print("| ---: |" + " ---: |" * len(each))
    for place, size in enumerate(sizes):
        cells = {name: alone[place] / size * 1e9 for name, alone in each.items()}
        rows.append({"bytes": size, **cells})
        against = {name: cell / (each[name][base] / sizes[base] * 1e9) for name, cell in cells.items()}
        print(f"| {size:,} | " + " | ".join(f"{cell:,.1f} ({against[name]:.2f})" for name, cell in cells.items()) + " |")
    return rows


if __name__ == "__main__":
    sys.exit(main())
