"""The worklist as FHIR R4: a List in the order of the calls, a Flag for each patient, and the Provenance of both."""

from __future__ import annotations

import json
import re
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from equina import __version__
from equina.fhir.canonical import BASE, Json, coding
from equina.fhir.provenance import provenance
from equina.model import Protocol
from equina.worklist.entry import Entry
from equina.worklist.listing import Worklist
from equina.worklist.telling import WORDS, counted, level, rates, who

__all__ = ["as_fhir", "bundle"]

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
RESOURCE = re.compile(r"\(([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})\)\Z")
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail"


def as_fhir(made: Worklist) -> str:
    """The Bundle as JSON."""
    return json.dumps(bundle(made), ensure_ascii=True, indent=1) + "\n"


def bundle(made: Worklist) -> Json:
    """A collection of the List, its Flags and their Provenance, the same for the same run, size and level."""
    manifest = made.manifest
    when = made.manifest.as_of
    of = uuid5(NAMESPACE_URL, f"{BASE}/worklist/{manifest.finished}/{manifest.protocol_digest}/{made.least}/{made.size}")
    flags = {_address(of, f"flag {entry.place}"): _flag(made.protocol, entry, manifest.pseudonymised) for entry in made.entries}
    whole = {_address(of, "list"): _list(made, tuple(flags), when), **flags}
    whole[_address(of, "provenance")] = provenance(made.protocol, when, list(whole))
    entries = [{"fullUrl": address, "resource": resource} for address, resource in whole.items()]
    return {"resourceType": "Bundle", "type": "collection", "timestamp": when.isoformat(), "entry": entries}


def _address(of: UUID, name: str) -> str:
    return uuid5(of, name).urn


def _list(made: Worklist, flags: tuple[str, ...], when: datetime) -> Json:
    told = [*rates(made), *counted(made), *made.expected.rests_on(made.manifest), " ".join(made.protocol.notice.split())]
    listed: Json = {
        "resourceType": "List",
        "status": "current",
        "mode": "snapshot",
        "title": f"{WORDS['title']}: {made.protocol.title}",
        "date": when.isoformat(),
        "source": {"display": f"Equina {__version__}"},
        "orderedBy": {"coding": [{"system": f"{TERMINOLOGY}/list-order", "code": "priority"}]},
        "note": [{"text": line} for line in told],
    }
    if flags:
        return listed | {"entry": [{"item": {"reference": address}} for address in flags]}
    # Not "nil known": that nobody was found says nothing of who is there.
    return listed | {"emptyReason": {"text": WORDS["nobody"].format(level=made.least.replace("_", " "))}}


def _flag(protocol: Protocol, entry: Entry, pseudonymised: bool) -> Json:
    """The level with its rules as the code. Active since the newest sign, or since the run where the sign has no date."""
    rules = [coding(protocol, "rules", why.id) for why in entry.why if why.id in protocol.rules]
    because = " ".join(why.because for why in entry.why)
    made: Json = {
        "resourceType": "Flag",
        "status": "active",
        "category": [{"coding": [{"system": f"{TERMINOLOGY}/flag-category", "code": "clinical"}]}],
        "code": {
            "coding": [coding(protocol, "dispositions", entry.level), *rules],
            "text": f"{entry.place}. {level(entry)}: {because}",
        },
        "subject": _subject(entry, pseudonymised),
        "period": {"start": (entry.newest or entry.patient.as_of).date().isoformat()},
        "author": {"display": f"Equina {__version__}"},
    }
    if details := [] if pseudonymised else _details(entry):
        made["extension"] = [{"url": DETAIL, "valueReference": {"reference": reference}} for reference in details]
    return made


def _subject(entry: Entry, pseudonymised: bool) -> Json:
    """The patient. A pseudonym names no resource, nor does an id that FHIR does not allow: either is given as an identifier."""
    id = entry.patient.id
    if id is None:
        return {"type": "Patient", "display": who(entry)}
    if pseudonymised or not ID.match(id):
        kind = "pseudonym" if pseudonymised else "patient-id"
        return {"type": "Patient", "identifier": {"system": f"{BASE}/{kind}", "value": id}}
    return {"reference": f"Patient/{id}"}


def _details(entry: Entry) -> list[str]:
    """The records that the level rests on."""
    quotes = (piece.quote or "" for fact in entry.facts if fact.counts for piece in fact.pieces)
    return list(dict.fromkeys(found[1] for quote in quotes if (found := RESOURCE.search(quote))))
