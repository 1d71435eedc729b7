"""The pages under attack: injected markup, forged and broken forms, too much, too slow, and what must never leak."""

from __future__ import annotations

import io
import json
import logging

import anyio
import pytest
from starlette.testclient import TestClient

from equina.locale import localized
from equina.web import app as app_module
from equina.web import turns
from equina.web.app import create_app
from equina.web.guards import HEADERS, Guard, Limits
from strategies import PROTOCOL

SECRET = "a secret of the tests, long enough"
EVIL = "<script>alert(1)</script>{{7*7}}{%raw%}\" onload=\"x' <img src=x onerror=alert(1)> I can't pee </textarea>"


@pytest.fixture(scope="module")
def client():
    return TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=0)), raise_server_exceptions=False)


def post(client, **fields):
    return client.post("/interview", data=fields)


def visit_in(text: str) -> str:
    return text.split('name="visit" value="')[1].split('"')[0]


def test_every_answer_has_the_headers_and_no_cookie(client):
    for answer in (client.get("/"), post(client, go="next"), client.get("/nowhere"), client.get("/static/equina.css")):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers
    assert client.get("/").headers["cache-control"] == "no-store"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_no_page_has_code_or_style_in_it_or_names_another_machine(client):
    for text in (client.get("/").text, post(client, go="next").text, post(client, go="words", told="I can't pee").text):
        assert "<style" not in text
        assert " style=" not in text
        assert "onclick" not in text
        assert text.count("<script") == 1, "our own file alone"
        assert [part for part in text.split('src="')[1:] + text.split('<link rel="')[1:] if "http" in part.split(">")[0]] == []


def test_words_of_another_language_are_shown_and_its_questions_offered():
    client = TestClient(create_app({"en": PROTOCOL, "es": localized(PROTOCOL, "es")}, SECRET, limits=Limits(rate=0)))
    text = post(client, go="words", told="no puedo orinar y me duele la <espalda>").text
    assert "no puedo orinar y me duele la &lt;espalda&gt;</blockquote>" in text
    assert '<button class="quiet" name="go" value="language:es" lang="es">Puede responder las preguntas en español</button>' in text
    assert '<html lang="es"' in post(client, visit=visit_in(text), go="language:es").text
    for read in ("I can't pee", ""):
        assert "Puede responder" not in post(client, go="words", told=read).text


@pytest.mark.parametrize("told", [EVIL, "\u202e{{config}}", "a\x00b\x1b[2J", "\U0001f600" * 500, "<" * 4000])
def test_words_are_shown_as_words(client, told):
    text = post(client, go="words", told=told).text
    main = text.split("<main")[1].split("</main>")[0]
    for forbidden in ("<script", "<img", "onerror=alert(1)>", "\x00", "\x1b", "</textarea>"):
        assert forbidden not in main
    assert "{{7*7}}" in main or "49" not in main.replace(visit_in(text), "")  # a signature may hold any two digits
    after = post(client, visit=visit_in(text), go="confirmed", told=told, urinary_retention="right")
    assert after.status_code == 200
    assert "<script>alert" not in after.text


def signed(client) -> str:
    return visit_in(post(client, go="next").text)


