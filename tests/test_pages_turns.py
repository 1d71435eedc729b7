"""What follows on a page from what was sent: by forms alone, without a browser."""

from __future__ import annotations

import html
import re

import pytest
from starlette.testclient import TestClient

from equina.locale import languages, localized
from equina.web.app import create_app
from equina.web.guards import Limits
from equina.wording import wording
from strategies import PROTOCOL

SECRET = "a secret of the tests, long enough"
EMERGENCY = "level-emergency"
W = wording("web")


@pytest.fixture(scope="module")
def client():
    protocols = {language: localized(PROTOCOL, language) for language in languages(PROTOCOL)}
    return TestClient(create_app(protocols, SECRET, limits=Limits(rate=0)))


def send(client, page: str = "", **fields) -> str:
    """The page after this one, by these fields."""
    visit = {"visit": page.split('name="visit" value="')[1].split('"')[0]} if page else {}
    return client.post("/interview", data={**visit, "go": "next", **fields}).text


def main(page: str) -> str:
    """The words of the main part of a page."""
    text = page.split("<main")[1].split("</main>")[0].split(">", 1)[1]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def step_2(client) -> str:
    """The page that asks what can't wait."""
    return send(client, send(client, send(client), who="me"), none="yes")


# --- an emergency beside what is left open ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [{}, {"temperature_c": "-3"}], ids=["open", "and a number that does not fit"])
def test_an_emergency_is_told_although_other_questions_of_the_page_are_open(client, number):
    asked = step_2(client)
    page = send(client, asked, urinary_retention="yes_new", saddle_anesthesia="yes_new", **number)
    assert EMERGENCY in page
    assert W["error_title"] not in page
    checked = send(client, page, go="check")
    assert 'value="change:saddle_anesthesia"' in checked
    left = set(re.findall(r'type="radio" id="[^"]*" name="([^"]+)"', asked)) - {"urinary_retention", "saddle_anesthesia"}
    assert len(left) > 2
    assert not [name for name in left if f'value="change:{name}"' in checked], "what was left open is not asked"


def test_open_questions_beside_no_emergency_are_asked_again_with_what_was_chosen(client):
    page = send(client, step_2(client), saddle_anesthesia="no")
    assert EMERGENCY not in page
    assert page.count(W["error_each"].replace('"', "&#34;")) > 2
    assert re.search(r'name="saddle_anesthesia" value="no" checked', page)


def test_of_what_was_marked_the_new_emergency_is_told_although_the_age_of_the_rest_is_open(client):
    page = send(client, send(client, send(client), go="where"), **{"numb.saddle": "yes", "hurts.left_leg": "yes"}, go="located")
    page = send(client, page, who="me")
    assert W["timing_title"] in page
    assert EMERGENCY not in send(client, page, leg_pain="yes_new")
    assert EMERGENCY in send(client, page, saddle_anesthesia="yes_new")


def test_an_open_question_for_the_page_to_show_alone_is_asked_again(client):
    page = send(client, step_2(client), urinary_retention="yes_new")
    page = send(client, page, go="fuller")
    while 'name="count"' in page:
        page = send(client, page, skip="yes")
    assert W["error_title"] in send(client, page)


# --- what is only not known is not presumed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said", "presumed"),
    [("en", "if you have a spinal cord injury", "with "), ("es", "si tiene una lesión de la médula espinal", "con ")],
)
def test_who_is_not_sure_of_a_spinal_cord_injury_is_asked_what_presumes_none(client, language, said, presumed):
    page = send(client, go=f"language:{language}")
    page = main(send(client, send(client, send(client, page), who="me"), unsure="yes")).lower()
    assert page.count(said) == 2
    assert presumed + said.split(maxsplit=2)[2] not in page
    assert "your spinal cord" not in page


# --- numbers that do not fit -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("typed", ["-3", "many", "37 apples"])
def test_a_number_that_does_not_fit_is_told_in_the_words_of_the_page(client, language, typed):
    page = send(client, client.get(f"/?lang={language}").text, go="next")
    page = send(client, page, who="me")
    page = send(client, page, none="yes")
    for _ in range(8):
        if "age_years" in page:
            break
        answers = dict.fromkeys(re.findall(r'type="radio" id="[^"]*" name="([^"]+)" value="no"', page), "no")
        page = send(client, page, none="yes", **answers)
    said = main(send(client, page, age_years=typed))
    words = wording("web", language)
    assert f'"{words["not_sure"]}"' in said
    assert not re.search(r"\bor s\b|type s|o \?|escriba \?", said)
