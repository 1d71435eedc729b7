"""A patient's FHIR R4 records as a case: what they state now, what is past, and what could not be judged.

A silent record is unknown: only what is refuted, or a negative result, is absent. Records are not people: a problem first recorded
before the episode, or without a date, is long-standing. docs/fhir.md has the rules one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from equina.case import Case
from equina.fhir.canonical import ONSET, system
from equina.fhir.coded import findings_of, medicines_of, yes_or_no
from equina.fhir.elements import (
    Resource,
    Span,
    codes_in,
    concept_words,
    first_code,
    kind_of,
    listed,
    name_of,
    part,
    parts,
    reference_id,
    resources_of,
    span,
    text_of,
)
from equina.fhir.encounters import NO_FINDING, STATED, encounter, procedure
from equina.fhir.letters import communication, document
from equina.fhir.statements import NOT_NOW, Gathered
from equina.fhir.units import converted
from equina.fhir.versions import written_otherwise
from equina.model import LONG_STANDING, Protocol

__all__ = ["BIRTH_SEX", "OF_NOBODY", "READ", "SEX_OF_GENDER", "STATED", "age_on", "case_of", "cases_of", "gather"]

BIRTH_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
SEX_OF_GENDER: Mapping[str, str] = {"male": "M", "female": "F"}
OF_NOBODY = "it names no patient, and there are several"
_MISTAKE = "entered in error: not counted"
_CHANGED = "it has a modifier extension, which may change its meaning, and none is known here"
_PAST = frozenset(("inactive", "remission", "resolved"))
_ENDS = frozenset(("abatementDateTime", "abatementPeriod", "abatementString"))
_UNSURE = frozenset(("unconfirmed", "provisional", "differential"))


def case_of(protocol: Protocol, records: object, as_of: datetime, *, complete: bool = False, answered: Case | None = None) -> Case:
    """The case that a Bundle, or a list of resources, of one patient states; `answered` is what the person says beside it.

    Raises ValueError when it holds several patients.
    """
    found = list(cases_of(protocol, records, as_of, complete=complete, answered=answered))
    if len(found) > 1:
        raise ValueError(f"records of {len(found)} patients; give those of one")
    return found[0][1] if found else Gathered(protocol, as_of, answered=answered).case(complete=complete)


def cases_of(
    protocol: Protocol, records: object, as_of: datetime, *, complete: bool = False, answered: Case | None = None
) -> Iterator[tuple[str | None, Case]]:
    """(Patient id, case) of each patient in the records, in the order of the patients; what names no patient is the only one's."""
    patients: dict[str | None, list[Resource]] = {}
    medicines: dict[str, Resource] = {}
    loose: list[Resource] = []
    for resource in resources_of(records):
        kind = kind_of(resource)
        if kind == "Patient":
            patients.setdefault(text_of(resource, "id") or None, []).append(resource)
        elif kind == "Medication":
            medicines[text_of(resource, "id")] = resource
        elif kind in READ:
            owner = reference_id(part(resource, "subject")) or reference_id(part(resource, "patient"))
            if owner is None:
                loose.append(resource)
            else:
                patients.setdefault(owner, []).append(resource)
    if len(patients) <= 1:
        owner = next(iter(patients), None)
        patients = {owner: [*patients.get(owner, ()), *loose]} if patients or loose else {}
        loose = []
    for owner, resources in patients.items():
        gathered = Gathered(protocol, as_of, answered=answered)
        for _ in loose:
            gathered.skip(OF_NOBODY)
        yield owner, gather(gathered, resources, medicines).case(complete=complete)


def gather(gathered: Gathered, resources: list[Resource], medicines: Mapping[str, Resource]) -> Gathered:
    """The statements with what these records of one patient state; `medicines` are the Medications that they refer to, by id.

    What a record's `meta.source` says stands with everything that rests on it.
    """
    _first_records(gathered, resources)
    for resource in resources:
        gathered.source = text_of(resource.get("meta"), "source") or None
        _take(gathered, resource, medicines)
    return gathered


