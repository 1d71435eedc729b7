"""The figures of the readers' bench (reading/run.py --json) in the shape of all others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from figures import EQUINA, Figure, absent, measured

__all__ = ["reading_figures"]

AREA = "reading"
BESIDE = {
    "medspacy": "beside medspaCy, default",
    "medspacy, sentencizer": "beside medspaCy, plain sentence splitter",
    "negspacy": "beside negspacy",
    "hyperscan, regex": "beside a bare scan",
}
LONGEST_FLAT = 10_000  # bytes: from here on what a call costs, whatever the length, no longer shows


def reading_figures(report: dict[str, Any]) -> list[Figure]:
    """Rates, ours beside the named peers, and growth with length."""
    return [*_speed(report["speed"]), *_lengths(report.get("length", []))]


def _speed(rows: list[dict[str, Any]]) -> Iterator[Figure]:
    there = {row["contender"]: row for row in rows}
    for row in rows:
        what = "notes of 300 words" if row["kind"] == "reader" else "notes of 300 words, scanned alone"
        versions = ", ".join(f"{name} {number}" for name, number in row["versions"].items())
        rate = row["notes_per_second"]
        yield measured(AREA, what, row["contender"], "notes/s", rate, version=versions)
    for peer, what in BESIDE.items():
        unit = "of its speed" if peer.startswith("hyperscan") else "times as fast"
        if peer not in there:
            yield absent(AREA, what, EQUINA, unit, "the peer is not installed here: bench/reading/environments.py builds it")
        elif EQUINA in there:
            yield measured(AREA, what, EQUINA, unit, there[EQUINA]["notes_per_second"] / there[peer]["notes_per_second"])


def _lengths(rows: list[dict[str, Any]]) -> Iterator[Figure]:
    if len(rows) > 1 and rows[-1]["bytes"] > LONGEST_FLAT:
        base = next(row for row in rows if row["bytes"] >= LONGEST_FLAT)
        for name in (name for name in rows[-1] if name != "bytes"):
            what = f"time a byte, a note of {rows[-1]['bytes']:,} bytes beside one of {base['bytes']:,}"
            yield measured(AREA, what, name, "times as long", rows[-1][name] / base[name], more_is_better=False)
