"""The triage contract: what a line may say, and the shape of its answer. What cannot be judged is in test_triage_command.py."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equina.case import ANSWERERS, Evidence
from equina.exchange import KEYS, BadInput, Request, answer, failure, read_request
from equina.model import DISPOSITIONS
from equina.protocol import load
from equina.triage import assess

PROTOCOL = load(Path(__file__).parent / "bad_protocols" / "valid")
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WEAK_LEG = {"back_pain": True, "leg_weakness": True}


def read(**data):
    return read_request(PROTOCOL, json.dumps(data).encode(), NOW)


def case_of(**data):
    return read(**data).case


def answer_to(**data):
    """The answer to a line, as the caller reads it back."""
    request = read(**data)
    return json.loads(json.dumps(answer(PROTOCOL, request, assess(PROTOCOL, request.case)), allow_nan=False))


def test_every_field_is_optional():
    request = read()
    assert request.id is None
    assert request.case.values == {}
    assert request.case.onset == {}
    assert request.case.as_of == NOW
    assert request.case.answered_by == "self"
    assert request.case.complete is False
    assert request.case.set_aside == ()


@pytest.mark.parametrize("key", ["id", "age", "sex", "text", "findings", "as_of", "onset"])
def test_null_means_not_given(key):
    assert read(**{key: None}) == read()


def test_the_fields_are_those_of_the_contract():
    assert set(KEYS) == {"id", "age", "sex", "text", "findings", "complete", "answered_by", "carer", "as_of", "onset", "protocol"}


@pytest.mark.parametrize(("given_id", "read_id"), [("c1", "c1"), ("", ""), (" ", " "), (5, "5"), (-1.5, "-1.5"), (None, None)])
def test_the_id_is_the_caller_s(given_id, read_id):
    assert read(id=given_id).id == read_id


def test_what_is_asked_and_not_known_is_kept_apart_from_what_was_not_asked():
    assert case_of(findings={"back_pain": None}).values == {"back_pain": None}


@pytest.mark.parametrize("value", [True, False, None, "long_standing"])
def test_a_finding_has_four_values(value):
    assert case_of(findings={"urinary_retention": value}).values["urinary_retention"] is value or value == "long_standing"


@pytest.mark.parametrize("value", [0, 0.0, -0.0, 450, 450.25, 3000])
def test_a_quantity_is_its_number(value):
    got = case_of(findings={"pvr_ml": value}).values["pvr_ml"]
    assert got == value
    assert isinstance(got, float)


def test_age_and_sex_set_their_findings():
    assert case_of(age=38, sex="F").values == {"age_years": 38, "sex_at_birth": "F"}
    assert case_of(age=0, sex="X").values == {"age_years": 0, "sex_at_birth": "X"}


def test_age_and_sex_may_be_said_twice_alike_or_left_not_known_once():
    assert case_of(age=38, findings={"age_years": 38.0}).values["age_years"] == 38
    assert case_of(age=38, findings={"age_years": None}).values["age_years"] == 38
    assert case_of(age=None, findings={"age_years": 38}).values["age_years"] == 38
    assert case_of(sex="M", findings={"sex_at_birth": "M"}).values["sex_at_birth"] == "M"


def test_each_value_comes_from_an_answer():
    case = case_of(age=38, findings=WEAK_LEG)
    assert case.evidence == dict.fromkeys(case.values, (Evidence(origin="answer"),))


@pytest.mark.parametrize("who", ANSWERERS)
def test_who_answers_is_as_said(who):
    assert case_of(answered_by=who, text="x").answered_by == who
    assert case_of(answered_by=who, findings=WEAK_LEG).answered_by == who


@pytest.mark.parametrize(
    ("data", "who"),
    [
        ({}, "self"),
        ({"findings": {}}, "self"),
        ({"findings": WEAK_LEG}, "self"),
        ({"findings": WEAK_LEG, "text": "My leg is weak."}, "self"),
        ({"age": 40, "sex": "F"}, "self"),
        ({"text": "Weak leg."}, "record"),
        ({"text": "Weak leg.", "age": 40, "sex": "F", "complete": True}, "record"),
    ],
)
def test_who_answers_when_nobody_says_so(data, who):
    """`record` when only text is given, else `self`."""
    assert case_of(**data).answered_by == who


def test_complete_is_said_or_false():
    assert case_of(complete=True).complete is True
    assert case_of(complete=False).complete is False


# --- moments -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T02:10+00:00", datetime(2026, 11, 23, 2, 10, tzinfo=UTC)),
        ("2026-11-23T02:10Z", datetime(2026, 11, 23, 2, 10, tzinfo=UTC)),
        ("2026-11-23T02:10:30.5-05:00", datetime(2026, 11, 23, 2, 10, 30, 500_000, tzinfo=timezone(timedelta(hours=-5)))),
        ("2026-11-23 02:10+05:30", datetime(2026, 11, 23, 2, 10, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
    ],
)
def test_as_of_is_read_with_its_offset_and_given_back(text, moment):
    assert case_of(as_of=text).as_of == moment
    assert datetime.fromisoformat(answer_to(as_of=text)["as_of"]) == moment
    assert datetime.fromisoformat(answer_to(as_of=text)["as_of"]).utcoffset() == moment.utcoffset()


def test_as_of_is_the_moment_of_the_run_unless_said():
    assert answer_to()["as_of"] == "2026-11-25T12:00:00+00:00"


def test_an_onset_belongs_to_its_finding():
    onset = {"back_pain": "2026-11-01T00:00+00:00", "leg_weakness": None}
    assert case_of(findings=WEAK_LEG, onset=onset).onset == {"back_pain": datetime(2026, 11, 1, tzinfo=UTC)}


@pytest.mark.parametrize(("later", "fits"), [(timedelta(hours=24), True), (timedelta(hours=24, seconds=1), False)])
def test_an_onset_may_lie_a_day_ahead_for_clocks_and_time_zones(later, fits):
    data = {"findings": WEAK_LEG, "onset": {"back_pain": (NOW + later).isoformat()}}
    if fits:
        assert case_of(**data).onset["back_pain"] == NOW + later
    else:
        with pytest.raises(BadInput, match="after as_of"):
            read(**data)


@pytest.mark.parametrize(("days", "level"), [(13, "emergency"), (15, "self_care")])
def test_what_is_said_to_be_old_is_new_when_its_onset_is_recent(days, level):
    onset = {"urinary_retention": (NOW - timedelta(days=days)).isoformat()}
    old = answer_to(findings={"urinary_retention": "long_standing", "spinal_cord_injury": True}, onset=onset)
    assert old["low"] == level
    assert bool(old["conflicts"]) == (level == "emergency")


# --- text ----------------------------------------------------------------------------------------------------------------------


def test_text_is_set_aside_and_never_taken_as_nothing_found():
    result = answer_to(text="  I can't pee.\n", complete=True)
    assert [item["origin"] for item in result["set_aside"]] == ["text"]
    assert result["set_aside"][0]["quote"] == "I can't pee."
    assert "not read" in result["set_aside"][0]["why"]
    assert result["disposition"] is None
    assert [reason["rule"] for reason in result["reasons"]] == ["nothing_given"]


def test_text_beside_findings_leaves_them_as_they_are():
    result = answer_to(text="No fever.", findings={"urinary_retention": True})
    assert result["disposition"] == "emergency"
    assert list(result["findings"]) == ["urinary_retention"]
    assert len(result["set_aside"]) == 1


@pytest.mark.parametrize("text", ["", "  \n\t"])
def test_an_empty_text_is_nothing_to_set_aside(text):
    assert answer_to(text=text)["set_aside"] == []


def test_a_long_text_is_quoted_by_its_beginning():
    quote = answer_to(text="I hurt. " * 1000)["set_aside"][0]["quote"]
    assert ("I hurt. " * 1000).startswith(quote)
    assert 20 <= len(quote) <= 60


# --- out -----------------------------------------------------------------------------------------------------------------------

CONTRACT = {
    *("id", "protocol", "as_of", "low", "high", "disposition", "settled", "reasons", "open", "findings", "causes", "continence"),
    *("workup", "care", "watch_for", "say", "next_questions", "set_aside"),
}
BEYOND = {
    "also_said",
    "waiting",
    "not_known",
    "examine",
    "words",
    "general_denials",
    "conflicts",
    "notice",
}  # given besides, for those who want them
LINES = [
    {},
    {"id": "c1", "findings": WEAK_LEG},
    {"findings": {"back_pain": True, "urinary_retention": True, "pvr_ml": 450}},
    {"findings": {"back_pain": True, "urinary_retention": False}, "complete": True},
    {"findings": {"back_pain": False, "urinary_retention": False}, "complete": True},
    {"findings": {"leg_weakness": "long_standing", "neuro_deficit": False}, "age": 40, "sex": "X", "answered_by": "clinician"},
    {"findings": {"neuro_deficit": False, "foot_drop": True}, "complete": True, "text": "My foot drags."},
    {"text": "My foot drags.", "complete": True},
]


@pytest.mark.parametrize("line", LINES)
def test_the_answer_has_the_shape_of_the_contract(line):
    result = answer_to(**line)
    assert result.keys() == CONTRACT | BEYOND
    assert result["id"] == line.get("id")
    assert result["protocol"] == {"id": "tiny", "version": "1", "digest": PROTOCOL.digest}
    assert result["low"] in DISPOSITIONS
    assert result["high"] in DISPOSITIONS
    assert result["disposition"] in (*DISPOSITIONS, None)
    assert isinstance(result["settled"], bool)
    for reason in result["reasons"]:
        assert reason.keys() == {"rule", "disposition", "because", "timing", "findings", "sources"}
        assert reason["rule"] in PROTOCOL.rules | PROTOCOL.policies
        assert set(reason["findings"]) <= result["findings"].keys()
        assert set(reason["sources"]) <= PROTOCOL.sources.keys()
    for rule in result["open"]:
        assert rule.keys() == {"rule", "disposition", "findings"}
        assert not set(rule["findings"]) & result["findings"].keys(), "what was asked is not asked again"
    for item in result["examine"]:
        assert item.keys() == {"finding", "how"}
        assert item["how"]
    for found in result["findings"].values():
        assert found.keys() == {"value", "evidence"}
        assert found["evidence"] == [{"origin": "answer"}]
    for cause in result["causes"]:
        assert cause.keys() == {"id", "kinds", "cant_miss", "fit", "for", "against"}
        assert cause["fit"] in ("strong", "possible", "weak")
        assert cause["kinds"]
        assert cause["for"]
    for leak in result["continence"]:
        assert leak.keys() == {"id", "because"}
        assert leak["id"] in ("stress", "urge", "mixed", "overflow", "functional")
    for test in result["workup"]:
        assert test.keys() == {"id", "when", "because"}
        assert test["when"] in DISPOSITIONS
    assert result["words"].keys() == {*result["care"], *result["watch_for"]}
    assert all(isinstance(words, str) and words for words in result["words"].values())
    assert result["say"]
    assert result["next_questions"] is None or result["next_questions"]["options"]
    for conflict in result["conflicts"]:
        assert conflict.keys() == {"finding", "against", "why"}
    for item in result["set_aside"]:
        assert item.keys() == {"origin", "quote", "why"}
    assert result["notice"] == "For tests alone."


def test_the_lines_above_show_each_list_filled_at_least_once():
    results = [answer_to(**line) for line in LINES]
    for key in (CONTRACT | BEYOND) - {"also_said"}:  # filled by texts alone: test_read_command
        if key != "next_questions":
            assert any(result[key] for result in results), key


def test_the_values_are_given_back_as_they_were_given():
    given_findings = {
        "urinary_retention": None,
        "leg_weakness": "long_standing",
        "back_pain": False,
        "pvr_ml": 450,
        "foot_drop": True,
    }
    found = answer_to(findings=given_findings)["findings"]
    assert {name: item["value"] for name, item in found.items()} == given_findings
    assert list(found) == list(given_findings), "in the order given"
    assert found["foot_drop"]["value"] is True
    assert found["urinary_retention"]["value"] is None


def test_a_whole_answer():
    result = answer_to(id="c1", as_of="2026-11-23T02:10+00:00", findings={"back_pain": True, "urinary_retention": True})
    assert result["low"] == result["high"] == result["disposition"] == "emergency"
    assert result["settled"] is True
    assert result["reasons"] == [
        {
            "rule": "cannot_pass_urine",
            "disposition": "emergency",
            "because": "You can't pee.",
            "timing": "Go now.",
            "findings": ["urinary_retention"],
            "sources": ["one", "two"],
        }
    ]
    assert result["open"] == []
    assert [cause["id"] for cause in result["causes"]] == ["nerve_squeeze"]
    assert result["causes"][0]["cant_miss"] is True
    assert result["causes"][0]["against"] == []
    assert result["continence"] == [{"id": "overflow", "because": "You can't empty your bladder."}]
    assert result["workup"] == [{"id": "bladder_scan", "when": "emergency", "because": "You can't pee."}]
    assert result["care"] == []
    assert result["watch_for"] == []
    assert result["say"] == "My back hurts, and my bladder has changed. I can't pee."


def test_a_denial_that_something_present_contradicts_is_shown():
    conflicts = answer_to(findings={"neuro_deficit": False, "foot_drop": True})["conflicts"]
    assert [(conflict["finding"], conflict["against"]) for conflict in conflicts] == [("neuro_deficit", ["foot_drop"])]


def test_evidence_that_is_no_answer_says_where_it_stands():
    piece = Evidence(origin="text", start=10, end=25, quote="can't pee", assertion="present")
    request = read(findings={"urinary_retention": True})
    request = Request(request.id, replace(request.case, evidence={"urinary_retention": (piece,)}))
    found = answer(PROTOCOL, request, assess(PROTOCOL, request.case))["findings"]["urinary_retention"]
    assert found["evidence"] == [
        {"origin": "text", "start": 10, "end": 25, "quote": "can't pee", "assertion": "present", "cue": None}
    ]


def test_a_case_without_a_moment_says_so():
    request = Request(None, replace(read().case, as_of=None))
    assert answer(PROTOCOL, request, assess(PROTOCOL, request.case))["as_of"] is None


def test_a_failure_names_line_and_id():
    assert failure(7, BadInput("wrong; mend it", "c1")) == {"id": "c1", "line": 7, "error": "wrong; mend it"}
    assert failure(7, BadInput("wrong")) == {"id": None, "line": 7, "error": "wrong"}


def test_a_fault_keeps_the_id_of_its_line():
    with pytest.raises(BadInput) as error:
        read(id="c1", findings={"fevr": True})
    assert error.value.id == "c1"
    with pytest.raises(BadInput) as error:
        read(id=7, findings={"fevr": True})
    assert error.value.id == "7"


# --- whatever is sent ----------------------------------------------------------------------------------------------------------

names = st.sampled_from([*PROTOCOL.findings, *KEYS, "fevr", ""]) | st.text(max_size=5)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["long_standing", "F", "self"])
)
offsets = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
moments = st.datetimes(timezones=st.none() | offsets).map(datetime.isoformat)
anything = st.recursive(
    scalars | moments, lambda below: st.lists(below, max_size=3) | st.dictionaries(names, below, max_size=4), max_leaves=8
)
fitting = st.dictionaries(
    st.sampled_from(list(PROTOCOL.findings)), st.sampled_from([True, False, None, "long_standing", 38, "F"]), max_size=5
)
sent = st.fixed_dictionaries(
    {},
    optional={
        "id": anything,
        "age": scalars,
        "sex": scalars,
        "text": scalars,
        "findings": fitting | anything,
        "complete": st.booleans() | scalars,
        "answered_by": st.sampled_from(ANSWERERS) | scalars,
        "as_of": moments | scalars,
        "onset": st.dictionaries(st.sampled_from(list(PROTOCOL.findings)), moments | scalars, max_size=3) | anything,
    },
)


def outcome(line):
    try:
        return read_request(PROTOCOL, line, NOW)
    except BadInput as error:
        return error


@settings(deadline=None, max_examples=400)
@given(sent | anything)
def test_whatever_json_is_sent_is_judged_or_refused_in_words(data):
    found = outcome(json.dumps(data).encode())
    if isinstance(found, BadInput):
        assert str(found)
        assert json.dumps(failure(1, found), allow_nan=False)
    else:
        result = answer(PROTOCOL, found, assess(PROTOCOL, found.case))
        assert json.loads(json.dumps(result, allow_nan=False)).keys() == CONTRACT | BEYOND
