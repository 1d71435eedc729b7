"""The report of an evaluation in a real browser: nothing fetched, no fault that axe finds, not wider than a telephone."""

import json

import pytest

pytest.importorskip("playwright.sync_api")
pytest.importorskip("uvicorn")

from browser import chromium, faults, wide
from equina.evaluation.command import Options, evaluate
from equina.evaluation.page import page
from strategies import PROTOCOL

LINES = (
    {"id": "a", "findings_present": ["back_pain", "urinary_retention"], "expected_disposition": "emergency", "tags": ["x"]},
    {"id": "b", "findings_present": ["stress_leak"], "expected_disposition": "urgent", "tags": ["x"]},
    {"id": "c", "narrative_patient": "My back hurts. I can't pee.", "expected_disposition": "emergency", "tags": ["x"]},
)


def test_the_report_in_light_and_dark_wide_and_narrow(tmp_path):
    cases = tmp_path / "mine.jsonl"
    cases.write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")
    report = tmp_path / "report.html"
    report.write_text(page(evaluate(PROTOCOL, Options(files=(cases,), attacks=1, emergencies=20))), encoding="utf-8")
    with chromium() as browser:
        for scheme, width in (("light", 1100), ("dark", 1100), ("light", 320)):
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True)
            shown, fetched = context.new_page(), []
            shown.on("request", lambda request, fetched=fetched: fetched.append(request.url))
            shown.goto(report.as_uri())
            for part in shown.query_selector_all("summary"):
                part.click()
            assert fetched == [report.as_uri()]
            assert wide(shown) == 0
            assert faults(shown) == []
            context.close()
