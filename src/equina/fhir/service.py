"""What the service under /fhir can do, as FHIR R4 says it: its CapabilityStatement, its own operation, its own extension."""

from __future__ import annotations

from collections.abc import Iterable

from equina import __version__
from equina.fhir.canonical import ONSET, Json, canonical, metadata
from equina.model import Protocol

__all__ = ["SEARCHED", "assess_operation", "capability_statement", "onset_extension"]

_R4 = "http://hl7.org/fhir"
_SDC = "http://hl7.org/fhir/uv/sdc/OperationDefinition"
# The search parameters of every kind of definition, with their types.
SEARCHED = {"_id": "token", "url": "uri", "version": "token", "name": "string", "title": "string", "status": "token"}
_OPERATIONS = {
    "Questionnaire": ("next-question", f"{_SDC}/Questionnaire-next-question"),
    "QuestionnaireResponse": ("extract", f"{_SDC}/QuestionnaireResponse-extract"),
}


def capability_statement(protocol: Protocol, kinds: Iterable[str], *, token: bool) -> Json:
    """What can be asked here: kinds of definitions to read and search, and the operations. `token`: whether one is asked for."""
    made = metadata(protocol, "CapabilityStatement", "service", "service")
    rest: Json = {
        "mode": "server",
        "documentation": "Definitions to read, operations to ask. Nothing is stored, and nothing that was sent is kept.",
        "resource": [_resource(kind) for kind in sorted({*kinds, *_OPERATIONS})],
        "operation": [{"name": "assess", "definition": canonical("OperationDefinition", "assess")}],
    }
    if token:
        rest["security"] = {
            "description": "Everything but this statement asks for the header Authorization: Bearer, with its token."
        }
    return made | {
        "kind": "instance",
        "software": {"name": "Equina", "version": __version__},
        "implementation": {"description": "Equina: triage of back pain with bladder or bowel symptoms. " + made["description"]},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "implementationGuide": ["http://hl7.org/fhir/uv/sdc/ImplementationGuide/hl7.fhir.uv.sdc"],
        "rest": [rest],
    }


def _resource(kind: str) -> Json:
    made: Json = {"type": kind}
    if kind != "QuestionnaireResponse":
        searches = [
            {"name": name, "definition": f"{_R4}/SearchParameter/{_definition(kind, name)}", "type": of}
            for name, of in SEARCHED.items()
        ]
        made |= {
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "versioning": "no-version",
            "searchParam": searches,
        }
    if kind in _OPERATIONS:
        name, definition = _OPERATIONS[kind]
        made["operation"] = [{"name": name, "definition": definition}]
    return made


def _definition(kind: str, name: str) -> str:
    """The id of the search parameter in R4, which names several kinds at once where they share one."""
    if name == "_id":
        return "Resource-id"
    shared = {"CodeSystem", "ValueSet", "OperationDefinition", "StructureDefinition"}
    return f"conformance-{name}" if kind in shared else f"{kind}-{name}"


def assess_operation(protocol: Protocol) -> Json:
    """The operation `$assess`: records and answers in, a Bundle of what to do and why out."""
    made = metadata(protocol, "OperationDefinition", "assess", "assessment")
    taken = [
        ("record", "*", "Resource", "A patient's records: a Bundle, or a resource"),
        ("response", "1", "QuestionnaireResponse", "Answers to the interview"),
        ("asOf", "1", "dateTime", "The moment of the case; the time of the answers or of the request where it is left out"),
        (
            "complete",
            "1",
            "boolean",
            "Whether no more will be asked; only then is there advice below an emergency with a key flag unasked",
        ),
    ]
    given = "The GuidanceResponse, with RiskAssessment, ServiceRequests as proposals, the page for the desk and Provenance"
    parameters = [
        {"name": name, "use": "in", "min": 0, "max": most, "documentation": f"{about}.", "type": kind}
        for name, most, kind, about in taken
    ]
    return made | {
        "id": "assess",
        "url": canonical("OperationDefinition", "assess"),
        "kind": "operation",
        "affectsState": False,
        "code": "assess",
        "comment": "A Bundle of records, or a QuestionnaireResponse, may be sent as the body itself.",
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [
            *parameters,
            {"name": "return", "use": "out", "min": 1, "max": "1", "documentation": f"{given}.", "type": "Bundle"},
        ],
    }


def onset_extension(protocol: Protocol) -> Json:
    """The extension by which an answer, or the Observation made of it, says since when it holds."""
    made = metadata(protocol, "StructureDefinition", "onset", "since when an answer holds")
    return made | {
        "id": "onset",
        "url": ONSET,
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": place} for place in ("QuestionnaireResponse.item", "Observation")],
        "type": "Extension",
        "baseDefinition": f"{_R4}/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {
            "element": [
                {"id": "Extension", "path": "Extension", "max": "1", "definition": "The moment at which the finding began."},
                {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
                {"id": "Extension.url", "path": "Extension.url", "fixedUri": ONSET},
                {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{"code": "dateTime"}]},
            ]
        },
    }
