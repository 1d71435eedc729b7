"""Patients whose records say the same: joined and judged once, and told for each of them with its own ids, places and dates.

Two records are alike when they differ in nothing but their ids, whose they are and who wrote them, and in dates that lie on the
same side of every limit that a date is held against. What follows from records depends on nothing else of them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from equina.batch.dates import Dated, Dates
from equina.batch.joined import Joined
from equina.batch.outcome import Outcome, Outcomes, is_present
from equina.batch.rows import DATES, Evidence, Rows, code_of, pieces_of, present_in, told
from equina.case import Case
from equina.fhir.elements import Resource, part, text_of
from equina.fhir.statements import SHOWN
from equina.model import Protocol

__all__ = ["Alike", "Pattern", "Record", "fill", "filled", "stood_in"]

# The kinds that recur.
_KINDS = frozenset(
    f'"{kind}"'.encode("ascii")
    for kind in ("Condition", "Observation", "MedicationRequest", "MedicationStatement", "Procedure", "Encounter")
)
# Elements in which records differ and of which nothing follows.
_APART = frozenset(
    ("meta", "text", "subject", "encounter", "identifier", "recorder", "asserter", "performer", "requester", "informationSource")
)
_DATES = frozenset(path[0] for paths in DATES.values() for path in paths if len(path) == 1)
_REMEMBERED, _PATTERNS = 50_000, 30_000  # kinds of records and dates; patterns, which take some kilobytes each
_STAND_IN = 0xE000  # the first of the characters that stand for ids while a pattern is made: of private use, in no record
_STANDS = re.compile("([\ue000-\uf8ff])")
_MOST = 1_000  # records of one patient
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Record(NamedTuple):
    """What of a record is its own."""

    kind: int  # the number of those that are alike
    id: bytes | None  # as JSON has it
    dates: dict[str, Dated]


class Piece(NamedTuple):
    """A piece of evidence: what is alike, and what is to be filled in."""

    finding: str
    value: str
    assertion: str | None
    origin: str
    at: int | None  # of which item it is
    quote: tuple[str, ...] | None  # what stands around the id
    code: str | None
    date: str | None  # the element that has its date
    dated: Dated | None  # the date itself, where it is part of what is alike
    counts: bool  # whether its date may be the latest


@dataclass(frozen=True, slots=True)
class Pattern:
    """What follows of all patients who are alike."""

    case: Case
    outcomes: dict[object, Outcome]  # by sex, and by the comparisons that the age meets
    present: tuple[str, ...]
    pieces: tuple[Piece, ...]
    conflicts: tuple[str, ...]
    asides: tuple[tuple[int, str, tuple[str, ...] | None, str], ...]  # of which item, why, quote, origin
    age: float | None  # by the records, where the person has none
    sex: str | None
    not_counted: Counter[str]


class Alike:
    """Tells who is like whom."""

    def __init__(self, protocol: Protocol, dates: Dates) -> None:
        self._protocol, self._of_date = protocol, dates.of
        self._spans: dict[float | None, object] = {}
        self._kinds: dict[tuple[object, ...], int] = {}
        self._odd: set[int] = set()  # those that have themselves a character that stands for what is to be filled in
        self.patterns: dict[object, Pattern | None] = {}

    def records(self, items: Sequence[tuple[int, int, bytes]]) -> list[Record | None] | None:
        """The records that are kept of one patient, in the order of the items; None for the plain Patient.

        None when some record is of a kind that does not recur.
        """
        if len(self._kinds) >= _REMEMBERED or len(self.patterns) >= _PATTERNS:
            self._kinds.clear()
            self._odd.clear()
            self.patterns.clear()
        records: list[Record | None] = []
        for _, _, data in items:
            record = None if data[:1] == b"[" else self._record(data)
            if record is None and data[:1] != b"[":
                return None
            records.append(record)
        return records

    def of(self, records: Sequence[Record | None], age: float | None, sex: str | None) -> object:
        """What one of these records has in common with others; age and sex by the plain Patient among them, if any."""
        return (age is None, sex is None, *[record and record.kind for record in records])

    def outcome(self, outcomes: Outcomes, pattern: Pattern, age: float | None, sex: str | None) -> Outcome:
        """What follows for one like the pattern, of this age and sex."""
        span = self._spans.get(age)
        if span is None:
            rows = self._protocol.table.measures["age_years"]
            span = self._spans[age] = () if age is None else tuple(row.relation(age, row.number) for row in rows)
        found = pattern.outcomes.get((sex, span))
        if found is None:
            stated = (("age_years", age), ("sex_at_birth", sex))
            values = {**pattern.case.values, **{name: value for name, value in stated if value is not None}}
            found = pattern.outcomes[sex, span] = outcomes.of(replace(pattern.case, values=values))
        return found

    def _record(self, data: bytes) -> Record | None:
        try:
            fields = _fields(data)
        except (msgspec.MsgspecError, UnicodeError):
            return None
        if bytes(fields.get("resourceType", b"")) not in _KINDS:
            return None
        key: list[str | bytes | int] = []
        id, dates = None, {}
        for name, raw in fields.items():
            if name in _APART:
                continue
            value = bytes(raw)
            if name in _DATES and value[:1] == b'"':
                dates[name] = dated = self._of_date(json.loads(value) if b"\\" in value else value[1:-1].decode("utf-8"))
                key += (name, dated[0])
            elif name == "id" and value[:1] == b'"' and value != b'""':
                id = value
                key.append(name)
            else:
                key += (name, value)
        number = self._kinds.get(tuple(key))
        if number is None:
            number = self._kinds[tuple(key)] = len(self._kinds)
            if any(isinstance(each, bytes) and (b"\\u" in each or b"\xee" in each or b"\xef" in each) for each in key):
                self._odd.add(number)
        return Record(number, id, dates)

    def fits(self, records: Sequence[Record | None]) -> bool:
        """Whether a pattern can be made of such records."""
        return len(records) <= _MOST and not any(record is not None and record.kind in self._odd for record in records)

    def pattern(self, joined: Joined, records: Sequence[Resource]) -> Pattern:
        """What follows of all who are like the one of these records."""
        protocol, case = self._protocol, joined.case
        pieces = []
        for name, value, piece in pieces_of(protocol, case):
            at = int(piece.source) if piece.source else None
            record = None if at is None else records[at]
            pieces.append(
                Piece(
                    name,
                    told(value),
                    piece.assertion,
                    piece.origin,
                    at,
                    around(piece.quote),
                    code_of(record) if piece.origin == "record" else None,
                    *self._dated(record),
                    is_present(value) and piece.assertion in (None, "present"),
                )
            )
        age, sex = case.values.get("age_years"), case.values.get("sex_at_birth")
        return Pattern(
            replace(case, evidence={}, conflicts=(), set_aside=()),
            {},
            present_in(protocol, case),
            tuple(pieces),
            tuple(dict.fromkeys(conflict.finding for conflict in case.conflicts)),
            tuple((int(item.source or 0), item.why, around(item.quote), item.origin) for item in case.set_aside),
            age if isinstance(age, float) else None,
            sex if isinstance(sex, str) else None,
            joined.not_counted,
        )

    def _dated(self, record: Resource | None) -> tuple[str | None, Dated | None]:
        """(The element of a record that says when it is of, where dates of its kind are apart; else the date)."""
        for path in () if record is None else DATES.get(text_of(record, "resourceType"), ()):
            if found := text_of(part(record, *path[:-1]), path[-1]):
                return (path[0], None) if len(path) == 1 else (None, self._of_date(found))
        return None, None


def stood_in(at: int, record: dict[str, Any]) -> dict[str, Any]:
    """The record with a character for its id, by which it is found again in what is said of it, and with its place as source."""
    id = {"id": chr(_STAND_IN + at)} if isinstance(record.get("id"), str) and record["id"] else {}
    return {**record, **id, "meta": {"source": str(at)}}


def around(words: str | None) -> tuple[str, ...] | None:
    """The words in parts: every second one stands for an id."""
    return None if words is None else tuple(_STANDS.split(words))


def filled(words: tuple[str, ...] | None, record: Record | None) -> str | None:
    """The words, with the id that stands in them."""
    if words is None or len(words) == 1 or record is None:
        return None if words is None else words[0]
    id = record.id or b'""'
    return (json.loads(id) if b"\\" in id else id[1:-1].decode("utf-8")).join(words[::2])[:SHOWN]


def fill(
    rows: Rows,
    owner: str | None,
    pattern: Pattern,
    outcome: Outcome,
    records: Sequence[Record | None],
    places: Sequence[tuple[str, int]],
    age: float | None,
    sex: str | None,
) -> None:
    """Add the row of one who is like the pattern."""
    evidence, latest = _evidence(rows, pattern, records, places)
    rows.add_like(
        owner,
        outcome,
        pattern.present,
        latest,
        pattern.age if age is None else age,
        pattern.sex if sex is None else sex,
        evidence,
        pattern.conflicts,
        len(pattern.asides),
    )


def _evidence(
    rows: Rows, pattern: Pattern, records: Sequence[Record | None], places: Sequence[tuple[str, int]]
) -> tuple[Sequence[Evidence], datetime | None]:
    """(The evidence, when the latest of what is present was recorded)."""
    evidence, latest = list[Evidence](), None
    for name, value, assertion, origin, at, words, code, element, dated, counts in pattern.pieces:
        record = None if at is None else records[at]
        file, line = (None, None) if at is None else places[at]
        if record is not None and element is not None:
            dated = record.dates[element]
        _, date, moment = dated or (0, None, None)
        if counts and moment is not None and (latest is None or moment > latest):
            latest = moment
        quote = rows.quote(filled(words, record), origin)
        evidence.append((name, value, assertion, origin, file, line, None, None, quote, code, date))
    return evidence, latest
