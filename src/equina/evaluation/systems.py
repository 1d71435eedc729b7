"""What is judged: this engine itself, or any other command that speaks the JSON Lines contract. Requests in, answers out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol as Interface

from equina.evaluation.vignettes import Request
from equina.exchange import BadInput, read_request
from equina.model import DISPOSITIONS, Disposition, Protocol
from equina.notes.evidence import with_text
from equina.triage import assess

__all__ = ["Answer", "BadSystem", "Engine", "Progress", "System", "read_answer"]

Progress = Callable[[int], None]  # told how many answers there are so far
# Only differences of moments count; a fixed one makes two runs alike.
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


class BadSystem(RuntimeError):  # noqa: N818  (what it is, not how it is told)
    """A system that cannot be scored: it does not run, does not answer in time, or its answers are none of the contract's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a system said of one request. `level` is None where it gave none."""

    level: Disposition | None  # `low`, which is certain; the advice, where a system gives no `low`
    advice: Disposition | None
    causes: tuple[str, ...] = ()
    leaks: frozenset[str] = frozenset()
    error: str | None = None


class System(Interface):
    """Something that can be scored."""

    @property
    def name(self) -> str: ...

    def answers(self, requests: Sequence[Request], told: Progress) -> Mapping[str, Answer]:
        """One answer for the id of each request. Raises BadSystem, or BadInput for a request that is at fault."""
        ...


@dataclass(frozen=True, slots=True)
class Engine:
    """This engine with a protocol, called in the same process: the same reading and judging as `equina triage`."""

    protocol: Protocol

    @property
    def name(self) -> str:
        return f"equina, protocol {self.protocol.id} {self.protocol.version}"

    def answers(self, requests: Sequence[Request], told: Progress) -> Mapping[str, Answer]:
        found: dict[str, Answer] = {}
        for count, request in enumerate(requests, 1):
            found[str(request["id"])] = self._answer(request)
            told(count)
        return found

    def _answer(self, request: Request) -> Answer:
        read = read_request(self.protocol, json.dumps(request).encode(), MOMENT)
        assessment = assess(self.protocol, with_text(self.protocol, replace(read.case, as_of=MOMENT)))
        return Answer(
            level=assessment.low,
            advice=assessment.disposition,
            causes=tuple(fit.id for fit in assessment.causes),
            leaks=frozenset(leak.id for leak in assessment.continence),
        )


def read_answer(line: str, number: int) -> tuple[str, Answer]:
    """The id and the answer that a line of a system's output states. Raises BadSystem."""
    place = f"its answer {number}"
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise BadSystem(f"{place} is not JSON: {line.strip()[:60]!r}; each line is one JSON object") from None
    if not isinstance(data, dict):
        raise BadSystem(f"{place} is not a JSON object; each line is one, with the id of its case")
    id = data.get("id")
    if not isinstance(id, str):
        raise BadSystem(f"{place} has no id; give back the id of the case")
    if isinstance(data.get("error"), str):
        return id, Answer(level=None, advice=None, error=data["error"])
    if "low" not in data and "disposition" not in data:
        raise BadSystem(f'{place} ({id}) has no level; give "low" or "disposition", or "error" with the reason')
    advice = _level(data, "disposition", f"{place} ({id})")
    return id, Answer(
        level=_level(data, "low", f"{place} ({id})") or advice,
        advice=advice,
        causes=tuple(_ids(data.get("causes"))),
        leaks=frozenset(_ids(data.get("continence"))),
    )


def _level(data: Mapping[str, object], key: str, place: str) -> Disposition | None:
    value = data.get(key)
    for level in DISPOSITIONS:
        if value == level:
            return level
    if value is None:
        return None
    raise BadSystem(f"{place}: {key} is {json.dumps(value)[:60]}; give one of {', '.join(DISPOSITIONS)}, or null")


def _ids(rows: object) -> Iterator[str]:
    """The ids of a list of objects; a system that names no causes is judged on its levels alone."""
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("id"), str):
            yield row["id"]


def at_fault(vignette_file: str, line: int, error: BadInput) -> BadInput:
    """The error of a request, told of the place in the file it came from."""
    return BadInput(f"{vignette_file}, line {line}: {error}")
