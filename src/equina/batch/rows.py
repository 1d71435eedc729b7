"""Rows of the results, gathered column by column and given out as an Arrow table of the contract's columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from equina.batch.contract import EVIDENCE, RESULT_COLUMNS
from equina.batch.dates import Dated
from equina.batch.outcome import Outcome, is_present
from equina.case import Case
from equina.case import Evidence as Piece
from equina.fhir.coded import SYSTEMS
from equina.fhir.elements import Resource, codes_in, part, parts, span, text_of
from equina.model import Protocol, Value
from equina.triage import NOT_STATED

if TYPE_CHECKING:
    from equina.batch.letters import Judged, Letter

__all__ = ["DATES", "Evidence", "Place", "Rows", "Run", "code_of", "date_of", "pieces_of", "present_in", "schema", "told", "whole"]

# Where each kind of record says when it is of, first to last.
DATES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Condition": (("recordedDate",), ("onsetDateTime",), ("onsetPeriod", "start")),
    "Observation": (("effectiveDateTime",), ("effectivePeriod", "start"), ("effectiveInstant",), ("issued",)),
    "MedicationRequest": (("authoredOn",),),
    "MedicationStatement": (("effectiveDateTime",), ("effectivePeriod", "start"), ("dateAsserted",)),
    "Procedure": (("performedDateTime",), ("performedPeriod", "start")),
    "Encounter": (("period", "start"),),
    "DocumentReference": (("date",),),
    "Communication": (("sent",), ("received",)),
}
_RESOURCE = re.compile(r"\b([A-Z][A-Za-z]+)/[A-Za-z0-9.\-]*")
_KINDS: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "list<string>": pa.list_(pa.string()),
}


# The parts of a piece of evidence that are its own, and those that pieces of one source have in common.
OWN = ("finding", "value", "assertion", "start", "end", "quote")
SHARED = ("origin", "file", "line", "code", "date")
assert {*OWN, *SHARED} == {each.name for each in EVIDENCE}
# One item of the column `evidence`: its parts in the order of the contract.
Evidence = tuple[str, str, str | None, str, str | None, int | None, int | None, int | None, str | None, str | None, str | None]


def schema() -> pa.Schema:
    """The columns of the results as Arrow types."""
    evidence = pa.list_(pa.struct([pa.field(each.name, _KINDS[each.kind], each.nullable) for each in EVIDENCE]))
    kinds = {**_KINDS, "list<evidence>": evidence}
    return pa.schema([pa.field(each.name, kinds[each.kind], each.nullable) for each in RESULT_COLUMNS])


class Run(NamedTuple):
    """What every row of a run says alike."""

    protocol: Protocol
    as_of: datetime
    window_start: datetime
    pseudonym: Callable[[str], str] | None = None


class Place(NamedTuple):
    """Where a piece of evidence comes from: the input and line, and the record itself where it is one."""

    file: str
    line: int
    record: Resource | None = None
    date: str | None = None


class Rows:
    """The rows of one part of the results."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._rows: list[tuple[Any, ...]] = []  # of what differs from row to row; of the evidence, how many pieces there are
        self._outcomes: list[Outcome | int] = []  # or the place among the letters
        self._letters: list[tuple[str | None, str | None, Dated, str, int, int]] = []
        # The parts of the evidence, one after the other: those that pieces in a row have in common are told once for them.
        self._own: tuple[list[Any], ...] = tuple([] for _ in OWN)
        self._shared: tuple[list[Any], ...] = tuple([] for _ in SHARED)
        self._runs: list[int] = []  # for how many pieces

    def silent(self, id: str | None, age: float | None, sex: str | None, outcome: Outcome) -> None:
        """Add a patient of whom nothing is known but age and sex."""
        self._add(id, outcome, (), None, age, sex, 0, (), 0, False)

    def add(
        self, id: str | None, case: Case, outcome: Outcome, place: Callable[[str | None], Place | None], aside: int, deceased: bool
    ) -> None:
        """Add a patient; `place` says where a source is."""
        evidence, latest = self._evidence(case, place)
        age, sex = case.values.get("age_years"), case.values.get("sex_at_birth")
        conflicts = tuple(dict.fromkeys(conflict.finding for conflict in case.conflicts))
        count = self._pieces_in(evidence)
        self._add(id, outcome, present_in(self._run.protocol, case), latest, age, sex, count, conflicts, aside, deceased)

    def add_like(
        self,
        id: str | None,
        outcome: Outcome,
        present: tuple[str, ...],
        latest: datetime | None,
        age: float | None,
        sex: str | None,
        evidence: Sequence[Evidence],
        conflicts: tuple[str, ...],
        aside: int,
    ) -> None:
        """Add a patient of whom all of it is known already."""
        self._add(id, outcome, present, latest, age, sex, self._pieces_in(evidence), conflicts, aside, False)

    def add_letter(self, id: str | None, sex: str | None, letter: Letter, file: str, line: int, aside: int) -> None:
        """Add a patient of whom a letter is known; what it says and what follows is told later, in the order of the letters."""
        self._outcomes.append(len(self._letters))
        self._rows.append(())
        self._letters.append((self._shown(id), sex, letter.dated, file, line, aside))

    @property
    def has_letters(self) -> bool:
        """Whether what letters say is to be told yet."""
        return bool(self._letters)

    def _pieces_in(self, evidence: Sequence[Evidence]) -> int:
        """Take in pieces of evidence; how many."""
        for name, value, assertion, origin, file, line, start, end, quote, code, date in evidence:
            for column, own in zip(self._own, (name, value, assertion, start, end, quote), strict=True):
                column.append(own)
            self._share((origin, file, line, code, date), 1)
        return len(evidence)

    def _share(self, told: Sequence[Any], count: int) -> None:
        for column, value in zip(self._shared, told, strict=True):
            column.append(value)
        self._runs.append(count)

    def _add(
        self, id: str | None, outcome: Outcome | int, present: Any, latest: Any, age: Any, sex: Any, pieces: int, *rest: Any
    ) -> None:
        self._outcomes.append(outcome)
        self._rows.append((self._shown(id), present, latest, age, sex, pieces, *rest))

    def _shown(self, id: str | None) -> str | None:
        """An id as the results have it."""
        if id is None:
            return None
        return whole(id) if self._run.pseudonym is None else self._run.pseudonym(id)

    def _evidence(self, case: Case, place: Callable[[str | None], Place | None]) -> tuple[list[Evidence], datetime | None]:
        """The evidence of everything that the case states but age and sex, and when the latest of what is present was recorded."""
        found, latest = list[Evidence](), None
        for name, value, piece in pieces_of(self._run.protocol, case):
            where = place(piece.source)
            date = None if where is None else where.date if where.record is None else date_of(where.record)
            if is_present(value) and piece.assertion in (None, "present") and (moment := self._within(date)) is not None:
                latest = moment if latest is None else max(latest, moment)
            found.append(
                (
                    name,
                    told(value),
                    piece.assertion,
                    piece.origin,
                    where.file if where else None,
                    where.line if where else None,
                    piece.start,
                    piece.end,
                    self.quote(piece.quote, piece.origin),
                    None if where is None or piece.origin != "record" else code_of(where.record),
                    date,
                )
            )
        return found, latest

    def _within(self, date: str | None) -> datetime | None:
        """The moment of a date, where it is within the window."""
        when = span(date)
        if when is None or when.last < self._run.window_start:
            return None
        moment = min(when.first, self._run.as_of)
        return moment if moment >= self._run.window_start else self._run.window_start

    def quote(self, words: str | None, origin: str) -> str | None:
        """The words as they may be shown: with pseudonyms no id of a record stands in them."""
        if words is None:
            return None
        return whole(words) if self._run.pseudonym is None or origin != "record" else _RESOURCE.sub(r"\1", whole(words))

    def table(self, letters: Judged | None = None) -> pa.Table:
        """The rows as a table, with what was to be told of the letters."""
        run, fields = self._run, schema()
        alike = {
            "window_start": run.window_start,
            "window_end": run.as_of,
            "protocol_version": run.protocol.version,
            "protocol_digest": run.protocol.digest,
        }
        told = [] if letters is None else self._told(letters)
        later = [] if letters is None else letters.outcomes
        outcomes = [later[each] if isinstance(each, int) else each for each in self._outcomes]
        rows = [told[each] if isinstance(each, int) else row for each, row in zip(self._outcomes, self._rows, strict=True)]
        names = ("id", "present", "latest", "age_years", "sex", "evidence", "conflicts", "set_aside", "deceased")
        columns = dict(zip((*Outcome._fields, *names), (*_columns(outcomes, Outcome._fields), *_columns(rows, names)), strict=True))
        arrays = [
            pa.repeat(pa.scalar(alike[field.name], field.type), len(self._rows))
            if field.name in alike
            else self._lists(columns[field.name], field.type, letters)
            if field.name == "evidence"
            else pa.array(columns[field.name], type=field.type)
            for field in fields
        ]
        return pa.Table.from_arrays(arrays, schema=fields)

    def _told(self, letters: Judged) -> list[tuple[Any, ...]]:
        """The rows of the letters."""
        told = zip(letters.present, letters.since, letters.ages, letters.pieces, letters.conflicts, strict=True)
        return [
            (id, present, dated[2] if since else None, age, sex, pieces, conflicts, aside, False)
            for (id, sex, dated, _, _, aside), (present, since, age, pieces, conflicts) in zip(self._letters, told, strict=True)
        ]

    def _lists(self, counts: Sequence[int], kind: pa.ListType, letters: Judged | None) -> pa.Array:
        """The evidence of the rows as an array; each has so many pieces."""
        fields = {field.name: field for field in kind.value_type}
        parts = {name: pa.array(part, fields[name].type) for name, part in zip(OWN, self._own, strict=True)}
        shared, runs = self._shared, self._runs
        if letters is not None:
            parts = {name: pa.chunked_array([part, *letters.evidence[name].chunks]) for name, part in parts.items()}
            of_letters = (("text", file, line, None, dated[1] or None) for _, _, dated, file, line, _ in self._letters)
            shared = tuple([*one, *other] for one, other in zip(shared, zip(*of_letters, strict=True), strict=True))
            runs = [*runs, *letters.pieces]
        of = pa.array(np.repeat(np.arange(len(runs)), runs))
        parts |= {name: pa.array(part, fields[name].type).take(of) for name, part in zip(SHARED, shared, strict=True)}
        arrays = [part.combine_chunks() if isinstance(part, pa.ChunkedArray) else part for part in (parts[name] for name in fields)]
        pieces = pa.StructArray.from_arrays(arrays, fields=list(fields.values()))
        if letters is not None and self._own[0]:
            pieces = pieces.take(pa.array(self._in_order(np.array(counts), sum(letters.pieces))))
        return pa.ListArray.from_arrays(np.array([0, *accumulate(counts)], np.int32), pieces, type=kind)

    def _in_order(self, counts: np.ndarray[Any, Any], told: int) -> np.ndarray[Any, Any]:
        """Where the pieces of each row are, those of letters being after all others."""
        is_letter = np.array([isinstance(each, int) for each in self._outcomes])
        first = np.zeros(len(counts), np.intp)
        for which, start in ((~is_letter, 0), (is_letter, counts.sum() - told)):
            first[which] = start + np.cumsum(counts[which]) - counts[which]
        before = np.cumsum(counts) - counts
        return np.repeat(first - before, counts) + np.arange(counts.sum())


