"""Made-up records of made-up patients, as a record system sends them to a service of CDS Hooks: some 50 KB for each call.

The shape is that of US Core as systems send it: searchset Bundles, profiles, encounters. Every tenth patient comes with
back pain; the others come for something else, and most have nothing on record that the protocol asks about.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

__all__ = ["call"]

Json = dict[str, Any]
CORE = "http://hl7.org/fhir/us/core"
TERMS = "http://terminology.hl7.org/CodeSystem"
SCT = "http://snomed.info/sct"
CONDITIONS = (
    ("59621000", "Essential hypertension (disorder)"),
    ("44054006", "Diabetes mellitus type 2 (disorder)"),
    ("55822004", "Hyperlipidemia (disorder)"),
    ("162864005", "Body mass index 30+ - obesity (finding)"),
    ("195662009", "Acute viral pharyngitis (disorder)"),
    ("444814009", "Viral sinusitis (disorder)"),
    ("73595000", "Stress (finding)"),
    ("160903007", "Full-time employment (finding)"),
    ("314529007", "Medication review due (situation)"),
    ("278860009", "Chronic low back pain (finding)"),
    ("271737000", "Anemia (disorder)"),
)
MEDICINES = (
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("860975", "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet"),
    ("310798", "Hydrochlorothiazide 25 MG Oral Tablet"),
    ("312961", "Simvastatin 20 MG Oral Tablet"),
    ("313782", "Acetaminophen 325 MG Oral Tablet"),
    ("849574", "Naproxen sodium 220 MG Oral Tablet"),
)
PROCEDURES = (
    ("430193006", "Medication Reconciliation (procedure)"),
    ("710824005", "Assessment of health and social care needs (procedure)"),
    ("171207006", "Depression screening (procedure)"),
    ("73761001", "Colonoscopy (procedure)"),
)
MEASURED = (
    ("8310-5", "Body temperature", 36.8, "Cel"),
    ("8867-4", "Heart rate", 76, "/min"),
    ("8480-6", "Systolic blood pressure", 128, "mm[Hg]"),
    ("9279-1", "Respiratory rate", 15, "/min"),
    ("2160-0", "Creatinine", 0.9, "mg/dL"),
    ("29463-7", "Body Weight", 81, "kg"),
    ("6690-2", "Leukocytes", 6.2, "10*3/uL"),
    ("1988-5", "CRP", 4.0, "mg/L"),
)
BACK = (
    "Seen in clinic today, visit {n}. Low back pain for {d} days after lifting a box, worse when bending forward. "
    "Pain goes down the left leg to the calf. No saddle numbness, no urinary retention, no leg weakness. "
    "Denies fever, denies weight loss. Power 5/5 in both legs, reflexes equal. Slept badly, works at a desk, walks the dog daily. "
    "Blood pressure {b} over 82. Plan: stay active, naproxen as needed, review in {w} weeks."
)
COUGH = (
    "Seen in clinic today, visit {n}. Cough for {d} days with a runny nose and a sore throat. No fever, no shortness of breath, "
    "eating and drinking. Chest clear, throat red, ears normal. Blood pressure {b} over 82. Works in an office, does not smoke. "
    "Plan: fluids, rest, review in {w} weeks if no better. Takes the usual tablets, no side effects."
)


def call(seed: int, hook: str, now: datetime) -> Json:
    """The body of a call of a service at this hook; the same seed and moment make the same."""
    made = _Patient(seed, now)
    encounters = list(made.encounters())
    return {
        "hookInstance": made.id(),
        "hook": hook,
        "fhirServer": "https://ehr.example/fhir",
        "context": {"userId": "Practitioner/1", "patientId": made.patient_id, "encounterId": encounters[0]["id"]},
        "prefetch": {
            "patient": made.patient(),
            "conditions": made.bundle(made.conditions()),
            "measurements": made.bundle(made.measurements()),
            "medications": made.bundle(made.medications()),
            "procedures": made.bundle(made.procedures()),
            "encounters": made.bundle(encounters),
            "documents": made.bundle(made.documents()),
            "messages": None,
        },
    }


class _Patient:
    """One made-up patient."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.random, self.now = random.Random(seed), now
        self.back_pain = seed % 10 == 0
        self.patient_id = f"p{seed}"
        self.subject = {"reference": f"Patient/{self.patient_id}", "display": "Mrs. Example"}

    def id(self) -> str:
        return str(UUID(int=self.random.getrandbits(128)))

    def moment(self, soonest: float, longest: float) -> str:
        return (self.now - timedelta(days=self.random.uniform(soonest, longest))).isoformat(timespec="seconds")

    def resource(self, kind: str, profile: str, **more: object) -> Json:
        meta = {
            "versionId": "1",
            "lastUpdated": self.moment(1, 900),
            "profile": [f"{CORE}/StructureDefinition/us-core-{profile}"],
        }
        return {"resourceType": kind, "id": self.id(), "meta": meta, "subject": self.subject, **more}

    def bundle(self, resources: list[Json] | Iterator[Json]) -> Json:
        entries = [
            {
                "fullUrl": f"https://ehr.example/fhir/{resource['resourceType']}/{resource['id']}",
                "resource": resource,
                "search": {"mode": "match"},
            }
            for resource in resources
        ]
        link = [{"relation": "self", "url": f"https://ehr.example/fhir/?patient={self.patient_id}"}]
        return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "link": link, "entry": entries}

    def patient(self) -> Json:
        made = self.resource("Patient", "patient", gender=self.random.choice(["female", "male"]), birthDate="1971-03-14")
        del made["subject"]
        number = str(self.random.randrange(10**7))
        return made | {
            "id": self.patient_id,
            "identifier": [{"use": "official", "system": "http://hospital.example/mrn", "value": number}],
            "name": [{"use": "official", "family": "Example", "given": ["Una"]}],
            "address": [{"line": ["1 High St"], "city": "Town", "state": "KS", "postalCode": "66000"}],
        }

    def conditions(self) -> Iterator[Json]:
        for _ in range(14):
            code, words = self.random.choice(CONDITIONS)
            began = self.moment(30, 4000)
            yield self.resource(
                "Condition",
                "condition-encounter-diagnosis",
                clinicalStatus=_one(f"{TERMS}/condition-clinical", self.random.choice(["active", "resolved"])),
                verificationStatus=_one(f"{TERMS}/condition-ver-status", "confirmed"),
                category=[_one(f"{TERMS}/condition-category", "encounter-diagnosis", "Encounter Diagnosis")],
                code=_named(SCT, code, words),
                encounter={"reference": f"Encounter/{self.id()}"},
                onsetDateTime=began,
                recordedDate=began,
            )

    def measurements(self) -> Iterator[Json]:
        for place in range(13):
            code, words, value, unit = MEASURED[place % len(MEASURED)]
            measured = round(value * self.random.uniform(0.97, 1.03), 1)
            yield self.resource(
                "Observation",
                "vital-signs",
                status="final",
                category=[_one(f"{TERMS}/observation-category", "vital-signs", "Vital signs")],
                code=_named("http://loinc.org", code, words),
                encounter={"reference": f"Encounter/{self.id()}"},
                effectiveDateTime=self.moment(0, 90),
                issued=self.moment(0, 90),
                valueQuantity={"value": measured, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
            )

    def medications(self) -> Iterator[Json]:
        dose = {"type": _one(f"{TERMS}/dose-rate-type", "ordered", "Ordered"), "doseQuantity": {"value": 1.0}}
        timing = {"repeat": {"frequency": 1, "period": 1.0, "periodUnit": "d"}}
        for _ in range(7):
            code, words = self.random.choice(MEDICINES)
            yield self.resource(
                "MedicationRequest",
                "medicationrequest",
                status="active",
                intent="order",
                category=[_named(f"{TERMS}/medicationrequest-category", "community", "Community")],
                medicationCodeableConcept=_named("http://www.nlm.nih.gov/research/umls/rxnorm", code, words),
                encounter={"reference": f"Encounter/{self.id()}"},
                authoredOn=self.moment(10, 900),
                requester={"reference": f"Practitioner/{self.id()}", "display": "Dr. Example"},
                dosageInstruction=[{"sequence": 1, "timing": timing, "asNeededBoolean": False, "doseAndRate": [dose]}],
            )

    def procedures(self) -> Iterator[Json]:
        for _ in range(5):
            code, words = self.random.choice(PROCEDURES)
            done = self.moment(20, 2000)
            yield self.resource(
                "Procedure",
                "procedure",
                status="completed",
                code=_named(SCT, code, words),
                encounter={"reference": f"Encounter/{self.id()}"},
                performedPeriod={"start": done, "end": done},
            )

    def encounters(self) -> Iterator[Json]:
        for place in range(4):
            reason = (
                _named(SCT, "161891005", "Backache (finding)") if self.back_pain else _named(SCT, "49727002", "Cough (finding)")
            )
            began = self.moment(20, 900) if place else self.moment(0, 1)
            yield self.resource(
                "Encounter",
                "encounter",
                status="finished" if place else "in-progress",
                **{"class": {"system": f"{TERMS}/v3-ActCode", "code": "AMB"}},
                type=[_named(SCT, "185347001", "Encounter for problem (procedure)")],
                participant=[{"individual": {"reference": f"Practitioner/{self.id()}", "display": "Dr. Example"}}],
                period={"start": began},
                serviceProvider={"reference": f"Organization/{self.id()}", "display": "EXAMPLE CLINIC"},
                **({} if place else {"reasonCode": [reason]}),
            )

    def documents(self) -> Iterator[Json]:
        draw = self.random.randrange
        note = (BACK if self.back_pain else COUGH).format(n=draw(10_000), d=draw(2, 12), b=draw(105, 160), w=draw(1, 8))
        data = base64.b64encode(note.encode()).decode()
        yield self.resource(
            "DocumentReference",
            "documentreference",
            status="current",
            type=_named("http://loinc.org", "34117-2", "History and physical note"),
            category=[_one(f"{CORE}/CodeSystem/us-core-documentreference-category", "clinical-note", "Clinical Note")],
            date=self.moment(0, 1),
            author=[{"reference": f"Practitioner/{self.id()}", "display": "Dr. Example"}],
            content=[{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}],
        )


def _one(system: str, code: str, words: str | None = None) -> Json:
    return {"coding": [{"system": system, "code": code, **({"display": words} if words else {})}]}


def _named(system: str, code: str, words: str) -> Json:
    return _one(system, code, words) | {"text": words}
