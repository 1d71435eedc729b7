"""Everything we send is FHIR R4 for libraries that are not ours: structure, cardinality, invariants and required bindings."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from equina import Case
from equina.fhir.definitions import definitions
from equina.fhir.responses import response_of
from equina.locale import localized
from equina.web.app import create_app
from equina.web.guards import Limits
from strategies import DECISIVE, FULL, NOW, PROTOCOL, QUANTITIES, STATED

HERE = Path(__file__).parent
SPANISH = localized(PROTOCOL, "es")
CASES = 400 if FULL else 25
OPERATIONS = ("$assess", "Questionnaire/$next-question", "QuestionnaireResponse/$extract")
client = TestClient(create_app({"en": PROTOCOL, "es": SPANISH}, "a secret of the tests, long enough", limits=Limits(rate=0)))


@pytest.fixture(scope="module")
def judged():
    """A function that gives what the checkers find wrong with each resource."""
    if not (HERE / "node_modules" / ".stamp").exists() or not shutil.which("node"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the checkers are not here; `make checkers` installs them")

    checker = subprocess.Popen(["node", "check.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def judge(resources: Iterable[object]) -> list[list[str]]:
        return [judge_one(resource) for resource in resources]

    def judge_one(resource: object) -> list[str]:
        print(json.dumps(resource), file=checker.stdin, flush=True)
        return faults(json.loads(checker.stdout.readline())["issues"])

    yield judge
    checker.stdin.close()
    assert checker.wait(20) == 0
    checker.stdout.close()


def faults(issues):
    """What is wrong. Of a prediction without a probability the FHIRPath of ras-2, its bound, is empty, which is taken for false."""
    told = [f"{each['by']}: {each['at']}: {each['text']}" for each in issues if each["severity"] in ("error", "fatal")]
    return [line for line in told if "Constraint ras-2" not in line]


def parts(value: object) -> Iterator[object]:
    """The resource, and each that stands in it, which the checkers do not all look into."""
    if isinstance(value, dict):
        if "resourceType" in value:
            yield value
        for each in value.values():
            yield from parts(each)
    elif isinstance(value, list):
        for each in value:
            yield from parts(each)


def post(operation, resource, **headers):
    headers = {"Content-Type": "application/fhir+json", **headers}
    return client.post(f"/fhir/{operation}", content=json.dumps(resource), headers=headers)


def some_case(chance: random.Random) -> Case:
    """A case with some of the findings that decide, some others, and numbers."""
    names = [*chance.sample(DECISIVE, chance.randint(0, 6)), *chance.sample(STATED, chance.randint(0, 10))]
    values = {name: chance.choice([True, True, False, False, "long_standing", None]) for name in names}
    for name in chance.sample(QUANTITIES, chance.randint(0, 4)):
        finding = PROTOCOL.findings[name]
        values[name] = chance.choice([None, round(chance.uniform(finding.low, finding.high), 1)])
    told = chance.choice(["", "", "My bum is numb & I can't pee <since> \u00a1ayer!", "Ich kann nicht mehr"])
    who = chance.choice(["self", "clinician", "record"])
    return Case(values=values, as_of=NOW, told=told, answered_by=who, complete=chance.random() < 0.5)


def sent_about_cases() -> Iterator[object]:
    chance = random.Random(7)
    for number in range(CASES):
        response = response_of(PROTOCOL, some_case(chance)) | ({"id": f"r{number}"} if number % 2 else {})
        response |= {"subject": {"reference": "Patient/p1"}} if number % 3 else {}
        yield response
        for operation in OPERATIONS:
            answer = post(operation, response, **{"Accept-Language": chance.choice(["en", "es"])})
            assert answer.status_code == 200, answer.text
            yield answer.json()


def sent_about_records() -> Iterator[object]:
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R33.9"}]}
    subject = {"reference": "Patient/p1"}
    text = {
        "resourceType": "Communication",
        "sent": NOW.isoformat(),
        "subject": subject,
        "payload": [{"contentString": "numb saddle"}],
    }
    for refuted in ({}, {"verificationStatus": {"coding": [{"code": "refuted"}]}}, {"clinicalStatus": "active"}):
        condition = {
            "resourceType": "Condition",
            "id": "c",
            "code": code,
            "subject": subject,
            "recordedDate": "2026-11-24",
            **refuted,
        }
        bundle = {"resourceType": "Bundle", "entry": [{"resource": condition}, {"resource": text}]}
        moment = {"name": "asOf", "valueDateTime": NOW.isoformat()}
        yield post("$assess", {"resourceType": "Parameters", "parameter": [moment, {"name": "record", "resource": bundle}]}).json()


def interview() -> Iterator[object]:
    """Every response of an adaptive interview."""
    now = {"resourceType": "QuestionnaireResponse", "status": "in-progress"}
    for _ in range(60):
        now = post("Questionnaire/$next-question", now).json()
        yield now
        if now["status"] == "completed":
            return
        group = now["contained"][0]["item"][-1]
        answers = [{"linkId": each["linkId"], "answer": [answer_to(each)]} for each in group["item"]]
        now["item"] = [*now.get("item", ()), {"linkId": group["linkId"], "item": answers}]


def answer_to(item):
    if item["type"] == "decimal":
        absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "asked-unknown"}
        return {"_valueDecimal": {"extension": [absent]}}
    codes = [option["valueCoding"] for option in item["answerOption"]]
    return {"valueCoding": next((code for code in codes if code["code"] == "no"), codes[-1])}


def refusals() -> Iterator[object]:
    yield post("$assess", {"resourceType": "Claim"}).json()
    yield post("$assess", {"resourceType": "QuestionnaireResponse", "status": "x"}).json()
    yield post("$assess", {}, **{"Content-Type": "text/plain"}).json()
    for path in ("Patient/1", "Questionnaire/none", "Questionnaire?x=1", "metadata?_format=xml", "a/b/c/d"):
        yield client.get(f"/fhir/{path}").json()
    yield client.put("/fhir/metadata").json()


def definitional() -> Iterator[object]:
    yield from definitions(PROTOCOL, [SPANISH])
    yield from definitions(SPANISH, [PROTOCOL])
    yield from definitions(replace(PROTOCOL, folder=None))
    yield client.get("/fhir/metadata").json()
    for kind in ("Questionnaire", "CodeSystem", "ValueSet"):
        yield client.get(f"/fhir/{kind}").json()


SENT = {f.__name__: f for f in (definitional, sent_about_cases, sent_about_records, interview, refusals)}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_what_we_send_is_r4(judged, sent):
    resources = list({json.dumps(each): each for whole in sent() for each in parts(whole)}.values())
    found = judged(resources)
    assert len(found) == len(resources) > 3
    wrong = [(each["resourceType"], each.get("id"), issues) for each, issues in zip(resources, found, strict=True) if issues]
    assert not wrong, wrong[:3]
    assert not any("probability" in key for each in resources for prediction in each.get("prediction", ()) for key in prediction)


def test_the_checkers_see_what_is_wrong(judged):
    """A check that finds nothing wrong with anything would prove nothing."""
    whole = client.get("/fhir/Questionnaire/back-pain-interview").json()
    guidance = post("$assess", response_of(PROTOCOL, Case(values={"back_pain": True}, as_of=NOW))).json()["entry"][0]["resource"]
    group = whole["item"][0]
    broken = {
        "a code outside its required set": {**whole, "status": "nope"},
        "a mandatory element that is missing": {k: v for k, v in guidance.items() if k != "status"},
        "an element that R4 has not": {**whole, "colour": "red"},
        "a list where one is expected": {**whole, "title": ["x"]},
        "an invariant, que-1: a group without items": {**whole, "item": [{"linkId": "g", "type": "group"}]},
        "an invariant, que-4: answers from two places": {
            **whole,
            "item": [{**group["item"][0], "answerValueSet": "https://a.example/v"}],
        },
        "a date that is none": {**whole, "date": "today"},
    }
    for what, issues in zip(broken, judged(broken.values()), strict=True):
        assert issues, what
