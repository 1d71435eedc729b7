"""A call of a service: the body that a record system sends, checked; the patient's records in it, and what was not sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from equina.exchange import BadInput
from equina.fhir.elements import Resource, kind_of, part, parts, reference_id, text_of
from equina.fhir.records import READ
from equina.fhir.versions import written_otherwise
from equina.hooks.services import NEEDED, Service

__all__ = ["Call", "NotSent", "call_of"]

# What each key of the prefetch holds.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "patient": ("Patient",),
    "conditions": ("Condition",),
    "measurements": ("Observation",),
    "answers": ("Observation",),
    "medications": ("MedicationRequest",),
    "statements": ("MedicationStatement",),
    "procedures": ("Procedure",),
    "encounters": ("Encounter",),
    "documents": ("DocumentReference",),
    "messages": ("Communication",),
    "interviews": ("QuestionnaireResponse",),
}
_ORDERS = ("MedicationRequest", "ServiceRequest")
_OUTCOME, _MEDICINE = "OperationOutcome", "Medication"


class NotSent(BadInput):
    """Records without which nothing can be judged were not sent: HTTP 412."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a service is asked about: one patient's records, and the orders that wait to be signed."""

    patient: str
    encounter: str | None
    records: tuple[Resource, ...]
    medicines: Mapping[str, Resource]
    interviews: tuple[Resource, ...]
    orders: tuple[Resource, ...]
    not_sent: tuple[str, ...]  # keys of the prefetch
    first_page: tuple[str, ...]  # keys of which there is more


def call_of(service: Service, data: Mapping[str, object]) -> Call:
    """The call that a body states. Raises BadInput; NotSent where records are missing without which nothing can be judged."""
    if data.get("hook") != service.hook:
        raise BadInput(f"hook: {service.id} is called at {service.hook}, and this call is of another hook or none")
    if not text_of(data, "hookInstance"):
        raise BadInput("hookInstance: a text is expected; send a UUID that is new for each call")
    context = data.get("context")
    if not isinstance(context, Mapping):
        raise BadInput("context: an object is expected; send at least context.patientId")
    patient = text_of(context, "patientId").rpartition("/")[2]
    if not patient:
        raise BadInput("context.patientId: a text is expected; send the id of the Patient")
    given = data.get("prefetch")
    if not isinstance(given, Mapping | None):
        raise BadInput("prefetch: an object is expected; GET /cds-services says what is in it")
    found = {key: _resources(key, given[key], patient) for key in _KINDS if given and key in given}
    missing = [key for key in NEEDED if key not in found or _failed(found[key])]
    if missing:
        raise NotSent(f"prefetch: {' and '.join(missing)} not sent; nothing is fetched from here, so send what discovery asks for")
    whole = [resource for key, resources in found.items() if key != "interviews" for resource in resources]
    kinds = [kind_of(resource) for resource in whole]
    drafts = _drafts(context, patient) if service.hook == "order-sign" else ()
    return Call(
        patient=patient,
        encounter=text_of(context, "encounterId").rpartition("/")[2] or None,
        records=tuple([resource for resource, kind in zip(whole, kinds, strict=True) if kind in READ]),
        medicines={text_of(r, "id"): r for r in (*whole, *drafts) if kind_of(r) == _MEDICINE}
        if drafts or _MEDICINE in kinds
        else {},
        interviews=tuple(r for r in found.get("interviews", ()) if r.get("resourceType") == "QuestionnaireResponse"),
        orders=tuple(order for order in drafts if kind_of(order) in _ORDERS),
        not_sent=tuple(key for key in _KINDS if key not in found or _failed(found[key])),
        first_page=tuple(key for key in found if given and _goes_on(given[key])),
    )


def _resources(key: str, value: object, patient: str) -> tuple[Resource, ...]:
    """The resources under a key of the prefetch: of the right kind, of this patient, and of R4. null is none."""
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise BadInput(f"prefetch.{key}: a resource or a Bundle is expected; send null where there is none")
    wanted, mine = _KINDS[key], f"Patient/{patient}"
    bundled = value.get("resourceType") == "Bundle"
    found = _as_asked(value, wanted, mine) if bundled else None
    if found is None:
        found = tuple(_in_bundle(value)) if bundled else (value,)
        kinds = {kind_of(resource) for resource in found}
        if found and not any(kind in (*wanted, _OUTCOME) for kind in kinds):
            raise BadInput(f"prefetch.{key}: it holds {kind_of(found[0])[:40] or 'no resource'}; {' or '.join(wanted)} is expected")
        if any(_of_another(resource, patient) for resource in found if text_of(resource.get("subject"), "reference") != mine):
            raise BadInput(f"prefetch.{key}: it holds a record of another patient than context.patientId; send one patient's")
        if not kinds <= set(wanted):
            return found
    if found and all(map(written_otherwise, found)):
        raise BadInput(f"prefetch.{key}: {written_otherwise(found[0])}")
    return found


def _as_asked(bundle: Resource, wanted: tuple[str, ...], subject: str) -> tuple[Resource, ...] | None:
    """The resources of a Bundle in which each is of the kind that was asked for, of this patient, and has its id, as nearly all
    are; None for another, which is to be looked at with care."""
    found = []
    try:
        for entry in bundle["entry"]:  # type: ignore[attr-defined]
            resource = entry["resource"]
            if resource["subject"]["reference"] != subject or resource["resourceType"] not in wanted or "id" not in resource:
                return None
            found.append(resource)
    except (KeyError, TypeError):
        return None
    return tuple(found)


def _in_bundle(bundle: Resource) -> Iterator[Resource]:
    """The resources of a Bundle, each with the id that others refer to."""
    for entry in parts(bundle, "entry"):
        resource = part(entry, "resource")
        if "id" not in resource and (full := reference_id({"reference": text_of(entry, "fullUrl")})):
            resource = {**resource, "id": full}
        yield resource


def _of_another(resource: Resource, patient: str) -> bool:
    """Whether a record is about another patient. One that names none, or names one in another way, is taken as this one's."""
    if resource.get("resourceType") == "Patient":
        return text_of(resource, "id") not in ("", patient)
    target = resource.get("subject") or resource.get("patient")
    reference = text_of(target, "reference")
    return "Patient/" in reference and reference != f"Patient/{patient}" and reference_id(target) != patient


def _failed(resources: tuple[Resource, ...]) -> bool:
    """Whether the record system could not get what was asked for, and says so."""
    return bool(resources) and kind_of(resources[0]) == _OUTCOME and all(kind_of(resource) == _OUTCOME for resource in resources)


def _goes_on(value: object) -> bool:
    return any(text_of(link, "relation") == "next" for link in parts(value, "link"))


def _drafts(context: Resource, patient: str) -> tuple[Resource, ...]:
    """What waits to be signed, and the medicines that are sent with it."""
    bundle = context.get("draftOrders")
    if not isinstance(bundle, Mapping) or bundle.get("resourceType") != "Bundle":
        raise BadInput("context.draftOrders: a Bundle of the orders is expected")
    found = tuple(_in_bundle(bundle))
    if any(_of_another(order, patient) for order in found if kind_of(order) in _ORDERS):
        raise BadInput("context.draftOrders: it holds an order for another patient than context.patientId")
    return found
