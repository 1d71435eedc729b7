"""The OpenAPI description of the doors: true of this protocol and this configuration, with examples that were really answered."""

from __future__ import annotations

import json
from collections.abc import Iterable

from equina import __version__
from equina.model import Protocol
from equina.notes.lexicon import has_lexicon
from equina.rest.answers import assessed, card_address, next_step, read_text
from equina.rest.problems import MENDS, PROBLEM, TITLES
from equina.rest.schemas import schemas

__all__ = ["description"]

Part = dict[str, object]

CASE: Part = {
    "id": "c1",
    "age": 38,
    "sex": "F",
    "as_of": "2026-11-23T02:10:00+00:00",
    "findings": {"back_pain": True, "urinary_retention": True, "fever": False, "saddle_anesthesia": None},
}
TOLD: Part = {"id": "c2", "as_of": "2026-11-23T02:10:00+00:00", "text": "No fever, but I can't pass urine and my bum is numb."}
BEGUN: Part = {"id": "c3", "as_of": "2026-11-23T02:10:00+00:00", "findings": {"back_pain": True}, "answers": {"fever": "no"}}
NOTE: Part = {"id": "n1", "text": "Back pain since Monday. Denies fever. Mother had cancer."}
ABOUT = """\
Red-flag triage of back pain with bladder, bowel or nerve symptoms.
The answers are those of the commands `equina triage` and `equina read`.

What is known of a person goes in the bodies of POST requests and nowhere else.
Nothing is kept, and no log or count holds it.
Show a person `disposition`, its `reasons` and `words` as they stand, never `low` or `high`. An unknown finding is never "no".
"""


def description(protocol: Protocol, languages: Iterable[str], *, token: bool) -> Part:
    """The document. `token`: whether the doors want one."""
    read = has_lexicon(protocol)
    known = protocol.findings.keys() >= {"back_pain", "urinary_retention", "fever", "saddle_anesthesia"}
    example = {"case": CASE, "told": TOLD} if read else {"case": CASE}
    language: Part = {
        "name": "lang",
        "in": "query",
        "description": "The language of the words. No other parameter is taken.",
        "schema": {"type": "string", "enum": list(languages)},
    }
    paths: Part = {
        "/api/v1/assess": _posted(
            protocol, "assess", "What to do about a case, and why", "Case", "Assessment", example if known else {}, language
        ),
        "/api/v1/next-questions": _posted(
            protocol,
            "nextQuestions",
            "Take in answers; the next step of the interview, and the case to send with its answers",
            "Interview",
            "NextStep",
            {"begun": BEGUN} if known else {},
            language,
        ),
        "/api/v1/protocol": _got("protocol", "The findings, rules and words that answers are made of", "Protocol", [language]),
        "/api/v1/cards/{card}": _got(
            "card", "A card as `equina show` prints it", "Card", [_card(protocol), language], missing=True
        ),
        "/api/openapi.json": _got("openapi", "This document", None, [language]),
    }
    if read:
        about = "The findings that a text mentions, each with its words"
        paths["/api/v1/read"] = _posted(protocol, "read", about, "Text", "Reading", {"note": NOTE} if known else {}, language)
    served = f"Protocol {protocol.id} {protocol.version}, {protocol.digest}."
    guarded: Part = {"security": [{"token": []}]} if token else {}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": f"Equina: {protocol.title}",
            "version": __version__,
            "summary": "How soon to be seen, and why",
            "description": f"{ABOUT}\n{' '.join(protocol.notice.split())}\n\n{served}",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        **guarded,
        "paths": paths,
        "components": {
            "schemas": schemas(protocol),
            "responses": {f"Problem{status}": _problem(status) for status in TITLES if status != 503},
            **({"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}} if token else {}),
        },
    }


ANSWER = {"assess": assessed, "nextQuestions": next_step, "read": read_text}


def _posted(protocol: Protocol, name: str, about: str, takes: str, gives: str, examples: dict[str, Part], language: Part) -> Part:
    """An address to which a body is sent, with its examples and what they are answered."""
    answered: dict[str, Part] = {
        key: {"value": ANSWER[name](protocol, json.dumps(example).encode())} for key, example in examples.items()
    }
    given: dict[str, Part] = {key: {"value": example} for key, example in examples.items()}
    return {
        "post": {
            "operationId": name,
            "summary": about,
            "parameters": [language],
            "requestBody": {"required": True, "content": {"application/json": _content(takes, given)}},
            "responses": {
                "200": {"description": about, "content": {"application/json": _content(gives, answered)}},
                **_problems(400, 401, 405, 406, 408, 413, 415, 422, 429, 500),
            },
        },
        "options": _asked(name),
    }


def _content(schema: str | None, examples: dict[str, Part]) -> Part:
    named: Part = {"$ref": f"#/components/schemas/{schema}"} if schema else {"type": "object"}
    return {
        "schema": named,
        **({"examples": examples} if examples else {}),
    }


def _got(name: str, about: str, gives: str | None, parameters: list[Part], *, missing: bool = False) -> Part:
    given = {"description": about, "content": {"application/json": _content(gives, {})}}
    statuses = (400, 401, *([404] if missing else []), 405, 406, 413, 429, 500)
    head = {"description": "As GET, without the body"}
    return {
        "get": {
            "operationId": name,
            "summary": about,
            "parameters": parameters,
            "responses": {"200": given, **_problems(*statuses)},
        },
        "head": {
            "operationId": f"{name}Head",
            "summary": f"{about}: the headers alone",
            "parameters": parameters,
            "responses": {"200": head, **_problems(*statuses)},
        },
        "options": _asked(name, *([ANY_CARD] if missing else [])),
    }


ANY_CARD: Part = {"name": "card", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _asked(name: str, *parameters: Part) -> Part:
    return {
        "operationId": f"{name}Options",
        "summary": "Which methods it takes",
        "parameters": list(parameters),
        "security": [],
        "responses": {
            "204": {
                "description": "The methods",
                "headers": {"Allow": {"required": True, "schema": {"type": "string"}}},
            },
            **_problems(413, 429, 500),
        },
    }


def _card(protocol: Protocol) -> Part:
    return {
        "name": "card",
        "in": "path",
        "required": True,
        "description": "Eight digits, as /api/v1/protocol has them: no log between shall tell what was looked up.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{8}$"},
        "example": card_address(next(iter(protocol.findings))),
    }


def _problems(*statuses: int) -> Part:
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


HEADERS = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After"}


def _problem(status: int) -> Part:
    header = HEADERS.get(status)
    return {
        "description": f"{TITLES[status]}: {MENDS[status]}.",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        **({"headers": {header: {"required": True, "schema": {"type": "string"}}}} if header else {}),
    }
