"""What cards propose is FHIR R4 for libraries that are not ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from test_hooks import BACK, RETENTION, SIGN, START, VIEW, cards, order

HERE = Path(__file__).parent
CALLS = (
    (VIEW, (RETENTION, BACK), ()),
    (START, (BACK,), ()),
    (SIGN, (RETENTION, BACK), (order("MedicationRequest", "naproxen"),)),
)


def test_every_resource_that_a_card_proposes_is_sound():
    if not (HERE / "node_modules" / ".stamp").exists() or not shutil.which("node"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the checkers are not here; `make checkers` installs them")
    made = [card for service, records, orders in CALLS for card in cards(service, *records, orders=orders)]
    proposed = [action["resource"] for card in made for each in card["suggestions"] for action in each["actions"]]
    lines = "\n".join(map(json.dumps, proposed))
    done = subprocess.run(["node", "check.mjs"], cwd=HERE, input=lines, capture_output=True, text=True, check=True)
    issues = [issue for line in done.stdout.splitlines() for issue in json.loads(line)["issues"]]
    assert {resource["resourceType"] for resource in proposed} == {"ServiceRequest", "Task"}
    assert len(done.stdout.splitlines()) == len(proposed)
    assert [issue for issue in issues if issue["severity"] in ("error", "fatal")] == []
