"""Patients whose records say the same: joined and judged once, and told for each of them with its own ids, places and dates.

Two records are alike when they differ in nothing but their ids, whose they are and who wrote them, and in dates that lie on the
same side of every limit that a date is held against. What follows from records depends on nothing else of them.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from equina.batch.joined import Joined
from equina.batch.letters import LETTERS, Letter, letters_of
from equina.batch.outcome import Outcome, Outcomes, is_present
from equina.batch.rows import DATES, Evidence, Rows, code_of, pieces_of, present_in, told, whole
from equina.case import Case
from equina.fhir.elements import Resource, part, span, text_of
from equina.fhir.statements import SHOWN, limits
from equina.model import Protocol
from equina.notes.reading import Mention

__all__ = ["Alike", "Likeness", "Pattern", "Record", "fill", "filled", "stood_in"]

# The kinds that recur: whole, and but for their texts.
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
_STANDS, _TEXT, _FIRST_TEXT = re.compile("([\ue000-\uf8ff])"), re.compile("[\ue800-\uf8ff]"), "\ue800"
_MOST = 1_000  # records of one patient
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
Dated = tuple[int, str, datetime | None]  # the class of a date, its text, its moment where that is within the window


class Record(NamedTuple):
    """What of a record is its own."""

    kind: int  # the number of those that are alike
    id: bytes | None  # as JSON has it
    dates: dict[str, Dated]
    letter: Letter | None


class Likeness(NamedTuple):
    """What a patient has in common with others, and the records in the order of the items; None for the person."""

    key: tuple[object, ...]
    records: list[Record | None]


class Piece(NamedTuple):
    """A piece of evidence: what is alike, and what is to be filled in."""

    finding: str
    value: str
    assertion: str | None
    origin: str
    at: int | None  # of which item it is
    mention: int | None  # of a text: its place among those of the letter
    quote: tuple[str, ...] | None  # what stands around the id
    code: str | None
    date: str | None  # the element that has its date
    dated: Dated | None  # the date itself, where it is part of what is alike
    counts: bool  # whether its date may be the latest


class Parts(NamedTuple):
    """The evidence where all of it is of one letter, part by part."""

    at: int
    mentions: tuple[int, ...]
    findings: tuple[str, ...]
    values: tuple[str, ...]
    assertions: tuple[str | None, ...]
    origins: tuple[str, ...]
    codes: tuple[None, ...]
    date: str | None  # as of a piece
    dated: Dated | None
    counts: bool  # whether any date of theirs counts


@dataclass(frozen=True, slots=True)
class Pattern:
    """What follows of all patients who are alike."""

    case: Case
    outcomes: dict[object, Outcome]  # by sex, and by the comparisons that the age meets
    present: tuple[str, ...]
    pieces: tuple[Piece, ...]
    parts: Parts | None
    several: bool  # whether a mention may be evidence of more than one finding
    conflicts: tuple[str, ...]
    asides: tuple[tuple[int, str, tuple[str, ...] | None, str], ...]  # of which item, why, quote, origin
    age: float | None  # by the records, where the person has none
    sex: str | None
    not_counted: Counter[str]


class Alike:
    """Tells who is like whom."""

    def __init__(self, protocol: Protocol, as_of: datetime, window_days: int) -> None:
        self._protocol, self._as_of = protocol, as_of
        self._window_start = as_of - timedelta(days=window_days)
        self._limits = limits(protocol, window_days)
        self._spans: dict[float | None, object] = {}
        self._kinds: dict[tuple[object, ...], int] = {}
        self._odd: set[int] = set()  # those that have themselves a character that stands for what is to be filled in
        self._letter = letters_of(protocol)
        self._dates: dict[bytes, Dated] = {}
        self.patterns: dict[object, Pattern | None] = {}

    def of(self, items: Sequence[tuple[int, int, bytes]], age: float | None, sex: str | None) -> Likeness | None:
        """The likeness of one of whom these records are kept, with this age and sex by the plain Patient among them, if any.

        None when some record is of a kind that does not recur.
        """
        if len(self._kinds) >= _REMEMBERED or len(self._dates) >= _REMEMBERED or len(self.patterns) >= _PATTERNS:
            self._kinds.clear()
            self._odd.clear()
            self._dates.clear()
            self.patterns.clear()
        key: list[object] = [age is None, sex is None]
        records: list[Record | None] = []
        for _, _, data in items:
            record = None if data[:1] == b"[" else self._record(data)
            if record is None and data[:1] != b"[":
                return None
            records.append(record)
            key.append(record and (record.kind if record.letter is None else (record.kind, record.letter.key)))
        return Likeness(tuple(key), records)

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
        kind, letter = bytes(fields.get("resourceType", b"")), None
        if kind in LETTERS:
            letter = self._letter(kind, bytes(fields.pop(LETTERS[kind], b"")))
            if letter is None:
                return None
        elif kind not in _KINDS:
            return None
        key: list[str | bytes | int] = []
        id, dates = None, {}
        for name, raw in fields.items():
            if name in _APART:
                continue
            value = bytes(raw)
            if name in _DATES and value[:1] == b'"':
                dates[name] = dated = self._dates.get(value) or self._date(value)
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
        return Record(number, id, dates, letter)

    def _date(self, value: bytes) -> Dated:
        """What is remembered of a date. Its class tells whether it says a day, and where it lies among the limits."""
        text: str = json.loads(value) if b"\\" in value else value[1:-1].decode("utf-8")
        when = span(text)
        if when is None:
            found: Dated = (-1 if text else -2, text, None)
        else:
            first, last = (
                bisect_left(self._limits, ago) + bisect_right(self._limits, ago)
                for ago in (self._as_of - when.first, self._as_of - when.last)
            )
            moment = max(min(when.first, self._as_of), self._window_start) if when.last >= self._window_start else None
            found = ((first * 1000 + last) * 2 + when.exact, text, moment)
        self._dates[value] = found
        return found

    def fits(self, records: Sequence[Record | None]) -> bool:
        """Whether a pattern can be made of such records."""
        return len(records) <= _MOST and not any(record is not None and record.kind in self._odd for record in records)

    def pattern(self, joined: Joined, records: Sequence[Resource], own: Sequence[Record | None]) -> Pattern | None:
        """What follows of all who are like the one of these records; None where something is told of its own alone."""
        protocol, case = self._protocol, joined.case
        if any(item.origin == "text" and not _TEXT.search(item.quote) for item in case.set_aside):
            return None  # words of a mention
        pieces, several = [], False
        for name, value, piece in pieces_of(protocol, case):
            at = int(piece.source) if piece.source else None
            record = None if at is None else records[at]
            mention = piece.start if piece.origin == "text" else None
            if at is not None and mention is not None and (each := own[at]) is not None and each.letter is not None:
                several |= each.letter.mentions[mention].finding != name
            pieces.append(
                Piece(
                    name,
                    told(value),
                    piece.assertion,
                    piece.origin,
                    at,
                    mention,
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
            None if several else _parts(pieces),
            several,
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
                return (path[0], None) if len(path) == 1 else (None, self._date(json.dumps(found).encode("ascii")))
        return None, None


def _parts(pieces: Sequence[Piece]) -> Parts | None:
    """The pieces part by part, where all are mentions of one letter."""
    mentions = tuple(piece.mention for piece in pieces if piece.mention is not None)
    places = {piece.at for piece in pieces}
    if len(mentions) < len(pieces) or len(places) != 1 or (at := places.pop()) is None:
        return None
    findings, values, assertions, origins, *_ = zip(*pieces, strict=True)
    counts, first = any(piece.counts for piece in pieces), pieces[0]
    return Parts(at, mentions, findings, values, assertions, origins, (None,) * len(pieces), first.date, first.dated, counts)


def stood_in(at: int, record: dict[str, Any]) -> dict[str, Any]:
    """The record with a character for its id, by which it is found again in what is said of it, and with its place as source."""
    id = {"id": chr(_STAND_IN + at)} if isinstance(record.get("id"), str) and record["id"] else {}
    return {**record, **id, "meta": {"source": str(at)}}


def around(words: str | None) -> tuple[str, ...] | None:
    """The words in parts: every second one stands for an id, or for a text."""
    return None if words is None else tuple(_STANDS.split(words))


def filled(words: tuple[str, ...] | None, record: Record | None) -> str | None:
    """The words, with the id or the text that stands in them."""
    if words is None or len(words) == 1 or record is None:
        return None if words is None else words[0]
    parts = list(words)
    for i in range(1, len(parts), 2):
        if parts[i] < _FIRST_TEXT:
            id = record.id or b'""'
            parts[i] = json.loads(id) if b"\\" in id else id[1:-1].decode("utf-8")
        elif record.letter is not None:
            parts[i] = record.letter.text.strip()[:SHOWN]
    return "".join(parts)[:SHOWN]


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
    parts = pattern.parts
    if parts is not None and (record := records[parts.at]) is not None and record.letter is not None:
        evidence, latest = _of_letter(parts, record, record.letter.mentions, places[parts.at])
    else:
        evidence, latest = _of_pieces(rows, pattern, records, places)
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


def _of_letter(
    parts: Parts, record: Record, mentions: Sequence[Mention], place: tuple[str, int]
) -> tuple[Sequence[Sequence[Any]], datetime | None]:
    """(The evidence part by part, when the latest of what is present was recorded), where all of it is of one letter."""
    count, (file, line) = len(parts.mentions), place
    said = [mentions[i] for i in parts.mentions]
    _, date, moment = (record.dates[parts.date] if parts.date is not None else parts.dated) or (0, None, None)
    starts, ends, quotes = [each[1] for each in said], [each[2] for each in said], [each[3] for each in said]
    _, _, findings, values, assertions, origins, codes, *_ = parts
    evidence = (
        findings,
        values,
        assertions,
        origins,
        (file,) * count,
        (line,) * count,
        starts,
        ends,
        quotes,
        codes,
        (date,) * count,
    )
    return evidence, moment if parts.counts else None


def _of_pieces(
    rows: Rows, pattern: Pattern, records: Sequence[Record | None], places: Sequence[tuple[str, int]]
) -> tuple[Sequence[Sequence[Any]], datetime | None]:
    """As `_of_letter`, of pieces of any kind."""
    evidence, latest = list[Evidence](), None
    told_once: set[object] = set()
    for name, value, assertion, origin, at, mention, words, code, element, dated, counts in pattern.pieces:
        record = None if at is None else records[at]
        file, line = (None, None) if at is None else places[at]
        if record is not None and element is not None:
            dated = record.dates[element]
        _, date, moment = dated or (0, None, None)
        if counts and moment is not None and (latest is None or moment > latest):
            latest = moment
        if mention is None or record is None or record.letter is None:
            quote = rows.quote(filled(words, record), origin)
            evidence.append((name, value, assertion, origin, file, line, None, None, quote, code, date))
            continue
        said = record.letter.mentions[mention]
        if pattern.several:
            one = (name, at, said.start, said.end, assertion, said.cue and said.cue.quote)
            if one in told_once:
                continue
            told_once.add(one)
        _, start, end, quote, *_ = said
        evidence.append((name, value, assertion, origin, file, line, start, end, whole(quote), code, date))
    return tuple(zip(*evidence, strict=True)), latest
