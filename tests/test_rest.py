"""REST answers as the commands do: one case a request, the same JSON; and what it needs to run."""

from __future__ import annotations

import io
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from equina.evaluation.vignettes import MODES, read_vignettes
from equina.interview import CODES
from equina.lines import triage
from equina.locale import localized
from equina.notes.command import run as read_command
from equina.rest.measures import JsonLines
from equina.web.app import create_app
from equina.web.guards import Limits
from strategies import FEWER_TRIES, PROTOCOL, TRIES, cases
from test_vignettes import FILES

SECRET = "a secret of the tests, long enough"
AS_OF = "2026-11-25T02:10:00+00:00"
client = TestClient(create_app({"en": PROTOCOL, "es": localized(PROTOCOL, "es")}, SECRET, limits=Limits(rate=0)))


def quiet(_: str) -> None:
    pass


def told(*requests, protocol=PROTOCOL):
    """What `equina triage` answers."""
    out = io.StringIO()
    triage(protocol, io.BytesIO("\n".join(map(json.dumps, requests)).encode()), out, quiet)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def read(*texts):
    """What `equina read` answers."""
    out = io.StringIO()
    read_command(PROTOCOL, quiet, io.BytesIO("\n".join(map(json.dumps, texts)).encode()), out=out, show=None, cues=None)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def post(door, data, **more):
    return client.post(f"/api/v1/{door}", json=data, **more)


# --- the doors agree -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES.values(), ids=list(FILES))
def test_a_vignette_is_answered_as_triage_does(path):
    vignettes = read_vignettes([path])
    requests = [{**v.request(mode, complete=True), "as_of": AS_OF} for v in vignettes for mode in MODES if v.has(mode)]
    assert len(requests) >= len(vignettes)
    for request, expected in zip(requests, told(*requests), strict=True):
        answer = post("assess", request)
        assert answer.status_code == 200
        assert answer.json() == expected


@FEWER_TRIES
@given(cases)
def test_a_random_case_is_answered_as_triage_does(case):
    request = {
        "id": "r",
        "as_of": case.as_of.isoformat(),
        "findings": dict(case.values),
        "onset": {name: moment.isoformat() for name, moment in case.onset.items()},
        "answered_by": case.answered_by,
        "complete": case.complete,
    }
    (expected,) = told(request)
    assert post("assess", request).json() == expected
    step = post("next-questions", request).json()
    assert {key: step[key] for key in step if key != "case"} == {key: expected[key] for key in step if key != "case"}
    assert post("assess", step["case"]).json() == expected, "the case that is carried is the same case"


@pytest.mark.parametrize("path", FILES.values(), ids=list(FILES))
def test_a_text_is_read_as_the_command_does(path):
    texts = [{"id": v.id, "text": text} for v in read_vignettes([path]) for text in v.texts.values()]
    for text, expected in zip(texts, read(*texts), strict=True):
        assert post("read", text).json() == expected


@TRIES
@given(st.text(max_size=80), st.none() | st.text(max_size=8))
def test_any_text_at_all_is_read_or_refused_as_the_command_does(text, id):
    (expected,) = read({"id": id, "text": text})
    answer = post("read", {"id": id, "text": text})
    if "error" in expected:
        assert answer.status_code == 422
        assert answer.json()["detail"] == f"text: {expected['error']}"
    else:
        assert answer.json() == expected


def test_spanish_words_on_request():
    request = {"id": "e", "as_of": AS_OF, "findings": {"urinary_retention": True}}
    (expected,) = told(request, protocol=localized(PROTOCOL, "es"))
    answer = post("assess", request, params={"lang": "es"}).json()
    assert answer == expected
    assert answer["reasons"] != post("assess", request).json()["reasons"]


# --- an interview over REST ------------------------------------------------------------------------------------------------------


def interviewed(reply):
    """The answers to an interview whose every option gets `reply`."""
    state, answers = {"id": "i", "as_of": AS_OF}, {}
    for _ in range(60):
        answer = post("next-questions", {**state, "answers": answers})
        assert answer.status_code == 200, answer.text
        said = answer.json()
        if said["next_questions"] is None:
            return said
        state = said["case"]
        answers = {option["finding"]: reply(option) for option in said["next_questions"]["options"]}
    raise AssertionError("the questions do not end")


def test_an_interview_of_yes_is_an_emergency_and_stops():
    said = interviewed(lambda option: next(code for code in (*CODES, *option["answers"]) if code in option["answers"]))
    assert said["disposition"] == "emergency"
    assert said["waiting"]
    assert "urinary_retention" in said["case"]["findings"] or said["reasons"]


def test_an_interview_of_no_ends_calm_once_complete():
    said = interviewed(lambda option: "no" if "no" in option["answers"] else 40 if option["unit"] == "a" else "not_sure")
    assert post("assess", {**said["case"], "complete": True}).json()["disposition"] == "self_care"


def test_not_sure_is_never_no():
    said = interviewed(lambda option: "not_sure")
    assert set(said["case"]["findings"].values()) == {None}
    assert post("assess", {**said["case"], "complete": True}).json()["disposition"] == "urgent"


