"""The Questionnaire, its responses as cases and back, and the interview one step at a time."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equina import Case, assess
from equina.exchange import BadInput
from equina.fhir.questionnaire import questionnaire
from equina.fhir.responses import case_of_response, next_question, response_of
from equina.interview import next_questions, with_answers
from equina.locale import localized
from strategies import NOW, PROTOCOL, TRIES, dated, findings

MADE = questionnaire(PROTOCOL, [localized(PROTOCOL, "es")])


def walk(items):
    for item in items:
        yield item
        yield from walk(item.get("item", []))


ITEMS = {item["linkId"]: item for item in walk(MADE["item"])}


def test_every_finding_is_one_item_and_every_link_is_unique():
    links = [item["linkId"] for item in walk(MADE["item"])]
    assert len(links) == len(set(links))
    assert set(PROTOCOL.findings) <= set(links)
    assert "_" not in MADE["id"]


def test_what_no_interview_asks_is_hidden():
    asked = {name for topic in (*PROTOCOL.topics.values(), *PROTOCOL.handover_topics.values()) for name in topic.findings}
    assert {item["linkId"] for item in ITEMS["recorded"]["item"]} == set(PROTOCOL.findings) - asked
    assert ITEMS["recorded"]["extension"][0]["valueBoolean"] is True


def test_answers_are_the_codes_of_the_interview():
    codes = [option["valueCoding"]["code"] for option in ITEMS["saddle_anesthesia"]["answerOption"]]
    assert codes == ["yes_new", "long_standing", "no", "not_sure"]
    assert ITEMS["temperature_c"]["type"] == "decimal"


def test_questions_have_their_help_and_their_translation():
    item = ITEMS["urinary_retention"]
    assert item["text"] == PROTOCOL.findings["urinary_retention"].ask
    assert item["item"][0]["text"] == PROTOCOL.findings["urinary_retention"].hint
    language, text = item["_text"]["extension"][0]["extension"]
    assert (language["valueCode"], text["valueString"]) == ("es", localized(PROTOCOL, "es").findings["urinary_retention"].ask)


def test_a_group_is_enabled_by_what_may_make_its_condition_true():
    enabled = {(each["question"], each["answerCoding"]["code"]) for each in ITEMS["topic_cord"]["enableWhen"]}
    assert {("spinal_cord_injury", "yes_new"), ("spinal_cord_injury", "not_sure")} <= enabled
    assert all(code != "no" for _, code in enabled)
    assert "enableWhen" not in ITEMS["topic_first"]
    assert all(each["question"] in ITEMS for item in ITEMS.values() for each in item.get("enableWhen", ()))


@given(findings.flatmap(dated), st.sampled_from(["self", "clinician", "record"]), st.booleans(), st.booleans())
@TRIES
def test_a_case_survives_the_way_through_a_response(case, answered_by, complete, carer):
    values, onset = case
    given = Case(
        values=values,
        onset=onset,
        as_of=NOW,
        answered_by=answered_by,
        complete=complete,
        carer=carer and answered_by == "self",
    )
    back = case_of_response(PROTOCOL, response_of(PROTOCOL, given), datetime(2000, 1, 1, tzinfo=UTC))
    assert back.values == values
    assert replace(back, values={}, evidence={}) == replace(given, values={})


def test_own_words_are_read():
    back = case_of_response(PROTOCOL, response_of(PROTOCOL, Case(told="I can't pass urine", as_of=NOW)), NOW)
    assert back.values["urinary_retention"] is True


def response(*items, **more):
    return {"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": list(items), **more}


def coded(link, code):
    return {"linkId": link, "answer": [{"valueCoding": {"code": code}}]}


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (coded("urinary_retension", "no"), "urinary_retention"),
        (coded("fever", "maybe"), "fever"),
        ({"linkId": "fever", "answer": [{"valueString": "no"}]}, "fever"),
        ({"linkId": "fever", "answer": [3]}, "fever"),
        ({"linkId": "fever", "answer": [{"valueCoding": {"code": "no"}}] * 2}, "one answer"),
        ({"linkId": "temperature_c", "answer": [{"valueDecimal": 380}]}, "possible range"),
        ({"linkId": "temperature_c", "answer": [{"valueDecimal": True}]}, "number"),
        ({"linkId": "temperature_c", "answer": [{"valueString": "38"}]}, "number"),
        (coded("sex_at_birth", "yes_new"), "sex_at_birth"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(item, told):
    with pytest.raises(BadInput, match=told):
        case_of_response(PROTOCOL, response({"linkId": "topic_first", "item": [item]}), NOW)


@pytest.mark.parametrize("more", [{"status": "entered-in-error"}, {"status": 3}, {"resourceType": "Patient"}, {"authored": "soon"}])
def test_a_response_that_is_none_is_refused(more):
    with pytest.raises(BadInput):
        case_of_response(PROTOCOL, response(**more), NOW)


def test_plain_values_and_nested_answers_count():
    inner = {"linkId": "fever", "answer": [{"valueBoolean": True}]}
    nested = {"linkId": "back_pain", "answer": [{"valueCoding": {"code": "yes_new"}, "item": [inner]}]}
    empty = {"linkId": "syncope"}
    number = {"linkId": "age_years", "answer": [{"valueInteger": 40}]}
    back = case_of_response(PROTOCOL, response(nested, empty, number), NOW)
    assert back.values == {"fever": True, "back_pain": True, "age_years": 40.0}
    assert (back.as_of, back.complete) == (NOW, False)


@pytest.mark.parametrize("code", ["no", "not_sure"])
def test_step_by_step_it_asks_what_the_interview_asks(code):
    case, now = Case(as_of=NOW), next_question(PROTOCOL, response(authored=NOW.isoformat()), NOW)
    for _ in range(60):
        step = next_questions(PROTOCOL, case)
        if step is None:
            break
        group = now["contained"][0]["item"][-1]
        assert [item["linkId"] for item in group["item"]] == [option.finding for option in step.options]
        assert now["status"] == "in-progress"
        answers = {
            option.finding: "not_sure" if "number" in option.answers or "F" in option.answers else code for option in step.options
        }
        case = with_answers(PROTOCOL, case, answers)
        items = [answered(name, answer) for name, answer in answers.items()]
        now = next_question(PROTOCOL, now | {"item": [*now["item"], {"linkId": group["linkId"], "item": items}]}, NOW)
    assert now["status"] == "completed"
    end = case_of_response(PROTOCOL, now, NOW)
    assert assess(PROTOCOL, end).disposition == assess(PROTOCOL, replace(case, complete=True)).disposition


def answered(name, answer):
    if PROTOCOL.findings[name].measured:
        absent = [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "asked-unknown"}]
        return {"linkId": name, "answer": [{"_valueDecimal": {"extension": absent}}]}
    return coded(name, answer)


def test_an_emergency_asks_nothing_further():
    items = {"linkId": "step_1", "item": [coded("urinary_retention", "yes_new"), coded("back_pain", "yes_new")]}
    assert next_question(PROTOCOL, response(items), NOW)["status"] == "completed"


def test_what_nobody_answered_is_asked_again_once():
    first = next_question(PROTOCOL, response(), NOW)
    again = next_question(PROTOCOL, first, NOW)
    links = [item["linkId"] for item in walk(again["contained"][0]["item"])]
    assert len(links) == len(set(links))
