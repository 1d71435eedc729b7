"""The run: people by their numbers, each judged by the engine, then through every door; what differs is told as a person."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from equina.exchange import answer, request_of
from equina.notes.evidence import with_text
from equina.triage import assess
from strategies import PROTOCOL
from surfaces.door import Judged
from surfaces.doors import DOORS
from surfaces.people import in_words, person
from surfaces.servers import Servers

__all__ = ["Tally", "agree", "judged"]

BATCH = 500  # people to a process of `equina triage`, and to a session with the assistant


@dataclass
class Tally:
    """What was seen: how many people, the levels advised, the rules that determined, and what differed."""

    people: int = 0
    levels: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, level: str | None, reasons: Iterable[str]) -> None:
        """One more person."""
        self.people += 1
        self.levels[level or "none yet"] += 1
        self.reasons.update(reasons)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.people + other.people,
            self.levels + other.levels,
            self.reasons + other.reasons,
            [*self.differences, *other.differences],
        )

    def as_json(self) -> dict[str, object]:
        return {"people": self.people, "levels": self.levels, "reasons": self.reasons, "differences": self.differences}

    @staticmethod
    def of_json(found: Mapping[str, Any]) -> Tally:
        return Tally(found["people"], Counter(found["levels"]), Counter(found["reasons"]), list(found["differences"]))


@lru_cache(2 * BATCH)  # the doors of a test run are asked one after the other, of the same people
def judged(number: int) -> Judged:
    """The person of that number with the engine's answer."""
    told = person(number)
    request = request_of(PROTOCOL, told, datetime.now(UTC))
    request = replace(request, case=with_text(PROTOCOL, request.case))
    said = answer(PROTOCOL, request, assess(PROTOCOL, request.case))
    return Judged(told, request.case, json.loads(json.dumps(said)))


def agree(doors: Sequence[str], first: int, last: int, servers: Servers, *, most: int = 5) -> Iterator[Tally]:
    """The tally after each batch of the people of these numbers, each told to every door of that name; it ends early once `most`
    differences are found."""
    tally = Tally()
    with ExitStack() as open_doors:
        asked = {name: open_doors.enter_context(DOORS[name].opened(servers)) for name in doors}
        for start in range(first, last, BATCH):
            batch = [judged(number) for number in range(start, min(start + BATCH, last))]
            for name, ask in asked.items():
                tally.differences += _differences(name, batch, ask)
            for one in batch:
                tally.add(one.answer["disposition"], [reason["rule"] for reason in one.answer["reasons"]])
            yield tally
            if len(tally.differences) >= most:
                return


def _differences(name: str, batch: Sequence[Judged], ask: Callable[[Sequence[Judged]], Sequence[object]]) -> Iterator[str]:
    answers = ask(batch)
    if len(answers) != len(batch):
        yield f"{name}: {len(answers)} answers to {len(batch)} people"
        return
    for one, given in zip(batch, answers, strict=True):
        if given != (meant := DOORS[name].shows(one)):
            yield f"{in_words(one.person, one.case)}\n{_apart(name, meant, given)}\n    as JSON: {json.dumps(one.person)}"


def _apart(name: str, meant: object, given: object) -> str:
    """The two answers, where they differ."""
    if isinstance(meant, Mapping) and isinstance(given, Mapping):
        keys = [key for key in {**meant, **given} if meant.get(key) != given.get(key)]
        meant, given = {key: meant.get(key) for key in keys}, {key: given.get(key) for key in keys}
    return f"  the engine: {meant}\n  {name}: {given}"
