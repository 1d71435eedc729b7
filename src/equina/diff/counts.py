"""The same cases judged by both versions: how many move, and which. What a count shows has happened; what it misses may still."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from equina.case import Case
from equina.crosscheck import misfit
from equina.diff.patients import Both
from equina.evaluation.vignettes import shipped
from equina.exchange import BadInput, read_request
from equina.model import Disposition, Protocol, Value, rank
from equina.notes.evidence import with_text
from equina.notes.lexicon import has_lexicon
from equina.triage import assess

__all__ = ["Count", "Judged", "given_cases", "shipped_vignettes"]

Numbered = tuple[int, bytes | None]  # a line with its number; None stands for one too long to hold


@dataclass(frozen=True, slots=True)
class Judged:
    """One case by both versions: `low`, and the advice (None while there is none)."""

    id: str
    case: Case  # as the older version hears it
    low: tuple[Disposition, Disposition]
    advice: tuple[Disposition | None, Disposition | None]

    @property
    def change(self) -> int:
        """Below 0 when lowered, above it when raised; the advice decides where the certain level stays."""
        moved = rank(self.low[1]) - rank(self.low[0])
        return moved or (_place(self.advice[1]) - _place(self.advice[0]))


def _place(advice: Disposition | None) -> int:
    return -1 if advice is None else rank(advice)  # no advice yet is below any


@dataclass(frozen=True, slots=True)
class Count:
    """What became of the cases of one file. `unread` are lines that a version refuses, with what it says of them."""

    name: str
    total: int
    moved: tuple[Judged, ...]
    unread: tuple[tuple[int, str], ...]

    @property
    def same(self) -> int:
        return self.total - len(self.moved)


def shipped_vignettes(both: Both, now: datetime) -> Count:
    """The vignettes and stories that the newer version ships, told by their findings and complete."""
    try:
        told = [vignette for vignette in shipped(both.new) if vignette.has("findings")]
    except BadInput:  # it ships none
        told = []
    lines = (json.dumps(vignette.request("findings", complete=True)).encode() for vignette in told)
    return given_cases(both, "the shipped vignettes", enumerate(lines, 1), now)


def given_cases(both: Both, name: str, lines: Iterable[Numbered], now: datetime) -> Count:
    """The cases of a file of JSON Lines, as `equina triage` takes them. A finding that one version lacks is not heard by it."""
    total, moved, unread = 0, list[Judged](), list[tuple[int, str]]()
    for number, line in lines:
        try:
            if line is None:
                raise BadInput("the line is too long to be a case")
            judged = _read(both, number, line, now)
        except BadInput as error:
            unread.append((number, str(error)))
            continue
        total += 1
        if judged.change:
            moved.append(judged)
    return Count(name, total, tuple(moved), tuple(unread))


def _read(both: Both, number: int, line: bytes, now: datetime) -> Judged:
    old, new = (read_request(protocol, _only(both, protocol, line), now) for protocol in _versions(both))
    # A text is read once, by one lexicon: the rules are compared, and a released protocol is kept without its lexicon.
    reader = next((protocol for protocol in (both.new, both.old) if has_lexicon(protocol)), both.new)
    plain = new.case if reader is both.new else old.case
    read = with_text(reader, plain)
    said = {name: value for name, value in read.values.items() if plain.values.get(name, ...) != value}
    cases = (
        _heard(both, p, replace(request.case, values={**request.case.values, **said}))
        for p, request in zip(_versions(both), (old, new), strict=True)
    )
    return _judged(both, new.id if new.id is not None else f"line {number}", *cases)


def _versions(both: Both) -> tuple[Protocol, Protocol]:
    return both.old, both.new


def _judged(both: Both, id: str, old_case: Case, new_case: Case) -> Judged:
    old, new = assess(both.old, old_case), assess(both.new, new_case)
    return Judged(id, old_case, (old.low, new.low), (old.disposition, new.disposition))


def _heard(both: Both, protocol: Protocol, case: Case) -> Case:
    """The case without what this version cannot hear and the other can."""
    values = {name: value for name, value in case.values.items() if not _deaf(both, protocol, name, value)}
    return replace(case, values=values, onset={name: moment for name, moment in case.onset.items() if name in values})


def _deaf(both: Both, protocol: Protocol, name: str, value: Value) -> bool:
    other = both.new if protocol is both.old else both.old
    return not _takes(protocol, name, value) and _takes(other, name, value)


def _takes(protocol: Protocol, name: str, value: Value) -> bool:
    return name in protocol.findings and misfit(protocol.findings[name], value) is None


def _only(both: Both, protocol: Protocol, line: bytes) -> bytes:
    """The line without the findings that only the other version takes; as it is when there are none, or when it cannot be read."""
    try:
        data = json.loads(line)
        findings = dict(data["findings"])
        deaf = {name for name, value in findings.items() if isinstance(value, bool | int | float | str | None)}
        deaf = {name for name in deaf if _deaf(both, protocol, name, findings[name])}
    except (ValueError, KeyError, TypeError, RecursionError):
        return line
    if not deaf:
        return line
    rest = {key: _without(data[key], deaf) if key in ("findings", "onset") else data[key] for key in data}
    return json.dumps(rest).encode()


def _without(table: object, names: Iterable[str]) -> object:
    return {key: value for key, value in table.items() if key not in names} if isinstance(table, dict) else table
