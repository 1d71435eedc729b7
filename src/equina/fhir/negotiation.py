"""Which form and which language an answer takes, and which form a body may have: FHIR R4 as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from equina.fhir.refusals import Refused

__all__ = ["FHIR_JSON", "answer_type", "check_body_type", "language_of"]

FHIR_JSON = "application/fhir+json"
_TYPES = (FHIR_JSON, "application/json", "text/json")
_FORMATS = {"json": FHIR_JSON, **dict.fromkeys(_TYPES, FHIR_JSON), "application/json": "application/json"}
_R4 = ("4.0", "4.0.1")
_STATUS_MENDS = "this service speaks FHIR 4.0"


def answer_type(accept: Sequence[str], format: str | None) -> str:
    """The media type of the answer, by the header Accept, over which the parameter _format goes. Raises Refused (406)."""
    if format is not None:
        kind = _FORMATS.get(format.replace(" ", "+").partition(";")[0].strip().lower())
        if kind is None:
            raise Refused(406, "the answer is JSON, which _format leaves out", place="_format")
        return kind
    best, chosen, other_version = 0.0, "", False
    for kind, parameters in _ranges(accept):
        fits = kind if kind in _TYPES[:2] else FHIR_JSON if kind in ("*/*", "application/*", _TYPES[2]) else ""
        if fits and parameters.get("fhirversion", "4.0") not in _R4:
            other_version = True
        elif fits and (quality := _quality(parameters)) > best:
            best, chosen = quality, fits
    if not chosen and any(part.strip() for part in accept):
        why = f"Accept asks for another version of FHIR; {_STATUS_MENDS}" if other_version else "Accept leaves the answer out, JSON"
        raise Refused(406, why, place="Accept")
    return chosen or FHIR_JSON


def check_body_type(content_type: str, encoding: str) -> None:
    """Raise Refused (415) unless the body is said to be FHIR R4 as JSON, in UTF-8 and not compressed."""
    kind, parameters = next(_ranges([content_type]), ("", {}))
    if kind not in _TYPES:
        raise Refused(415, "the body is not said to be JSON", place="Content-Type")
    if parameters.get("fhirversion", "4.0") not in _R4:
        raise Refused(415, f"the body is said to be of another version of FHIR; {_STATUS_MENDS}", place="Content-Type")
    if parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
        raise Refused(415, "JSON is sent as UTF-8; leave charset out", place="Content-Type")
    if encoding.lower() not in ("", "identity"):
        raise Refused(415, "the body is compressed", place="Content-Encoding")


def language_of(header: str, languages: Iterable[str]) -> str:
    """The language that the header Accept-Language likes best of those that there are; the first of them when it likes none."""
    known = tuple(languages)
    liked = sorted(_ranges([header]), key=lambda each: -_quality(each[1]))
    found = (language for tag, parameters in liked if _quality(parameters) for language in known if _speaks(tag, language))
    return next(found, known[0])


def _speaks(tag: str, language: str) -> bool:
    return tag == language.lower() or tag.partition("-")[0] == language.lower().partition("-")[0]


def _ranges(headers: Iterable[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """(What is named, its parameters) of each part of a header."""
    for piece in ",".join(headers).lower().split(","):
        name, *parameters = (part.strip() for part in piece.split(";"))
        if name:
            pairs = (parameter.partition("=") for parameter in parameters)
            yield name, {key.strip(): value.strip(' "') for key, _, value in pairs}


def _quality(parameters: Mapping[str, str]) -> float:
    try:
        return min(max(float(parameters.get("q", "1")), 0.0), 1.0)
    except ValueError:
        return 0.0
