"""`equina mcp` spoken to by the SDK's own client: what it lists, how an interview goes, what comes first in an emergency."""

import json
from functools import partial

import pytest
from mcp import Client

from assistants import in_session, interviewed, over_stdio, refused, said, served, texts
from command import answers_in, run
from equina import assess, load
from equina.assistant.server import INSTRUCTIONS, UNFORESEEN, server
from equina.case import Case
from equina.evaluation.interviews import whole
from equina.interview import next_questions
from equina.locale import localized
from strategies import PROTOCOL

SPANISH = localized(load(), "es")
PROTOCOLS = {"en": PROTOCOL, "es": SPANISH}
NAMES = ["start_interview", "continue_interview", "assess_case", "read_text", "show_card", "handover_page"]
NOW = "2026-11-23T02:10:00+00:00"
EMERGENCY = PROTOCOL.disposition_words["emergency"].upper()
CANNOT_PEE = "My back hurts badly and I can't pee since this morning."


def here(talk):
    """With a client of this process, which speaks the same protocol without a pipe."""
    return in_session(lambda: Client(server(PROTOCOLS)), talk)


def triaged(*cases):
    """What `equina triage` answers."""
    code, output, _ = run("triage", given="\n".join(map(json.dumps, cases)).encode())
    assert code == 0
    return answers_in(output)


@pytest.fixture(scope="module")
def address():
    with served(PROTOCOLS) as where:
        yield where


# --- what it is ----------------------------------------------------------------------------------------------------------------


def test_the_tools_are_listed_typed_and_read_only():
    async def talk(client):
        return await client.list_tools(), client.instructions

    listed, instructions = in_session(over_stdio, talk)
    assert [tool.name for tool in listed.tools] == NAMES
    assert instructions == INSTRUCTIONS
    for tool in listed.tools:
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
        assert not tool.annotations.open_world_hint
        assert tool.input_schema["additionalProperties"] is False
        assert tool.input_schema["properties"]["language"]["enum"] == ["en", "es"]
        assert {"say_exactly", "emergency"} <= set(tool.output_schema["required"])
        assert tool.description


def test_the_instructions_say_what_a_model_must_not_do():
    for duty in (
        "word for word",
        "Never soften it",
        "Never answer for the person",
        "`not_sure`, never as `no`",
        "Say once, at the start, that this is general education",
    ):
        assert duty in INSTRUCTIONS
    for tool in NAMES:
        if tool != "show_card":
            assert f"`{tool}`" in INSTRUCTIONS


# --- the interview -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["stdio", "http"])
def test_each_story_told_step_by_step_ends_where_it_ends(way, address):
    async def talk(client):
        return {
            story.id: await interviewed(client, PROTOCOL, whole(PROTOCOL, story.findings)) for story in PROTOCOL.stories.values()
        }

    stories = in_session(over_stdio if way == "stdio" else partial(Client, address), talk)
    ends = []
    for story in PROTOCOL.stories.values():
        *asking, last = stories[story.id]
        end = last.structured_content
        assert end["result"]["disposition"] == story.expected, story.id
        assert end["emergency"] == (story.expected == "emergency")
        assert end["status"] == ("emergency" if end["emergency"] else "advice")
        for turn in asking:
            assert turn.structured_content["status"] == "asking"
        ends.append({**end["case"], "as_of": NOW})
    for story, answer in zip(PROTOCOL.stories.values(), triaged(*ends), strict=True):
        end = stories[story.id][-1].structured_content["result"]
        for key in answer.keys() - {"as_of", "line"}:
            assert end[key] == answer[key], (story.id, key)


def test_the_first_step_is_that_of_the_contract_after_what_is_said_once():
    turn = here(lambda client: said(client, "start_interview")).structured_content
    [answer] = triaged({"findings": {}})
    assert turn["step"] == answer["next_questions"]
    assert turn["say_exactly"].startswith(answer["notice"])
    for option in turn["step"]["options"]:
        assert option["wording"] in turn["say_exactly"]
        assert set(option["answers"]) <= turn["codes"].keys()


def test_the_education_line_is_said_once():
    async def talk(client):
        return await interviewed(client, PROTOCOL, {"back_pain": True})

    first, *later = here(talk)
    notice = " ".join(PROTOCOL.notice.split())
    assert first.structured_content["say_exactly"].count(notice) == 1
    for turn in later:
        assert notice not in turn.structured_content["say_exactly"]


def test_not_sure_stays_not_sure_and_is_never_a_calm_end():
    async def talk(client):
        return await interviewed(client, PROTOCOL, dict.fromkeys(PROTOCOL.findings))

    end = here(talk)[-1].structured_content
    assert all(value is None for value in end["case"]["findings"].values())
    assert end["result"]["disposition"] == "urgent"


