"""Draft orders: which of them ask for imaging of the lower spine, or for pain relief, by their codes or by their words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from equina.fhir.coded import orders_of
from equina.fhir.elements import Resource, codes_in, concept_words, part, parts, reference_id, text_of
from equina.model import Protocol

__all__ = ["Order", "concerned", "order_words"]

NONE: Final[Mapping[str, Resource]] = MappingProxyType({})
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


def concerned(protocol: Protocol, orders: Iterable[Resource], medicines: Mapping[str, Resource] = NONE) -> tuple[Order, ...]:
    """The orders that are spoken about, in their order; `medicines` are the Medications that they may refer to, by id.

    >>> from equina import load
    >>> mri = {"resourceType": "ServiceRequest", "code": {"text": "MRI lumbar spine without contrast"}}
    >>> coded = {"resourceType": "ServiceRequest", "code": {"coding": [{"system": "http://loinc.org", "code": "24968-0"}]}}
    >>> [order.kind for order in concerned(load(), [mri, coded])]
    ['imaging', 'imaging']
    """
    return tuple(order for resource in orders if (order := _order(protocol, resource, medicines)))


def _order(protocol: Protocol, resource: Resource, medicines: Mapping[str, Resource]) -> Order | None:
    if text_of(resource, "status") in _STOPPED or resource.get("doNotPerform") is True:
        return None
    concepts = _concepts(resource, medicines)
    coded = {kind for concept in concepts for kind in orders_of(protocol, concept)}
    words = _words(resource, concepts)
    said = " ".join(re.findall(r"[a-z0-9]+", words.lower()))
    if resource.get("resourceType") == "MedicationRequest":
        for_pain = "analgesia" in coded or _any_of("analgesia").search(said)
        return Order(kind="analgesia", words=words, resource=resource) if for_pain else None
    return Order(kind="imaging", words=words, resource=resource) if "imaging" in coded or _is_imaging(said) else None


def _is_imaging(said: str) -> bool:
    """Whether the words order imaging of the lower spine: not of another part alone."""
    elsewhere = _any_of("other").search(said) and not re.search(r"\b(?:lumbar|lumbosacral|sacral|whole)\b", said)
    return bool(_any_of("spine").search(said) and not elsewhere and _any_of("imaging").search(said))


def _concepts(resource: Resource, medicines: Mapping[str, Resource]) -> tuple[object, ...]:
    """What is ordered: the medicine with its ingredients, or the examination with its details."""
    medicine: Resource = {}
    if target := reference_id(part(resource, "medicationReference")):
        contained = {text_of(item, "id"): item for item in parts(resource, "contained")}
        medicine = contained.get(target) or medicines.get(target) or {}
    ordered = medicine.get("code") or resource.get("code") or resource.get("medicationCodeableConcept")
    ingredients = (part(each, "itemCodeableConcept") for each in parts(medicine, "ingredient"))
    return ordered, *ingredients, *parts(resource, "orderDetail")


def _words(resource: Resource, concepts: tuple[object, ...]) -> str:
    """What is ordered, as the record system calls it: text and displays both, since either may say more; else its code."""
    ordered, *more = concepts
    displays = (text_of(coding, "display") for coding in parts(ordered, "coding"))
    named = (text_of(ordered, "text"), *displays, text_of(part(resource, "medicationReference"), "display"))
    sites = (concept_words(concept) for concept in (*parts(resource, "bodySite"), *more))
    found = "; ".join(dict.fromkeys(said for said in (*named, *sites) if said))
    return found or next((code for concept in concepts for _, code in codes_in(concept)), "")
