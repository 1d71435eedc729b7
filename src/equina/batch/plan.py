"""What a run is: its inputs, moment and settings, written down before anything is read, so that it can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from equina.batch.inputs import Input, Piece, Task
from equina.batch.spill import write_json

__all__ = ["Plan", "partitions_for", "read_plan", "write_plan"]

_A_PARTITION = 32 * 1024 * 1024  # bytes of input
_FEWEST, _MOST = 8, 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run. Whatever could change a row of its results is here."""

    inputs: tuple[Input, ...]
    asides: tuple[tuple[str, str], ...]  # (name, why) of files that are not read
    tasks: tuple[Task, ...]
    partitions: int
    as_of: datetime
    window_days: int
    protocol: str | None  # its folder; None for the one shipped
    digest: str
    pseudonym: str | None  # what tells one key from another, and nothing of the key
    started: str
    resumed: int = 0

    @property
    def window_start(self) -> datetime:
        return self.as_of - timedelta(days=self.window_days)


def partitions_for(inputs: Sequence[Input]) -> int:
    """How many parts the patients are dealt into, so that one of them fits into memory."""
    return max(_FEWEST, min(_MOST, sum(each.weight for each in inputs) // _A_PARTITION))


def write_plan(path: Path, plan: Plan) -> None:
    """Keep the plan."""
    write_json(path, asdict(plan) | {"as_of": plan.as_of.isoformat()})


def read_plan(path: Path) -> Plan:
    """The plan that was kept. Raises OSError."""
    data: Mapping[str, object] = json.loads(path.read_bytes())
    plan = Plan(**data)  # type: ignore[arg-type]  # what JSON has no word for is put right here
    return replace(
        plan,
        inputs=tuple(Input(**each) for each in data["inputs"]),  # type: ignore[attr-defined]
        asides=tuple((name, why) for name, why in data["asides"]),  # type: ignore[attr-defined]
        tasks=tuple(
            Task(each["number"], tuple(Piece(**piece) for piece in each["pieces"]), each["weight"])
            for each in data["tasks"]  # type: ignore[attr-defined]
        ),
        as_of=datetime.fromisoformat(str(data["as_of"])),
    )
