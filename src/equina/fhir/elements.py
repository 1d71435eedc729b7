"""The parts that FHIR R4 resources are made of, read with care: what has not the shape that FHIR gives it reads as missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

__all__ = [
    "Resource",
    "Span",
    "codes_in",
    "concept_words",
    "first_code",
    "kind_of",
    "listed",
    "name_of",
    "part",
    "parts",
    "reference_id",
    "resources_of",
    "span",
    "text_of",
]

Resource = Mapping[str, object]
_OBJECT = (dict, Mapping)  # a dict, as JSON gives it, is told at once; the look at an abstract class takes ten times as long
_REMEMBERED = 40  # letters of a date: whatever is sent, memory stays flat
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T.+)?)?)?\Z")


def part(element: object, *path: str) -> Resource:
    """The element at the path, or an empty one."""
    for key in path:
        element = element.get(key) if isinstance(element, _OBJECT) else None
        if element is None:
            return {}
    return element if isinstance(element, _OBJECT) else {}


def parts(element: object, key: str) -> tuple[Resource, ...]:
    """The elements of a list; one that stands alone counts as a list of it."""
    return tuple([item for item in found if isinstance(item, _OBJECT)]) if (found := listed(element, key)) else ()


def listed(element: object, key: str) -> tuple[object, ...]:
    """The items of a list, whatever they are."""
    if element is None:
        return ()
    found = element.get(key) if isinstance(element, _OBJECT) else None
    return () if found is None else tuple(found) if isinstance(found, list) else (found,)


def text_of(element: object, key: str) -> str:
    """The text under the key, or an empty one."""
    if element is None:
        return ""
    found = element.get(key) if isinstance(element, _OBJECT) else None
    return found if isinstance(found, str) else ""


def kind_of(resource: object) -> str:
    """The kind of a resource, or nothing."""
    return text_of(resource, "resourceType")


def codes_in(concept: object) -> tuple[tuple[str, str], ...]:
    """(system, code) of each coding of a CodeableConcept."""
    if (coding := _only(concept)) is not None:
        code = text_of(coding, "code")
        return ((text_of(coding, "system"), code),) if code else ()
    return tuple([(text_of(coding, "system"), code) for coding in parts(concept, "coding") if (code := text_of(coding, "code"))])


def first_code(concept: object, otherwise: str) -> str:
    """The code of the first coding of a CodeableConcept that has one, of whatever system."""
    if (coding := _only(concept)) is not None:
        return text_of(coding, "code") or otherwise
    return next((code for coding in parts(concept, "coding") if (code := text_of(coding, "code"))), otherwise)


def _only(concept: object) -> Resource | None:
    """The one coding of a CodeableConcept, as JSON gives it; None where there are none or several. Nearly all have one."""
    codings = concept.get("coding") if type(concept) is dict else None
    if type(codings) is list and len(codings) == 1 and type(codings[0]) is dict:
        return codings[0]
    return None


def concept_words(concept: object) -> str:
    """What the record itself calls a concept: its text, else how it displays its codings."""
    if words := text_of(concept, "text"):
        return words
    displays = dict.fromkeys(text_of(coding, "display") for coding in parts(concept, "coding"))
    return "; ".join(words for words in displays if words)


def name_of(resource: Resource, concept: object = None) -> str:
    """The resource and the code that speaks, as evidence shows them."""
    id, kind = text_of(resource, "id"), kind_of(resource)
    name = f"{kind}/{id}" if id else kind
    code = "" if concept is None else first_code(concept, "") or concept_words(concept)
    return f"{code} ({name})" if code else name


def reference_id(reference: object) -> str | None:
    """The id that a Reference ends in, relative, absolute or a urn:uuid."""
    target = text_of(reference, "reference")
    return re.split(r"[/:#]", target.split("/_history/")[0])[-1] or None


def resources_of(given: object) -> Iterator[Resource]:
    """The resources of a Bundle, a list of resources or bundles, or the one resource, each with the id that others refer to."""
    if isinstance(given, list | tuple):
        for item in given:
            yield from resources_of(item)
    elif isinstance(given, _OBJECT):
        if kind_of(given) != "Bundle":
            yield given
            return
        for entry in parts(given, "entry"):
            resource = part(entry, "resource")
            if "id" not in resource and (full := reference_id({"reference": text_of(entry, "fullUrl")})):
                resource = {**resource, "id": full}
            yield from resources_of(resource)


@dataclass(frozen=True, slots=True)
class Span:
    """A FHIR date or dateTime as the first and last moment that it may mean: a day, month or year lasts."""

    first: datetime
    last: datetime
    exact: bool = False


def span(date: object) -> Span | None:
    """The moments that a FHIR date, dateTime, instant or Period (by its start) may mean; None when it says none.

    >>> span("2026-11").last.isoformat()
    '2026-11-30T23:59:59+00:00'
    >>> span("last week") is None
    True
    """
    if isinstance(date, str):
        return _moments(date) if len(date) <= _REMEMBERED else _moments.__wrapped__(date)
    return span(date.get("start")) if isinstance(date, _OBJECT) else None


@lru_cache(maxsize=1_000)  # a record has the same date twice or more, and each is asked for more than once
def _moments(date: str) -> Span | None:
    found = _DATE.match(date)
    if found is None:
        return None
    try:
        if "T" in found[0]:
            moment = datetime.fromisoformat(found[0])
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            moment.astimezone(UTC)  # one at either end of the calendar has no such moment
            return Span(moment, moment, exact=True)
        year, month, day = (int(piece) if piece else None for piece in found.groups())
        first = datetime(int(found[1]), month or 1, day or 1, tzinfo=UTC)
        if day:
            after = first + timedelta(days=1)
        else:
            months = first.year * 12 + (first.month if month else 12)
            after = datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
        return Span(first, after - timedelta(seconds=1), exact=bool(year and day))
    except (ValueError, OverflowError):
        return None
