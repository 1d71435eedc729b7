"""By what resources were made: which program and which protocol, to the byte."""

from __future__ import annotations

from datetime import datetime

from equina import __version__
from equina.fhir.canonical import BASE, Json, canonical, kebab
from equina.model import Protocol

__all__ = ["provenance"]


def provenance(protocol: Protocol, now: datetime, targets: list[str]) -> Json:
    """The Provenance of the resources at these addresses. The protocol's digest changes with any of its files."""
    kind = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
    return {
        "resourceType": "Provenance",
        "target": [{"reference": target} for target in targets],
        "occurredDateTime": now.isoformat(),
        "recorded": now.isoformat(),
        "policy": [canonical("Library", f"{kebab(protocol.id)}-protocol")],
        "agent": [{"type": {"coding": [{"system": kind, "code": "assembler"}]}, "who": {"display": f"Equina {__version__}"}}],
        "entity": [
            {
                "role": "source",
                "what": {
                    "identifier": {"system": f"{BASE}/protocol-digest", "value": protocol.digest},
                    "display": f"protocol {protocol.id} {protocol.version}",
                },
            }
        ],
    }
