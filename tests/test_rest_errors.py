"""Whatever is wrong is answered as problem+json: what, where, and the mend. Nothing is kept, let in, or told to others."""

from __future__ import annotations

import io
import json
import logging

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.testclient import TestClient

from equina.lines import triage
from equina.rest import answers, doors, routes
from equina.web.app import create_app
from equina.web.guards import HEADERS, Limits
from strategies import PROTOCOL
from test_bad_lines import BAD_INPUT

SECRET = "a secret of the tests, long enough"
TOKEN = "T" * 20 + "0123456789abcdef"
JSON = {"content-type": "application/json"}
POSTS = ("assess", "next-questions", "read")


def opened(**more):
    return TestClient(create_app({"en": PROTOCOL}, SECRET, **{"limits": Limits(rate=0), **more}), raise_server_exceptions=False)


client = opened()
guarded = opened(token=TOKEN)


def send(body, door="assess", headers=JSON, **more):
    return client.post(f"/api/v1/{door}", content=body, headers=headers, **more)


def is_problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert set(told) == {"type", "title", "status", "detail", "where", "mend", "id"}
    assert told["status"] == status
    assert told["detail"]
    assert told["mend"]
    assert "Traceback" not in answer.text
    return told


# --- what the body says ----------------------------------------------------------------------------------------------------------

WRONG = [
    ({"fever": True}, "/fever", 'it is a finding: put it under "findings"'),
    ({"a/b~c": 1}, "/a~1b~0c", None),
    ({"findings": {"fevr": True}}, "/findings/fevr", 'did you mean "fever"?'),
    ({"findings": {"x" * 80: True}}, "/findings", None),
    ({"findings": {"pvr_ml": 9000}}, "/findings/pvr_ml", None),
    ({"findings": {"pvr_ml": True}}, "/findings/pvr_ml", None),
    ({"findings": {"fever": 1}}, "/findings/fever", None),
    ({"findings": [1]}, "/findings", 'write {"back_pain": true}'),
    ({"age": 38, "findings": {"age_years": 50}}, "/age", "keep one"),
    ({"sex": "Q"}, "/sex", None),
    ({"as_of": "yesterday"}, "/as_of", None),
    ({"onset": {"fever": "2026-11-22T20:00+00:00"}}, "/onset/fever", "give fever under findings"),
    ({"complete": "yes"}, "/complete", None),
    ({"answered_by": "dog"}, "/answered_by", None),
    ({"protocol": []}, "/protocol", "leave it out"),
    ({"protocol": False}, "/protocol", "leave it out"),
    ({"id": []}, "/id", "put it in quotes"),
    ([], "", "write {...}"),
]


@pytest.mark.parametrize(("data", "where", "mend"), WRONG)
def test_what_does_not_fit_is_told_with_its_place_and_mend(data, where, mend):
    told = is_problem(send(json.dumps(data)), 422)
    assert told["where"] == where
    if mend:
        assert told["mend"] == mend


ANSWERED = [
    ({"answers": 1}, "/answers"),
    ({"answers": {"fevr": "no"}}, "/answers/fevr"),
    ({"answers": {"fever": "maybe"}}, "/answers/fever"),
    ({"answers": {"fever": 1}}, "/answers/fever"),
    ({"answers": {"fever": True}}, "/answers/fever"),
    ({"answers": {"pvr_ml": "number"}}, "/answers/pvr_ml"),
    ({"answers": {"pvr_ml": 9000}}, "/answers/pvr_ml"),
    ({"answers": {"pvr_ml": 10**400}}, "/answers/pvr_ml"),
    ({"answers": {"pvr_ml": [1]}}, "/answers/pvr_ml"),
]


@pytest.mark.parametrize(("data", "where"), ANSWERED)
def test_an_answer_that_is_none_is_told(data, where):
    told = is_problem(send(json.dumps({"id": "q", **data}), "next-questions"), 422)
    assert told["where"] == where
    assert told["id"] == "q"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": 1},
        {"text": "x", "notes": 1},
        {"text": ""},
        {"text": "Me duele mucho la espalda y no puedo orinar desde ayer por la noche"},
    ],
)
def test_a_text_that_can_not_be_read_is_told(data):
    is_problem(send(json.dumps(data), "read"), 422)


