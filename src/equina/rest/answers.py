"""What each address answers: a body becomes a JSON object, by the functions that answer the commands. Nothing of HTTP is here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from equina.cards import cards, every_id, named_groups
from equina.case import Case
from equina.crosscheck import misfit
from equina.exchange import BadInput, answer, id_of, read_object, request_of
from equina.interview import codes_of, value_of, with_answers
from equina.logic import render
from equina.model import Finding, Protocol
from equina.notes.command import answer as reading_answer
from equina.notes.evidence import not_read, with_text
from equina.notes.lexicon import lexicon
from equina.notes.reading import read
from equina.tables import nearest
from equina.triage import assess

__all__ = ["CARRIED", "assessed", "card", "card_address", "card_addresses", "next_step", "protocol_card", "read_text"]

LARGEST = 2**53
# What of an assessment a client needs between two questions.
CARRIED = ("id", "protocol", "as_of", "low", "high", "disposition", "settled", "reasons", "waiting", "next_questions", "notice")


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def assessed(protocol: Protocol, body: bytes) -> dict[str, object]:
    """What to do about the case of the body, and why: a line of `equina triage`. Raises BadInput."""
    request = request_of(protocol, read_object(body), _now())
    request = replace(request, case=with_text(protocol, request.case))
    return answer(protocol, request, assess(protocol, request.case))


def next_step(protocol: Protocol, body: bytes) -> dict[str, object]:
    """The next step of the interview, once the body's `answers` are taken into its case. `case` is what to send the next time.

    Raises BadInput.
    """
    data = read_object(body)
    given = data.pop("answers", None)
    if data.get("answered_by") is None:
        data["answered_by"] = "self"  # someone answers here, whatever else is given
    request = request_of(protocol, data, _now())
    answers = _answers(protocol, given, request.id)
    case = with_answers(protocol, request.case, answers) if answers else request.case
    carried = _carried(data, case)
    request = replace(request, case=with_text(protocol, case))
    whole = answer(protocol, request, assess(protocol, request.case))
    return {**{key: whole[key] for key in CARRIED}, "case": carried}


def _answers(protocol: Protocol, given: object, id: str | None) -> dict[str, str | float]:
    """The answers by finding, each a code of its option or a number."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadInput('answers: an object is expected; write {"fever": "no"}', id)
    answers: dict[str, str | float] = {}
    for name, code in given.items():
        finding = protocol.findings.get(name)
        if finding is None:
            raise BadInput(f"answers.{name[:60]}: not a known finding; {nearest(name[:60], protocol.findings)}", id)
        answers[name] = _code(finding, code, id)
    return answers


def _code(finding: Finding, code: object, id: str | None) -> str | float:
    """The code or number, when it may answer the finding."""
    known = isinstance(code, str) and code in codes_of(finding) and code != "number"
    if isinstance(code, str) and known:
        return code
    number = isinstance(code, int | float) and not isinstance(code, bool)
    if not (number and finding.measured):
        raise BadInput(f"answers.{finding.id}: no answer to it; give one of {', '.join(codes_of(finding))}", id)
    if isinstance(code, int) and abs(code) >= LARGEST:
        raise BadInput(f"answers.{finding.id}: the number is too large; give the measured value or not_sure", id)
    assert isinstance(code, int | float)
    if why := misfit(finding, value_of(finding, code)):
        raise BadInput(f"answers.{finding.id}: {why}", id)
    return float(code)


def _carried(data: Mapping[str, object], case: Case) -> dict[str, object]:
    """The case as the next request may state it: what was given, with the answers among the findings."""
    kept = {key: data[key] for key in ("id", "text", "complete", "carer") if data.get(key) is not None}
    onset = {name: moment.isoformat() for name, moment in case.onset.items() if name in case.values}
    return {
        **kept,
        "answered_by": case.answered_by,
        "as_of": case.as_of.isoformat() if case.as_of else None,
        "findings": dict(case.values),
        **({"onset": onset} if onset else {}),
    }


READ_KEYS = ("id", "text")