def test_answers_go_with_a_text():
    first = post(
        "next-questions", {"text": "My back hurts.", "answered_by": "self", "as_of": AS_OF, "answers": {"fever": "no"}}
    ).json()
    assert first["case"]["text"] == "My back hurts."
    assert first["case"]["findings"] == {"fever": False}
    assert post("assess", first["case"]).json()["findings"]["back_pain"]["value"] is True


def test_a_text_alone_is_asked_on_by_the_one_who_wrote_it():
    """`assess` takes a text alone for a record; who asks for the next question is there to answer it."""
    said = post("next-questions", {"text": "My back hurts"}).json()
    assert (said["case"]["answered_by"], said["next_questions"]["kind"]) == ("self", "list")
    assert post("next-questions", said["case"]).json()["next_questions"] == said["next_questions"]
    assert post("assess", {"text": "My back hurts"}).json()["next_questions"] is None
    assert post("next-questions", {"text": "My back hurts", "answered_by": "record"}).json()["next_questions"] is None


# --- the protocol ----------------------------------------------------------------------------------------------------------------


def test_the_protocol_names_every_finding_and_rule_with_its_card():
    protocol = client.get("/api/v1/protocol").json()
    assert [finding["id"] for finding in protocol["findings"]] == list(PROTOCOL.findings)
    assert [rule["id"] for rule in protocol["rules"]] == list(PROTOCOL.rules)
    assert protocol["digest"] == PROTOCOL.digest
    rows = [row for shelf in ("findings", "rules", "causes", "workup", "care", "sources") for row in protocol[shelf]]
    for row in rows[::25]:
        card = client.get(f"/api/v1/cards/{row['card']}").json()
        assert card["id"] == row["id"]
        assert any(row["id"] in text for text in card["cards"])


def test_no_two_cards_share_an_address():
    from equina.cards import every_id
    from equina.rest.answers import card_addresses

    assert len(card_addresses(PROTOCOL)) == len(set(every_id(PROTOCOL)))


# --- running it ------------------------------------------------------------------------------------------------------------------


def test_ready_and_healthy():
    assert client.get("/readyz").text == "ready\n"
    assert client.get("/healthz").text == "ok\n"


def test_not_ready_when_a_story_ends_elsewhere(monkeypatch):
    from equina.rest import doors

    def broken(*_):
        raise ValueError("someone can't pee")

    monkeypatch.setattr(doors, "assess", broken)
    assert client.get("/readyz").status_code == 503


def test_metrics_count_by_route_and_status_and_hold_no_health_data():
    fresh = TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=0)))
    fresh.post("/api/v1/assess", json={"findings": {"urinary_retention": True}})
    fresh.post("/api/v1/assess", json={"findings": {"fevr": True}})
    fresh.get("/api/v1/cards/00000000")
    fresh.get("/I-cannot-pee")
    answer = fresh.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'equina_requests_total{method="POST",route="/api/v1/assess",status="200"} 1.0' in answer.text
    assert 'equina_requests_total{method="POST",route="/api/v1/assess",status="422"} 1.0' in answer.text
    assert 'equina_requests_total{method="GET",route="/api/v1/cards/{card}",status="404"} 1.0' in answer.text
    assert 'equina_request_seconds_count{method="POST",route="/api/v1/assess"} 2.0' in answer.text
    assert PROTOCOL.digest in answer.text
    for word in ("urinary", "fevr", "pee", "emergency", "00000000"):
        assert word not in answer.text


def test_the_log_is_json_with_route_and_time_and_no_answer(caplog):
    with caplog.at_level(logging.DEBUG):
        post("assess", {"id": "someone", "text": "I can't pee", "findings": {"fever": True}})
        post("assess", {"id": "someone", "findings": {"fevr": True}})
        client.get("/api/v1/cards/07bc3e41")
    records = [json.loads(JsonLines().format(record)) for record in caplog.records if record.name.startswith("equina")]
    assert [(record["route"], record["status"]) for record in records][:2] == [("/api/v1/assess", 200), ("/api/v1/assess", 422)]
    assert all(record["milliseconds"] >= 0 for record in records)
    assert not re.search("someone|pee|fev|07bc3e41", json.dumps(records))


def test_an_error_in_the_log_is_told_by_its_kind_alone():
    try:
        raise ValueError("someone can't pee")
    except ValueError:
        import sys

        record = logging.LogRecord("x", logging.ERROR, "f", 1, "broken", None, sys.exc_info())
    told = json.loads(JsonLines().format(record))
    assert told["error"] == "ValueError"
    assert "pee" not in json.dumps(told)


def test_many_at_once_are_answered_as_one_by_one():
    texts = [text for v in read_vignettes(FILES.values()) for text in v.texts.values()][:120]
    requests = [{"id": "m", "as_of": AS_OF, "text": f"{text} " * (1 + 2_500 // len(text))} for text in texts]  # long: in threads
    expected = told(*requests)
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda request: post("assess", request).json(), requests))
    assert said == expected
