"""What is wrong with a request, as an OperationOutcome with its status. Nothing but words is ever in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from equina.exchange import BadInput, NotJson
from equina.fhir.canonical import Json

__all__ = ["Refused", "operation_outcome", "outcome", "outcome_of"]

# The kind of issue by status, as R4 names kinds.
_ISSUES: Mapping[int, str] = {
    400: "structure",
    401: "login",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    413: "too-long",
    415: "not-supported",
    422: "value",
    429: "throttled",
    500: "exception",
    503: "transient",
}
_MENDS: Mapping[int, str] = {
    400: "send one FHIR R4 resource as JSON",
    401: "send the header Authorization: Bearer, with the token of this service",
    404: "GET /fhir/metadata tells what is here",
    405: "use a method that the header Allow names",
    406: "leave Accept and _format out, or let them allow application/fhir+json",
    408: "send the whole body at once, and try again",
    413: "send less: the records of one patient, and of those what bears on the question",
    415: "send the header Content-Type: application/fhir+json, and the body without any Content-Encoding",
    422: "GET /fhir/metadata tells what is expected",
    429: "wait a second, then send less often",
    500: "try again, and tell those who run this service; care does not wait for it",
    503: "try again in a moment; care does not wait for it",
}


class Refused(ValueError):  # noqa: N818  (what it is, not how it is told)
    """A request that is not answered: why, its status, R4's kind of issue (`code`), and a FHIRPath or a header's name (`place`)."""

    def __init__(self, status: int, why: str, *, code: str | None = None, place: str | None = None) -> None:
        super().__init__(why)
        self.status, self.code, self.place = status, code, place


def operation_outcome(problems: Iterable[str], severity: str = "error", code: str = "invalid") -> Json:
    """What is wrong with what was given, one issue for each."""
    issues = [{"severity": severity, "code": code, "diagnostics": problem} for problem in problems]
    return {"resourceType": "OperationOutcome", "issue": issues}


def outcome(status: int, why: str, *, code: str | None = None, place: str | None = None) -> Json:
    """The OperationOutcome of a refusal: what is wrong, where, and the mend."""
    told = why if ";" in why or status not in _MENDS else f"{why}; {_MENDS[status]}"
    issue: Json = {"severity": "fatal" if status >= 500 else "error", "code": code or _ISSUES.get(status, "processing")}
    issue |= {"diagnostics": told}
    return {"resourceType": "OperationOutcome", "issue": [issue | ({"expression": [place]} if place else {})]}


def outcome_of(error: BadInput | Refused | RecursionError) -> tuple[int, Json]:
    """(Status, OperationOutcome) of input that is not judged. JSON that is none, or nested without end, is never well-formed."""
    if isinstance(error, RecursionError):
        return 400, outcome(400, "nested too deeply; a FHIR resource is not")
    if isinstance(error, Refused):
        return error.status, outcome(error.status, str(error), code=error.code, place=error.place)
    if isinstance(error, NotJson):
        what, _, mend = str(error).rpartition("; ")
        return 400, outcome(400, what.replace("of the line", "of the body") if "line" in mend or "file" in mend else str(error))
    named, _, rest = str(error).partition(":")
    return 422, outcome(422, str(error), place=_place(named) if rest else None)


def _place(named: str) -> str | None:
    """Where in a response the fault is, of which the words begin with the name of an element or of a question."""
    if named in ("status", "authored", "resourceType"):
        return f"QuestionnaireResponse.{named}"
    if named == "linkId":
        return "QuestionnaireResponse.descendants().linkId"
    return f"QuestionnaireResponse.descendants().where(linkId='{named}')" if named.replace("_", "").isalnum() else None