def _columns(rows: Sequence[Sequence[Any]], names: Sequence[str]) -> Iterable[Sequence[Any]]:
    return zip(*rows, strict=True) if rows else ((),) * len(names)


def pieces_of(protocol: Protocol, case: Case) -> Iterator[tuple[str, Value, Piece]]:
    """(Finding, its value, a piece that it rests on) of everything that the case states but age and sex.

    Of plain answers what is present, or meets a comparison.
    """
    for name, value in case.values.items():
        if name not in NOT_STATED:
            for piece in case.evidence.get(name, ()):
                if piece.origin != "answer" or is_present(value) or _meets(protocol, name, value):
                    yield name, value, piece


def _meets(protocol: Protocol, name: str, value: Value) -> bool:
    """Whether a number meets any comparison that the protocol makes of it."""
    measures = protocol.table.measures.get(name, ())
    return isinstance(value, int | float) and any(measure.relation(value, measure.number) for measure in measures)


def present_in(protocol: Protocol, case: Case) -> tuple[str, ...]:
    """The findings that the case states as present, in the order of a handover."""
    return tuple(sorted((name for name, value in case.values.items() if is_present(value)), key=protocol.order.__getitem__))


def whole(text: str) -> str:
    """The text without halves of characters, which JSON can name and no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def told(value: Value) -> str:
    """A value as the evidence tells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else f"{value:g}" if isinstance(value, int | float) else value


def date_of(record: Resource) -> str | None:
    """When a record is of, as it says it itself."""
    for path in DATES.get(text_of(record, "resourceType"), ()):
        if found := text_of(part(record, *path[:-1]), path[-1]):
            return found
    return None


def code_of(record: Resource | None) -> str | None:
    """The first code of what a record is about, as system|code, by the short name of a system that the protocol knows."""
    if record is None:
        return None
    concepts = (record.get("code"), record.get("medicationCodeableConcept"), *parts(record, "reasonCode"))
    system, code = next((pair for concept in concepts for pair in codes_in(concept)), ("", ""))
    return f"{_SHORT.get(system, system)}|{code}" if code else None


_SHORT = {system: name for name, system in SYSTEMS.items()}
