"""Which records of a call may state something of the protocol: the others, nearly all of most people's, are not taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal

from equina.fhir.coded import findings_of, medicines_of
from equina.fhir.elements import Resource, concept_words, first_code
from equina.fhir.records import STATED
from equina.fhir.statements import Gathered
from equina.model import Protocol
from equina.remembered import of_each

__all__ = ["bearing"]

_REMEMBERED = 50_000  # concepts
_LONGEST, _MOST = 500, 4  # letters and codings of a concept that is remembered: whatever is sent, memory stays flat
_GRACE = 2  # days, for time zones
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_Key = tuple[object, ...]
_When = Literal["always", "of now", "never"]  # "of now": a measurement of this episode, a problem that is not over
_PAST = frozenset(("inactive", "remission", "resolved"))


def bearing(gathered: Gathered, records: Iterable[Resource]) -> Iterator[Resource]:
    """The records whose concept states a finding, by its codes or its words, and those of which that is not so easily told.

    What is let go would be counted and left out by `gather` as well, or shown as past. What a concept states is remembered.
    """
    known = _known(gathered.protocol)
    if len(known) > _REMEMBERED:
        known.clear()
    episode = (gathered.as_of - timedelta(days=gathered.protocol.new_within_days + _GRACE)).date().isoformat()
    for record in records:
        kind = record.get("resourceType")
        concepts = _CONCEPTS.get(kind) if isinstance(kind, str) else None
        found = concepts(record) if concepts else None
        if found is None:
            yield record
            continue
        for concept in found:
            try:
                (coding,) = concept["coding"]
                states = known[kind, concept.get("text"), coding.get("system"), coding.get("code"), coding.get("display")]
            except (AttributeError, KeyError, TypeError, ValueError):  # not seen before, or not as nearly all are
                states = _learnt(gathered, known, str(kind), concept)
            if states == "never":
                continue
            if states == "of now" and (_is_over(record) if kind == "Condition" else _is_before(record, episode)):
                continue
            yield record
            break


def _learnt(gathered: Gathered, known: dict[_Key, _When], kind: str, concept: object) -> _When:
    """When what a concept states counts, looked up and remembered; always, of one that is not so easily told."""
    key = _key(kind, concept)
    if _is_long(key):
        return "always"
    states = known.get(key)  # another call may empty them at any moment
    if states is None:
        states = known[key] = _states(gathered, kind, concept)
    return states


@of_each
def _known(_: Protocol) -> dict[_Key, _When]:
    """Of each concept, when what it states counts."""
    return {}


def _is_before(record: Resource, day: str) -> bool:
    """Whether a measurement was made before the day, and says so as FHIR has it."""
    when = record.get("effectiveDateTime")
    return isinstance(when, str) and _DAY.match(when) is not None and when[:10] < day and "valueQuantity" in record


def _is_over(record: Resource) -> bool:
    """Whether a problem that was so is over. One that was never so is a denial."""
    verified = first_code(record.get("verificationStatus"), "confirmed")
    return verified == "confirmed" and first_code(record.get("clinicalStatus"), "") in _PAST


def _key(kind: object, concept: object) -> _Key:
    """What a concept is told apart by; nothing for one that is not written as FHIR has it."""
    try:
        codings, text = concept.get("coding", ()), concept.get("text")  # type: ignore[attr-defined]  # if it has none, it is kept
        if len(codings) == 1:
            (coding,) = codings
            key: _Key = (kind, text, coding.get("system"), coding.get("code"), coding.get("display"))
        else:
            key = (kind, text, *[coding.get(part) for coding in codings for part in ("system", "code", "display")])
        hash(key)
    except (AttributeError, TypeError):
        return ()
    return key


def _is_long(key: _Key) -> bool:
    """Whether the concept is not remembered: it has no key, or one that is too long."""
    return not 0 < len(key) <= 2 + 3 * _MOST or sum(len(part) for part in key if isinstance(part, str)) > _LONGEST


def _states(gathered: Gathered, kind: str, concept: object) -> _When:
    protocol = gathered.protocol
    if kind.startswith("Medication"):
        found = medicines_of(protocol, concept) or gathered.named_in(concept_words(concept), ("medicine",))
        return "always" if found else "never"
    names = findings_of(protocol, concept) or (gathered.named_in(concept_words(concept), _NAMED[kind]) if kind in _NAMED else ())
    findings = [protocol.findings[name] for name in names]
    if not findings:
        return "never"
    if kind == "Observation" and all(finding.measured and not finding.lasting for finding in findings):
        return "of now"
    if kind == "Condition" and all(finding.kind != "history" for finding in findings):
        return "of now"
    return "always"


_NAMED: Mapping[str, tuple[str, ...]] = {"Condition": STATED, "Encounter": STATED, "Procedure": ("history", "baseline")}


def _coded(record: Resource) -> tuple[Any, ...]:
    return (record.get("code"),)


def _observed(record: Resource) -> tuple[Any, ...] | None:
    """The concept that was observed, and the one that was found. What has components is looked at whole."""
    if "component" in record:
        return None
    value = record.get("valueCodeableConcept")
    return (record.get("code"),) if value is None else (record.get("code"), value)


def _prescribed(record: Resource) -> tuple[Any, ...] | None:
    """The concept of a medicine; one that is referred to is looked at whole, for its ingredients."""
    concept = record.get("medicationCodeableConcept")
    return None if concept is None or "medicationReference" in record else (concept,)


def _came_for(record: Resource) -> tuple[Any, ...] | None:
    reasons = record.get("reasonCode", ())
    return tuple(reasons) if isinstance(reasons, list | tuple) else None


_CONCEPTS: Mapping[str, Callable[[Resource], tuple[Any, ...] | None]] = {
    "Condition": _coded,
    "Procedure": _coded,
    "Observation": _observed,
    "MedicationRequest": _prescribed,
    "MedicationStatement": _prescribed,
    "Encounter": _came_for,
}
