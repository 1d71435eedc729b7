"""What follows on a page from what was sent: by forms alone, without a browser."""

from __future__ import annotations

import html
import re

import pytest
from starlette.testclient import TestClient

from equina.locale import languages, localized
from equina.web.app import create_app
from equina.web.forms import LONGEST_TOLD, MOST_TYPED
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


# --- a person's own words --------------------------------------------------------------------------------------------------------

TOLD = "My back hurts and I have no fever. I can pee. I leak when I cough. Since today I can't feel it when I wipe."


def test_what_was_read_is_told_emergencies_first_and_then_as_it_stands(client):
    page = send(client, go="words", told=TOLD)
    read = re.findall(r'<legend id="l-(\w+)">', page)
    assert read == ["saddle_anesthesia", "back_pain", "fever", "urinary_retention", "stress_leak"]


def test_what_was_read_is_told_in_a_persons_words_also_when_it_is_denied(client):
    page = main(send(client, go="words", told=TOLD))
    for name in ("fever", "urinary_retention"):
        assert f"{W['words_absent']}: {PROTOCOL.findings[name].say}" in page
        assert PROTOCOL.findings[name].label not in page.split(W["words_each"])[1]


def test_the_words_that_were_read_are_still_there_in_another_language(client):
    page = send(client, go="words", told=TOLD)
    header = page.split("<main")[0]
    carried = {name: html.unescape(value) for name, value in re.findall(r'name="(told|reading)" value="([^"]*)"', header)}
    assert carried["told"] == TOLD
    spanish = send(client, page, go="language:es", **carried)
    assert wording("web", "es")["words_title"] in main(spanish)
    assert "saddle_anesthesia" in spanish


def test_the_words_that_were_typed_are_still_there_in_another_language_and_back(client):
    start = client.get("/").text
    assert re.search(r'<form[^>]* id="own">', start)
    assert re.search(r'<button[^>]* form="own"[^>]* value="language:es"', start)
    spanish = send(client, start, go="language:es", told=TOLD)
    assert TOLD in html.unescape(spanish.split("<textarea")[1])
    english = send(client, spanish, go="language:en", told=TOLD)
    assert TOLD in html.unescape(english.split("<textarea")[1])
    assert "<textarea" not in client.get("/?lang=es").text


def test_the_first_question_is_still_asked_in_another_language(client):
    page = send(client, send(client), go="language:es")
    assert wording("web", "es")["who"] in main(page)


def test_the_words_are_still_there_for_who_goes_back(client):
    page = send(client, go="words", told=TOLD)
    assert TOLD in html.unescape(send(client, page, go="back", told=TOLD).split("<textarea")[1])


def test_who_goes_back_to_the_start_can_start_again(client):
    page = send(client, send(client, send(client), go="back"))
    assert W["error_title"] not in page
    assert W["who"] in main(page)


def test_an_empty_box_is_told_where_it_stands(client):
    page = send(client, go="words", told="  ")
    assert W["error_words"] in main(page)
    assert W["start_begin"] in main(page)
    assert W["words_title"] not in main(page)


@pytest.mark.parametrize("told", ["the weather is nice today", "me duele mucho la espalda desde ayer por la noche"])
def test_who_was_not_read_goes_on_to_the_questions_by_name(client, told):
    page = main(send(client, go="words", told=told))
    assert page.endswith(f"{W['start_begin']} {W['back']}")


def test_how_much_is_read_is_said_before_and_no_box_takes_more_than_a_request_can_hold(client):
    start = client.get("/").text
    assert f"the first {LONGEST_TOLD} letters" in main(start)
    assert f'maxlength="{MOST_TYPED}"' in start
    assert client.post("/interview", data={"go": "words", "told": "痛" * MOST_TYPED}).status_code == 200


def test_who_sends_too_much_can_start_the_questions_at_once(client):
    refused = client.post("/interview", data={"go": "words", "told": "a" * 112_000})
    assert refused.status_code == 413
    assert W["start_begin"] in main(refused.text)
    assert W["who"] in main(send(client, refused.text))


# --- what to do, and the page to show --------------------------------------------------------------------------------------------


def test_who_has_said_where_they_are_is_told_that_number_alone(client):
    start = send(client, go="place", place="uk")
    page = send(client, send(client, send(client, start), who="me"), none="yes")
    page = send(client, page, urinary_retention="yes_new")
    assert EMERGENCY in page
    assert W["number_one"].format(number=999) in main(page)
    for text in (start.split('id="where"')[0], page):
        assert "911" not in re.sub("<select.*?</select>", "", text, flags=re.DOTALL)
        assert "112" not in main(text)


def test_who_has_not_said_where_they_are_is_told_all_numbers(client):
    page = send(client, step_2(client), urinary_retention="yes_new")
    assert PROTOCOL.care["emergency_number"].told in main(page)


def test_the_page_to_show_says_what_to_do_before_the_rule_and_its_time_as_utc(client):
    page = main(send(client, send(client, step_2(client), urinary_retention="yes_new"), go="page"))
    assert re.search(r"Answered by the person, \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", page)
    assert f"care now. {PROTOCOL.rules['cannot_pass_urine'].pathway} (cannot_pass_urine)" in page


def test_when_it_began_is_told_as_utc(client):
    page = send(client, send(client, step_2(client), urinary_retention="yes_new"), go="fuller")
    page = send(client, page, count="3", unit="hours")
    assert re.search(r"<time[^>]*>\d{4}-\d\d-\d\d \d\d:\d\d UTC</time>", send(client, page, go="advice"))


def test_facts_and_numbers_are_no_yes_among_the_answers(client):
    page = send(client, go="confirmed", told=f"{TOLD} I am 45.", age_years="right", stress_leak="right")
    checked = send(client, page, go="check")
    yes, about = (checked.split(f'<dl class="answers {group}">')[1].split("</dl>")[0] for group in ("yes", "about"))
    assert "stress_leak" in yes
    assert "age_years" not in yes
    assert "45 years" in about
