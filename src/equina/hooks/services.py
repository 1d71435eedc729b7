"""The services: at which moment each is asked, and which records it wants to be sent along. https://cds-hooks.hl7.org/2.0/"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from equina.fhir.canonical import Json, canonical, kebab
from equina.model import Protocol

__all__ = ["NEEDED", "SERVICES", "Service", "discovery", "prefetch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service at one hook. `asks`: it also speaks up where spine pain is on record and red flags are not."""

    id: str
    hook: str
    title: str
    description: str
    asks: bool


SERVICES: Mapping[str, Service] = {
    service.id: service
    for service in (
        Service(
            id="red-flags-at-patient-view",
            hook="patient-view",
            title="Red flags of back pain on record",
            description="Says when the record states emergency or urgent signs of pressed nerves, infection, bleeding, fracture or "
            "cancer in a person with back, bladder or bowel symptoms, with the words that state them. Silent otherwise.",
            asks=False,
        ),
        Service(
            id="red-flags-at-encounter-start",
            hook="encounter-start",
            title="Red flags of back pain, at the start of an encounter",
            description="As at patient-view; and where the person comes with new spine pain, names the red flags that are not on "
            "record and proposes the questions that ask for them.",
            asks=True,
        ),
        Service(
            id="red-flags-before-order",
            hook="order-sign",
            title="Red flags before imaging of the spine or pain relief",
            description="When imaging of the lower spine, or pain relief for spine pain, is about to be signed: says what "
            "emergency signs are on record, and which red flags are not. Silent for every other order.",
            asks=True,
        ),
    )
}
# Without these nothing can be judged; the others are judged when they are there.
NEEDED = ("patient", "conditions")


def prefetch(protocol: Protocol) -> dict[str, str]:
    """The records that every service wants, as FHIR queries within the restrictions of the specification: no more than is read."""
    patient = "patient={{context.patientId}}"
    measured = ",".join(code for name, codes in protocol.codes["loinc"].items() for code in codes if name in protocol.findings)
    interview = canonical("Questionnaire", f"{kebab(protocol.id)}-interview")
    return {
        "patient": "Patient/{{context.patientId}}",
        "conditions": f"Condition?{patient}",
        "measurements": f"Observation?{patient}&code={measured}&_sort=-date&_count=40",
        "answers": f"Observation?{patient}&category=survey,exam&_sort=-date&_count=150",
        "medications": f"MedicationRequest?{patient}&status=active,on-hold",
        "statements": f"MedicationStatement?{patient}&status=active",
        "procedures": f"Procedure?{patient}&_sort=-date&_count=40",
        "encounters": f"Encounter?{patient}&_sort=-date&_count=5",
        "documents": f"DocumentReference?{patient}&_sort=-date&_count=5",
        "messages": f"Communication?{patient}&_sort=-sent&_count=5",
        "interviews": f"QuestionnaireResponse?{patient}&questionnaire={interview}&_sort=-authored&_count=1",
    }


def discovery(protocol: Protocol) -> Json:
    """What GET /cds-services answers."""
    usage = (
        "Judges the records that are sent, and calls nobody. FHIR R4. Without patient and conditions it answers 412. "
        + " ".join(protocol.notice.split())
    )
    return {
        "services": [
            {
                "hook": service.hook,
                "title": service.title,
                "description": service.description,
                "id": service.id,
                "prefetch": prefetch(protocol),
                "usageRequirements": usage,
            }
            for service in SERVICES.values()
        ]
    }
