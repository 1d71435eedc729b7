"""FHIR R4 in and out: a patient's records as a case. Plain dicts, no network."""
