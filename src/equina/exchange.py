"""The triage contract: a line of JSON becomes a Case, an Assessment becomes a line of JSON.

Whatever is wrong with a line is said in words that name the key and the mend, and fails that line alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from equina.case import ANSWERERS, Assessment, Case, Evidence, SetAside, Step
from equina.crosscheck import misfit
from equina.interview import next_questions
from equina.model import Protocol, Value
from equina.tables import nearest

__all__ = [
    "BadInput",
    "NotJson",
    "Request",
    "answer",
    "failure",
    "id_of",
    "read_object",
    "read_request",
    "request_around",
    "request_of",
]

ANSWERED = (Evidence(origin="answer"),)
KEYS = ("id", "age", "sex", "text", "findings", "complete", "answered_by", "carer", "as_of", "onset", "protocol")


class BadInput(ValueError):  # noqa: N818  (what it is, not how it is told)
    """Input that cannot be judged; the message names the key and the mend. `id` is the line's own, when it could be read.

    `place`: the key, and the key below it, of what is at fault alone.
    """

    def __init__(self, message: str, id: str | None = None, place: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.id = id
        self.place = place


class NotJson(BadInput):
    """Input that is no well-formed JSON, whatever it was to say."""


@dataclass(frozen=True, slots=True)
class Request:
    """One line: the caller's id for it, and the case."""

    id: str | None
    case: Case


def read_request(protocol: Protocol, line: bytes, now: datetime) -> Request:
    """The request that a line states; `now` is the moment of a case that states none.

    Raises BadInput.
    """
    return request_of(protocol, read_object(line), now)


def request_of(protocol: Protocol, data: Mapping[str, object], now: datetime) -> Request:
    """As `read_request`, of a line already read. Raises BadInput."""
    id = id_of(data)
    try:
        return Request(id, _case(protocol, data, now))
    except BadInput as error:
        raise BadInput(str(error), id, error.place) from None


def request_around(protocol: Protocol, data: Mapping[str, object], now: datetime) -> tuple[Request, tuple[SetAside, ...]]:
    """(As `request_of`, what was set aside for it): each key or value that cannot be judged is left out, and the rest stands.

    Raises BadInput for an id that is none.
    """
    asides: list[SetAside] = []
    while True:
        try:
            return request_of(protocol, data, now), tuple(asides)
        except BadInput as error:
            if not error.place:
                raise
            key, *below = error.place
            value = data[key]
            rest: dict[str, object] = {name: each for name, each in data.items() if name != key}
            if below and isinstance(value, dict):
                rest[key] = {name: each for name, each in value.items() if name != below[0]}
                value = value[below[0]]
            asides.append(SetAside(origin="answer", quote=_shown(value), why=str(error)))
            data = rest


def id_of(data: Mapping[str, object]) -> str | None:
    """The caller's own id, as a text. Raises BadInput."""
    id = data.get("id")
    if id is None or isinstance(id, str):
        return id
    if isinstance(id, bool) or not isinstance(id, int | float):
        raise BadInput(f"id: a text is expected, not {_kind(id)}; put it in quotes")
    if not math.isfinite(id):
        raise BadInput("id: the number is too large; put it in quotes")
    return json.dumps(id)


