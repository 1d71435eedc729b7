"""CDS Hooks and its clients: what discovery asks of them, and what the public sandbox sends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `service` is not installed")

from equina.hooks.doors import answered
from equina.hooks.feedback import Told, feedback_of
from equina.hooks.services import discovery
from strategies import PROTOCOL
from test_hooks import NOW, SIGN, VIEW, checked

FOLDER = Path(__file__).parent / "hooks"


def test_discovery_says_what_is_wanted_within_the_restrictions_of_the_specification():
    services = discovery(PROTOCOL)["services"]
    assert [service["hook"] for service in services] == ["patient-view", "encounter-start", "order-sign"]
    assert len({service["id"] for service in services}) == len(services)
    for service in services:
        assert {"hook", "title", "description", "id", "prefetch", "usageRequirements"} == set(service)
        for template in service["prefetch"].values():
            assert re.findall(r"\{\{(.*?)\}\}", template) == ["context.patientId"]
            _, _, query = template.partition("?")
            assert all(re.fullmatch(r"[a-z_]+=[^&]+", part) for part in query.split("&") if part), "no modifiers"


@pytest.mark.parametrize(("file", "service"), [("sandbox_patient_view", VIEW), ("sandbox_order_sign", SIGN)])
def test_what_the_public_sandbox_sends_gets_its_card(file, service):
    (card,) = answered(PROTOCOL, service, (FOLDER / f"{file}.json").read_bytes(), NOW)["cards"]
    assert checked(card)["indicator"] == "critical"
    assert card["summary"].startswith("Emergency signs on record: Urinary retention")


@pytest.mark.parametrize(
    ("file", "expected"), [("sandbox_accepted", Told("accepted", "none")), ("sandbox_dismissed", Told("overridden", "none"))]
)
def test_what_the_public_sandbox_tells_of_a_card_is_understood(file, expected):
    assert feedback_of(json.loads((FOLDER / f"{file}.json").read_text(encoding="utf-8"))) == (expected,)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ({"reason": {"code": "long-standing", "system": "s"}}, "long-standing"),
        ({"reason": {"code": "Mrs. Example said so", "system": "s"}}, "own"),
        ({"userComment": "Mrs. Example said so"}, "own"),
        ({}, "none"),
    ],
)
def test_of_a_reason_its_code_alone_is_kept_and_only_one_of_ours(reason, expected):
    item = {"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-11-26T03:07:29.865Z", "overrideReason": reason}
    assert feedback_of({"feedback": [item]}) == (Told("overridden", expected),)
