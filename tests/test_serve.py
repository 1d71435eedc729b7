"""Serving with care: who may be reached, the first page, a page that can't help, and a guide that is out of date."""

from __future__ import annotations

import argparse
import html
from dataclasses import replace
from datetime import date, timedelta

import pytest

pytest.importorskip("starlette", reason="the extra `service` is not installed")

from starlette.testclient import TestClient

from equina.ask.session import Session
from equina.case import Case
from equina.web.app import create_app
from equina.web.guards import Limits
from equina.web.pages import judged
from equina.web.serve import add_arguments, serve
from equina.web.visit import Visit
from strategies import PROTOCOL

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


@pytest.mark.parametrize(("days", "level", "said"), [(0, "self_care", False), (365, "self_care", False), (367, "scheduled", True)])
def test_a_guide_past_its_review_date_calms_nobody(days, level, said):
    _, assessment, overdue = judged(PROTOCOL, Visit(session=Session(start=CALM)), REVIEWED + timedelta(days=days))
    assert (assessment.disposition, overdue) == (level, said)


def test_a_guide_past_its_review_date_leaves_what_is_worse():
    urgent = replace(CALM, values={**CALM.values, "saddle_anesthesia": None})
    _, assessment, overdue = judged(PROTOCOL, Visit(session=Session(start=urgent)), REVIEWED + timedelta(days=4000))
    assert (assessment.disposition, overdue) == ("urgent", False)