def test_what_is_left_out_is_asked_again():
    async def talk(client):
        first = (await said(client, "start_interview")).structured_content
        [answered, *others] = [option["finding"] for option in first["step"]["options"]]
        turn = (await said(client, "continue_interview", case=first["case"], answers={answered: "no"})).structured_content
        again = [option["finding"] for option in turn["step"]["options"]]
        return answered, others, again, turn["case"]["findings"]

    answered, others, again, findings = here(talk)
    assert findings == {answered: False}
    assert set(others) <= set(again)
    assert answered not in again


def test_an_answer_can_be_changed_once_the_advice_is_given():
    async def talk(client):
        end = (await interviewed(client, PROTOCOL, {"back_pain": True}))[-1].structured_content
        assert end["case"]["complete"]
        turn = await said(client, "continue_interview", case=end["case"], answers={"urinary_retention": "yes_new"})
        return end, turn.structured_content

    before, after = here(talk)
    assert before["result"]["disposition"] != "emergency"
    assert after["status"] == "emergency"


def test_a_case_sent_as_a_text_of_json_is_understood():
    case = json.dumps({"findings": {"back_pain": True}})
    turn = here(lambda client: said(client, "continue_interview", case=case, answers='{"fever": "no"}')).structured_content
    assert turn["case"]["findings"] == {"back_pain": True, "fever": False}


def test_a_dated_case_keeps_its_dates():
    case = {"findings": {"back_pain": True}, "as_of": NOW, "onset": {"back_pain": "2026-11-20T02:10:00+00:00"}}
    turn = here(lambda client: said(client, "continue_interview", case=case)).structured_content
    assert turn["case"]["as_of"] == NOW
    assert turn["case"]["onset"] == case["onset"]


def test_a_text_that_was_not_read_is_not_dropped_in_silence():
    case = {"text": "Ich habe seit gestern starke Rückenschmerzen und kann nicht mehr Wasser lassen"}
    turn = here(lambda client: said(client, "continue_interview", case=case)).structured_content
    assert turn["status"] == "asking"
    assert [item["origin"] for item in turn["set_aside"]] == ["text"]
    assert turn["case"]["text"] == case["text"]


def test_in_spanish_every_word_is_spanish_and_the_level_the_same():
    story = PROTOCOL.stories["leaks_after_a_baby"]

    async def talk(client):
        return await interviewed(client, PROTOCOL, whole(PROTOCOL, story.findings), language="es", carer=True)

    turns = [turn.structured_content for turn in here(talk)]
    step = next_questions(SPANISH, Case(answered_by="self"))
    assert turns[0]["step"]["wording"] == step.wording
    assert turns[0]["say_exactly"].startswith(" ".join(SPANISH.notice.split()))
    assert turns[0]["codes"]["not_sure"] == "No lo sé"
    assert turns[-1]["result"]["disposition"] == story.expected
    assert turns[-1]["say_exactly"].startswith(SPANISH.disposition_words[story.expected].upper())


# --- an emergency --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("continue_interview", {"case": {}, "answers": {"urinary_retention": "yes_new"}}),
        ("continue_interview", {"case": {"text": CANNOT_PEE}}),
        ("assess_case", {"case": {"text": CANNOT_PEE}}),
        ("assess_case", {"case": {"findings": {"urinary_retention": True, "fever": False}, "complete": True}}),
        ("read_text", {"text": CANNOT_PEE}),
        ("handover_page", {"case": {"findings": {"urinary_retention": True}}}),
    ],
)
def test_an_emergency_says_first_what_to_do(tool, arguments):
    answer = here(lambda client: said(client, tool, **arguments))
    data, contents = answer.structured_content, texts(answer)
    assert data["emergency"]
    assert contents[0].startswith(EMERGENCY)
    assert contents[0].count("\n\n") == 0
    assert data["say_exactly"].startswith(contents[0])
    assert contents[1] == data["say_exactly"]
    assert json.loads(contents[2]) == data
    assert data.get("step") is None


def test_an_emergency_waits_for_no_mend_of_another_answer():
    answers = {"fever": "maybe", "urinary_retention": "yes_new"}
    data = here(lambda client: said(client, "continue_interview", case={}, answers=answers)).structured_content
    assert data["emergency"]
    assert [item["quote"] for item in data["set_aside"]] == ['fever: "maybe"']
    assert "fever" not in data["case"]["findings"]


def test_a_likelier_harmless_cause_is_not_what_is_said_of_an_emergency():
    case = {"findings": {"urinary_retention": True, "takes_constipating_medicines": True, "back_pain": True}}
    case["findings"] = {name: value for name, value in case["findings"].items() if name in PROTOCOL.findings}
    data = here(lambda client: said(client, "assess_case", case=case)).structured_content
    for cause in PROTOCOL.causes.values():
        if not any(kind.cant_miss for kind in cause.kinds):
            assert cause.words not in data["say_exactly"]


# --- the other tools -----------------------------------------------------------------------------------------------------------

CASES = [
    {"id": "empty"},
    {"id": "text", "text": "Burning when I pee and back pain, no fever.", "as_of": NOW},
    {"id": "both", "text": CANNOT_PEE, "findings": {"urinary_retention": False}, "age": 38, "sex": "F", "as_of": NOW},
    {"id": "old", "findings": {"back_pain": "long_standing", "insensible_incontinence": True}, "complete": True, "as_of": NOW},
    {"id": "exam", "findings": {"pvr_ml": 450, "back_pain": None}, "answered_by": "clinician", "as_of": NOW},
]


