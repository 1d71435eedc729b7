"""The page advises what the engine advises: random patients answer the pages, and the same answers are assessed without them."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from equina import assess
from equina.case import Case
from equina.web.app import URLSafeSerializer, create_app
from equina.web.guards import Limits
from equina.web.visit import case_of, visit_of
from strategies import FULL, PROTOCOL

SECRET = "a secret of the tests, long enough"
PATIENTS = 4_000 if FULL else 30
MOST_PAGES = 60
FIELD = re.compile(r'<input type="(radio|checkbox)" id="[^"]*" name="([^"]+)" value="([^"]+)"')
NUMBER = re.compile(r'<input id="f-([^"]+)" name="\1" inputmode')
HIDDEN = re.compile(r'<input type="hidden" name="(visit)" value="([^"]*)"')


@pytest.fixture(scope="module")
def client():
    return TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=0)))


def filled(text: str, chance: random.Random) -> dict[str, str]:
    """A form answered at random, mostly with no."""
    main = text.split("<main")[1]
    form = dict(HIDDEN.findall(main))
    radios: dict[str, list[str]] = {}
    marks = []
    for kind, name, value in FIELD.findall(main):
        if kind == "radio":
            radios.setdefault(name, []).append(value)
        elif name not in ("none", "unsure") and not name.endswith(".unsure"):
            marks.append(name)
    for name, values in radios.items():
        likely = "no" if "no" in values and chance.random() < 0.85 else chance.choice(values)
        form[name] = likely
    chosen = [name for name in marks if chance.random() < 0.08]
    if marks:
        form |= dict.fromkeys(chosen, "yes") or {"none": "yes"}
    for name in NUMBER.findall(main):
        form[f"{name}.unsure"] = "yes"
    return form


def talk(client, chance: random.Random) -> str:
    """A whole interview; the last page."""
    text = client.post("/interview", data={"go": "next"}).text
    for _ in range(MOST_PAGES):
        if 'class="headline"' in text:
            return text
        go = "result" if 'value="result"' in text else "next"
        text = client.post("/interview", data={**filled(text, chance), "go": go}).text
    raise AssertionError("the questions do not end")


def test_random_patients_get_on_the_page_what_the_engine_says(client):
    levels = set()
    for seed in range(PATIENTS):
        text = talk(client, random.Random(seed))
        token = text.split('name="visit" value="')[1].split('"')[0]
        data = URLSafeSerializer(SECRET, salt="visit").loads(token)
        case = case_of(PROTOCOL, visit_of(PROTOCOL, data, datetime.now(UTC)))
        plain = Case(values=dict(case.values), onset=dict(case.onset), as_of=case.as_of, complete=case.complete)
        level = assess(PROTOCOL, plain).disposition
        assert f'class="level-{level}"' in text, f"patient {seed}"
        levels.add(level)
    assert {"emergency", "urgent"} <= levels
