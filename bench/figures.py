"""A figure as every bench gives it: what was measured, of whom, in what unit, how it varied; and what was asked of ours.

A bench that is told `--rows FILE` writes its figures there as JSON, and report.py makes one report of them all.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["ASKED", "EQUINA", "Asked", "Figure", "absent", "measured", "read_rows", "write_rows"]

EQUINA = "equina"


@dataclass(frozen=True)
class Figure:
    """One figure of one contender. Those of the same area, `what` and unit are beside each other in the report.

    `least`, `median` and `most` are of `count` rounds, calls or patients; None when it could not be measured, and `why` says why.
    """

    area: str
    what: str
    who: str
    unit: str
    ours: bool
    more_is_better: bool = True
    least: float | None = None
    median: float | None = None
    most: float | None = None
    count: int = 0
    version: str = ""
    why: str = ""


def measured(area: str, what: str, who: str, unit: str, values: float | Sequence[float], **more: Any) -> Figure:
    """A figure with its spread; ours when the name begins with `equina`."""
    found = [float(values)] if isinstance(values, int | float) else [float(value) for value in values]
    middle = statistics.median(found)
    return Figure(
        area, what, who, unit, who.startswith(EQUINA), least=min(found), median=middle, most=max(found), count=len(found), **more
    )


def absent(area: str, what: str, who: str, unit: str, why: str) -> Figure:
    """A figure that there is not, and why."""
    return Figure(area, what, who, unit, who.startswith(EQUINA), why=why)


def write_rows(path: Path | None, figures: Iterable[Figure]) -> None:
    """Write the figures as JSON, where a file was asked for."""
    if path:
        path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n", "utf-8")


def read_rows(path: Path) -> list[Figure]:
    """The figures that a bench wrote."""
    return [Figure(**row) for row in json.loads(path.read_text("utf-8"))]


@dataclass(frozen=True)
class Asked:
    """What is asked of ours: at least, or at most, so much. `note` tells when it is measured, if not in every run."""

    area: str
    what: str
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    def met(self, value: float) -> bool:
        """Whether a median is within the limit."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    @property
    def words(self) -> str:
        """The limit as the report has it."""
        return f"at least {self.at_least:,g}" if self.at_least is not None else f"at most {self.at_most:,g}"


# Every limit, in one place. A row without a figure says in the report that it was not measured.
ASKED = (
    Asked("engine", "equina --help beside an empty Python", "times as long", at_most=4),
    Asked("engine", "cases on which the engines differ", "cases", at_most=0),
    Asked("proofs", "all properties proved", "s", at_most=60),
    *(
        Asked("interviews", f"{what}: {who}", unit, at_most=most)
        for who in ("development", "drawn from the causes")
        for what, unit, most in (
            ("steps to an emergency", "steps", 3),
            ("steps of a calm interview", "steps", 12),
            ("answers of a calm interview", "answers", 35),
            ("emergencies not reached", "patients", 0),
        )
    ),
    Asked("reading", "notes of 300 words", "notes/s", at_least=10_000),
    Asked("reading", "beside medspaCy, default", "times as fast", at_least=100),
    Asked("reading", "beside medspaCy, plain sentence splitter", "times as fast", at_least=20),
    Asked("reading", "beside negspacy", "times as fast", at_least=5),
    Asked("screening", "coded events beside a bare parse", "of its speed", at_least=0.5),
    Asked("screening", "coded events beside fhir.resources", "times as fast", at_least=20),
    Asked("screening", "a million patients with five million codes", "s", at_most=60, note="make bench FULL=1"),
    Asked("screening", "notes beside the reader alone, two processes", "of its speed", at_least=0.8),
    Asked("screening", "rules over columns beside a copy of them", "of its speed", at_least=0.333),
    Asked("screening", "memory of a process, ten times the rows beside one", "times as much", at_most=1.25),
    Asked("services", "calls with 50 KB at a steady rate: p99", "ms", at_most=50),
    Asked("services", "calls without an answer", "calls", at_most=0),
    Asked("services", "calls beside a constant", "of its rate", at_least=0.5),
    Asked("pages", "a step at a steady rate: p99", "ms", at_most=10),
    Asked("pages", "bytes of a whole interview", "bytes", at_most=100_000),
    Asked("pages", "memory after many requests", "times as much", at_most=1.1),
)