def _take(gathered: Gathered, resource: Resource, medicines: Mapping[str, Resource]) -> None:
    kind = kind_of(resource)
    if "modifierExtension" in resource and listed(resource, "modifierExtension"):
        gathered.aside(name_of(resource), _CHANGED)
    elif resource.get("status") == "entered-in-error" or resource.get("docStatus") == "entered-in-error":
        gathered.skip(_MISTAKE)
    elif why := written_otherwise(resource):
        gathered.aside(name_of(resource), why)
    elif kind in ("MedicationRequest", "MedicationStatement"):
        _medicine(gathered, resource, medicines)
    else:
        READ[kind](gathered, resource)


def age_on(birth_date: object, moment: datetime) -> float | None:
    """Age in whole years of one born then; None when the date says nothing."""
    born = span(birth_date)
    if born is None:
        return None
    first = born.first
    return float(moment.year - first.year - ((moment.month, moment.day) < (first.month, first.day)))


def _patient(gathered: Gathered, resource: Resource) -> None:
    age = age_on(born := resource.get("birthDate"), gathered.as_of)
    if age is None and born:
        gathered.aside(name_of(resource), "birthDate: not a date; write it as 1980-12-31")
    if age is not None:
        gathered.state("age_years", age, name_of(resource))
    sexes = (text_of(item, "valueCode") for item in parts(resource, "extension") if text_of(item, "url") == BIRTH_SEX)
    sex = next(sexes, None) or SEX_OF_GENDER.get(text_of(resource, "gender"))
    if sex in gathered.protocol.findings["sex_at_birth"].options:
        gathered.state("sex_at_birth", sex, name_of(resource))
    if resource.get("deceasedBoolean") is True or resource.get("deceasedDateTime"):
        gathered.aside(name_of(resource), "the record says that the patient has died")


# --- conditions ----------------------------------------------------------------------------------------------------------------


def _first_records(gathered: Gathered, resources: list[Resource]) -> None:
    """When each finding was first on record among the conditions that are not over: a problem is coded again at every visit."""
    for resource in resources:
        if resource.get("resourceType") != "Condition" or not (names := findings_of(gathered.protocol, resource.get("code"))):
            continue
        when = _recorded(resource)
        if when is None or _verified(resource) != "confirmed":
            continue
        if _status(resource) in ("recurrence", "relapse") or _is_over(gathered, resource):
            continue
        for name in names:
            gathered.first[name] = min(gathered.first.get(name, when.last), when.last)


def _recorded(resource: Resource) -> Span | None:
    return span(resource.get("recordedDate")) or span(resource.get("onsetDateTime")) or span(resource.get("onsetPeriod"))


def _status(resource: Resource) -> str:
    return first_code(resource.get("clinicalStatus"), "active")


def _verified(resource: Resource) -> str:
    return first_code(resource.get("verificationStatus"), "confirmed")


def _is_over(gathered: Gathered, resource: Resource) -> bool:
    if _status(resource) in _PAST:
        return True
    if _ENDS.isdisjoint(resource):
        return False
    ended = span(resource.get("abatementDateTime")) or span(part(resource, "abatementPeriod").get("end"))
    past = ended is not None and ended.first <= gathered.as_of
    return past or isinstance(resource.get("abatementString"), str)


