"""The interview as a FHIR R4 Questionnaire: every question, its help and its answers, in each language of the protocol.

The whole list is for systems that ask it all; `next_question` (responses.py) gives one step at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from equina.case import Case
from equina.fhir.canonical import Json, coding, metadata
from equina.interview import option_of
from equina.logic import Condition, Or, Present, stem
from equina.model import Finding, Protocol, Topic
from equina.wording import wording

__all__ = ["ADAPTIVE", "RECORDED", "SDC", "WORDS", "adaptive", "group_of", "item_of", "questionnaire"]

_FHIR = "http://hl7.org/fhir"
_EXTENSION = f"{_FHIR}/StructureDefinition"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"
ADAPTIVE: Json = {"url": f"{SDC}/sdc-questionnaire-questionnaireAdaptive", "valueBoolean": True}
_VERSIONED: Json = {
    "url": f"{_EXTENSION}/artifact-versionAlgorithm",
    "valueCoding": {"system": "http://hl7.org/fhir/version-algorithm", "code": "semver"},
}
RECORDED, WORDS = "recorded", "own_words"
_LOINC = (
    "The codes of the system http://loinc.org are copyright of Regenstrief Institute, Inc. and the LOINC Committee, and are used "
    "under the licence at https://loinc.org/license. LOINC is a registered trademark of Regenstrief Institute, Inc."
)
Texts = Mapping[str, Protocol]  # the same protocol in other languages


def questionnaire(protocol: Protocol, others: Iterable[Protocol] = ()) -> Json:
    """The Questionnaire of the interview. `others` is the same protocol in other languages (equina.locale.localized).

    What no interview asks, such as a laboratory value, stands in a hidden group, so that a response can hold any case.
    """
    texts = {other.language: other for other in others}
    seen: set[str] = set()
    items = []
    for topic in (*protocol.topics.values(), *protocol.handover_topics.values()):
        names = [name for name in topic.findings if name not in seen]
        seen.update(names)
        if names:
            group = group_of(protocol, f"topic_{topic.id}", topic.wording, names, texts)
            _translate(group, "text", {language: _topic(other, topic.id).wording for language, other in texts.items()})
            items.append(group | _enabled(protocol, topic))
    rest = [name for name in protocol.findings if name not in seen]
    hidden = group_of(protocol, RECORDED, "On record", rest, texts, label=True)
    items.append(hidden | {"extension": [{"url": f"{_EXTENSION}/questionnaire-hidden", "valueBoolean": True}]})
    items.append({"linkId": WORDS, "text": "In your own words", "type": "text"})
    made = metadata(protocol, "Questionnaire", "interview", "interview")
    made |= {"meta": {"profile": [f"{SDC}/sdc-questionnaire"]}, "extension": [_VERSIONED], "copyright": _LOINC}
    return made | {"language": protocol.language, "subjectType": ["Patient"], "item": items}


def adaptive(protocol: Protocol) -> Json:
    """What a system finds when it looks for the interview one step at a time: no questions yet, `$next-question` gives them."""
    made = metadata(protocol, "Questionnaire", "step-by-step", "interview, one step at a time")
    made |= {"meta": {"profile": [f"{SDC}/sdc-questionnaire-adapt-srch"]}, "extension": [_VERSIONED, ADAPTIVE]}
    return made | {"language": protocol.language, "subjectType": ["Patient"]}


def _topic(protocol: Protocol, name: str) -> Topic:
    return protocol.topics.get(name) or protocol.handover_topics[name]


def group_of(
    protocol: Protocol,
    link: str,
    text: str,
    names: Iterable[str],
    texts: Texts,
    case: Case | None = None,
    *,
    label: bool = False,
) -> Json:
    """A group of questions."""
    items = [item_of(protocol, protocol.findings[name], texts, case, label=label) for name in names]
    return {"linkId": link, "text": text, "type": "group", "item": items}


def item_of(
    protocol: Protocol,
    finding: Finding,
    texts: Texts,
    case: Case | None = None,
    *,
    label: bool = False,
) -> Json:
    """The question of a finding: its linkId is the finding, its answers are the codes of the interview."""
    known = case or Case()
    option = option_of(protocol, known, finding, "one")

    def told(language: Protocol) -> str:
        own = language.findings[finding.id]
        return own.label if label or own.ask is None else option_of(language, known, own, "one").wording

    item: Json = {"linkId": finding.id, "code": [coding(protocol, "findings", finding.id)], "text": told(protocol)}
    item["code"] += [{"system": "http://loinc.org", "code": code} for code in protocol.codes["loinc"].get(finding.id, ())]
    _translate(item, "text", {language: told(other) for language, other in texts.items()})
    if finding.measured:
        unit = {"system": "http://unitsofmeasure.org", "code": finding.unit, "display": finding.unit_words or finding.unit}
        item |= {
            "type": "decimal",
            "extension": [{"url": f"{_EXTENSION}/questionnaire-unit", "valueCoding": unit}, *_range(finding)],
        }
    else:
        item |= {"type": "choice", "extension": [_control("radio-button")]}
        item["answerOption"] = [_answer(protocol, code, option.answers, texts) for code in option.answers]
    if finding.hint and not label:
        item["item"] = [_help(finding, texts)]
    return item


def _range(finding: Finding) -> Iterator[Json]:
    for end, number in (("minValue", finding.low), ("maxValue", finding.high)):
        if number is not None:
            yield {"url": f"{_EXTENSION}/{end}", "valueDecimal": number}


def _answer(protocol: Protocol, code: str, answers: tuple[str, ...], texts: Texts) -> Json:
    word = "yes" if code == "yes_new" and "long_standing" not in answers else code
    shown = coding(protocol, "answers", code, wording("answers", protocol.language).get(word, code))
    _translate(shown, "display", {language: wording("answers", language).get(word, code) for language in texts})
    return {"valueCoding": shown}


def _help(finding: Finding, texts: Texts) -> Json:
    item: Json = {"linkId": f"{finding.id}_help", "text": finding.hint, "type": "display", "extension": [_control("help")]}
    _translate(item, "text", {language: other.findings[finding.id].hint or "" for language, other in texts.items()})
    return item


def _control(code: str) -> Json:
    """How a form shows the item."""
    control = {"coding": [{"system": f"{_FHIR}/questionnaire-item-control", "code": code}]}
    return {"url": f"{_EXTENSION}/questionnaire-itemControl", "valueCodeableConcept": control}


def _translate(element: Json, key: str, texts: Mapping[str, str]) -> None:
    """Add the translations of a text, where they differ from it."""
    told = [
        {
            "url": f"{_EXTENSION}/translation",
            "extension": [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": text}],
        }
        for language, text in texts.items()
        if text and text != element[key]
    ]
    if told:
        element[f"_{key}"] = {"extension": told}


# --- when a group is asked -----------------------------------------------------------------------------------------------------


def _enabled(protocol: Protocol, topic: Topic) -> Json:
    """When the group is asked, where that can be said exactly: once one of some findings is present, or asked and not known.

    What implies such a finding makes it present too. A condition of another form leaves the group asked of everyone.
    """
    any_of = _any_of(protocol, topic.only_when) if topic.only_when is not None else None
    if any_of is None:
        return {}
    names = [f.id for f in protocol.findings.values() if not any_of.isdisjoint(_implied(protocol, f.id))]
    makers = [protocol.findings[name] for name in names]
    if any(finding.true_when is not None for finding in makers):
        return {}
    codes = ((name, code) for name in names for code in option_of(protocol, Case(), protocol.findings[name], "one").answers)
    conditions = [
        {"question": name, "operator": "=", "answerCoding": coding(protocol, "answers", code)}
        for name, code in codes
        if code != "no" and name not in topic.findings
    ]
    return {"enableWhen": conditions, "enableBehavior": "any"}


def _any_of(protocol: Protocol, condition: Condition) -> frozenset[str] | None:
    """The findings of which one is enough, or None when the condition is not of that form."""
    if isinstance(condition, Present):
        name = stem(condition.name, protocol.findings)
        return frozenset({name}) if name in protocol.findings else None
    if isinstance(condition, Or):
        found = [_any_of(protocol, each) for each in condition.parts]
        return None if None in found else frozenset().union(*(each for each in found if each))
    return None


def _implied(protocol: Protocol, name: str) -> frozenset[str]:
    found, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += protocol.findings[one].implies
    return frozenset(found)
