"""Patients of whom one plain letter is kept, and nothing else but age and sex: what it says, without a case being built of it.

No two letters say the same, so that nothing is won by remembering any. What each mention adds is remembered instead, and what
follows is worked out for many letters together. The rows are those that the case would have.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from equina.batch.dates import Dated, Dates
from equina.batch.heard import Heard, Told
from equina.batch.outcome import Outcome
from equina.batch.together import Together
from equina.fhir.elements import Resource, name_of
from equina.fhir.records import gather
from equina.fhir.statements import SHOWN, Gathered
from equina.model import Protocol
from equina.notes.lexicon import lexicon
from equina.notes.reading import Found, Reading

__all__ = ["Judged", "Letter", "Letters", "may_be_letter"]

_PLAIN = frozenset(("text/plain", "text/plain;charset=utf-8", "text/plain; charset=utf-8"))
_LONGEST = 400_000
_BLOCK = 4096  # letters told together
_REMEMBERED = 50_000
_NO = msgspec.Raw()


class _Attachment(msgspec.Struct, rename="camel", gc=False):
    content_type: str
    data: bytes


class _Content(msgspec.Struct, gc=False):
    attachment: _Attachment


class _Payload(msgspec.Struct, rename="camel", gc=False):
    content_string: str


class _Heeded(msgspec.Struct, rename="camel", tag_field="resourceType", gc=False):
    """The elements by which is decided whether a letter is read at all."""

    status: msgspec.Raw = _NO
    doc_status: msgspec.Raw = _NO
    type: msgspec.Raw = _NO
    modifier_extension: msgspec.Raw = _NO
    not_done: msgspec.Raw = _NO
    id: str = ""


class _Document(_Heeded, gc=False, kw_only=True, tag="DocumentReference"):
    content: tuple[_Content]
    date: str = ""

    def told(self) -> tuple[str, str, str]:
        """(Its text, its date, another date)."""
        attachment = self.content[0].attachment
        return (attachment.data.decode("utf-8") if attachment.content_type in _PLAIN else ""), self.date, ""


class _Message(_Heeded, gc=False, kw_only=True, tag="Communication"):
    payload: tuple[_Payload]
    sent: str = ""
    received: str = ""

    def told(self) -> tuple[str, str, str]:
        """As of a document."""
        return self.payload[0].content_string, self.sent or self.received, self.received


_decoded = msgspec.json.Decoder(_Document | _Message).decode


def may_be_letter(data: bytes) -> bool:
    """Whether a record may be a letter: the quick look before the thorough one."""
    return b'"DocumentReference"' in data or b'"Communication"' in data


class Letter(NamedTuple):
    """A letter that is read as one of now."""

    name: str  # as what is set aside names it
    text: str
    dated: Dated


class Judged(NamedTuple):
    """What some letters say and what follows from it: of each letter a value in each list, of each piece of evidence one in each
    array."""

    outcomes: list[Outcome]
    present: list[tuple[str, ...]]
    since: list[bool]  # whether the date of the letter is one of something present
    ages: list[float | None]
    conflicts: list[tuple[str, ...]]
    pieces: list[int]  # how many each letter has
    evidence: dict[str, pa.ChunkedArray]


class Letters:
    """Reads the letters of one run."""

    def __init__(self, protocol: Protocol, as_of: datetime, window_days: int, dates: Dates, together: Together) -> None:
        self._protocol, self._as_of, self._window_days = protocol, as_of, window_days
        self._dates, self._together = dates, together
        self._read_now: dict[tuple[object, ...], bool] = {}  # by all that decides it
        self._persons: dict[tuple[float | None, str | None], tuple[int, ...]] = {}
        self._heard = Heard(protocol, lexicon(protocol), together)
        self._stated: tuple[list[int], list[int]] = ([], [])  # (letter, plane) of what is on record of the patients
        self._told: list[tuple[list[Outcome], Told]] = []

    def read(self, records: Sequence[bytes]) -> list[tuple[Letter, Found | Reading] | None]:
        """The letters among some records, with what is read in each; None for a record as `letter` has it."""
        letters, find = [self.letter(data) for data in records], self._heard.find
        return [None if letter is None else (letter, find(letter.text)) for letter in letters]

    def letter(self, data: bytes) -> Letter | None:
        """The letter that a record is; None for what is none, is none of the plain ones, or is not to be read."""
        try:
            record = _decoded(data)
            text, date, other = record.told()
        except ValueError:  # those of msgspec and of Unicode among them
            return None
        if len(text) > _LONGEST or not text or text.isspace():
            return None
        dated = self._dates.of(date)
        heeded = (record.status, record.doc_status, record.type, record.modifier_extension, record.not_done)
        key = (type(record), dated[0], other and self._dates.of(other)[0], *map(bytes, heeded))
        reads = self._read_now.get(key)
        if reads is None:
            if len(self._read_now) >= _REMEMBERED:
                self._read_now.clear()
            reads = self._read_now[key] = self._is_read(msgspec.json.decode(data), text)
        kind = record.__struct_config__.tag
        return Letter(f"{kind}/{record.id}" if record.id else kind, text, dated) if reads else None

    def _is_read(self, record: Resource, text: str) -> bool:
        """Whether nothing comes of the record but that its text is read as one of now."""
        probe = _Probe(self._protocol, self._as_of, self._window_days)
        gather(probe, [record], {})
        return probe.texts == [(text, name_of(record))] and not (probe.said or probe.asides or probe.outside)

    def take(self, letter: Letter, found: Found | Reading, age: float | None, sex: str | None) -> list[tuple[str, str]] | None:
        """Take in a letter that was read, of a patient of whom age and sex are on record, if they are; (why, quote) of what is set
        aside.

        None, and it is not taken in, where a case must tell.
        """
        if len(self._heard) >= _BLOCK:
            self._tell()
        place, heard = len(self._heard), self._heard.take(letter.text, found, age)
        if heard is None:
            return None
        why, misfits = heard
        for plane in self._person(age, sex):
            self._stated[0].append(place)
            self._stated[1].append(plane)
        if why:
            return [(why, _quoted(letter, letter.text.strip()))]
        return [(why, _quoted(letter, quote[:SHOWN])) for why, quote in misfits]

    def _tell(self) -> None:
        count, told = len(self._heard), self._heard.told()
        cases, planes = (np.concatenate((each, own)) for each, own in zip(told.stated, self._stated, strict=True))
        outcomes = self._together.outcomes(count, cases.astype(np.intp), planes.astype(np.intp))
        self._told.append((outcomes, told))
        self._stated = ([], [])

    def judged(self) -> Judged:
        """What the letters say that were taken in since this was asked for the last time."""
        self._tell()
        every, self._told = self._told, []
        told = [each for _, each in every]
        return Judged(
            list(chain.from_iterable(outcomes for outcomes, _ in every)),
            list(chain.from_iterable(each.present for each in told)),
            list(chain.from_iterable(each.since for each in told)),
            list(chain.from_iterable(each.ages for each in told)),
            list(chain.from_iterable(each.conflicts for each in told)),
            list(chain.from_iterable(each.pieces.tolist() for each in told)),
            {name: pa.chunked_array([each.evidence[name] for each in told]) for name in told[0].evidence},
        )

    def _person(self, age: float | None, sex: str | None) -> tuple[int, ...]:
        """The planes of age and sex, where they are known."""
        found = self._persons.get((age, sex))
        if found is None:
            known = (("age_years", age), ("sex_at_birth", sex))
            planes = (self._together.planes(name, value) for name, value in known if value is not None)
            found = self._persons[age, sex] = tuple(chain.from_iterable(planes))
        return found


class _Probe(Gathered):
    """Statements of a record, its texts kept instead of read."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.texts: list[tuple[str, str]] = []

    def read(self, text: str, quote: str) -> None:
        self.texts.append((text, quote))


def _quoted(letter: Letter, words: str) -> str:
    """Words of a letter that is named with them."""
    return f"{letter.name}: {words[:SHOWN]}"[:SHOWN]
