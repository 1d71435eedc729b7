"""Serving with care: who may be reached, the first page, a page that can't help, and a guide that is out of date."""

from __future__ import annotations

import argparse
import html
import random
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

pytest.importorskip("starlette", reason="the extra `service` is not installed")

from jinja2 import DictLoader, Environment, StrictUndefined
from starlette.testclient import TestClient

from equina.ask.session import Session
from equina.case import Case
from equina.locale import localized
from equina.triage import interval
from equina.web import app
from equina.web.app import create_app
from equina.web.guards import Limits
from equina.web.options import add_arguments
from equina.web.pages import FOLDED, judged
from equina.web.serve import serve
from equina.web.visit import Visit
from equina.wording import wording
from strategies import PROTOCOL
from test_pages_agree import HIDDEN, filled

REVIEWED = date.fromisoformat(PROTOCOL.reviewed)
CALM = Case(
    values={"back_pain": True, **dict.fromkeys((f.id for f in PROTOCOL.findings.values() if f.id in PROTOCOL.core_flags), False)},
    complete=True,
)


@pytest.fixture(scope="module")
def client():
    return TestClient(create_app({"en": PROTOCOL}, "a secret of the tests, long enough", limits=Limits(rate=0)))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--host", "0.0.0.0"], "name the clinical owner"),
        (["--host", "0.0.0.0", "--owner", "  "], "name the clinical owner"),
        (["--host", "192.0.2.1", "--tls", "proxy"], "name the clinical owner"),
        (["--host", "::", "--owner", "Dr A. Example"], "say how TLS ends"),
        (["--host", "0.0.0.0", "--owner", "Dr A. Example", "--tls", "on"], "is neither"),
        (["--host", "everyone"], "is no address"),
    ],
)
def test_what_others_can_reach_wants_an_owner_and_tls(given, told):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    said = []
    assert serve({"en": PROTOCOL}, parser.parse_args(given), lambda fault: said.append(fault) or 2) == 2
    assert told in said[0]


def test_the_first_page_has_the_numbers_and_the_signs_that_cannot_wait(client):
    page = html.unescape(client.get("/").text)
    begin = page.index("Start the questions")
    assert [number for number in ("911", "999", "112") if number not in page[:begin]] == []
    assert "Call now, or go in" in page
    assert [sign.words for sign in PROTOCOL.watch_for.values() if sign.words not in page] == []
    first = page[:begin]
    assert [says for key, says in wording("web").items() if key in FIRST_SIGNS and says not in first] == []


FIRST_SIGNS = {
    "start_now_1": ("urinary_retention",),
    "start_now_2": ("saddle_anesthesia",),
    "start_now_3": ("new_urinary_incontinence", "bowel_incontinence"),
    "start_now_4": ("progressive_leg_weakness",),
}


@pytest.mark.parametrize("key", FIRST_SIGNS)
def test_each_sign_above_the_button_is_an_emergency_by_itself_and_is_on_the_list_below(key):
    listed = {name for sign in PROTOCOL.watch_for.values() for name in sign.findings}
    for name in FIRST_SIGNS[key]:
        assert interval(PROTOCOL, Case.of(back_pain=True, **{name: True}))[0] == "emergency"
        assert name in listed


def test_the_first_signs_are_those():
    keys = [key for key in wording("web") if re.fullmatch(r"start_now_\d", key)]
    assert keys == list(FIRST_SIGNS)


@pytest.mark.parametrize(
    ("method", "address", "form", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("PUT", "/interview", None, 405),
        ("POST", "/interview", {"visit": "made up", "go": "next"}, 400),
    ],
)
def test_a_page_that_can_not_help_says_that_care_does_not_wait(client, method, address, form, status):
    answer = client.request(method, address, data=form)
    assert answer.status_code == status
    for said in ("Get care now, or call", "911", "999", "112"):
        assert said in answer.text, said


@pytest.mark.parametrize(("letters", "said"), [(3_900, False), (4_100, True), (30_000, True)])
def test_a_long_text_is_read_as_far_as_it_goes_and_that_is_said(client, letters, said):
    told = "I can't pee. " + "My day was long. " * 4_000
    page = html.unescape(client.post("/interview", data={"go": "words", "told": told[:letters]}).text)
    assert ("We read the first 4000 letters only" in page) == said
    assert "urinary_retention" in page


def test_many_answers_of_no_are_folded_and_those_of_yes_are_not(client):
    page = client.post("/interview", data={"go": "next"}).text
    for _ in range(4):  # a few pages of answers, mostly no
        page = client.post("/interview", data={**filled(page, random.Random(1)), "go": "next"}).text
    page = client.post("/interview", data={**filled(page, random.Random(1)), "go": "check"}).text
    before, no = page.split("<main")[1].split(wording("web")["check_no"])
    no = no.split("<details>")[1].split("</details>")[0]
    assert no.count("change:") > FOLDED
    assert f"Show all {no.count('change:')} answers" in no
    assert "<details>" not in before


