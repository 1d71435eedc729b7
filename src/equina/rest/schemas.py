"""JSON Schemas (2020-12, as OpenAPI 3.1 has them) of what goes in and out, made from the protocol, with every id that it knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from equina.case import ANSWERERS
from equina.interview import codes_of
from equina.model import DISPOSITIONS, LONG_STANDING, Finding, Protocol
from equina.rest.answers import CARRIED

__all__ = ["schemas"]

Schema = dict[str, object]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
OFFSET: Schema = {"type": "integer", "minimum": 0}
DAY = r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-9]))"
MOMENT = rf"^(19|20)[0-9]{{2}}-{DAY}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
ASSERTIONS = ("present", "absent", "historical", "family", "hypothetical", "uncertain")


def schemas(protocol: Protocol) -> dict[str, Schema]:
    """Every schema by its name."""
    return {**_ids(protocol), **_given(protocol), **_parts(), **_answers(), **_about_the_protocol()}


# --- ways to write a schema ------------------------------------------------------------------------------------------------------


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _enum(names: Iterable[object], about: str = "") -> Schema:
    return {"enum": list(names), **({"description": about} if about else {})}


def _object(
    properties: Mapping[str, Schema], *, optional: Iterable[str] = (), about: str = "", all_optional: bool = False
) -> Schema:
    """An object that has these keys and no other; all must be there, but for the optional ones."""
    required = [] if all_optional else [key for key in properties if key not in set(optional)]
    return {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
        **({"required": required} if required else {}),
        **({"description": about} if about else {}),
    }


def _by_id(names: str, value: Schema) -> Schema:
    """An object whose keys are ids."""
    return {"type": "object", "propertyNames": _ref(names), "additionalProperties": value}


# --- the ids, and what may be given ----------------------------------------------------------------------------------------------


def _ids(protocol: Protocol) -> dict[str, Schema]:
    words = [*protocol.care, *protocol.watch_for]
    return {
        "FindingId": {"type": "string", **_enum(protocol.findings, "A finding of the protocol.")},
        "RuleId": {"type": "string", **_enum([*protocol.rules, *protocol.policies], "A rule, or a policy that gave the advice.")},
        "CauseId": {"type": "string", **_enum(protocol.causes)},
        "KindId": {"type": "string", **_enum(protocol.kinds)},
        "LeakId": {"type": "string", **_enum(protocol.leak_types)},
        "WorkUpId": {"type": "string", **_enum(protocol.workup)},
        "CareId": {"type": "string", **_enum(protocol.care)},
        "WatchForId": {"type": "string", **_enum(protocol.watch_for)},
        "WordedId": {"type": "string", **_enum(dict.fromkeys(words))},
        "SourceId": {"type": "string", **_enum(protocol.sources)},
        "Disposition": {
            "type": "string",
            **_enum(DISPOSITIONS, "How soon to be seen, in rising order; urgent is within 24 hours."),
        },
    }


def _value(finding: Finding) -> Schema:
    about = {"description": finding.label}
    if finding.measured:
        number: Schema = {"type": ["number", "null"], "minimum": finding.low or 0, "maximum": finding.high or 0}
        return {**number, "description": f"{finding.label}, in {finding.unit_words or finding.unit}"}
    if finding.kind == "choice":
        return {"enum": [*finding.options, None], **about}
    return {"enum": [True, False, None, LONG_STANDING], **about}


def _code(finding: Finding) -> Schema:
    codes = [code for code in codes_of(finding) if code != "number"]
    if finding.measured:
        return {"anyOf": [{"type": "number", "minimum": finding.low or 0, "maximum": finding.high or 0}, {"enum": codes}]}
    return {"enum": codes}


def _given(protocol: Protocol) -> dict[str, Schema]:
    age, sex = protocol.findings["age_years"], protocol.findings["sex_at_birth"]
    case: dict[str, Schema] = {
        "id": {"type": ["string", "number", "null"], "description": "Yours, given back as a text."},
        "age": {**_value(age), "description": "Years. It must not contradict findings.age_years."},
        "sex": {**_value(sex), "description": "At birth. It must not contradict findings.sex_at_birth."},
        "text": {"type": ["string", "null"], "description": "The person's own words or a note: read for findings, in English."},
        "findings": _or_null(_ref("Findings")),
        "complete": {"type": ["boolean", "null"], "description": "True when no more will be asked."},
        "answered_by": _enum(
            [*ANSWERERS, None], "Default: record when only a text is given, else self; to next-questions always self."
        ),
        "carer": {"type": ["boolean", "null"], "description": "True when someone answers for the person."},
        "as_of": {"type": ["string", "null"], "pattern": MOMENT, "description": "The moment of the case. Default: now."},
        "onset": {
            "type": ["object", "null"],
            "propertyNames": _ref("FindingId"),
            "additionalProperties": {"type": ["string", "null"], "pattern": MOMENT},
            "description": "When findings began: each must be among the findings too, and not after as_of.",
        },
        "protocol": {"type": ["object", "null"], "description": "As an answer has it; nothing is judged by it."},
    }
    answers: Schema = {
        "type": ["object", "null"],
        "properties": {finding.id: _code(finding) for finding in protocol.findings.values()},
        "additionalProperties": False,
        "description": "Answers to the last step, by finding: a code of its option, or a number.",
    }
    values = {finding.id: _value(finding) for finding in protocol.findings.values()}
    found = "A key that is missing was not asked; null: asked, not known; long_standing: old and unchanged."
    return {
        "Findings": _object(values, all_optional=True, about=found),
        "Case": _object(case, all_optional=True, about="What is known of one person at one moment."),
        "Interview": _object({**case, "answers": answers}, all_optional=True, about="A case, and the answers to the last step."),
        "Text": _object({"id": case["id"], "text": TEXT}, optional=["id"]),
    }


# --- what is answered ------------------------------------------------------------------------------------------------------------


def _parts() -> dict[str, Schema]:
    findings = _list(_ref("FindingId"))
    option: dict[str, Schema] = {
        "finding": _ref("FindingId"),
        "wording": TEXT,
        "hint": _or_null(TEXT),
        "answers": _list(TEXT),
        "unit": _or_null(TEXT),
    }
    evidence: dict[str, Schema] = {
        "origin": _enum(["answer", "text", "record"]),
        "start": _or_null(OFFSET),
        "end": _or_null(OFFSET),
        "quote": _or_null(TEXT),
        "assertion": _or_null(_enum(ASSERTIONS)),
        "cue": _or_null(TEXT),
    }
    cue = _object({"start": OFFSET, "end": OFFSET, "quote": TEXT})
    mention: dict[str, Schema] = {
        "finding": _ref("FindingId"),
        "start": OFFSET,
        "end": OFFSET,
        "quote": TEXT,
        "assertion": _enum(ASSERTIONS),
        "onset": _enum(["new", LONG_STANDING, "unknown"]),
        "cue": _or_null(cue),
        "section": _or_null(TEXT),
        "value": {"type": "number", "description": "Of a quantity, in its unit."},
        "likely": {
            "type": "boolean",
            "description": "There, and true, when no phrase names the finding: its words make it likely.",
        },
    }
    return {
        "ProtocolVersion": _object({"id": TEXT, "version": TEXT, "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}}),
        "Reason": _object(
            {
                "rule": _ref("RuleId"),
                "disposition": _or_null(_ref("Disposition")),
                "because": TEXT,
                "timing": TEXT,
                "findings": findings,
                "sources": _list(_ref("SourceId")),
            }
        ),
        "OpenRule": _object({"rule": _ref("RuleId"), "disposition": _ref("Disposition"), "findings": findings}),
        "Evidence": _object(evidence, optional=[key for key in evidence if key != "origin"]),
        "Stated": _object(
            {"value": {"type": ["boolean", "number", "string", "null"]}, "evidence": _list(_ref("Evidence"))},
            about="A finding as it was judged, and where that comes from; offsets are code points of the text.",
        ),
        "CauseFit": _object(
            {
                "id": _ref("CauseId"),
                "kinds": _list(_ref("KindId")),
                "cant_miss": FLAG,
                "fit": _enum(["strong", "possible", "weak"]),
                "for": findings,
                "against": findings,
            }
        ),
        "Step": _object(
            {
                "id": TEXT,
                "kind": _enum(["one", "list", "number"]),
                "wording": TEXT,
                "hint": _or_null(TEXT),
                "options": _list(_object(option)),
            },
            about="one: ask each by name; list: what is marked is true, the rest is no; number: measured.",
        ),
        "Mention": _object(mention, optional=["value", "likely"]),
    }


def _answers() -> dict[str, Schema]:
    findings = _list(_ref("FindingId"))
    pieces = _list(_ref("Evidence"))
    assessment: dict[str, Schema] = {
        "id": _or_null(TEXT),
        "protocol": _ref("ProtocolVersion"),
        "as_of": {"type": "string", "format": "date-time"},
        "low": {**_ref("Disposition"), "description": "Certain already. For machines; the advice is `disposition`."},
        "high": {**_ref("Disposition"), "description": "The highest that is not excluded yet."},
        "disposition": {**_or_null(_ref("Disposition")), "description": "The advice; null while it can't be given."},
        "settled": {**FLAG, "description": "Nothing that the one answering can still answer could change `low`."},
        "reasons": _list(_ref("Reason")),
        "waiting": {**_or_null(TEXT), "description": "In an emergency: why waiting harms."},
        "open": _list(_ref("OpenRule")),
        "examine": _list(_object({"finding": _ref("FindingId"), "how": _or_null(TEXT)})),
        "findings": _by_id("FindingId", _ref("Stated")),
        "causes": _list(_ref("CauseFit")),
        "continence": _list(_object({"id": _ref("LeakId"), "because": TEXT})),
        "workup": _list(_object({"id": _ref("WorkUpId"), "when": _ref("Disposition"), "because": TEXT})),
        "care": _list(_ref("CareId")),
        "watch_for": _list(_ref("WatchForId")),
        "words": {**_by_id("WordedId", TEXT), "description": "The wording of each id of care and watch_for."},
        "say": {**TEXT, "description": "What to say to the clinician."},
        "next_questions": _or_null(_ref("Step")),
        "also_said": {**_by_id("FindingId", pieces), "description": "Read in the text, but not of this person now."},
        "not_known": {**findings, "description": "Key flags neither present nor denied by name."},
        "general_denials": findings,
        "conflicts": _list(_object({"finding": _ref("FindingId"), "against": findings, "why": TEXT})),
        "set_aside": _list(_object({"origin": TEXT, "quote": TEXT, "why": TEXT})),
        "notice": TEXT,
    }
    problem: dict[str, Schema] = {
        "type": {"type": "string", "format": "uri-reference"},
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": {**TEXT, "description": "What is wrong."},
        "where": {**_or_null(TEXT), "description": "A JSON Pointer into the body, or the name of a header or parameter."},
        "mend": {**TEXT, "description": "What to do about it."},
        "id": {**_or_null(TEXT), "description": "The id of the case, when it could be read."},
    }
    return {
        "Assessment": _object(
            assessment, about="What to do about a case, and why. Show a person `disposition`, not `low` or `high`."
        ),
        "NextStep": _object(
            {**{key: assessment[key] for key in CARRIED}, "case": _ref("Case")},
            about="The next step of the interview (null: none is left), and the case to send with its answers.",
        ),
        "Reading": _object(
            {"id": _or_null(TEXT), "mentions": _list(_ref("Mention")), "nothing_read": TEXT},
            optional=["nothing_read"],
            about="`nothing_read` is there when nothing was: that is no reassurance.",
        ),
        "Problem": _object(problem, about="An error, as RFC 9457 has it."),
    }


def _about_the_protocol() -> dict[str, Schema]:
    card: Schema = {"type": "string", "pattern": "^[0-9a-f]{8}$", "description": "Its address: /api/v1/cards/{card}."}
    labelled = _list(_object({"id": TEXT, "label": _or_null(TEXT), "words": TEXT, "card": card}))
    number = _or_null({"type": "number"})
    finding: dict[str, Schema] = {
        **dict.fromkeys(("id", "label", "kind", "section", "answered_by"), TEXT),
        "core_flag": FLAG,
        "ask": _or_null(TEXT),
        "hint": _or_null(TEXT),
        "answers": _list(TEXT),
        "unit": _or_null(TEXT),
        "low": number,
        "high": number,
        "options": _list(TEXT),
        "card": card,
    }
    rule: dict[str, Schema] = {
        "id": _ref("RuleId"),
        "disposition": _ref("Disposition"),
        **dict.fromkeys(("when", "because", "timing", "strength"), TEXT),
        "sources": _list(_ref("SourceId")),
        "card": card,
    }
    kind = _object({"id": _ref("KindId"), "label": TEXT, "cant_miss": FLAG})
    shelves = ("continence", "workup", "care", "watch_for", "sources")
    return {
        "Protocol": _object(
            {
                **dict.fromkeys(("id", "version", "digest", "title", "reviewed", "language"), TEXT),
                "languages": _list(TEXT),
                "notice": TEXT,
                "dispositions": {"type": "object", "additionalProperties": TEXT},
                "core_flags": _list(_ref("FindingId")),
                "baseline_facts": _list(_ref("FindingId")),
                "findings": _list(_object(finding)),
                "rules": _list(_object(rule)),
                "groups": {"type": "object", "additionalProperties": TEXT},
                "causes": _list(_object({"id": _ref("CauseId"), "label": TEXT, "words": TEXT, "kinds": _list(kind), "card": card})),
                **dict.fromkeys(shelves, labelled),
            }
        ),
        "Card": _object({"id": TEXT, "cards": _list(TEXT), "notice": TEXT}),
    }
