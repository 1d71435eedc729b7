"""Random FHIR records of a few patients: every kind that is read, plain ones and some of odd shapes."""

import base64
from datetime import timedelta

_ICD = ("M54.50", "R33.9", "R35.0", "M54.30", "R15.9", "R32", "I10", "J06.9", "C61", "R29.6", "K59.00", "M48.062", "N39.3")
_WORDS = (
    "low back pain",
    "numbness of the saddle area",
    "asthma",
    "retention of urine",
    "history of prostate cancer",
    "Viral sinusitis (disorder)",
)
_MEDICINES = ("Warfarin 5 MG Oral Tablet", "morphine", "Acetaminophen 325 MG", "prednisone 10 mg", "oxybutynin")
_LOINC = (("8310-5", "Cel"), ("8867-4", "/min"), ("8480-6", "mm[Hg]"), ("5802-4", None), ("8310-5", "[degF]"))
_NOTES = (
    "Back pain for a week. Cannot pass urine since this morning.",
    "No back pain, no fever. Bladder normal.",
    "History of sciatica. Denies saddle numbness.\nPlan: rest.",
    "Father had prostate cancer. Well today.",
    "",
)
_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def records_of(draws, now, patients):
    """The records of so many patients, in any order."""
    found = []
    for number in range(patients):
        owner = f"p{number}"
        if draws.random() < 0.85:
            found.append(_person(draws, owner))
        found += [_record(draws, now, owner, f"r{number}-{i}") for i in range(draws.randrange(7))]
    draws.shuffle(found)
    return found


def _date(draws, now):
    moment = now - timedelta(days=draws.choice((0, 1, 5, 13, 20, 29, 31, 60, 400, -3)), hours=draws.randrange(20))
    return draws.choices(
        (moment.isoformat(), moment.date().isoformat(), moment.strftime("%Y-%m"), moment.strftime("%Y"), "last week", None),
        (8, 4, 1, 1, 0.4, 1),
    )[0]


def _person(draws, owner):
    record = {"resourceType": "Patient", "id": owner, "gender": draws.choice(("female", "male", "other"))}
    record["birthDate"] = draws.choice(("1950-02-03", "1999", "2024-05", "1890-01-01", "soon"))
    if draws.random() < 0.3:
        url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
        record["extension"] = [{"url": "http://example.org/x", "valueString": "y"}, {"url": url, "valueCode": draws.choice("FM")}]
    if draws.random() < 0.1:
        record["deceasedDateTime"] = "2026-01-01"
    return record


def _concept(draws):
    if draws.random() < 0.3:
        return {"text": draws.choice(_WORDS)}
    return {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": draws.choice(_ICD), "display": "a name"}]}


def _record(draws, now, owner, id):
    kinds = (_condition, _observation, _medicine, _procedure, _encounter, _document, _message, _other)
    record = draws.choice(kinds)(draws, now)
    reference = draws.choice((f"Patient/{owner}", f"http://example.org/fhir/Patient/{owner}", f"urn:uuid:{owner}"))
    record = {**record, "id": id, "subject": {"reference": reference}}
    odd = draws.random()
    if odd < 0.03:
        record["modifierExtension"] = [{"url": "http://example.org/not"}]
    elif odd < 0.06:
        record["subject"] = f"Patient/{owner}"  # a text where an object should be: it names nobody
        record["patient"] = {"reference": reference}
        return {
            key: value
            for key, value in record.items()
            if value is not None and (key != "patient" or record["resourceType"] != "Condition")
        }
    elif odd < 0.09:
        record["status"] = "entered-in-error"
    elif odd < 0.12:
        record["code"] = draws.choice(
            (5, "M54.50", ["x"], {"coding": {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R33.9"}})
        )
    return {key: value for key, value in record.items() if value is not None}


def _condition(draws, now):
    record = {
        "resourceType": "Condition",
        "code": _concept(draws),
        "recordedDate": _date(draws, now),
        "onsetDateTime": _date(draws, now),
    }
    if draws.random() < 0.6:
        status = draws.choices(("active", "resolved", "remission", "recurrence"), (6, 2, 1, 1))[0]
        record["clinicalStatus"] = {"coding": [{"system": _STATUS, "code": status}]}
    if draws.random() < 0.6:
        verified = draws.choices(("confirmed", "refuted", "provisional", "entered-in-error"), (6, 2, 2, 1))[0]
        record["verificationStatus"] = {"coding": [{"system": _VERIFIED, "code": verified}]}
    return record


def _observation(draws, now):
    code, unit = draws.choice(_LOINC)
    record = {"resourceType": "Observation", "effectiveDateTime": _date(draws, now), "issued": _date(draws, now)}
    record["code"] = {"coding": [{"system": "http://loinc.org", "code": code}]}
    if draws.random() < 0.15:
        return {**record, "code": {"text": "finding"}, "valueCodeableConcept": _concept(draws)}
    if unit is None:
        return {**record, "valueString": draws.choice(("Positive", "negative", "trace"))}
    value = {"value": draws.choice((36.5, 38.4, 101.5, 120, 80, 9999)), "unit": unit, "code": unit}
    if draws.random() < 0.2:
        return {**record, "code": {"text": "panel"}, "component": [{"code": record["code"], "valueQuantity": value}]}
    return {**record, "valueQuantity": value}


def _medicine(draws, now):
    kind = draws.choice(("MedicationRequest", "MedicationStatement"))
    concept = {"text": draws.choice(_MEDICINES)}
    record = {
        "resourceType": kind,
        "status": draws.choice(("active", "completed", "stopped", "unknown")),
        "authoredOn": _date(draws, now),
    }
    if draws.random() < 0.1:
        record["medicationReference"] = {"reference": "Medication/nowhere"}
    if draws.random() < 0.2:
        contained = [{"resourceType": "Medication", "id": "m", "code": concept}]
        return {**record, "contained": contained, "medicationReference": {"reference": "#m"}}
    return {**record, "medicationCodeableConcept": concept}


def _procedure(draws, now):
    words = draws.choice(("Insertion of urinary catheter", "Spinal fusion", "Depression screening", "Lumbar puncture"))
    return {"resourceType": "Procedure", "status": "completed", "code": {"text": words}, "performedDateTime": _date(draws, now)}


def _encounter(draws, now):
    return {
        "resourceType": "Encounter",
        "status": draws.choice(("finished", "planned")),
        "period": {"start": _date(draws, now)},
        "reasonCode": [_concept(draws)],
    }


def _document(draws, now):
    text = draws.choice(_NOTES)
    attachment = {
        "contentType": draws.choice(("text/plain", "text/plain; charset=utf-8", "application/pdf")),
        "data": _packed(text),
    }
    status = draws.choice(("current", "current", "superseded"))
    return {
        "resourceType": "DocumentReference",
        "status": status,
        "date": _date(draws, now),
        "content": [{"attachment": attachment}],
    }


def _packed(text):
    return base64.b64encode(text.encode()).decode()


def _message(draws, now):
    return {
        "resourceType": "Communication",
        "status": "completed",
        "sent": _date(draws, now),
        "received": _date(draws, now),
        "payload": [{"contentString": draws.choice(_NOTES)}],
    }


def _other(draws, now):
    kind = draws.choice(("Immunization", "Claim", "AllergyIntolerance"))
    return {"resourceType": kind, "code": _concept(draws), "date": _date(draws, now)}