def _condition(gathered: Gathered, resource: Resource) -> None:
    concept = resource.get("code")
    quote, when, verified = name_of(resource, concept), _recorded(resource), _verified(resource)
    if verified == "entered-in-error":
        gathered.skip(_MISTAKE)
        return
    if gathered.ahead(when):
        gathered.aside(quote, "it is dated after the moment of the case")
        return
    coded = findings_of(gathered.protocol, concept)
    names = coded or gathered.named_in(concept_words(concept), STATED)
    if not names:
        gathered.skip(NO_FINDING.format("Condition"))
        return
    for name in names:
        if verified == "refuted":
            gathered.denied(name, when, quote)
        elif verified in _UNSURE and not _is_over(gathered, resource):
            gathered.state(name, None, quote)
        elif verified != "confirmed":
            gathered.aside(quote, f'its verification status "{verified[:20]}" does not say that it is so')
        elif _is_over(gathered, resource):
            gathered.over(name, quote)
        else:
            _now(gathered, resource, name, when, quote)


def _now(gathered: Gathered, resource: Resource, name: str, when: Span | None, quote: str) -> None:
    first = gathered.first.get(name)
    again = _status(resource) in ("recurrence", "relapse")
    if first is not None and not again:
        when = Span(first, first)
    began = span(resource.get("onsetDateTime")) or span(resource.get("onsetPeriod"))
    if began is not None and began.exact and not gathered.ahead(began) and gathered.recent(None, when):
        gathered.onset[name] = max(began.first, gathered.onset.get(name, began.first))
    gathered.present(name, when, quote)


# --- observations --------------------------------------------------------------------------------------------------------------


def _observation(gathered: Gathered, resource: Resource) -> None:
    if text_of(resource, "status") == "cancelled":
        gathered.skip("a cancelled observation: it found nothing")
        return
    when = (
        span(resource.get("effectiveDateTime")) or span(resource.get("effectivePeriod")) or span(resource.get("effectiveInstant"))
    )
    when = when or span(resource.get("issued"))
    if gathered.ahead(when):
        gathered.aside(name_of(resource, resource.get("code")), "it is dated after the moment of the case")
        return
    stated = [_observed(gathered, resource, element, when) for element in (resource, *parts(resource, "component"))]
    if not any(stated):
        gathered.skip(NO_FINDING.format("Observation"))


def _observed(gathered: Gathered, resource: Resource, element: Resource, when: Span | None) -> bool:
    """Take in an observation, or one component of it; whether it is about a finding."""
    concept, value = element.get("code"), element.get("valueCodeableConcept")
    quote = name_of(resource, concept)
    names = findings_of(gathered.protocol, concept)
    for name in names:
        if gathered.protocol.findings[name].measured:
            _measured(gathered, element, name, when, quote)
        elif not parts(element, "component"):
            _tested(gathered, element, name, when, quote)
    if not names and (named := findings_of(gathered.protocol, value)):  # "finding: urinary retention"
        for name in named:
            if yes_or_no(_interpretation(element)) is False:
                gathered.denied(name, when, quote)
            else:
                gathered.present(name, when, quote)
        return True
    return bool(names)


def _interpretation(element: Resource) -> Resource:
    return {"coding": [coding for item in parts(element, "interpretation") for coding in parts(item, "coding")]}


def _measured(gathered: Gathered, element: Resource, name: str, when: Span | None, quote: str) -> None:
    quantity = part(element, "valueQuantity")
    number = quantity.get("value")
    finding = gathered.protocol.findings[name]
    if not gathered.recent(name, when) and not finding.lasting:
        gathered.skip(f"{name}: measured before this episode, or without a date")
    elif isinstance(number, bool) or not isinstance(number, int | float):
        if parts(element, "dataAbsentReason") or not quantity:
            gathered.state(name, None, quote)
        else:
            gathered.aside(quote, f"{name}: it gives no number")
    elif text_of(quantity, "comparator"):
        gathered.aside(quote, f"{name}: it says only that the value is {text_of(quantity, 'comparator')[:2]} {number:g}")
    else:
        unit = text_of(quantity, "code") or text_of(quantity, "unit")
        told = converted(float(number), unit, finding.unit or "") if abs(number) < 1e9 else None
        if told is None:
            gathered.aside(quote, f'{name}: the unit "{unit[:20]}" cannot be told in {finding.unit}')
        else:
            gathered.state(name, told, quote)


