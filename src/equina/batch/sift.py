"""Which lines of an export may state something of the protocol: the others are counted and let go.

A line is decoded only as far as it takes to know; what is kept is kept whole, so that a patient is judged by the very records that
`equina triage --fhir` would see. In doubt a line is kept.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from equina.fhir.coded import findings_of, medicines_of
from equina.fhir.elements import concept_words, span
from equina.fhir.encounters import STATED
from equina.fhir.records import BIRTH_SEX, READ
from equina.fhir.statements import Gathered
from equina.model import Protocol

__all__ = ["Sieve"]

_REMEMBERED = 200_000
_NOTHING: tuple[str, ...] = ()
_BEFORE = "a text from before this episode: not read"
_OLD_MEASURE = "a measurement from before this episode, or without a date"
_NO = msgspec.Raw()  # an element that is not there; it cannot stand beside None in a type


class _Reference(msgspec.Struct, gc=False):
    reference: str | None = None


class _Owned(msgspec.Struct, rename="camel", gc=False):
    """What every record read has: whose it is, and whether a modifier changes its meaning."""

    resource_type: str
    subject: _Reference | None = None
    patient: _Reference | None = None


class _Coded(_Owned, gc=False):
    code: msgspec.Raw = _NO


class _Component(msgspec.Struct, rename="camel", gc=False):
    code: msgspec.Raw = _NO
    value_codeable_concept: msgspec.Raw = _NO


class _Observed(_Coded, gc=False):
    value_codeable_concept: msgspec.Raw = _NO
    component: list[_Component] | None = None
    effective_date_time: str | None = None


class _Prescribed(_Owned, gc=False):
    medication_codeable_concept: msgspec.Raw = _NO
    medication_reference: msgspec.Raw = _NO
    medication: msgspec.Raw = _NO  # of another version of FHIR: kept, to be set aside with that reason


class _Visited(_Owned, gc=False):
    reason_code: list[msgspec.Raw] | None = None
    reason: msgspec.Raw = _NO  # of another version of FHIR, as above


class _Written(_Owned, gc=False):
    status: str | None = None
    date: str | None = None
    sent: str | None = None


class _Extension(msgspec.Struct, rename="camel", gc=False):
    url: str
    value_code: str | None = None


class _Person(msgspec.Struct, rename="camel", gc=False):
    resource_type: str
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
    resource_type: str
    id: str | None = None
    code: msgspec.Raw = _NO
    ingredient: list[_Ingredient] | None = None


class _Other(msgspec.Struct, rename="camel", gc=False):
    resource_type: str


_STRUCTS: Mapping[str, type[_Owned]] = {
    "Condition": _Coded,
    "Observation": _Observed,
    "MedicationRequest": _Prescribed,
    "MedicationStatement": _Prescribed,
    "Procedure": _Coded,
    "Encounter": _Visited,
    "DocumentReference": _Written,
    "Communication": _Written,
}
assert frozenset(_STRUCTS) == frozenset(READ) - {"Patient"}
_DECODERS: Mapping[str, Callable[[bytes], _Owned]] = {kind: msgspec.json.Decoder(each).decode for kind, each in _STRUCTS.items()}
_OTHER = msgspec.json.Decoder(_Other).decode
_PERSON = msgspec.json.Decoder(_Person).decode
_MEDICATION = msgspec.json.Decoder(_Medicine).decode


class Sieve:
    """Decides, line by line, by one protocol as of one moment."""

    def __init__(self, protocol: Protocol, as_of: datetime, window_days: int) -> None:
        self.protocol = protocol
        self.not_counted: Counter[str] = Counter()
        self._times = Gathered(protocol, as_of, window_days)
        self._named: defaultdict[str, dict[bytes, tuple[str, ...]]] = defaultdict(dict)
        # The dates of FHIR begin with year, month and day; two days of grace for time zones, and what is nearer is looked at fully.
        self._early = (as_of - timedelta(days=window_days + 2)).date().isoformat()
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

    # --- the kinds of records -----------------------------------------------------------------------------------------------------

    def sift(self, line: bytes, kind: str) -> tuple[str | None, bool]:
        """(Whose the record is, as a reference; whether to keep it). Raises ValueError when it has not the shape of its kind."""
        record = _DECODERS[kind](line)
        if record.resource_type != kind:  # the first that the line names is one within it
            raise msgspec.ValidationError(kind)
        return _SIFTED[kind](self, record)

    def other(self, line: bytes, kind: str) -> None:
        """See that a record of a kind that says nothing is a record. Raises msgspec errors."""
        if _OTHER(line).resource_type != kind:
            raise msgspec.ValidationError(kind)

    def person(self, line: bytes) -> tuple[str | None, tuple[str, str, str] | None]:
        """(Id of a Patient; birth date, gender and recorded sex, or None where the whole record is wanted). Raises ValueError."""
        record = _PERSON(line)
        if record.resource_type != "Patient" or record.modifier_extension:
            raise msgspec.ValidationError("Patient")
        dead = record.deceased_boolean or record.deceased_date_time
        sex = next((each.value_code for each in record.extension or () if each.url == BIRTH_SEX), None)
        return record.id or None, None if dead else (record.birth_date or "", record.gender or "", sex or "")

    def medication(self, line: bytes) -> tuple[str, bool]:
        """(Id of a Medication; whether it is of a class that the protocol knows)."""
        record = _MEDICATION(line)
        if record.resource_type != "Medication":
            raise msgspec.ValidationError("Medication")
        concepts = [record.code, *(each.item_codeable_concept for each in record.ingredient or ())]
        return record.id or "", any(self.names("medicine", bytes(concept)) for concept in concepts if concept)

    def _coded(self, record: _Coded) -> tuple[str | None, bool]:
        concept = record.code
        return _owner(record), bool(concept) and bool(self.names(record.resource_type, bytes(concept)))

    def _observed(self, record: _Observed) -> tuple[str | None, bool]:
        names = self._asked(record)
        for part in record.component or ():
            names += self._asked(part)
        if not names:
            return _owner(record), False
        dated = record.effective_date_time
        if dated is not None and self._long_ago(dated) and self._lasting.isdisjoint(names):
            self.not_counted[_OLD_MEASURE] += 1
            return _owner(record), False
        return _owner(record), True

    def _long_ago(self, dated: str) -> bool:
        if dated[:10] >= self._early or dated[4:5] + dated[7:8] != "--" or dated[10:11] not in ("", "T"):
            return False
        try:
            datetime.fromisoformat(dated)
        except ValueError:
            return False
        return True

    def _asked(self, part: _Observed | _Component) -> tuple[str, ...]:
        names = self.names("observed", bytes(part.code)) if part.code else _NOTHING
        if not names and part.value_codeable_concept:
            names = self.names("observed", bytes(part.value_codeable_concept))
        return names

    def _prescribed(self, record: _Prescribed) -> tuple[str | None, bool]:
        concept = record.medication_codeable_concept
        named = bool(concept) and bool(self.names("medicine", bytes(concept)))
        return _owner(record), named or bool(record.medication_reference) or bool(record.medication)

    def _visited(self, record: _Visited) -> tuple[str | None, bool]:
        named = any(self.names("Encounter", bytes(reason)) for reason in record.reason_code or ())
        return _owner(record), named or bool(record.reason)

    def _written(self, record: _Written) -> tuple[str | None, bool]:
        when = span(record.date if record.resource_type == "DocumentReference" else record.sent)
        if when is not None and not self._times.ahead(when) and not self._times.recent(None, when):
            self.not_counted[_BEFORE] += 1
            return _owner(record), False
        return _owner(record), True


def _owner(record: _Owned) -> str | None:
    subject = record.subject
    if subject is not None and subject.reference and subject.reference[-1] not in "/:#":
        return subject.reference
    patient = record.patient
    return None if patient is None else patient.reference


_SIFTED: Mapping[str, Callable[[Sieve, Any], tuple[str | None, bool]]] = {
    "Condition": Sieve._coded,
    "Procedure": Sieve._coded,
    "Observation": Sieve._observed,
    "MedicationRequest": Sieve._prescribed,
    "MedicationStatement": Sieve._prescribed,
    "Encounter": Sieve._visited,
    "DocumentReference": Sieve._written,
    "Communication": Sieve._written,
}