def test_a_case_is_assessed_as_triage_does():
    async def talk(client):
        return [(await said(client, "assess_case", case={"as_of": NOW, **case})).structured_content for case in CASES]

    for case, data, answer in zip(CASES, here(talk), triaged(*({"as_of": NOW, **case} for case in CASES)), strict=True):
        assert data["result"] == answer, case["id"]
        advised = answer["disposition"] or "none"
        assert data["say_exactly"].startswith(PROTOCOL.disposition_words[advised].upper())


def test_a_text_is_read_as_read_does():
    text = "No fever. My mother had cancer. Back pain for three days."
    data = here(lambda client: said(client, "read_text", text=text)).structured_content
    code, output, _ = run("read", given=text.encode())
    assert code == 0
    [answer] = answers_in(output)
    assert data["mentions"] == answer["mentions"]
    assert not data["emergency"]


def test_nothing_read_is_told_as_no_reassurance():
    data = here(lambda client: said(client, "read_text", text="The weather is nice.")).structured_content
    assert data["mentions"] == []
    assert data["say_exactly"] == data["nothing_read"]
    assert "no reassurance" in data["say_exactly"]


def test_a_card_is_that_of_show():
    data = here(lambda client: said(client, "show_card", id="saddle_anesthesia")).structured_content
    _, output, _ = run("show", "saddle_anesthesia")
    assert output.decode().strip() == "\n\n".join(data["cards"]) == data["say_exactly"]


def test_the_page_is_that_of_handover():
    case = {"findings": {"back_pain": True, "fever": True}, "as_of": NOW}
    data = here(lambda client: said(client, "handover_page", case=case)).structured_content
    _, output, _ = run("handover", "--format", "markdown", given=json.dumps(case).encode())
    assert output.decode() == data["markdown"]
    level = assess(PROTOCOL, Case.of(back_pain=True, fever=True)).disposition
    assert data["emergency"] == (level == "emergency")


# --- what is wrong -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("asess_case", {}, '"asess_case" is no tool; did you mean "assess_case"?'),
        ("assess_case", {}, "case: it is missing; give it"),
        ("assess_case", {"case": []}, "case: an object is expected; write {...}"),
        ("assess_case", {"case": {}, "languag": "es"}, 'languag: not an argument of this tool; did you mean "language"?'),
        ("assess_case", {"case": {}, "language": "fr"}, 'language: "fr" is not known; give one of en, es'),
        (
            "assess_case",
            {"case": {"findings": {"bak_pain": True}}},
            'case: findings.bak_pain: not a known finding; did you mean "back_pain"?',
        ),
        ("assess_case", {"case": {"findings": {"pvr_ml": True}}}, "case: findings.pvr_ml: pvr_ml is a quantity"),
        ("assess_case", {"case": {"age": 400}}, "case: age: age_years 400 is outside the possible range"),
        ("start_interview", {"answered_by": "record"}, "answered_by: input should be 'self' or 'clinician'"),
        ("continue_interview", {"case": {"answered_by": "record"}}, "case: answered_by: a record answers no questions"),
        (
            "continue_interview",
            {"case": {}, "answers": {"fever": "maybe"}},
            'answers.fever: "maybe" is no answer to it; give one of yes_new',
        ),
        (
            "continue_interview",
            {"case": {}, "answers": {"fever": True}},
            "answers.fever: true is no answer to it; give one of yes_new",
        ),
        ("continue_interview", {"case": {}, "answers": {"fevr": "no"}}, 'answers.fevr: not a known finding; did you mean "fever"?'),
        (
            "continue_interview",
            {"case": {}, "answers": {"pvr_ml": "number"}},
            'answers.pvr_ml: "number" is no answer to it; give one of a number',
        ),
        (
            "continue_interview",
            {"case": {}, "answers": {"pvr_ml": 90000}},
            "answers.pvr_ml: pvr_ml 90000 is outside the possible range",
        ),
        ("read_text", {"text": " "}, "text: it is empty; give the person's own words"),
        ("read_text", {"text": "Ich habe seit gestern starke Rückenschmerzen und kann nicht mehr Wasser lassen"}, "text: "),
        ("show_card", {"id": "fevr"}, 'id: "fevr" is no id of the protocol; did you mean "fever"?'),
    ],
)
def test_an_error_names_the_key_and_the_mend(tool, arguments, why):
    assert here(lambda client: refused(client, tool, **arguments)).startswith(why)


def test_what_is_unforeseen_is_told_without_its_text(monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("private words")

    monkeypatch.setattr("equina.assistant.tools.request_of", broken)
    assert here(lambda client: refused(client, "assess_case", case={"text": "private words"})) == UNFORESEEN
    assert "RuntimeError" in caplog.text
    assert "private" not in caplog.text
