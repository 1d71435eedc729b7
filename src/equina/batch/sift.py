"""Which lines of an export may state something of the protocol: the others are counted and let go.

A line is decoded only as far as it takes to know; what is kept is kept whole, so that a patient is judged by the very records that
`equina triage --fhir` would see. In doubt a line is kept.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import msgspec

from equina.fhir.coded import findings_of, medicines_of
from equina.fhir.elements import concept_words, span
from equina.fhir.encounters import STATED
from equina.fhir.records import READ
from equina.fhir.statements import Gathered
from equina.model import Protocol

__all__ = ["Person", "Sieve", "Sifted"]

_REMEMBERED = 200_000
_NOTHING: tuple[str, ...] = ()
_BEFORE = "a text from before this episode: not read"
_OLD_MEASURE = "a measurement from before this episode, or without a date"
_NO = msgspec.Raw()  # an element that is not there; it cannot stand beside None in a type


class _Reference(msgspec.Struct, gc=False):
    reference: str | None = None


_Kind = TypeVar("_Kind", bound=str)


class _Owned(msgspec.Struct, Generic[_Kind], rename="camel", gc=False):
    """What every record read has: its kind, and whose it is."""

    resource_type: _Kind
    subject: _Reference | None = None
    patient: _Reference | None = None


class _Coded(_Owned[_Kind], gc=False):
    code: msgspec.Raw = _NO


class _Component(msgspec.Struct, rename="camel", gc=False):
    code: msgspec.Raw = _NO
    value_codeable_concept: msgspec.Raw = _NO


class _Observed(_Coded[_Kind], gc=False):
    value_codeable_concept: msgspec.Raw = _NO
    component: list[_Component] | None = None
    effective_date_time: str | None = None


class _Prescribed(_Owned[_Kind], gc=False):
    medication_codeable_concept: msgspec.Raw = _NO
    medication_reference: msgspec.Raw = _NO
    medication: msgspec.Raw = _NO  # of another version of FHIR: kept, to be set aside with that reason


class _Visited(_Owned[_Kind], gc=False):
    reason_code: list[msgspec.Raw] | None = None
    reason: msgspec.Raw = _NO  # of another version of FHIR, as above


class _Written(_Owned[_Kind], gc=False):
    status: str | None = None
    date: str | None = None
    sent: str | None = None


class _Extension(msgspec.Struct, rename="camel", gc=False):
    url: str
    value_code: str | None = None


class Person(msgspec.Struct, rename="camel", gc=False):
    """What of a Patient is looked at."""

    resource_type: Literal["Patient"]
    id: str | None = None
    birth_date: str | None = None
    gender: str | None = None
    extension: list[_Extension] | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None
    modifier_extension: msgspec.Raw = _NO


class _Ingredient(msgspec.Struct, rename="camel", gc=False):
    item_codeable_concept: msgspec.Raw = _NO


class _Medicine(msgspec.Struct, rename="camel", gc=False):
    resource_type: Literal["Medication"]
    id: str | None = None
    code: msgspec.Raw = _NO
    ingredient: list[_Ingredient] | None = None


class _Other(msgspec.Struct, rename="camel", gc=False):
    resource_type: str


# A line of another kind than it seems to be of does not decode: the first kind that it names may be that of something within it.
_STRUCTS: Mapping[str, Any] = {
    "Condition": _Coded[Literal["Condition"]],
    "Observation": _Observed[Literal["Observation"]],
    "MedicationRequest": _Prescribed[Literal["MedicationRequest"]],
    "MedicationStatement": _Prescribed[Literal["MedicationStatement"]],
    "Procedure": _Coded[Literal["Procedure"]],
    "Encounter": _Visited[Literal["Encounter"]],
    "DocumentReference": _Written[Literal["DocumentReference"]],
    "Communication": _Written[Literal["Communication"]],
}
assert frozenset(_STRUCTS) == frozenset(READ) - {"Patient"}
_DECODERS: Mapping[str, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(each) for kind, each in _STRUCTS.items()}
_OTHER = msgspec.json.Decoder(_Other)
_PERSON = msgspec.json.Decoder(Person)
_MEDICATION = msgspec.json.Decoder(_Medicine)


class Sifted(NamedTuple):
    """What was made of a block: how many lines it has, whose they are, and which of them to keep."""

    lines: int
    owners: Sequence[str | None]  # as references; in the order of the lines
    kept: Sequence[int]  # by their place among the lines, from 0


class Sieve:
    """Decides, line by line, by one protocol as of one moment."""

    def __init__(self, protocol: Protocol, as_of: datetime, window_days: int) -> None:
        self.protocol = protocol
        self.not_counted: Counter[str] = Counter()
        self._times = Gathered(protocol, as_of, window_days)
        self._named: defaultdict[str, dict[bytes, tuple[str, ...]]] = defaultdict(dict)
        # The dates of FHIR begin with year, month and day; two days of grace for time zones, and what is nearer is looked at fully.
        self._early = (as_of - timedelta(days=window_days + 2)).date().isoformat()
        # Between these a text is of the episode, whatever else its date says: one that is no date counts as one of now.
        self._now = tuple((as_of - timedelta(days=days)).date().isoformat() for days in (window_days - 2, 2))
        self._lasting = {name for name, finding in protocol.findings.items() if finding.lasting or not finding.measured}

    # --- what the words and codes of a concept name -------------------------------------------------------------------------------

    def names(self, role: str, concept: bytes) -> tuple[str, ...]:
        """The findings that a concept may state in records of a role: remembered by its very bytes, since concepts recur."""
        named = self._named[role]
        found = named.get(concept)
        if found is None:
            if len(named) >= _REMEMBERED:
                named.clear()
            found = named[concept] = self._look_up(role, json.loads(concept))
        return found

    def _look_up(self, role: str, concept: object) -> tuple[str, ...]:
        protocol = self.protocol
        if role == "medicine":
            return medicines_of(protocol, concept) or self._times.named_in(concept_words(concept), ("medicine",))
        coded = findings_of(protocol, concept)
        if coded or role == "observed":
            return coded
        kinds = ("history", "baseline") if role == "Procedure" else STATED
        return self._times.named_in(concept_words(concept), kinds)

    # --- lines and blocks of them -------------------------------------------------------------------------------------------------

    def sift(self, line: bytes, kind: str) -> tuple[str | None, bool]:
        """(Whose the record is, as a reference; whether to keep it). Raises ValueError when it has not the shape of its kind."""
        record = _DECODERS[kind].decode(line)
        return _owner(record), bool(_SIFTED[kind](self, [record]))

    def block(self, lines: bytes, kind: str) -> Sifted:
        """The records of a block of lines, each one of this kind. Raises ValueError when one has not its shape."""
        records = _DECODERS[kind].decode_lines(lines)
        before = self.not_counted.copy()
        try:
            return Sifted(len(records), _owners(records), _SIFTED[kind](self, records))
        except (ValueError, RecursionError):
            self.not_counted.clear()
            self.not_counted.update(before)
            raise

    def other(self, line: bytes, kind: str) -> None:
        """See that a record of a kind that says nothing is a record. Raises msgspec errors."""
        if _OTHER.decode(line).resource_type != kind:
            raise msgspec.ValidationError(kind)

    def others(self, lines: bytes, kind: str) -> int:
        """How many records of such a kind the lines hold. Raises msgspec errors when one is none."""
        records = _OTHER.decode_lines(lines)
        if {record.resource_type for record in records} != {kind}:
            raise msgspec.ValidationError(kind)
        return len(records)

    def persons(self, lines: bytes) -> list[Person]:
        """The Patients of a block of lines. Raises ValueError."""
        return [_looked_at(record) for record in _PERSON.decode_lines(lines)]

    def medication(self, line: bytes) -> tuple[str, bool]:
        """(Id of a Medication; whether it is of a class that the protocol knows)."""
        record = _MEDICATION.decode(line)
        concepts = [record.code, *(each.item_codeable_concept for each in record.ingredient or ())]
        return record.id or "", any(self.names("medicine", bytes(concept)) for concept in concepts if concept)

    # --- the kinds of records: which of some records to keep ----------------------------------------------------------------------

    def _all_names(self, role: str, concepts: list[bytes]) -> list[tuple[str, ...]]:
        """What each of the concepts names; one that is empty is not there."""
        found: list[Any] = list(map(self._named[role].get, concepts))
        if None in found:
            found = [self._name(role, concept) if each is None else each for each, concept in zip(found, concepts, strict=True)]
        return found

    def _name(self, role: str, concept: bytes) -> tuple[str, ...]:
        return self.names(role, concept) if concept else _NOTHING

    def _coded(self, records: list[Any]) -> list[int]:
        found = self._all_names(records[0].resource_type, [bytes(record.code) for record in records])
        return [i for i, names in enumerate(found) if names]

    def _observed(self, records: list[Any]) -> list[int]:
        kept, early, named = [], self._early, self._all_names("observed", [bytes(record.code) for record in records])
        for i, (names, record) in enumerate(zip(named, records, strict=True)):
            if record.component or record.value_codeable_concept:
                names = self._with_parts(names, record)
            if names:
                dated = record.effective_date_time
                if dated is None or dated[:10] >= early or not self._past(names, dated):
                    kept.append(i)
        return kept

    def _with_parts(self, names: tuple[str, ...], record: Any) -> tuple[str, ...]:
        """What an observation names, which by its own code names these, with its value and its components."""
        names = self._with_value(names, record)
        for each in record.component or ():
            names += self._with_value(self._name("observed", bytes(each.code)), each)
        return names

    def _with_value(self, names: tuple[str, ...], part: Any) -> tuple[str, ...]:
        return names or self._name("observed", bytes(part.value_codeable_concept))

    def _past(self, names: tuple[str, ...], dated: str) -> bool:
        """Whether a measurement of these, dated before the window, says nothing of now."""
        if dated[4:8:3] != "--" or dated[10:11] not in ("", "T") or not self._lasting.isdisjoint(names):
            return False
        try:
            datetime.fromisoformat(dated)
        except ValueError:
            return False
        self.not_counted[_OLD_MEASURE] += 1
        return True

    def _prescribed(self, records: list[Any]) -> list[int]:
        found = self._all_names("medicine", [bytes(record.medication_codeable_concept) for record in records])
        return [
            i
            for i, (names, record) in enumerate(zip(found, records, strict=True))
            if names or record.medication_reference or record.medication
        ]

    def _visited(self, records: list[Any]) -> list[int]:
        return [
            i
            for i, record in enumerate(records)
            if record.reason or any(self.names("Encounter", bytes(reason)) for reason in record.reason_code or ())
        ]

    def _written(self, records: list[Any]) -> list[int]:
        return [i for i, record in enumerate(records) if self._of_now(record)]

    def _of_now(self, record: Any) -> bool:
        """Whether a letter is of this episode, or may be."""
        dated = record.date if record.resource_type == "DocumentReference" else record.sent
        if dated is not None and self._now[0] <= dated[:10] <= self._now[1]:
            return True
        when = span(dated)
        if when is not None and not self._times.ahead(when) and not self._times.recent(None, when):
            self.not_counted[_BEFORE] += 1
            return False
        return True


def _looked_at(person: Person) -> Person:
    if person.modifier_extension:
        raise msgspec.ValidationError("Patient")
    return person


def _owners(records: list[Any]) -> list[str | None]:
    """Whose each of the records is, as a reference."""
    try:
        found = [record.subject.reference for record in records]
    except AttributeError:  # some have no subject
        return [_owner(record) for record in records]
    return found if all(each and each[-1] not in "/:#" for each in set(found)) else [_owner(record) for record in records]


def _owner(record: Any) -> str | None:
    subject = record.subject
    if subject is not None and subject.reference and subject.reference[-1] not in "/:#":
        return subject.reference  # type: ignore[no-any-return]
    patient = record.patient
    return None if patient is None else patient.reference


_SIFTED: Mapping[str, Callable[[Sieve, list[Any]], list[int]]] = {
    "Condition": Sieve._coded,
    "Procedure": Sieve._coded,
    "Observation": Sieve._observed,
    "MedicationRequest": Sieve._prescribed,
    "MedicationStatement": Sieve._prescribed,
    "Encounter": Sieve._visited,
    "DocumentReference": Sieve._written,
    "Communication": Sieve._written,
}
