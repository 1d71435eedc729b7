"""Which version of FHIR a resource is written in: R4 is judged; what another version writes in another way is not taken for it."""

from __future__ import annotations

from collections.abc import Mapping

from equina.fhir.elements import Resource, kind_of, listed

__all__ = ["written_otherwise"]

# Of each kind of resource: the elements that R4 has not, which change what it says or hold it, and the version that has them.
_STRANGE: Mapping[str, Mapping[str, str]] = {
    "Condition": {"patient": "DSTU2"},
    "Encounter": {"reason": "STU3 or R5", "actualPeriod": "R5"},
    "MedicationRequest": {"medication": "R5"},
    "MedicationStatement": {"medication": "R5", "taken": "STU3", "wasNotTaken": "DSTU2"},
    "Procedure": {"occurrenceDateTime": "R5", "occurrencePeriod": "R5", "notPerformed": "DSTU2", "notDone": "STU3"},
    "Communication": {"notDone": "STU3"},
}
# Elements that R4 has as a CodeableConcept, and older versions as a code.
_CONCEPTS = {"Condition": ("clinicalStatus", "verificationStatus")}


def written_otherwise(resource: Resource) -> str | None:
    """Why the resource is not taken for R4, or None."""
    kind = kind_of(resource)
    strange = _STRANGE.get(kind)
    if strange is None:
        return None
    if not resource.keys().isdisjoint(strange):
        element = next(element for element in strange if element in resource)
        return f"it is written as FHIR {strange[element]}, by its {element}; give it as R4"
    for element in _CONCEPTS.get(kind, ()):
        concept = resource.get(element)
        if type(concept) is not dict and any(not isinstance(each, Mapping) for each in listed(resource, element)):
            return f"its {element} is not written as FHIR R4 has it; give it as a CodeableConcept"
    return None