def read_text(protocol: Protocol, body: bytes) -> dict[str, object]:
    """The findings that the text of the body mentions: a line of `equina read`. Raises BadInput."""
    data = read_object(body)
    id = id_of(data)
    for key in data:
        if key not in READ_KEYS:
            raise BadInput(f"{json.dumps(key[:60])} is not a key of a text; {nearest(key[:60], READ_KEYS)}", id)
    text = data.get("text")
    if not isinstance(text, str):
        raise BadInput('text: a text in quotes is expected; write "text": "…"', id)
    reading = read(lexicon(protocol), text)
    if reading.refused:
        raise BadInput(f"text: {not_read(reading)}", id)
    return reading_answer(id, reading)


# --- the protocol ----------------------------------------------------------------------------------------------------------------


def card_address(id: str) -> str:
    """The eight digits under which a card is: what somebody looked up must not stand in the log of a machine between.

    >>> card_address("urinary_retention")
    '07bc3e41'
    """
    return hashlib.sha256(id.encode()).hexdigest()[:8]


def card_addresses(protocol: Protocol) -> dict[str, str]:
    """The id of every card by its address."""
    return {card_address(id): id for id in every_id(protocol)}


def card(protocol: Protocol, id: str) -> dict[str, object]:
    """The cards of an id as `equina show` prints them: two where a finding and a cause share it."""
    return {"id": id, "cards": cards(protocol, id), "notice": " ".join(protocol.notice.split())}


def protocol_card(protocol: Protocol, languages: Iterable[str]) -> dict[str, object]:
    """The protocol: what may be asked and answered, the rules in full, and the words for every id that an answer may hold."""
    groups = named_groups(protocol)
    return {
        "id": protocol.id,
        "version": protocol.version,
        "digest": protocol.digest,
        "title": protocol.title,
        "reviewed": protocol.reviewed,
        "language": protocol.language,
        "languages": list(languages),
        "notice": " ".join(protocol.notice.split()),
        "dispositions": dict(protocol.disposition_words),
        "core_flags": list(protocol.core_flags),
        "baseline_facts": list(protocol.baseline_facts),
        "findings": [_finding(protocol, finding) for finding in protocol.findings.values()],
        "rules": [
            {
                "id": rule.id,
                "disposition": rule.disposition,
                "when": render(rule.when, groups),
                "because": rule.because,
                "timing": rule.timing,
                "strength": rule.strength,
                "sources": list(rule.sources),
                "card": card_address(rule.id),
            }
            for rule in protocol.rules.values()
        ],
        "groups": {name: render(condition) for name, condition in protocol.groups.items()},
        "causes": [
            {
                "id": cause.id,
                "label": cause.label,
                "words": cause.words,
                "kinds": [{"id": kind.id, "label": kind.label, "cant_miss": kind.cant_miss} for kind in cause.kinds],
                "card": card_address(cause.id),
            }
            for cause in protocol.causes.values()
        ],
        "continence": [_labelled(leak.id, leak.label, leak.words) for leak in protocol.leak_types.values()],
        "workup": [_labelled(test.id, test.label, test.words) for test in protocol.workup.values()],
        "care": [_labelled(care.id, care.label, care.told) for care in protocol.care.values()],
        "watch_for": [_labelled(sign.id, None, sign.words) for sign in protocol.watch_for.values()],
        "sources": [_labelled(source.id, None, source.citation) for source in protocol.sources.values()],
    }


def _labelled(id: str, label: str | None, words: str) -> dict[str, object]:
    return {"id": id, "label": label, "words": words, "card": card_address(id)}


def _finding(protocol: Protocol, finding: Finding) -> dict[str, object]:
    return {
        "id": finding.id,
        "label": finding.label,
        "kind": finding.kind,
        "section": finding.section,
        "answered_by": finding.answered_by,
        "core_flag": finding.id in protocol.core_flags,
        "ask": finding.ask,
        "hint": finding.hint,
        "answers": list(codes_of(finding)),
        "unit": finding.unit,
        "low": finding.low,
        "high": finding.high,
        "options": list(finding.options),
        "card": card_address(finding.id),
    }