FORGED = {
    "nothing like one": "abc",
    "another secret": "eyJhIjoxfQ.aaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "empty parts": "..",
    "not text": "\udcff\udcfe",
    "long": "a" * 30_000,
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_visit_is_refused(client, name):
    answer = client.post("/interview", content=f"visit={FORGED[name].encode('utf-8', 'replace').decode()}&go=next".encode(),
                         headers={"content-type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert answer.status_code == 400
    assert "Please start again" in answer.text
    assert "Get care now, or call" in answer.text, "and that care does not wait for the page"


def test_a_visit_with_one_letter_changed_is_refused(client):
    token = signed(client)
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        answer = post(client, visit=changed, go="next")
        assert answer.status_code in (400, 200)
        if answer.status_code == 200:  # the last letter of base64 may stand for the same bytes
            assert place == len(token) - 1


def sign(data) -> str:
    site = app_module.URLSafeSerializer(SECRET, salt="visit")
    return site.dumps(data)


GOOD = {
    "protocol": PROTOCOL.digest[-16:],
    "language": "en",
    "place": "",
    "stage": "advice",
    "complete": False,
    "pages": [],
    "given": [],
    "asking": None,
}
STALE = {
    "another protocol": {**GOOD, "protocol": "0" * 16},
    "a stage that is none": {**GOOD, "stage": "x"},
    "a language that is none": {**GOOD, "language": "xx"},
    "a place that is none": {**GOOD, "place": "<b>"},
    "answers that do not add up": {**GOOD, "pages": [3]},
    "answers without end": {**GOOD, "pages": [float("inf")]},
    "half an answer": {**GOOD, "pages": [0.5, 0.5]},
    "a finding that is none": {**GOOD, "pages": [1], "given": [["one", "", ["nothing"], {"nothing": "no"}, {}, None, None]]},
    "an answer that is none": {**GOOD, "pages": [1], "given": [["one", "", ["fever"], {"fever": "maybe"}, {}, None, None]]},
    "a moment without its zone": {
        **GOOD,
        "pages": [1],
        "given": [["one", "", ["back_pain"], {"back_pain": "yes_new"}, {"back_pain": "2026-01-01"}, None, None]],
    },
    "a question that is none": {**GOOD, "asking": ["one", "", ["nothing"]]},
    "a list": [1, 2],
    "a word": "x",
    "too many": {**GOOD, "pages": [500], "given": [["told", "", [], {}, {}, None, ""]] * 500},
}


def test_a_signed_visit_of_this_time_is_carried_on(client):
    """Those below are refused for what is wrong with each, and not for what is the same in all."""
    assert post(client, visit=sign(GOOD), go="next").status_code == 200


@pytest.mark.parametrize("name", STALE)
def test_a_signed_visit_of_another_time_is_refused(client, name):
    assert post(client, visit=sign(STALE[name]), go="next").status_code == 400


BODIES = [
    (b"", "application/x-www-form-urlencoded", 200),  # a first page
    (b"go=nothing", "application/x-www-form-urlencoded", 400),
    (b"go=change:nothing", "application/x-www-form-urlencoded", 400),
    (b"go=changed:../../etc/passwd", "application/x-www-form-urlencoded", 400),
    (b"go=language:xx", "application/x-www-form-urlencoded", 400),
    (b"\xff\xfe=\xff&%zz=%e0%a4", "application/x-www-form-urlencoded", 400),
    (b"a=1&" * 500, "application/x-www-form-urlencoded", 400),
    (json.dumps({"go": "next"}).encode(), "application/json", 400),
    (b"--x\r\n", "multipart/form-data; boundary=x", 400),
    (b"go=next", "", 400),
    (b"told=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
]


@pytest.mark.parametrize(("body", "kind", "status"), BODIES)
def test_a_form_that_is_none_is_refused_kindly(client, body, kind, status):
    answer = client.post("/interview", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_another_method_is_refused(client, method):
    assert client.request(method, "/interview").status_code == 405


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/..%2f..%2fcli.py", "/.env"]
)
def test_no_path_leads_out_of_the_static_files(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_one_address_may_not_ask_for_too_much():
    client = TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=1, burst=5)))
    codes = [client.get("/healthz").status_code for _ in range(8)]
    assert codes[:5] == [200] * 5
    assert 429 in codes[5:]


def test_a_body_that_trickles_in_is_given_up():
    sent = []

    async def trickle():
        await anyio.sleep(0.05)
        return {"type": "http.request", "body": b"a", "more_body": True}

    async def send(message):
        sent.append(message)

    async def refused(scope, receive, send):
        raise AssertionError("the app is never reached")

    def refuse(status):
        from starlette.responses import PlainTextResponse

        return PlainTextResponse("slow", status)

    scope = {"type": "http", "path": "/interview", "headers": [], "client": ("127.0.0.1", 1), "method": "POST"}
    anyio.run(Guard(refused, limits=Limits(seconds=0.3), refuse=refuse), scope, trickle, send)
    assert sent[0]["status"] == 408


def test_an_unforeseen_error_tells_nothing_of_the_answers(monkeypatch, caplog):
    def broken(*_):
        raise ValueError("patient said: I can't pee")

    monkeypatch.setitem(turns.TURNS, "next", broken)
    client = TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=0)))
    with caplog.at_level(logging.DEBUG):
        answer = post(client, go="next")
    assert answer.status_code == 500
    assert "pee" not in answer.text.split("<main")[1]
    assert "patient" not in caplog.text
    assert "ValueError" in caplog.text


# --- what is printed -------------------------------------------------------------------------------------------------------------


def test_the_page_to_show_the_card_and_the_form_are_pdfs_with_neutral_names(client):
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("typst", reason="the extra `paper` is not installed")
    token = visit_in(post(client, go="confirmed", told="I can't pee", urinary_retention="right").text)
    answer = post(client, visit=token, go="pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="page.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    page = pypdf.PdfReader(io.BytesIO(answer.content))
    assert len(page.pages) == 1
    assert "EMERGENCY" in page.pages[0].extract_text()
    for name in ("card.pdf", "form.pdf"):
        assert client.get(f"/paper/{name}").content.startswith(b"%PDF")
    assert client.get("/paper/other.pdf").status_code == 404


def test_a_no_that_was_read_counts_only_when_the_person_says_so(client):
    text = post(client, go="words", told="I can't pee. I have no fever.").text
    for name, chosen in (("urinary_retention", True), ("fever", False)):
        box = text.split(f'id="f-{name}-right"')[1].split(">")[0]
        assert ("checked" in box) == chosen
