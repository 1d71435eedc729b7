"""CDS Hooks when something is wrong: the right status, what to mend, and nothing of what was sent."""

from __future__ import annotations

import copy
import json
import logging

import pytest

pytest.importorskip("starlette", reason="the extra `service` is not installed")

from starlette.testclient import TestClient

from equina.web.app import create_app
from equina.web.guards import Limits
from strategies import PROTOCOL
from test_hooks import BACK, RETENTION, SIGN, VIEW, bundle, call, order

SECRET = "a secret of the tests, long enough"
LIMITS = Limits(rate=0, records_rate=0, records=400_000)
client = TestClient(create_app({"en": PROTOCOL}, SECRET, limits=LIMITS), raise_server_exceptions=False)
JSON = {"Content-Type": "application/json"}
NAME = "Quxxenstein"  # of a patient; it must come back nowhere
ADDRESS = f"/cds-services/{VIEW.id}"
PERSON = {"resourceType": "Patient", "id": "p1", "name": [{"family": NAME}]}


def changed(change, service=VIEW, **more):
    """A good call, changed in one way."""
    data = copy.deepcopy(call(service, RETENTION, BACK, **more))
    data["prefetch"]["patient"] = copy.deepcopy(PERSON)
    change(data)
    return data


def put(*path, value):
    def change(data):
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return change


def left_out(*path):
    def change(data):
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return change


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout", "diagnostics": NAME}]}
OLD = {
    "resourceType": "Condition",
    "id": "c",
    "patient": {"reference": "Patient/p1"},
    "dateRecorded": "2026-11-25",
    "code": {"text": NAME},
}
WRONG = {
    "another hook": (changed(put("hook", value="order-sign")), 422, "hook: "),
    "an unknown hook": (changed(put("hook", value=NAME)), 422, "hook: "),
    "no hook": (changed(left_out("hook")), 422, "hook: "),
    "no hook instance": (changed(left_out("hookInstance")), 422, "hookInstance: "),
    "no context": (changed(left_out("context")), 422, "context: "),
    "no patient": (changed(left_out("context", "patientId")), 422, "context.patientId: "),
    "no prefetch": (changed(left_out("prefetch")), 412, "patient and conditions not sent"),
    "no conditions": (changed(left_out("prefetch", "conditions")), 412, "conditions not sent"),
    "conditions that could not be had": (changed(put("prefetch", "conditions", value=OUTCOME)), 412, "conditions not sent"),
    "the same in a Bundle": (changed(put("prefetch", "conditions", value=bundle(OUTCOME))), 412, "conditions not sent"),
    "another resource": (changed(put("prefetch", "conditions", value=PERSON)), 422, "prefetch.conditions: it holds Patient"),
    "no resource": (changed(put("prefetch", "conditions", value=[NAME])), 422, "prefetch.conditions: a resource"),
    "a text": (changed(put("prefetch", "patient", value=NAME)), 422, "prefetch.patient: a resource"),
    "a prefetch that is a list": (changed(put("prefetch", value=[])), 422, "prefetch: an object"),
    "another patient": (changed(put("prefetch", "patient", "id", value="p2")), 422, "of another patient"),
    "a record of another patient": (
        changed(lambda data: data["prefetch"]["conditions"]["entry"][0]["resource"].update(subject={"reference": "Patient/p2"})),
        422,
        "prefetch.conditions: it holds a record of another patient",
    ),
    "another version of FHIR": (changed(put("prefetch", "conditions", value=bundle(OLD))), 422, "FHIR DSTU2"),
    "nested deeply": (
        changed(put("prefetch", "patient", value=json.loads('{"a":' * 300 + "1" + "}" * 300))),
        422,
        "prefetch.patient",
    ),
}


def problem(answer, status, detail, caplog):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert detail in answer.json()["detail"]
    assert answer.json()["mend"]
    for said in (answer.text, caplog.text):
        assert NAME not in said
        assert "Traceback" not in said


