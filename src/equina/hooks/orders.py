"""Draft orders: which of them ask for imaging of the lower spine, or for pain relief, by the words in which they are written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from equina.fhir.elements import Resource, codes_in, concept_words, part, parts, reference_id, text_of

__all__ = ["Order", "concerned", "order_words"]

_STOPPED = frozenset(("revoked", "cancelled", "completed", "entered-in-error", "stopped"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A draft order that is spoken about: what it is, in the words of the record system, and why it was made."""

    kind: Literal["imaging", "analgesia"]
    words: str
    resource: Resource


@cache
def order_words() -> Mapping[str, tuple[str, ...]]:
    """The words of orders.toml by list."""
    read = tomllib.loads((Path(__file__).parent / "orders.toml").read_text(encoding="utf-8"))
    return {key: tuple(found) if isinstance(found, list) else (found,) for key, found in read.items()}


@cache
def _any_of(key: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, order_words()[key]))})\b")


def concerned(orders: Iterable[Resource]) -> tuple[Order, ...]:
    """The orders that are spoken about, in their order.

    >>> mri = {"resourceType": "ServiceRequest", "code": {"text": "MRI lumbar spine without contrast"}}
    >>> [order.kind for order in concerned([mri])]
    ['imaging']
    """
    return tuple(order for resource in orders if (order := _order(resource)))


def _order(resource: Resource) -> Order | None:
    if text_of(resource, "status") in _STOPPED or resource.get("doNotPerform") is True:
        return None
    words = _words(resource)
    said = " ".join(re.findall(r"[a-z0-9]+", words.lower()))
    if resource.get("resourceType") == "MedicationRequest":
        return Order(kind="analgesia", words=words, resource=resource) if _any_of("analgesia").search(said) else None
    spine = _any_of("spine").search(said)
    elsewhere = _any_of("other").search(said) and not re.search(r"\b(?:lumbar|lumbosacral|sacral|whole)\b", said)
    if spine and not elsewhere and _any_of("imaging").search(said):
        return Order(kind="imaging", words=words, resource=resource)
    return None


def _words(resource: Resource) -> str:
    """What is ordered, as the record system calls it: text and displays both, since either may say more."""
    concept = resource.get("code") or resource.get("medicationCodeableConcept")
    if target := reference_id(part(resource, "medicationReference")):
        contained = (item for item in parts(resource, "contained") if text_of(item, "id") == target)
        concept = next((item.get("code") for item in contained), concept)
    displays = (text_of(coding, "display") for coding in parts(concept, "coding"))
    words = dict.fromkeys(said for said in (text_of(concept, "text"), *displays) if said)
    details = (concept_words(detail) for detail in parts(resource, "orderDetail"))
    sites = (concept_words(site) for site in parts(resource, "bodySite"))
    found = "; ".join((*words, *(said for said in (*sites, *details) if said)))
    return found or next((code for _, code in codes_in(concept)), text_of(part(resource, "medicationReference"), "display"))