@pytest.mark.parametrize("text", ["", "...", "Me duele la espalda"])
def test_a_text_that_is_not_read_is_told_with_a_mend_and_costs_no_findings(text):
    told = is_problem(send(json.dumps({"text": text}), "read"), 422)
    assert (told["where"], told["mend"]) == ("/text", "say in English what is wrong, or give it under findings")
    judged = send(json.dumps({"text": text, "findings": {"urinary_retention": True}}), "assess").json()
    assert judged["disposition"] == "emergency"
    assert [each["why"].split("; ")[1] for each in judged["set_aside"]] == [told["mend"]] * bool(text)


UNREADABLE = [
    b"",
    b"{",
    b'{"id": "a", "id": "b"}',
    b'{"findings": {"pvr_ml": NaN}}',
    b"\xff\xfe",
    b"{" * 60_000,
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b'{"findings": {"pvr_ml": ' + b"9" * 5_000 + b"}}",
    b'{"findings": {"fever": true}',
    b"findings=fever",
]


@pytest.mark.parametrize("door", POSTS)
@pytest.mark.parametrize("body", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_is_no_json_is_told(door, body):
    assert "line" not in is_problem(send(body, door), 400)["detail"].replace("delimiter", "")


def test_a_bad_line_is_refused_here_in_the_words_of_triage():
    tried = 0
    for case in BAD_INPUT:
        out = io.StringIO()
        triage(PROTOCOL, io.BytesIO(case["line"].encode()), out, lambda _: None)
        expected = json.loads(out.getvalue())
        if "error" not in expected:  # of the small protocol alone
            continue
        answer = client.post("/api/v1/assess", content=case["line"].encode(), headers=JSON)
        assert answer.status_code in (400, 422)
        assert answer.json()["id"] == expected["id"]
        if answer.status_code == 422:
            assert answer.json()["detail"] == expected["error"]
            tried += 1
    assert tried > 20


def test_a_byte_order_mark_is_no_fault():
    assert send(b"\xef\xbb\xbf{}").status_code == 200


def test_half_a_character_comes_back_as_it_was_sent():
    answer = send(b'{"id": "\\ud800", "text": "\\udfff"}')
    assert answer.status_code == 200
    assert answer.json()["id"] == "\ud800"


# --- how it is asked -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "multipart/form-data"]
)
def test_a_body_that_is_not_json_is_415(kind):
    told = is_problem(send(b"{}", headers={"content-type": kind}), 415)
    assert told["where"] == "Content-Type"


def test_a_compressed_body_is_415():
    assert is_problem(send(b"{}", headers={**JSON, "content-encoding": "gzip"}), 415)["where"] == "Content-Encoding"


@pytest.mark.parametrize("kind", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"'])
def test_json_is_taken_however_it_is_written(kind):
    assert send(b"{}", headers={"content-type": kind}).status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/json;q=0, */*", 406),
        ("application/xml, text/*", 406),
        ("*/*;q=0.1", 200),
        ("application/*", 200),
        ("text/html, application/json;q=0.5", 200),
        ("", 200),
    ],
)
def test_the_answer_is_json_or_406(accept, status):
    answer = send(b"{}", headers={**JSON, "accept": accept})
    assert answer.status_code == status
    if status == 406:
        is_problem(answer, 406)


def test_answers_do_not_belong_in_an_address():
    for query in ("fever=true", "lang=en&fever=true", "lang=en&lang=en", "lang=xx", "lang="):
        told = is_problem(send(b"{}", "assess?" + query), 400)
        assert "true" not in told["detail"]
        assert told["where"] == ("fever" if "fever" in query else "lang")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("door", POSTS)
def test_health_data_goes_by_post_alone(door, method):
    answer = client.request(method, f"/api/v1/{door}")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"POST", "OPTIONS"}
    if method != "HEAD":
        is_problem(answer, 405)


@pytest.mark.parametrize("path", ["/api/v1/protocol", "/api/openapi.json"])
def test_head_is_get_without_the_body(path):
    whole, head = client.get(path), client.head(path)
    assert head.status_code == 200
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert head.content == b""
    is_problem(client.post(path), 405)


