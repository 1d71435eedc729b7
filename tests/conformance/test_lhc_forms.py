"""NLM's LHC-Forms, which is not ours, shows our Questionnaire in a real browser; a person fills it, and we take what it sends."""

from __future__ import annotations

import functools
import http.server
import json
import os
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from browser import chromium
from equina import Case, assess
from equina.fhir.responses import case_of_response
from equina.interview import option_of
from equina.locale import languages, localized
from equina.web.app import create_app
from equina.web.guards import Limits
from strategies import NOW, PROTOCOL

BUILT = Path(__file__).parent / "lforms"
PAGE = b"""<!doctype html><meta charset="utf-8"><title>form</title><link rel="stylesheet" href="webcomponent/styles.css">
<body><div id="form"></div>
<script src="webcomponent/assets/lib/zone.min.js"></script><script src="webcomponent/runtime.js"></script>
<script src="webcomponent/polyfills.js"></script><script src="webcomponent/main.js"></script>
<script src="fhir/R4/lformsFHIR.min.js"></script>"""
FILLED = {
    "age_years": 44.0,
    "back_pain": "long_standing",
    "fever": False,
    "saddle_anesthesia": None,
    "urinary_retention": True,
    "spinal_cord_injury": True,
    "temperature_c": 36.8,
    "sex_at_birth": "F",
}
CODES = {True: "yes_new", False: "no", None: "not_sure", "long_standing": "long_standing"}
ANSWERS = "https://equina.example/fhir/CodeSystem/back-pain-answers"
client = TestClient(
    create_app(
        {language: localized(PROTOCOL, language) for language in languages(PROTOCOL)},
        "a secret of the tests, long enough",
        limits=Limits(rate=0),
    )
)


class Files(http.server.SimpleHTTPRequestHandler):
    """The files of LHC-Forms, with a page that loads them."""

    def do_GET(self):
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


@contextmanager
def shown(browser, questionnaire):
    """The page on which LHC-Forms shows the Questionnaire."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=BUILT)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.evaluate("async q => { await LForms.Util.addFormToPage(q, 'form', {}) }", questionnaire)
        page.wait_for_selector("input[type=radio]")
        yield page
        page.close()
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    if not list(BUILT.glob(".*")):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("LHC-Forms is not here; `make checkers` installs it")
    with chromium() as found:
        yield found


def pick(page, name, code):
    page.locator(f'label[id="{name}/1/1|{ANSWERS}|{code}"]').click()


def fill(page, values):
    for name, value in values.items():
        if PROTOCOL.findings[name].measured:
            box = page.locator(f'input[id="{name}/1/1"]')
            box.fill(str(value))
            box.blur()
        else:
            pick(page, name, value if value in PROTOCOL.findings[name].options else CODES[value])


def response_from(page):
    return page.evaluate("LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4')")


def post(operation, resource):
    answer = client.post(f"/fhir/{operation}", content=json.dumps(resource), headers={"Content-Type": "application/fhir+json"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_whole_interview_is_filled_there_and_its_answers_are_assessed_here(browser):
    whole = client.get("/fhir/Questionnaire/back-pain-interview").json()
    with shown(browser, whole) as page:
        for name in ("urinary_retention", "saddle_anesthesia"):
            assert page.get_by_text(PROTOCOL.findings[name].ask, exact=True).is_visible()
        buttons = page.locator("label[id^='saddle_anesthesia/']").all_inner_texts()
        assert len(buttons) == len(option_of(PROTOCOL, Case(), PROTOCOL.findings["saddle_anesthesia"], "one").answers)
        fill(page, FILLED)
        page.locator("textarea[id='own_words/1']").fill("I can't stop shaking")
        page.locator("textarea[id='own_words/1']").blur()
        response = response_from(page)
    case = case_of_response(PROTOCOL, response, NOW)
    assert {name: case.values[name] for name in FILLED} == FILLED
    assert case.told == "I can't stop shaking"
    (guidance, *_) = (entry["resource"] for entry in post("$assess", response)["entry"])
    level = guidance["contained"][0]["parameter"][0]["valueCoding"]["code"]
    assert level == assess(PROTOCOL, case).disposition == "emergency"
    assert len(post("QuestionnaireResponse/$extract", response)["entry"]) == len(case.values)


def test_a_group_appears_there_when_its_condition_holds(browser):
    whole = client.get("/fhir/Questionnaire/back-pain-interview").json()
    group = next(item for item in whole["item"] if item["linkId"] == "topic_cord")
    with shown(browser, whole) as page:
        question = page.get_by_text(group["item"][0]["text"], exact=True)
        assert question.count() == 0
        pick(page, "spinal_cord_injury", "yes_new")
        question.wait_for()
        pick(page, "spinal_cord_injury", "no")
        question.wait_for(state="detached")


def test_the_adaptive_form_is_filled_there_step_by_step_to_an_emergency(browser):
    now = post("Questionnaire/$next-question", {"resourceType": "QuestionnaireResponse", "status": "in-progress"})
    for _ in range(6):
        contained = now["contained"][0]
        with shown(browser, {**contained, "url": "https://equina.example/fhir/Questionnaire/asked"}) as page:
            for item in contained["item"][-1]["item"]:
                wanted = "yes_new" if item["linkId"] in ("back_pain", "urinary_retention") else "no"
                given = [option["valueCoding"]["code"] for option in item["answerOption"]]
                pick(page, item["linkId"], wanted if wanted in given else given[-1])
            filled = response_from(page)
        group = next(item for item in filled["item"] if item["linkId"] == contained["item"][-1]["linkId"])
        now = post("Questionnaire/$next-question", {**now, "item": [*now.get("item", ()), group]})
        if now["status"] == "completed":
            break
    assert now["status"] == "completed"
    bundle = post("$assess", now)
    assert "emergency" in json.dumps(bundle["entry"][0]["resource"]["contained"][0])


def test_it_speaks_spanish_there(browser):
    answer = client.get("/fhir/Questionnaire/back-pain-interview", headers={"Accept-Language": "es"})
    with shown(browser, answer.json()) as page:
        asked = localized(PROTOCOL, "es").findings["urinary_retention"].ask
        assert page.get_by_text(asked, exact=True).is_visible()