SPANISH = localized(PROTOCOL, "es")


@pytest.fixture(scope="module")
def both():
    return TestClient(create_app({"en": PROTOCOL, "es": SPANISH}, "a secret of the tests, long enough", limits=Limits(rate=0)))


@pytest.mark.parametrize(
    ("method", "address", "form"),
    [
        ("GET", "/nowhere?lang=es", None),
        ("PUT", "/interview?lang=es", None),
        ("POST", "/interview?lang=es", {"visit": "of a service that has started anew", "go": "next"}),
        ("POST", "/interview?lang=es", {"told": "x" * 70_000}),
    ],
)
def test_who_reads_spanish_is_told_of_a_fault_in_spanish(both, method, address, form):
    page = html.unescape(both.request(method, address, data=form).text)
    assert wording("web", "es")["wrong_care"] in page
    assert 'href="/?lang=es"' in page


def test_every_form_of_a_page_says_its_language(both):
    page = both.post("/interview?lang=es", data={"go": "next", "lang": "es"}).text
    assert set(re.findall(r'<form [^>]*action="([^"]+)"', page)) == {"/interview?lang=es"}


@pytest.fixture
def broken(monkeypatch):
    """The pages with a fault in every template, the one of faults too."""
    wrong = dict.fromkeys(("start.html", "question.html", "fault.html"), "{{ no.such.thing }}")
    monkeypatch.setattr(app, "_templates", lambda: Environment(loader=DictLoader(wrong), undefined=StrictUndefined))
    made = create_app({"en": PROTOCOL, "es": SPANISH}, "a secret of the tests, long enough", limits=Limits(rate=0, body=100))
    return TestClient(made)


@pytest.mark.parametrize(
    ("method", "address", "form", "status"),
    [
        ("GET", "/", None, 500),
        ("GET", "/nowhere", None, 404),
        ("POST", "/interview?lang=es", {"go": "next"}, 500),
        ("POST", "/interview", {"go": "words", "told": "my private words"}, 500),
        ("POST", "/interview", {"told": "x" * 200}, 413),
    ],
)
def test_when_no_page_can_be_made_the_last_one_says_what_to_do(broken, caplog, method, address, form, status):
    answer = broken.request(method, address, data=form)
    page = html.unescape(answer.text)
    assert answer.status_code == status
    for language in ("en", "es"):
        words = wording("web", language)
        for key in ("wrong_care", "number_all", "wrong_start"):
            assert words[key] in page, key
    assert [number for number in ("911", "999", "112") if number not in page] == []
    assert not re.search("jinja|traceback|undefined|no.such|private", page, re.IGNORECASE)
    assert "private words" not in caplog.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("days", "level", "said"), [(0, "self_care", False), (365, "self_care", False), (367, "scheduled", True)])
def test_a_guide_past_its_review_date_calms_nobody(days, level, said):
    _, assessment, overdue = judged(PROTOCOL, Visit(session=Session(start=CALM)), REVIEWED + timedelta(days=days))
    assert (assessment.disposition, overdue) == (level, said)


def test_a_guide_past_its_review_date_leaves_what_is_worse():
    urgent = replace(CALM, values={**CALM.values, "saddle_anesthesia": None})
    _, assessment, overdue = judged(PROTOCOL, Visit(session=Session(start=urgent)), REVIEWED + timedelta(days=4000))
    assert (assessment.disposition, overdue) == ("urgent", False)


# --- back ----------------------------------------------------------------------------------------------------------------------


def chosen(page):
    """What of the page is marked or typed already."""
    main = page.split("<main")[1]
    marks = re.findall(r'<input type="(?:radio|checkbox)" id="[^"]*" name="([^"]+)" value="([^"]+)" checked', main)
    typed = re.findall(r'<input id="f-[^"]+" name="([^"]+)" inputmode="[^"]+"[^>]* value="([^"]+)"', main)
    return dict(marks + typed)


def test_who_goes_back_finds_what_they_chose_and_can_go_on_with_it(client):
    page, seen = client.post("/interview", data={"go": "next"}).text, set()
    for seed in range(14):
        form = filled(page, random.Random(seed))
        if "temperature_c" in page:
            form = {name: value for name, value in form.items() if name != "temperature_c.unsure"} | {"temperature_c": "36.9"}
        after = client.post("/interview", data={**form, "go": "next"}).text
        if 'class="headline"' in after or "dl class" in after:
            break
        again = client.post("/interview", data={"visit": HIDDEN.search(after).group(2), "go": "back"}).text
        answers = {name: value for name, value in form.items() if name not in ("visit", "go")}
        timing = "timing" in page or "Is it new?" in page
        assert chosen(again) == ({} if timing else answers)
        seen |= set(answers.values())
        onward = client.post("/interview", data={**filled(again, random.Random(seed)), **form, "go": "next"}).text
        assert onward.split("<main")[1] == after.split("<main")[1]
        page = after
    assert {"me", "no", "yes", "36.9"} <= seen or {"someone", "no", "yes", "36.9"} <= seen
