"""Patients of whom one plain letter is kept, and nothing else but age and sex: what it says, without a case being built of it.

No two letters say the same, so that nothing is won by remembering any. What each mention adds is remembered instead, and what
follows is worked out for many letters together. The rows are those that the case would have.
"""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from equina.batch.dates import Dated, Dates
from equina.batch.outcome import is_present
from equina.batch.rows import told
from equina.batch.together import Together
from equina.fhir.elements import Resource, name_of
from equina.fhir.records import gather
from equina.fhir.statements import SHOWN, Gathered
from equina.model import Protocol
from equina.notes.evidence import VALUED, Silent, affirmed, bearing, denied, measured_in, not_read, value_heard
from equina.notes.lexicon import lexicon
from equina.notes.reading import Mention, read

__all__ = ["Letter", "Letters", "Said", "may_be_letter"]

_PLAIN = frozenset(("text/plain", "text/plain;charset=utf-8", "text/plain; charset=utf-8"))
_LONGEST = 400_000
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


class Statement(NamedTuple):
    """What a finding counts as by what is said of it, and what that adds to a row."""

    told: str
    planes: tuple[int, ...]
    present: bool
    since: bool  # whether the date of the letter counts for it
    conflict: bool
    evident: bool = True  # whether its mentions are evidence of the row: not of an age
    number: float | None = None  # the age


_SILENT = Statement("", (), False, False, False, False)  # nothing is stated
_ODD = Statement("", (), False, False, False, False)  # a case must tell


class Said(NamedTuple):
    """What a letter adds to the row of its patient."""

    planes: list[int]  # of what it states, for `Together`
    findings: list[str]  # of each piece of evidence
    values: list[str]
    mentions: list[Mention]
    present: tuple[str, ...]
    conflicts: tuple[str, ...]
    asides: list[tuple[str, str]]  # (why, quote)
    age: float | None
    since: bool  # whether its date may be the latest


class Letters:
    """Reads the letters of one run."""

    def __init__(self, protocol: Protocol, as_of: datetime, window_days: int, dates: Dates, together: Together) -> None:
        self._protocol, self._as_of, self._window_days = protocol, as_of, window_days
        self._dates, self._together = dates, together
        self._words = lexicon(protocol)
        self._read_now: dict[tuple[object, ...], bool] = {}  # by all that decides it
        self._stated: dict[tuple[str, int], Statement] = {}  # by finding and what is heard of it
        self._numbers: dict[tuple[str, float | None], Statement] = {}  # by quantity
        self._persons: dict[tuple[float | None, str | None], tuple[int, ...]] = {}

    def letter(self, data: bytes) -> Letter | None:
        """The letter that a record is; None for what is none, is none of the plain ones, or is not to be read."""
        try:
            record = _decoded(data)
            text, date, other = record.told()
        except ValueError:  # those of msgspec and of Unicode among them
            return None
        if len(text) > _LONGEST or not text.strip():
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

    def said(self, letter: Letter, age: float | None, sex: str | None) -> Said | None:
        """What a letter says of a patient of whom age and sex are on record, if they are. None when a case must tell."""
        reading = read(self._words, letter.text)
        planes, asides = list(self._person(age, sex)), list[tuple[str, str]]()
        if why := not_read(reading):
            return Said(planes, [], [], [], (), (), [(why, _quoted(letter, letter.text.strip()))], age, False)
        findings, values, pieces = list[str](), list[str](), list[Mention]()
        present, conflicts, since = list[str](), list[str](), False
        stated, own_age = self._stated, age
        said, heard_of = bearing(self._words, reading.mentions)
        for finding, mentions in said.items():
            heard = heard_of[finding]
            if heard & VALUED:
                statement = self._measured(letter, finding, mentions, asides)
            else:
                statement = stated.get((finding, heard)) or self._state(finding, heard)
            value, added, here, dates_it, contradicted, evident, number = statement
            if not evident:
                if statement is _ODD:
                    return None
                if own_age is None and number is not None:  # a text may tell a relative's, or that of another time
                    age, planes = number, [*planes, *added]
                continue
            planes += added
            if len(mentions) == 1:
                findings.append(finding)
                values.append(value)
            else:
                mentions = _once(mentions)
                findings += [finding] * len(mentions)
                values += [value] * len(mentions)
            pieces += mentions
            if here:
                present.append(finding)
                since |= dates_it
                if contradicted:
                    conflicts.append(finding)
        present.sort(key=self._protocol.order.__getitem__)
        return Said(planes, findings, values, pieces, tuple(present), tuple(conflicts), asides, age, since)

    def _person(self, age: float | None, sex: str | None) -> tuple[int, ...]:
        """The planes of age and sex, where they are known."""
        found = self._persons.get((age, sex))
        if found is None:
            known = (("age_years", age), ("sex_at_birth", sex))
            planes = (self._together.planes(name, value) for name, value in known if value is not None)
            found = self._persons[age, sex] = tuple(chain.from_iterable(planes))
        return found

    def _state(self, finding: str, heard: int) -> Statement:
        """What a finding counts as, of which this is heard."""
        protocol = self._protocol
        if protocol.findings[finding].kind == "choice" or finding in protocol.table.measures:
            found = _ODD
        else:
            value = value_heard(protocol, finding, heard)
            if isinstance(value, Silent):
                found = _SILENT
            else:
                planes, present = self._together.planes(finding, value), is_present(value)
                found = Statement(told(value), planes, present, present and affirmed(heard), present and denied(heard))
        self._stated[finding, heard] = found  # as many as there are findings, by the few things that can be heard of one
        return found

    def _measured(self, letter: Letter, finding: str, mentions: list[Mention], asides: list[tuple[str, str]]) -> Statement:
        """What a quantity counts as, of which numbers are told; those that cannot be are set aside."""
        if len(mentions) == 1 and mentions[0][4] == "present":
            found = self._numbers.get((finding, mentions[0][8]))
            if found is not None:
                return found
        if finding not in self._protocol.table.measures:
            return _ODD
        number, misfits = measured_in(self._protocol, finding, mentions, self._words)
        asides += [(each.why, _quoted(letter, each.quote)) for each in misfits]
        return _SILENT if number is None else self._number(finding, number)

    def _number(self, finding: str, number: float) -> Statement:
        """What a quantity counts as that is so much."""
        found = self._numbers.get((finding, number))
        if found is None:
            if len(self._numbers) >= _REMEMBERED:
                self._numbers.clear()
            found = Statement(told(number), self._together.planes(finding, number), False, False, False)
            if finding == "age_years":
                found = found._replace(evident=False, number=number)
            self._numbers[finding, number] = found
        return found


class _Probe(Gathered):
    """Statements of a record, its texts kept instead of read."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.texts: list[tuple[str, str]] = []

    def read(self, text: str, quote: str) -> None:
        self.texts.append((text, quote))


def _once(mentions: list[Mention]) -> list[Mention]:
    """The mentions that are different pieces of evidence."""
    if len({mention[1] for mention in mentions}) == len(mentions):
        return mentions
    found: dict[object, Mention] = {}
    for mention in mentions:
        found.setdefault((mention.start, mention.end, mention.assertion, mention.cue and mention.cue.quote), mention)
    return list(found.values())


def _quoted(letter: Letter, words: str) -> str:
    """Words of a letter that is named with them."""
    return f"{letter.name}: {words[:SHOWN]}"[:SHOWN]
