"""The answers of a QuestionnaireResponse as FHIR R4 Observations: what `$extract` gives, and records.py reads back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID, uuid4, uuid5

from equina.case import Case
from equina.fhir.canonical import ONSET, Json, coding
from equina.fhir.elements import Resource, part, text_of
from equina.model import LONG_STANDING, Finding, Protocol, Value
from equina.wording import wording

__all__ = ["extracted"]

_TERMS = "http://terminology.hl7.org/CodeSystem"
_STATUS = {"completed": "final", "amended": "amended"}
_CODES: Final[Mapping[object, str]] = {True: "yes_new", False: "no", LONG_STANDING: "long_standing"}
_SAYS = {"yes_new": ("POS", "Positive"), "long_standing": ("POS", "Positive"), "no": ("NEG", "Negative")}


def extracted(protocol: Protocol, case: Case, response: Resource, id: UUID | None = None) -> Json:
    """A transaction Bundle of an Observation for each finding of the case that the response states, the negative ones included.

    A finding that was not asked has none; one asked and not known has a dataAbsentReason. The same `id` makes the same Bundle.
    """
    id = id or uuid4()
    entries = [
        {
            "fullUrl": uuid5(id, name).urn,
            "resource": _observation(protocol, case, response, name),
            "request": {"method": "POST", "url": "Observation"},
        }
        for name in case.values
    ]
    made: Json = {"resourceType": "Bundle", "type": "transaction"}
    return made | ({"entry": entries} if entries else {})


def _observation(protocol: Protocol, case: Case, response: Resource, name: str) -> Json:
    finding = protocol.findings[name]
    read = [piece.quote for piece in case.evidence.get(name, ()) if piece.origin == "text" and piece.quote]
    answered = any(piece.origin == "answer" for piece in case.evidence.get(name, ()))
    kind = "exam" if finding.answered_by == "examination" else "survey"
    codes = [coding(protocol, "findings", name, finding.label)]
    codes += [{"system": "http://loinc.org", "code": code} for code in protocol.codes["loinc"].get(name, ())]
    made: Json = {
        "resourceType": "Observation",
        "status": _STATUS.get(text_of(response, "status"), "preliminary") if answered else "preliminary",
        "category": [{"coding": [{"system": f"{_TERMS}/observation-category", "code": kind}]}],
        "code": {"coding": codes, "text": finding.label},
        "subject": dict(part(response, "subject")) or {"display": "the person who answered"},
    }
    if name in case.onset:
        made["extension"] = [{"url": ONSET, "valueDateTime": case.onset[name].isoformat()}]
    if case.as_of:
        made["effectiveDateTime"] = case.as_of.isoformat()
    if source := part(response, "source"):
        made["performer"] = [dict(source)]
    if link := text_of(response, "id"):
        made["derivedFrom"] = [{"reference": f"QuestionnaireResponse/{link}"}]
    if read and not answered:
        made["note"] = [{"text": "Read by a program in the person's own words: " + "; ".join(read)}]
    return made | dict(_value(protocol, finding, case.values[name]))


def _value(protocol: Protocol, finding: Finding, value: Value) -> Iterator[tuple[str, Json | list[Json]]]:
    if value is None:
        reason = {"system": f"{_TERMS}/data-absent-reason", "code": "asked-unknown", "display": "Asked But Unknown"}
        yield "dataAbsentReason", {"coding": [reason]}
    elif finding.measured:
        unit = {"unit": finding.unit_words or finding.unit, "system": "http://unitsofmeasure.org", "code": finding.unit}
        yield "valueQuantity", {"value": value, **unit}
    else:
        code = str(value) if value in finding.options else _CODES[value]
        yield "valueCodeableConcept", {"coding": [coding(protocol, "answers", code, _words(protocol, code))]}
        if code in _SAYS:
            says, display = _SAYS[code]
            system = f"{_TERMS}/v3-ObservationInterpretation"
            yield "interpretation", [{"coding": [{"system": system, "code": says, "display": display}]}]


def _words(protocol: Protocol, code: str) -> str:
    return wording("answers", protocol.language).get(code, code)
