"""What is judged, as a card: a line, why with the words that state it, and what is proposed. Nothing is ordered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import uuid4

from equina.case import Evidence
from equina.fhir.canonical import Json, canonical, coding, kebab
from equina.fhir.definitions import override_reasons
from equina.fhir.elements import concept_words
from equina.fhir.proposals import service_request
from equina.hooks.judging import Judged
from equina.hooks.orders import order_words
from equina.model import Protocol, Rule, Source
from equina.rest.answers import card_address
from equina.wording import wording

__all__ = ["OVERRIDES", "cards"]

_LONGEST = 139  # of a summary, which has to be shorter than 140
_MOST_RULES, _MOST_QUOTES, _MOST_ASIDE, _MOST_TESTS, _MOST_LETTERS = 3, 3, 4, 3, 80
_SDC = "http://hl7.org/fhir/uv/sdc/CodeSystem/temp"
_WORDS = wording("hooks")
OVERRIDES = override_reasons()


def cards(protocol: Protocol, judged: Judged, now: datetime, base: str | None) -> list[Json]:
    """The cards of a call, none where there is nothing to say. `base` is the public address of this service."""
    if judged.silent:
        return []
    level = judged.assessment.low if judged.danger else None
    indicator = {"emergency": "critical", "urgent": "warning"}.get(level or "", "warning" if judged.orders else "info")
    rules = [protocol.rules[reason.id] for reason in judged.assessment.reasons if reason.id in protocol.rules]
    made: Json = {
        "uuid": str(uuid4()),
        "summary": _summary(protocol, judged),
        "indicator": indicator,
        "detail": "\n\n".join(_detail(protocol, judged, rules)),
        "source": _source(protocol, rules, base),
        "overrideReasons": [coding(protocol, "override-reasons", code, told) for code, told in OVERRIDES.items()],
    }
    if suggestions := list(_suggestions(protocol, judged, now)):
        made |= {"suggestions": suggestions, "selectionBehavior": "any"}
    if base and judged.danger and rules:
        made["links"] = [{"label": _WORDS["link_rule"], "url": f"{base}/card/{card_address(rules[0].id)}", "type": "absolute"}]
    return [made]


# --- the line --------------------------------------------------------------------------------------------------------------------


def _summary(protocol: Protocol, judged: Judged) -> str:
    """What the card is about: the labels of the protocol alone, never the words of a record."""
    if judged.danger:
        names = sorted({name for reason in judged.assessment.reasons for name in reason.findings}, key=protocol.order.__getitem__)
        return _fitted(_WORDS[f"summary_{judged.assessment.low}"], [protocol.findings[name].label for name in names])
    kinds = {order.kind for order in judged.orders}
    about = "imaging" if "imaging" in kinds else "analgesia" if kinds else "unasked"
    return _WORDS[f"summary_{about}"].format(number=len(judged.unasked))


def _fitted(words: str, labels: Sequence[str]) -> str:
    """The sentence with as many of the labels as it has room for."""
    for shown in range(len(labels), 0, -1):
        more = [_WORDS["more"].format(number=len(labels) - shown)] if shown < len(labels) else []
        told = words.format(findings=", ".join((*labels[:shown], *more)))
        if len(told) <= _LONGEST:
            return told
    return words.format(findings=labels[0] if labels else "")[: _LONGEST - 1] + "…"


# --- the detail, in Markdown ---------------------------------------------------------------------------------------------------


def _detail(protocol: Protocol, judged: Judged, rules: Sequence[Rule]) -> Iterator[str]:
    if judged.danger:
        yield _WORDS[
            f"level_{judged.assessment.disposition}" if judged.assessment.disposition == judged.assessment.low else "level_open"
        ]
    else:
        yield _WORDS["level_unasked"]
    if judged.orders:
        yield _WORDS["orders"].format(orders=", ".join(_quoted(order.words) for order in judged.orders[:_MOST_QUOTES]))
    if judged.danger:
        yield "\n".join(_because(protocol, judged, rules))
    if missing := judged.unasked or judged.assessment.not_known:
        yield _WORDS["unasked"].format(findings=_labels(protocol, missing))
    if conflicts := judged.assessment.conflicts:
        yield _WORDS["conflicts"].format(findings=_labels(protocol, dict.fromkeys(item.finding for item in conflicts)))
    if aside := [item for item in judged.case.set_aside if not item.quote.endswith(" of it")]:
        told = [f"{_quoted(item.quote)} ({_plain(item.why)})" for item in aside[:_MOST_ASIDE]]
        rest = [_WORDS["more"].format(number=len(aside) - len(told))] if len(aside) > len(told) else []
        yield _WORDS["set_aside"].format(items=", ".join((*told, *rest)))
    for key, names in (("not_sent", judged.call.not_sent), ("first_page", judged.call.first_page)):
        if names:
            yield _WORDS[key].format(keys=", ".join(names))
    notice = " ".join(protocol.notice.split())
    digest = protocol.digest.partition(":")[2][:12] or protocol.digest[:12]
    yield _WORDS["made_by"].format(notice=notice, id=protocol.id, version=protocol.version, digest=digest)


def _because(protocol: Protocol, judged: Judged, rules: Sequence[Rule]) -> Iterator[str]:
    """The rules that decide, for clinicians, each with the findings that it rests on and the words that state them."""
    reasons = {reason.id: reason for reason in judged.assessment.reasons}
    for rule in rules[:_MOST_RULES]:
        names = reasons[rule.id].findings
        yield "- " + _WORDS["rule"].format(findings=_labels(protocol, names), pathway=rule.pathway)
        for name in names:
            if told := _evidence(judged, protocol.findings[name].label, judged.case.evidence.get(name, ())):
                yield f"    - {told}"
    if len(rules) > _MOST_RULES:
        yield "- " + _WORDS["more"].format(number=len(rules) - _MOST_RULES)


def _evidence(judged: Judged, label: str, pieces: Sequence[Evidence]) -> str | None:
    """Where a finding is stated: quotes of a text or codes of a record; what only denies it or is past is left out."""
    stated = [piece for piece in pieces if piece.assertion in (None, "present", "uncertain")]
    for origin in ("text", "record"):
        found = dict.fromkeys(piece.quote for piece in stated if piece.origin == origin and piece.quote)
        quotes = [_quoted(quote if origin == "text" else _with_words(judged, quote)) for quote in found]
        if quotes:
            return _WORDS[f"evidence_{origin}"].format(label=label, quotes=", ".join(quotes[:_MOST_QUOTES]))
    return _WORDS["evidence_answer"].format(label=label) if any(piece.origin == "answer" for piece in stated) else None


def _with_words(judged: Judged, quote: str) -> str:
    """The code and the name of a record, with the words in which the record has it."""
    name = quote.rpartition("(")[2].rstrip(")")
    records = (record for record in judged.call.records if f"{record.get('resourceType')}/{record.get('id')}" == name)
    concepts = (record.get("code") or record.get("medicationCodeableConcept") for record in records)
    words = next((said for concept in concepts if (said := concept_words(concept))), "")
    return f"{words[:_MOST_LETTERS]} {quote}" if words and not quote.startswith(words) else quote


def _labels(protocol: Protocol, names: Iterable[str]) -> str:
    return ", ".join(protocol.findings[name].label for name in names)


def _quoted(words: str) -> str:
    """Words of a record as Markdown code, in which nothing is a link, an image or markup; angle brackets are none either."""
    return f"`{_plain(words).replace('`', chr(39))}`"


def _plain(words: str) -> str:
    kept = "".join(mark if mark.isprintable() else " " for mark in words)
    return " ".join(kept.replace("<", "‹").replace(">", "›").split()) or "…"


# --- by whom, and why it may be set aside ---------------------------------------------------------------------------------------


def _source(protocol: Protocol, rules: Sequence[Rule], base: str | None) -> Json:
    """What the card rests on: the first source of the first rule that can be looked up, else the protocol."""
    found = (protocol.sources[name] for rule in rules for name in rule.sources)
    cited = next(((source, address) for source in found if (address := _address(source))), None)
    citation = cited[0].citation if cited else " ".join(protocol.title.split())
    label = _WORDS["source"].format(id=protocol.id, version=protocol.version, citation=citation)
    made: Json = {"label": label if len(label) <= _LONGEST else label[: _LONGEST - 1].rpartition(" ")[0] + " …"}
    address = cited[1] if cited else base
    return made | ({"url": address} if address else {})


def _address(source: Source) -> str | None:
    if source.url:
        return source.url
    if source.doi:
        return f"https://doi.org/{source.doi}"
    return f"https://pubmed.ncbi.nlm.nih.gov/{source.pmid}/" if source.pmid else None


# --- what is proposed ----------------------------------------------------------------------------------------------------------


def _suggestions(protocol: Protocol, judged: Judged, now: datetime) -> Iterator[Json]:
    """Tests that the assessment asks for, once its advice is given; and the questions, while red flags are not on record."""
    assessment, patient = judged.assessment, {"reference": f"Patient/{judged.call.patient}"}
    imaged = any(order.kind == "imaging" for order in judged.orders)
    wanted = {test.id: test for test in assessment.workup} if assessment.disposition else {}
    names = [name for name in order_words()["proposed"] if name in wanted and not (imaged and _is_imaging(name))]
    for place, name in enumerate(names[:_MOST_TESTS] if judged.danger else []):
        request = service_request(protocol, wanted[name], now, patient) | _during(judged)
        label = _WORDS["suggest_test"].format(label=protocol.workup[name].label)
        yield _suggestion(label, request, recommended=place == 0 and assessment.disposition == "emergency")
    if assessment.not_known:
        yield _suggestion(_WORDS["suggest_interview"], _task(protocol, judged, now, patient), recommended=not judged.danger)


def _is_imaging(test: str) -> bool:
    return test.startswith(("mri_", "spine_"))


def _during(judged: Judged) -> Json:
    return {"encounter": {"reference": f"Encounter/{judged.call.encounter}"}} if judged.call.encounter else {}


def _task(protocol: Protocol, judged: Judged, now: datetime, patient: Json) -> Json:
    """The request to ask the questions, as Structured Data Capture has it: a Task that names the Questionnaire."""
    questionnaire = f"{canonical('Questionnaire', f'{kebab(protocol.id)}-interview')}|{protocol.version}"
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "proposal",
        "priority": "stat" if judged.assessment.low == "emergency" else "urgent",
        "code": {"coding": [{"system": _SDC, "code": "complete-questionnaire", "display": "Complete Questionnaire"}]},
        "description": _WORDS["task"].format(title=protocol.title),
        "for": patient,
        **_during(judged),
        "authoredOn": now.isoformat(),
        "input": [{"type": {"coding": [{"system": _SDC, "code": "questionnaire"}]}, "valueCanonical": questionnaire}],
    }


def _suggestion(label: str, resource: Json, *, recommended: bool) -> Json:
    action = {"type": "create", "description": label, "resource": resource}
    return {"label": label, "uuid": str(uuid4()), "isRecommended": recommended, "actions": [action]}
