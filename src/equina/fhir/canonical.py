"""Where the definitions say that they live, how their ids are written, and the code systems that they use."""

from __future__ import annotations

from typing import Any

from equina.model import Protocol

__all__ = ["ABSENT", "BASE", "ONSET", "Json", "canonical", "coding", "kebab", "metadata", "system"]

Json = dict[str, Any]
# A name that is reserved and leads nowhere: whoever publishes the definitions gives their own.
BASE = "https://equina.example/fhir"
ONSET = f"{BASE}/StructureDefinition/onset"  # the extension that says since when an answer holds
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def kebab(name: str) -> str:
    """The id as FHIR allows it: no underscores."""
    return name.replace("_", "-")


def canonical(kind: str, id: str) -> str:
    """The address by which the definitions name one another."""
    return f"{BASE}/{kind}/{id}"


def system(protocol: Protocol, what: str) -> str:
    """The code system of the protocol's findings, rules, answers or dispositions."""
    return canonical("CodeSystem", f"{kebab(protocol.id)}-{what}")


def coding(protocol: Protocol, what: str, code: str, display: str | None = None) -> Json:
    """A coding; codes that FHIR knows nothing of keep the protocol's own ids."""
    made: Json = {"system": system(protocol, what), "code": code}
    return made | {"display": display} if display else made


def metadata(protocol: Protocol, kind: str, what: str, title: str) -> Json:
    """What every definition says of itself. It is a draft: no clinician has reviewed the protocol."""
    id = f"{kebab(protocol.id)}-{what}"
    return {
        "resourceType": kind,
        "id": id,
        "url": canonical(kind, id),
        "version": protocol.version,
        "name": "".join(word.capitalize() for word in id.split("-")),
        "title": f"{protocol.title}: {title}",
        "status": "draft",
        "experimental": True,
        "date": protocol.reviewed,
        "publisher": "Equina",
        "description": " ".join(protocol.notice.split()),
    }
