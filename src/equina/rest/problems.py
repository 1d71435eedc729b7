"""What is wrong with a request, where, and the mend: problem+json (RFC 9457). Nothing of ours but words is ever in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from starlette.responses import Response

from equina.exchange import BadInput, NotJson
from equina.tables import nearest

__all__ = ["json_response", "MENDS", "problem", "PROBLEM", "problem_of", "refused", "TITLES"]

PROBLEM = "application/problem+json"
TITLES = {
    400: "The request can't be read",
    401: "A token is needed",
    404: "Nothing is here",
    405: "Another method is needed",
    406: "The answer is JSON",
    408: "The body came too slowly",
    412: "Records are missing",
    413: "The body is too large",
    415: "A body of JSON is needed",
    422: "The input can't be judged",
    429: "Too many requests",
    500: "A fault of ours",
    503: "Not ready",
}
MENDS = {
    400: "send one JSON object, as UTF-8",
    401: "send the header Authorization: Bearer, with the token of this service",
    404: "GET /api/openapi.json lists what is here",
    405: "use a method that the header Allow names",
    406: "leave Accept out, or let it allow application/json",
    408: "send the whole body at once, and try again",
    412: "send the records that GET /cds-services asks for",
    413: "send less: one case a request, and of a long text the part that matters",
    415: "send the header Content-Type: application/json, and the body without any Content-Encoding",
    422: "GET /api/openapi.json has what is expected",
    429: "wait a second, then send less often",
    500: "try again, and tell those who run this service; care does not wait for it",
    503: "try again in a moment; care does not wait for it",
}
NOTHING_LIKE = nearest("", ())
PLACE = re.compile(r"(age|sex|text|id|complete|carer|answered_by|as_of|protocol|findings|onset|answers)(?:\.([a-z0-9_]+))?: ")
STRANGER = re.compile(r'(findings|onset|answers)\.(.*): not a known finding; (?:did you mean "|nothing known)', re.DOTALL)
KEY = re.compile(r'(".*") is not a key of a (?:case|text); ', re.DOTALL)


def json_response(
    data: object, status: int = 200, *, kind: str = "application/json", headers: Mapping[str, str] | None = None
) -> Response:
    """JSON as the commands write it: ASCII alone, so that any text can be given back."""
    return Response(json.dumps(data, separators=(",", ":")).encode(), status, headers, media_type=kind)


_REFUSED = {
    400: "the request can't be read",
    404: "nothing has this address",
    405: "this address takes another method",
    408: "the body did not come in time",
    413: "the body is larger than this service takes",
    429: "more requests came from this address than this service takes",
}


def refused(status: int, headers: Mapping[str, str] | None = None) -> tuple[str, dict[str, str]]:
    """What is said of a refusal by the limits or by the router, and the headers that go with it."""
    extra = {"Retry-After": "1"} if status == 429 else {}
    return _REFUSED.get(status, "something went wrong here"), {**(headers or {}), **extra}


def problem(
    status: int,
    detail: str,
    *,
    where: str | None = None,
    mend: str | None = None,
    id: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error as JSON. `where` is a JSON Pointer into the body, or the name of a header or parameter."""
    told = {
        "type": "about:blank",
        "title": TITLES.get(status, TITLES[500]),
        "status": status,
        "detail": detail,
        "where": where,
        "mend": mend or MENDS.get(status, MENDS[500]),
        "id": id,
    }
    return json_response(told, status, kind=PROBLEM, headers=headers)


def problem_of(error: BadInput) -> Response:
    """Input that can't be judged. Its words are those that the commands use."""
    detail = str(error)
    what, _, mend = detail.rpartition("; ")
    if isinstance(error, NotJson):
        if detail.startswith(("not JSON", "not UTF-8")):
            detail, mend = f"{what.replace('of the line', 'of the body')}; {MENDS[400]}", MENDS[400]
        return problem(400, detail, where="", mend=mend, id=error.id)
    if not what or mend == NOTHING_LIKE:
        mend = MENDS[422]
    return problem(422, detail, where=_pointer(detail), mend=mend, id=error.id)


def _pointer(detail: str) -> str:
    """Where in the body the fault is: "" is the body itself."""
    if found := STRANGER.match(detail):
        return f"/{found[1]}" + ("" if found[2].endswith("...") or len(found[2]) >= 60 else f"/{_escaped(found[2])}")
    if found := KEY.match(detail):
        try:
            return f"/{_escaped(json.loads(found[1]))}"
        except ValueError:  # cut, or given as it came
            return ""
    if found := PLACE.match(detail):
        return f"/{found[1]}" + (f"/{found[2]}" if found[2] else "")
    return ""


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