def _tested(gathered: Gathered, element: Resource, name: str, when: Span | None, quote: str) -> None:
    """Take in a result that says yes or no: as a boolean, a code, a word, or the interpretation of a result."""
    value = element.get("valueBoolean")
    if (system(gathered.protocol, "answers"), LONG_STANDING) in codes_in(element.get("valueCodeableConcept")):
        gathered.state(name, LONG_STANDING, quote)
        return
    if not isinstance(value, bool):
        concept = element.get("valueCodeableConcept")
        if concept is not None and gathered.protocol.findings[name].kind == "choice":
            codes = [code for _, code in codes_in(concept)]
            found = next((code for code in codes if code in gathered.protocol.findings[name].options), None)
            if found is not None:
                gathered.state(name, found, quote)
            return
        results = (concept, {"text": text_of(element, "valueString")}, _interpretation(element))
        value = next((found for found in map(yes_or_no, results) if found is not None), None)
    if value is None:
        if not parts(element, "dataAbsentReason") and any(key.startswith("value") for key in element):
            gathered.aside(quote, f"{name}: the result is neither a yes nor a no")
        gathered.state(name, None, quote)
    elif value:
        gathered.present(name, when, quote)
        _began(gathered, element, name, when)
    else:
        gathered.denied(name, when, quote)


def _began(gathered: Gathered, element: Resource, name: str, when: Span | None) -> None:
    """Take in since when, where an answer that was given to this protocol's questions says so."""
    for extension in parts(element, "extension"):
        began = span(extension.get("valueDateTime")) if text_of(extension, "url") == ONSET else None
        if began is not None and not gathered.ahead(began) and gathered.recent(None, when):
            gathered.onset[name] = began.first


# --- medicines, procedures, encounters -----------------------------------------------------------------------------------------


def _medicine(gathered: Gathered, resource: Resource, medicines: Mapping[str, Resource]) -> None:
    concepts = _substances(resource, medicines)
    quote = name_of(resource, concepts[0])
    found = [medicines_of(gathered.protocol, each) or gathered.named_in(concept_words(each), ("medicine",)) for each in concepts]
    names = tuple(dict.fromkeys(name for each in found for name in each))
    status = text_of(resource, "status")
    if not names:
        gathered.skip(NO_FINDING.format("medicine"))
    taken = status in ("active", "on-hold", "") and resource.get("doNotPerform") is not True
    ended = span(part(resource, "effectivePeriod").get("end"))
    for name in names:
        if taken and not (ended is not None and ended.last < gathered.as_of):
            gathered.state(name, True, quote)
        else:  # one medicine not taken says nothing of the others of its class
            gathered.state(name, None if status in ("unknown", "intended", "draft") else NOT_NOW, quote)


def _substances(resource: Resource, medicines: Mapping[str, Resource]) -> tuple[object, ...]:
    """What is taken: the medicine, and the ingredients that its Medication names."""
    if "medicationReference" not in resource:
        return (resource.get("medicationCodeableConcept") or {},)
    target = reference_id(part(resource, "medicationReference")) or ""
    contained = {text_of(item, "id"): item for item in parts(resource, "contained")}
    medicine = contained.get(target) or medicines.get(target) or {}
    ingredients = (part(each, "itemCodeableConcept") for each in parts(medicine, "ingredient"))
    return resource.get("medicationCodeableConcept") or part(medicine, "code"), *ingredients


READ: Mapping[str, Callable[[Gathered, Resource], None]] = {
    "Patient": _patient,
    "Condition": _condition,
    "Observation": _observation,
    "MedicationRequest": lambda gathered, resource: _medicine(gathered, resource, {}),
    "MedicationStatement": lambda gathered, resource: _medicine(gathered, resource, {}),
    "Procedure": procedure,
    "Encounter": encounter,
    "DocumentReference": document,
    "Communication": communication,
}