def read_object(line: bytes) -> dict[str, object]:
    """The JSON object that a line holds, each key once and each number a number. Raises BadInput; NotJson where it is none."""
    try:
        data = json.loads(line.decode("utf-8"), object_pairs_hook=_no_repeats, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 text (byte {error.start + 1} of the line); save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON: {error.msg.lower()} (character {error.pos + 1}); {_mend(line)}") from None
    except RecursionError:
        raise NotJson("nested too deeply; a case has two levels") from None
    except NotJson as error:
        raise NotJson(str(error), _id_in(line)) from None
    except ValueError:  # a whole number of thousands of digits
        raise NotJson("a number has too many digits") from None
    if not isinstance(data, dict):
        raise BadInput(f"a JSON object is expected, not {_kind(data)}; write {{...}}")
    return data


def _id_in(line: bytes) -> str | None:
    """The id of a line whose JSON is at fault in a key given twice, or a number that is none; one given once."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        return {key: value for key, value in pairs if key != "id" or [name for name, _ in pairs].count("id") == 1}

    try:
        data = json.loads(line.decode("utf-8"), object_pairs_hook=once)
        return id_of(data) if isinstance(data, dict) else None
    except (ValueError, RecursionError):
        return None


def _mend(line: bytes) -> str:
    """What to do about a line that is no JSON, by what it looks like."""
    text = line.strip()
    if text.startswith(b"["):
        return "each line is one JSON object, not a list over several lines: jq -c '.[]' makes lines of it"
    if text in (b"{", b"}", b"},") or (text.startswith(b'"') and b":" in text):
        return "each line is one JSON object, not an object over several lines: jq -c . makes one line of it"
    return "each line is one JSON object"


def _no_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise NotJson(f"{_shown(key)} is given twice; keep one")
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is no number; write null for what is not known")


def _case(protocol: Protocol, data: Mapping[str, object], now: datetime) -> Case:
    for key in data:
        if key not in KEYS:
            mend = 'it is a finding: put it under "findings"' if key in protocol.findings else nearest(_cut(key), KEYS)
            raise BadInput(f"{_shown(key)} is not a key of a case; {mend}", place=(key,))
    values = _values(protocol, data)
    text = data.get("text")
    if text is not None and not isinstance(text, str):
        raise _at(("text",), f"a text is expected, not {_kind(text)}; put it in quotes")
    as_of = now if data.get("as_of") is None else _moment(("as_of",), data["as_of"])
    only_text = bool(text) and "findings" not in data
    answered_by = data.get("answered_by")
    if answered_by is None:
        answered_by = "record" if only_text else "self"
    if answered_by not in ANSWERERS:
        raise _at(("answered_by",), f"{_shown(answered_by)} is not known; write one of {', '.join(ANSWERERS)}")
    if not isinstance(data.get("protocol"), dict | None):  # which protocol the answers were given to; a saved interview says it
        raise _at(("protocol",), f"an object is expected, not {_kind(data['protocol'])}; leave it out")
    return Case(
        values=values,
        evidence=dict.fromkeys(values, ANSWERED),
        onset=_onset(protocol, data.get("onset"), values, as_of),
        as_of=as_of,
        answered_by=str(answered_by),
        complete=_flag(data, "complete"),
        told=text or "",
        carer=_flag(data, "carer"),
        set_aside=_unread(text),
    )


def _flag(data: Mapping[str, object], key: str) -> bool:
    value = False if data.get(key) is None else data[key]
    if not isinstance(value, bool):
        raise _at((key,), f"true or false is expected, not {_kind(value)}")
    return value


def _values(protocol: Protocol, data: Mapping[str, object]) -> dict[str, Value]:
    given = data.get("findings")
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise _at(("findings",), f'an object is expected, not {_kind(given)}; write {{"back_pain": true}}')
    values = {name: _value(protocol, name, value) for name, value in given.items()}
    for key, name in (("age", "age_years"), ("sex", "sex_at_birth")):
        if data.get(key) is None:
            continue
        value = _value(protocol, name, data[key], key)
        if values.get(name, value) not in (value, None):
            raise _at((key,), f"{_shown(value)} contradicts {name} {_shown(values[name])}; keep one")
        values[name] = value
    return values


def _value(protocol: Protocol, name: str, value: object, key: str | None = None) -> Value:
    finding = protocol.findings.get(name)
    if finding is None:
        raise _at(("findings", name), f"not a known finding; {nearest(_cut(name), protocol.findings)}")
    place = (key,) if key else ("findings", name)
    if not isinstance(value, bool | int | float | str | None):
        raise _at(place, f"one value is expected, not {_kind(value)}")
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < 2**53 else math.inf
    if isinstance(value, float) and not math.isfinite(value):
        raise _at(place, "the number is too large; give the measured value or null")
    if why := misfit(finding, value):
        raise _at(place, why)
    return value


def _at(place: tuple[str, ...], why: str) -> BadInput:
    """What is wrong with the value of a key."""
    return BadInput(f"{'.'.join(map(_cut, place))}: {why}", place=place)


def _onset(protocol: Protocol, given: object, values: Mapping[str, Value], as_of: datetime) -> dict[str, datetime]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        mend = 'write {"back_pain": "2026-11-22T20:00+00:00"}'
        raise _at(("onset",), f"an object is expected, not {_kind(given)}; {mend}")
    for name in given:
        if name not in protocol.findings:
            raise _at(("onset", name), f"not a known finding; {nearest(_cut(name), protocol.findings)}")
        if name not in values:
            raise _at(("onset", name), f"an onset without its finding; give {name} under findings")
    moments = {name: _moment(("onset", name), value) for name, value in given.items() if value is not None}
    for name, moment in moments.items():
        if moment - as_of > timedelta(days=1):  # a day's grace for clocks and time zones
            raise _at(("onset", name), "it lies after as_of; mend one of the two")
    return moments


def _moment(place: tuple[str, ...], value: object) -> datetime:
    mend = 'write it as "2026-11-23T02:10+00:00", with its offset from UTC'
    if not isinstance(value, str):
        raise _at(place, f"a moment is expected, not {_kind(value)}; {mend}")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _at(place, f"not a moment; {mend}") from None
    if moment.tzinfo is None:
        raise _at(place, f"the offset from UTC is missing; {mend}")
    return moment


def _unread(text: str | None) -> tuple[SetAside, ...]:
    """Free text, until it is read (equina.notes.evidence.with_text): where nobody reads it, that is said, not "nothing found"."""
    if not text or not text.strip():
        return ()
    why = "the free text was not read: give what it says under findings"
    return (SetAside(origin="text", quote=text.strip()[:60], why=why),)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    names: Iterable[tuple[type, str]] = (
        (str, "a text"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), type(value).__name__)


def _shown(value: object) -> str:
    return _cut(json.dumps(value))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


# --- out -----------------------------------------------------------------------------------------------------------------------


def failure(line: int, error: BadInput) -> dict[str, object]:
    """The answer to a line that cannot be judged."""
    return {"id": error.id, "line": line, "error": str(error)}


def answer(protocol: Protocol, request: Request, assessment: Assessment, line: int | None = None) -> dict[str, object]:
    """The assessment as the contract's JSON object. `words` gives the protocol's wording for each id of `care` and `watch_for`.

    A request without an id is told by its `line`.
    """
    case = request.case
    words = {name: protocol.care[name].told for name in assessment.care}
    words |= {name: protocol.watch_for[name].words for name in assessment.watch_for}
    return {
        "id": request.id,
        **({"line": line} if request.id is None and line is not None else {}),
        "protocol": {"id": protocol.id, "version": protocol.version, "digest": protocol.digest},
        "as_of": case.as_of.isoformat() if case.as_of else None,
        "low": assessment.low,
        "high": assessment.high,
        "disposition": assessment.disposition,
        "settled": assessment.settled,
        "reasons": [
            {
                "rule": reason.id,
                "disposition": reason.disposition,
                "because": reason.because,
                "timing": reason.timing,
                "findings": reason.findings,
                "sources": reason.sources,
            }
            for reason in assessment.reasons
        ],
        "waiting": protocol.policies["waiting_harms"].because if assessment.disposition == "emergency" else None,
        "open": [{"rule": rule.id, "disposition": rule.disposition, "findings": rule.findings} for rule in assessment.open],
        "examine": [{"finding": name, "how": protocol.findings[name].examine} for name in assessment.examine],
        "findings": {
            name: {"value": value, "evidence": _evidence(case.evidence.get(name, ()))} for name, value in case.values.items()
        },
        "causes": [
            {
                "id": fit.id,
                "kinds": fit.kinds,
                "cant_miss": fit.cant_miss,
                "fit": fit.fit,
                "for": fit.supports,
                "against": fit.against,
            }
            for fit in assessment.causes
        ],
        "continence": [{"id": leak.id, "because": leak.because} for leak in assessment.continence],
        "workup": [{"id": test.id, "when": test.when, "because": test.because} for test in assessment.workup],
        "care": assessment.care,
        "watch_for": assessment.watch_for,
        "words": words,
        "say": assessment.say,
        "next_questions": _step(next_questions(protocol, case)),
        "also_said": {name: _evidence(pieces) for name, pieces in case.evidence.items() if name not in case.values},
        "not_known": assessment.not_known,
        "general_denials": assessment.general_denials,
        "conflicts": [
            {"finding": conflict.finding, "against": conflict.against, "why": conflict.why} for conflict in assessment.conflicts
        ],
        "set_aside": [{"origin": item.origin, "quote": item.quote, "why": item.why} for item in case.set_aside],
        "notice": " ".join(protocol.notice.split()),
    }


def _step(step: Step | None) -> dict[str, object] | None:
    """The next step of the interview; each option with the codes that may answer it."""
    if step is None:
        return None
    options = [
        {"finding": option.finding, "wording": option.wording, "hint": option.hint, "answers": option.answers, "unit": option.unit}
        for option in step.options
    ]
    return {"id": step.id, "kind": step.kind, "wording": step.wording, "hint": step.hint, "options": options}


def _evidence(pieces: Iterable[Evidence]) -> list[dict[str, object]]:
    keys = ("origin", "start", "end", "quote", "assertion", "cue")
    return [{"origin": "answer"} if piece.origin == "answer" else {key: getattr(piece, key) for key in keys} for piece in pieces]
