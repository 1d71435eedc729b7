"""Whatever is wrong under /fhir is answered as an OperationOutcome with its status. Nothing is kept, let in, or told to others."""

from __future__ import annotations

import io
import json
import logging

import pytest
from starlette.testclient import TestClient

from equina.fhir import doors
from equina.fhir.responses import response_of
from equina.rest.measures import JsonLines
from equina.web.app import create_app
from equina.web.guards import HEADERS, Limits
from strategies import NOW, PROTOCOL

SECRET = "a secret of the tests, long enough"
TOKEN = "T" * 20 + "0123456789abcdef"
FHIR = {"Content-Type": "application/fhir+json"}
OPERATIONS = ("$assess", "Questionnaire/$next-question", "QuestionnaireResponse/$extract")


def opened(**more):
    return TestClient(create_app({"en": PROTOCOL}, SECRET, **{"limits": Limits(rate=0), **more}), raise_server_exceptions=False)


client = opened()


def send(body, operation="$assess", by=client, **headers):
    return by.post(f"/fhir/{operation}", content=body, headers={**FHIR, **headers})


def is_outcome(answer, status, code=None):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.headers["cache-control"] == "no-store"
    assert all(answer.headers[name] == value for name, value in HEADERS.items())
    told = answer.json()
    assert told["resourceType"] == "OperationOutcome"
    (issue,) = told["issue"]
    assert issue["severity"] == ("fatal" if status >= 500 else "error")
    assert code in (None, issue["code"])
    assert issue["diagnostics"]
    assert "Traceback" not in answer.text
    return issue


# --- bodies --------------------------------------------------------------------------------------------------------------------

RESPONSE = {"resourceType": "QuestionnaireResponse", "status": "in-progress"}
TWO = [{"resource": {"resourceType": "Condition", "subject": {"reference": f"Patient/{name}"}}} for name in ("a", "b")]


def given(*parameters):
    return {"resourceType": "Parameters", "parameter": list(parameters)}


def item(link, **answer):
    return {**RESPONSE, "item": [{"linkId": link, "answer": [answer]}]}


