"""The definitions as a server keeps them: read by id, searched by a few parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from equina.fhir.canonical import Json
from equina.fhir.refusals import Refused
from equina.fhir.service import SEARCHED

__all__ = ["Shelves", "search", "shelved"]

Shelves = Mapping[str, Mapping[str, Json]]  # kind of resource: id: resource
_MOST = 1_000


def shelved(resources: Iterable[Json]) -> Shelves:
    """The resources by kind and id."""
    found: dict[str, dict[str, Json]] = {}
    for resource in resources:
        found.setdefault(resource["resourceType"], {})[resource["id"]] = resource
    return found


def search(shelf: Mapping[str, Json], asked: Sequence[tuple[str, str]], base: str, here: str) -> Json:
    """A searchset Bundle of what fits every parameter. `base` is the address of the service, `here` that of the search.

    Raises Refused for a parameter that is not taken.
    """
    most = _MOST
    for name, value in asked:
        if name == "_count":
            most = _number(value)
        elif name.partition(":")[0] not in SEARCHED or ":" in name:
            raise Refused(
                400, f'"{name[:40]}" is no search parameter here; give one of {", ".join(SEARCHED)}, _count', place=name[:40]
            )
    wanted = [(name, value.split(",")) for name, value in asked if name in SEARCHED]
    found = [each for each in shelf.values() if all(any(_fits(each, name, value) for value in values) for name, values in wanted)]
    entries = [
        {"fullUrl": f"{base}/{each['resourceType']}/{each['id']}", "resource": each, "search": {"mode": "match"}} for each in found
    ]
    made: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    made["link"] = [{"relation": "self", "url": here}]
    return made | ({"entry": entries[:most]} if entries[:most] else {})


def _number(value: str) -> int:
    if not value.isdecimal() or len(value) > 6:
        raise Refused(400, "_count is no number; give one such as 10", place="_count")
    return int(value)


def _fits(resource: Json, name: str, value: str) -> bool:
    """Whether the resource has the value: a text begins with it, an address may name its version, the rest is the same."""
    if name in ("name", "title"):
        return str(resource.get(name, "")).lower().startswith(value.lower())
    if name == "_id":
        return bool(resource["id"] == value)
    if name == "url" and "|" in value:
        return f"{resource['url']}|{resource['version']}" == value
    return resource.get(name) == (value.rpartition("|")[2] if name == "status" else value)