def test_options_names_the_methods_and_nobody_is_let_in_from_elsewhere():
    for path, allow in (("/api/v1/assess", "POST, OPTIONS"), ("/api/v1/protocol", "GET, HEAD, OPTIONS")):
        answer = client.options(path, headers={"origin": "https://example.org", "access-control-request-method": "POST"})
        assert answer.status_code == 204
        assert answer.headers["allow"] == allow
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/assess", "/api/", "/api/v1/cards/00000000"])
def test_nothing_is_there(path):
    is_problem(client.get(path), 404)


def test_too_large_and_too_many():
    is_problem(send(b" " * 70_000), 413)
    busy = opened(limits=Limits(rate=1, burst=2))
    seen = [busy.post("/api/v1/assess", json={}) for _ in range(4)]
    assert [answer.status_code for answer in seen[:2]] == [200, 200]
    is_problem(seen[3], 429)
    assert seen[3].headers["retry-after"] == "1"


def test_a_fault_of_ours_tells_nothing_of_the_answers(monkeypatch, caplog):
    def broken(*_):
        raise ValueError("patient said: I can't pee")

    monkeypatch.setattr(answers, "assess", broken)
    with caplog.at_level(logging.DEBUG):
        answer = send(json.dumps({"id": "someone", "text": "I can't pee"}))
    is_problem(answer, 500)
    for told in (answer.text, caplog.text):
        assert "pee" not in told
        assert "someone" not in told


def test_every_answer_has_the_private_headers():
    for answer in (send(b"{}"), send(b"{"), client.get("/api/nothing"), client.get("/metrics"), client.get("/readyz")):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers


# --- the token -------------------------------------------------------------------------------------------------------------------


def test_with_a_token_only_its_holder_is_answered(caplog):
    with caplog.at_level(logging.DEBUG):
        for given in (None, "", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer \u00e9"):
            headers = {} if given is None else {"authorization": given.encode("latin-1")}
            for answer in (
                guarded.post("/api/v1/assess", json={}, headers=headers),
                guarded.get("/api/openapi.json", headers=headers),
            ):
                is_problem(answer, 401)
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert TOKEN[:-1] not in answer.text
        assert guarded.post("/api/v1/assess", json={}, headers={"authorization": f"bearer {TOKEN}"}).status_code == 200
    assert "T" * 20 not in caplog.text
    assert guarded.get("/readyz").status_code == guarded.get("/").status_code == guarded.get("/metrics").status_code == 200


@pytest.mark.parametrize("token", ["", "short", "\u00e9" * 40])
def test_a_token_that_can_be_guessed_is_refused(token):
    with pytest.raises(ValueError, match="32"):
        routes({"en": PROTOCOL}, token=token)


def test_the_command_refuses_a_short_token(monkeypatch, capsys):
    from equina.cli import main

    monkeypatch.setenv("EQUINA_TOKEN", "secretly short")
    assert main(["serve"]) == 2
    told = capsys.readouterr()
    assert "EQUINA_TOKEN" in told.err
    assert "secretly" not in told.err + told.out


# --- the description -------------------------------------------------------------------------------------------------------------


def test_the_description_is_openapi():
    plain = client.get("/api/openapi.json").json()
    assert plain["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(plain).iter_errors()) == []
    assert "security" not in plain
    with_token = guarded.get("/api/openapi.json", headers={"authorization": f"Bearer {TOKEN}"}).json()
    assert list(OpenAPIV31SpecValidator(with_token).iter_errors()) == []
    assert with_token["security"] == [{"token": []}]


def test_the_description_names_every_address_and_method():
    paths = client.get("/api/openapi.json").json()["paths"]
    for route in routes({"en": PROTOCOL}):
        if route.path.startswith(doors.PREFIX):
            assert {method.upper() for method in paths[route.path]} == route.methods


def test_the_examples_are_answered_as_they_say():
    paths = client.get("/api/openapi.json").json()["paths"]
    tried = 0
    for path, methods in paths.items():
        if "post" not in methods:
            continue
        asked = methods["post"]["requestBody"]["content"]["application/json"]["examples"]
        said = methods["post"]["responses"]["200"]["content"]["application/json"]["examples"]
        for name, example in asked.items():
            assert client.post(path, json=example["value"]).json() == said[name]["value"]
            tried += 1
    assert tried == 4
