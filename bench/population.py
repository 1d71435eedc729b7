"""A made-up population as a bulk export: patients, coded events and notes, always the same for the same numbers.

Most codes are of what fills records and says nothing here; about one event in twenty-five states something of the protocol. A few
patients have a hidden emergency, joined from two places, and are told apart by their ids.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

__all__ = ["AS_OF", "HIDDEN", "write_notes", "write_population"]

AS_OF = datetime.fromisoformat("2026-11-26T00:00:00+00:00")
HIDDEN = 500  # every so many patients one has back pain coded and, elsewhere, retention

_SYSTEMS = {"icd": "http://hl7.org/fhir/sid/icd-10-cm", "sct": "http://snomed.info/sct"}
_LOINC = "http://loinc.org"
_IDLE = tuple(
    tuple(row.split("|"))
    for row in """
icd|I10|Essential (primary) hypertension
icd|E78.5|Hyperlipidemia, unspecified
icd|J06.9|Acute upper respiratory infection
icd|J45.909|Unspecified asthma
icd|K21.9|Gastro-esophageal reflux disease
icd|L30.9|Dermatitis, unspecified
icd|H10.9|Unspecified conjunctivitis
icd|Z00.00|General adult medical examination
sct|444814009|Viral sinusitis (disorder)
sct|73595000|Stress (finding)
sct|160903007|Full-time employment (finding)
sct|195662009|Acute viral pharyngitis (disorder)
""".split("\n")  # noqa: SIM905  (a table)
    if row
)
_TELLING = tuple(
    tuple(row.split("|"))
    for row in """
icd|M54.50|Low back pain, unspecified
icd|M54.9|Dorsalgia, unspecified
icd|R35.0|Frequency of micturition
icd|K59.00|Constipation, unspecified
icd|R30.0|Dysuria
icd|M54.30|Sciatica, unspecified side
icd|R29.6|Repeated falls
""".split("\n")  # noqa: SIM905  (a table)
    if row
)
_HIDDEN_CODES = (("icd", "M54.50", "Low back pain, unspecified"), ("icd", "R33.9", "Retention of urine, unspecified"))
_VITALS = (
    ("8867-4", "Heart rate", "/min", 60, 95),
    ("8480-6", "Systolic blood pressure", "mm[Hg]", 105, 150),
    ("8310-5", "Body temperature", "Cel", 36, 37),
)


def _condition(number: int, patient: str, code: tuple[str, ...], when: str) -> str:
    system, value, display = _SYSTEMS[code[0]], *code[1:]
    return (
        f'{{"resourceType":"Condition","id":"c{number}","meta":{{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-condition"]}},'
        '"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},'
        '"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},'
        f'"code":{{"coding":[{{"system":"{system}","code":"{value}","display":"{display}"}}],"text":"{display}"}},'
        f'"subject":{{"reference":"Patient/{patient}"}},"encounter":{{"reference":"Encounter/e{number}"}},"onsetDateTime":"{when}","recordedDate":"{when}"}}\n'
    )


def _vital(number: int, patient: str, which: int, draw: float, when: str) -> str:
    code, display, unit, low, high = _VITALS[which]
    return (
        f'{{"resourceType":"Observation","id":"o{number}","status":"final",'
        '"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],'
        f'"code":{{"coding":[{{"system":"{_LOINC}","code":"{code}","display":"{display}"}}],"text":"{display}"}},'
        f'"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"{when}","issued":"{when}",'
        f'"valueQuantity":{{"value":{low + (high - low) * draw:.1f},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{unit}"}}}}\n'
    )


def _person(patient: str, draw: float) -> str:
    gender = ("female", "male")[int(draw * 1e6) % 2]
    born = f"{1936 + int(draw * 80)}-{1 + int(draw * 1e4) % 12:02d}-{1 + int(draw * 1e5) % 28:02d}"
    return (
        f'{{"resourceType":"Patient","id":"{patient}","identifier":[{{"system":"http://hospital.example/mrn","value":"{patient}"}}],'
        f'"name":[{{"use":"official","family":"Family{int(draw * 9e4)}","given":["Given"]}}],'
        '"telecom":[{"system":"phone","value":"555-0100"}],'
        f'"gender":"{gender}","birthDate":"{born}","address":[{{"city":"Town","country":"XX"}}]}}\n'
    )


def write_population(folder: Path, patients: int, events: int = 5, seed: int = 8) -> int:
    """Write Patient, Condition and Observation files; how many bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    draws = random.Random(seed)
    days = [(AS_OF - timedelta(days=day)).date().isoformat() + "T10:15:00+00:00" for day in range(3000)]
    with (
        (folder / "Patient.ndjson").open("w") as persons,
        (folder / "Condition.ndjson").open("w") as conditions,
        (folder / "Observation.ndjson").open("w") as observations,
    ):
        number = 0
        for i in range(patients):
            patient = f"p{i:08d}"
            persons.write(_person(patient, draws.random()))
            for j in range(events):
                number += 1
                draw = draws.random()
                when = days[int(draws.random() ** 2 * 2999)]
                if i % HIDDEN == 7 and j < 2:
                    conditions.write(_condition(number, patient, _HIDDEN_CODES[j], days[3 + j]))
                elif draw < 0.4:
                    observations.write(_vital(number, patient, int(draw * 1e6) % 3, draws.random(), when))
                elif draw < 0.44:
                    conditions.write(_condition(number, patient, _TELLING[int(draw * 1e6) % len(_TELLING)], when))
                else:
                    conditions.write(_condition(number, patient, _IDLE[int(draw * 1e6) % len(_IDLE)], when))
    return sum(file.stat().st_size for file in folder.iterdir())


def write_notes(path: Path, texts: Iterator[str], seed: int = 8) -> int:
    """Write the texts as DocumentReferences of this month, one patient each; how many bytes of text."""
    draws, size = random.Random(seed), 0
    with path.open("w") as file:
        for number, text in enumerate(texts):
            size += len(text.encode())
            when = (AS_OF - timedelta(days=1 + draws.random() * 20)).isoformat(timespec="seconds")
            attachment = {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(text.encode()).decode()}
            record = {
                "resourceType": "DocumentReference",
                "id": f"d{number}",
                "status": "current",
                "subject": {"reference": f"Patient/n{number}"},
                "date": when,
                "content": [{"attachment": attachment}],
            }
            file.write(json.dumps(record) + "\n")
    return size