EVERYWHERE = {
    "empty": (b"", 400, "structure"),
    "truncated": (b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Cond', 400, "structure"),
    "not UTF-8": (b'{"resourceType": "\xff"}', 400, "structure"),
    "XML": (b"<Bundle xmlns='http://hl7.org/fhir'/>", 400, "structure"),
    "a list": (b"[]", 400, "structure"),
    "a number": (b"12", 400, "structure"),
    "NaN": (b'{"resourceType": "Bundle", "total": NaN}', 400, "structure"),
    "a key twice": (b'{"resourceType": "Bundle", "resourceType": "Bundle"}', 400, "structure"),
    "a long number": (b'{"resourceType": "Bundle", "total": ' + b"9" * 5000 + b"}", 400, "structure"),
    "no type": (b"{}", 400, "structure"),
    "a type that is no text": (b'{"resourceType": 3}', 400, "structure"),
    "another resource": (b'{"resourceType": "Claim"}', 400, "structure"),
    "deep lists": (b'{"resourceType": ' + b"[" * 100_000, 400, "structure"),
    "parameters without any": (json.dumps(given()).encode(), 400, "required"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("body", "status", "code"), EVERYWHERE.values(), ids=EVERYWHERE)
def test_a_body_that_is_none_is_refused(operation, body, status, code):
    is_outcome(send(body, operation), status, code)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("depth", [150, 300, 480, 900])
def test_items_within_items_without_end_are_refused_or_judged_and_never_a_fault(operation, depth):
    body = b'{"resourceType": "QuestionnaireResponse", "status": "completed", "item": '
    nested = b'[{"linkId": "topic_first", "item": ' * depth + b"[]" + b"}]" * depth + b"}"
    answer = send(body + nested, operation)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert "nested" in is_outcome(answer, 400)["diagnostics"]


def test_bundles_within_bundles_without_end_are_refused():
    depth = 400
    body = b'{"resourceType": "Bundle", "entry": [{"resource": ' * depth + b'{"resourceType": "Patient"}' + b"}]}" * depth
    is_outcome(send(body), 400)


ANSWERS = {
    "an unknown question": (item("urinary_retension", valueCoding={"code": "no"}), 422, "urinary_retention"),
    "no answer to it": (item("fever", valueCoding={"code": "maybe"}), 422, "fever"),
    "another kind of answer": (item("fever", valueString="no"), 422, "fever"),
    "an impossible number": (item("temperature_c", valueDecimal=380), 422, "temperature"),
    "a status that is not judged": ({**RESPONSE, "status": "entered-in-error"}, 422, "status"),
    "a time that is none": ({**RESPONSE, "authored": "soon"}, 422, "authored"),
    "another questionnaire": ({**RESPONSE, "questionnaire": "https://elsewhere.example/q"}, 422, "another questionnaire"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("resource", "status", "told"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_does_not_fit_is_told_with_its_place(operation, resource, status, told):
    issue = is_outcome(send(json.dumps(resource), operation), status, "value")
    assert told in issue["diagnostics"]
    assert issue["expression"][0].startswith("QuestionnaireResponse.")


ASSESSED = {
    "two patients": ({"resourceType": "Bundle", "entry": TWO}, 422, "multiple-matches"),
    "an entry that is none": ({"resourceType": "Bundle", "entry": [{"resource": {"id": "x", "status": "y"}}]}, 400, "structure"),
    "an unknown parameter": (given({"name": "records", "resource": RESPONSE}), 400, "structure"),
    "a response that is none": (given({"name": "response", "resource": {"resourceType": "Patient"}}), 400, "structure"),
    "two responses": (given(*[{"name": "response", "resource": RESPONSE}] * 2), 400, "structure"),
    "no resource": (given({"name": "record", "valueString": "x"}), 400, "structure"),
    "no moment": (given({"name": "record", "resource": RESPONSE}, {"name": "asOf", "valueDateTime": "2026-11"}), 400, "structure"),
    "no flag": (given({"name": "record", "resource": RESPONSE}, {"name": "complete", "valueString": "yes"}), 400, "structure"),
    "a moment alone": (given({"name": "asOf", "valueDateTime": NOW.isoformat()}), 400, "required"),
}


@pytest.mark.parametrize(("resource", "status", "code"), ASSESSED.values(), ids=ASSESSED)
def test_what_can_not_be_assessed_is_told(resource, status, code):
    assert is_outcome(send(json.dumps(resource)), status, code)["expression" if code != "multiple-matches" else "diagnostics"]


@pytest.mark.parametrize(
    "odd",
    [
        {"entry": None},
        {"entry": {"resource": 3}},
        {"entry": [None, 3, "x", {"resource": None}, {"request": {"method": "DELETE", "url": "Patient/1"}}]},
        {"entry": [{"resource": {"resourceType": "Condition", "code": [[{"coding": 3}]], "subject": "Patient/1"}}]},
        {
            "entry": [
                {"resource": {"resourceType": "Observation", "valueQuantity": {"value": 1e308}, "code": {"coding": [{"code": {}}]}}}
            ]
        },
        {"entry": [{"resource": {"resourceType": "Patient", "birthDate": "9999-99-99", "gender": []}}]},
        {"entry": [{"resource": {"resourceType": "DocumentReference", "content": [{"attachment": {"data": "%%%"}}]}}]},
        {"entry": [{"resource": {"resourceType": "Communication", "payload": [{"contentString": "\ud800 \u0000 numb"}]}}]},
    ],
)
def test_a_record_of_odd_shape_is_judged_as_far_as_it_can_be(odd):
    assert send(json.dumps({"resourceType": "Bundle", **odd})).status_code == 200


# --- what is refused unread ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "application/fhir+xml"}, 406),
        ({"Accept": "text/html"}, 406),
        ({"Accept": "application/fhir+json; fhirVersion=3.0"}, 406),
        ({"Accept": "application/fhir+json;q=0"}, 406),
        ({"Content-Type": "application/fhir+xml"}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "application/fhir+json; fhirVersion=5.0"}, 415),
        ({"Content-Type": "application/fhir+json; charset=latin-1"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
    ],
)
def test_another_form_or_version_is_refused(headers, status):
    issue = is_outcome(send(json.dumps(RESPONSE), **headers), status, "not-supported")
    assert issue["expression"][0] in headers


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/fhir/Patient/1", 404, "not-supported"),
        ("/fhir/Patient?name=x", 404, "not-supported"),
        ("/fhir/Questionnaire/nothing", 404, "not-found"),
        ("/fhir/Questionnaire/back-pain-interview/_history/1", 404, "not-found"),
        ("/fhir/Questionnaire?subject=x", 400, "structure"),
        ("/fhir/Questionnaire?url:below=x", 400, "structure"),
        ("/fhir/Questionnaire?_count=x", 400, "structure"),
        ("/fhir/Questionnaire/back-pain-interview?patient=x", 400, "structure"),
        ("/fhir/metadata?_format=xml", 406, "not-supported"),
        ("/fhir/$assess", 404, "not-supported"),
        ("/fhir/", 404, "not-found"),
        ("/fhir", 404, "not-found"),
    ],
)
def test_an_address_that_is_none(address, status, code):
    is_outcome(client.get(address), status, code)


@pytest.mark.parametrize(("method", "path"), [("PUT", "metadata"), ("DELETE", "Questionnaire/x"), ("POST", "Questionnaire")])
def test_another_method_is_refused_and_what_is_allowed_is_told(method, path):
    answer = client.request(method, f"/fhir/{path}")
    is_outcome(answer, 405, "not-supported")
    assert set(answer.headers["allow"].split(", ")) >= {"GET", "OPTIONS"}
    assert client.options(f"/fhir/{path}").status_code == 204


def test_a_search_by_another_form_is_refused():
    is_outcome(client.post("/fhir/Questionnaire/_search", json={"url": "x"}), 415)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    is_outcome(client.post("/fhir/Questionnaire/_search", content=b"url=%ff", headers=form), 400)


def test_a_body_of_records_may_be_large_and_a_larger_one_is_refused():
    large = json.dumps({"resourceType": "Bundle", "entry": [], "x": "a" * 200_000})
    assert send(large).status_code == 200
    small = opened(limits=Limits(rate=0, records=100_000))
    is_outcome(send(large, by=small), 413, "too-long")
    assert opened().post("/api/v1/assess", content=large).status_code == 413


def test_too_many_requests_are_told_when_to_come_again():
    few = opened(limits=Limits(rate=1, records_rate=0.001, records_burst=1.0))
    assert few.get("/fhir/metadata").status_code == 200
    answer = few.get("/fhir/metadata")
    is_outcome(answer, 429, "throttled")
    assert answer.headers["retry-after"] == "1"


def test_without_its_token_the_service_answers_only_what_it_is():
    guarded = opened(token=TOKEN)
    assert guarded.get("/fhir/metadata").json()["rest"][0]["security"]
    for wrong in ("", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"):
        answer = guarded.get("/fhir/Questionnaire", headers={"Authorization": wrong})
        is_outcome(answer, 401, "login")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        is_outcome(send("{}", by=guarded, Authorization=wrong), 401, "login")
    assert guarded.get("/fhir/Questionnaire", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    with pytest.raises(ValueError, match="32 characters"):
        doors.routes({"en": PROTOCOL}, token="short")


# --- what is kept --------------------------------------------------------------------------------------------------------------


def test_neither_the_log_nor_a_fault_tells_what_was_sent(monkeypatch):
    def broken(*_):
        raise RuntimeError("secretword in a traceback")

    monkeypatch.setattr(doors, "assessed", broken)
    stream = io.StringIO()
    told = logging.StreamHandler(stream)
    told.setFormatter(JsonLines())
    logging.getLogger("equina").addHandler(told)
    logging.getLogger("equina").setLevel(logging.INFO)
    try:
        faulty = opened()
        body = json.dumps({"resourceType": "Bundle", "id": "secretword"})
        issue = is_outcome(send(body, by=faulty), 500, "exception")
        send(b'{"resourceType": "secretword"}', "QuestionnaireResponse/$extract", by=faulty)
        faulty.get("/fhir/secretword/secretword")
    finally:
        logging.getLogger("equina").removeHandler(told)
    assert "secretword" not in stream.getvalue() + json.dumps(issue)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {line.get("route") for line in lines} >= {"/fhir/{kind}/{id}"}


def test_what_one_sends_is_not_found_in_the_answer_to_the_next():
    from equina import Case

    first = send(json.dumps(response_of(PROTOCOL, Case(values={"urinary_retention": True, "back_pain": True}, as_of=NOW))))
    second = send(json.dumps({**RESPONSE, "authored": NOW.isoformat()}))
    assert "emergency" in json.dumps(first.json()["entry"][0]["resource"]["contained"][0])
    assert '"disposition"' not in json.dumps(second.json()["entry"][0]["resource"]["contained"][0])