@pytest.mark.parametrize(("data", "status", "detail"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_call_is_refused(data, status, detail, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = client.post(ADDRESS, json=data)
    problem(answer, status, detail, caplog)


GOOD = json.dumps(changed(lambda _: None)).encode()
BODIES = {
    "cut off": (GOOD[:-20], 400),
    "nothing": (b"", 400),
    "no JSON": (b"hook=patient-view", 400),
    "no object": (b"[]", 422),
    "a key twice": (b'{"hook": "patient-view", "hook": "patient-view"}', 400),
    "no number": (b'{"hook": NaN}', 400),
    "not UTF-8": (b'{"hook": "\xff"}', 400),
    "nested too deeply to be read": (b'{"prefetch":' + b"[" * 60_000 + b"]" * 60_000 + b"}", 400),
    "a number of a hundred thousand digits": (b'{"hook": ' + b"9" * 100_000 + b"}", 400),
    "too large": (GOOD + b" " * 400_000, 413),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=list(BODIES))
def test_a_body_that_can_not_be_read_is_refused(body, status, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = client.post(ADDRESS, content=body, headers=JSON)
    problem(answer, status, "", caplog)
    assert "line" not in answer.json()["detail"], "a body is no line among others"


@pytest.mark.parametrize("depth", [50, 150, 240, 320, 450])
def test_however_deep_a_resource_is_nested_there_is_an_answer(depth):
    items = json.loads('{"linkId":"x","item":[' * depth + "{}" + "]}" * depth)
    response = {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "subject": {"reference": "Patient/p1"}}
    data = changed(put("prefetch", "interviews", value=bundle({**response, "item": [items]})))
    assert client.post(ADDRESS, json=data).status_code in (200, 422)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/cds-services/no-such-service", JSON, 404),
        ("POST", "/cds-services/no-such-service/feedback", JSON, 404),
        ("GET", "/cds-services/red-flags-at-patient-view/else", {}, 404),
        ("GET", ADDRESS, {}, 405),
        ("POST", "/cds-services", JSON, 405),
        ("PUT", ADDRESS, JSON, 405),
        ("POST", ADDRESS, {"Content-Type": "text/plain"}, 415),
        ("POST", ADDRESS, {**JSON, "Content-Encoding": "gzip"}, 415),
        ("POST", ADDRESS, {**JSON, "Content-Length": "9999999"}, 413),
    ],
)
def test_another_way_to_ask_is_refused(method, path, headers, status, caplog):
    answer = client.request(method, path, content=b"{}" if method == "POST" else None, headers=headers)
    problem(answer, status, "", caplog)


def test_too_many_calls_are_told_to_wait():
    busy = TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=1, burst=1, records_rate=1, records_burst=3)))
    seen = [busy.get("/cds-services") for _ in range(5)]
    assert [answer.status_code for answer in seen] == [200, 200, 200, 429, 429]
    assert seen[-1].headers["Retry-After"] == "1"
    assert busy.get("/healthz").status_code == 200, "the pages have a limit of their own"


def test_orders_are_wanted_where_orders_are_signed(caplog):
    without = changed(left_out("context", "draftOrders"), SIGN)
    problem(client.post(f"/cds-services/{SIGN.id}", json=without), 422, "context.draftOrders: a Bundle", caplog)
    others = changed(
        lambda _: None, SIGN, orders=[order("ServiceRequest", "MRI lumbar spine") | {"subject": {"reference": "Patient/p2"}}]
    )
    problem(client.post(f"/cds-services/{SIGN.id}", json=others), 422, "an order for another patient", caplog)


ITEM = {"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-11-26T03:07:29Z"}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"feedback": []},
        {"feedback": [NAME]},
        {"feedback": [{**ITEM, "card": ""}]},
        {"feedback": [{**ITEM, "outcome": NAME}]},
        {"feedback": [{**ITEM, "outcomeTimestamp": "yesterday"}]},
        {"feedback": [{**ITEM, "outcome": "accepted"}]},
        {"feedback": [{**ITEM, "outcome": "accepted", "acceptedSuggestions": [NAME]}]},
        {"feedback": [{**ITEM, "overrideReason": NAME}]},
        {"feedback": [ITEM] * 201},
    ],
)
def test_feedback_that_says_nothing_is_refused(data, caplog):
    problem(client.post(f"{ADDRESS}/feedback", json=data), 422, "feedback", caplog)


def test_feedback_is_counted_without_a_word_of_it(caplog):
    told = {**ITEM, "overrideReason": {"reason": {"code": NAME, "system": "s"}, "userComment": f"{NAME} was here"}}
    with caplog.at_level(logging.DEBUG):
        assert client.post(f"{ADDRESS}/feedback", json={"feedback": [told, ITEM]}).status_code == 200
    counts = client.get("/metrics").text
    assert f'equina_cds_feedback_total{{outcome="overridden",reason="own",service="{VIEW.id}"}} 1.0' in counts
    assert f'equina_cds_feedback_total{{outcome="overridden",reason="none",service="{VIEW.id}"}} 1.0' in counts
    assert NAME not in counts + caplog.text


def test_nothing_of_a_call_is_in_the_log_or_the_counts(caplog):
    with caplog.at_level(logging.DEBUG):
        assert client.post(ADDRESS, content=GOOD, headers=JSON).json()["cards"]
    for said in (caplog.text, client.get("/metrics").text):
        assert NAME not in said
        assert "R33" not in said


def test_what_is_remembered_of_concepts_does_not_grow_with_what_is_sent():
    from equina.hooks.bearing import _known
    from equina.hooks.judging import _names

    long = "Low back pain, " + "x" * 50_000
    data = changed(lambda _: None)
    data["prefetch"]["conditions"]["entry"][0]["resource"]["code"]["text"] = long
    assert client.post(ADDRESS, json=data).status_code == 200
    assert not any(long in key for key in _known(PROTOCOL) if key)
    assert not any(long in words for words, _ in _names(PROTOCOL)[0])
