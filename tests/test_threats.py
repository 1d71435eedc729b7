"""The threat model names tests that there are, and every door of the package."""

import re
from pathlib import Path

from equina.hazards import named_tests

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+\.py(?:::\w+)?)`", PAGE)))


def test_every_test_that_is_named_is_there():
    assert len(NAMED) > 30
    assert {f"tests/{name}" for name in NAMED} <= named_tests(ROOT)


def test_no_mention_of_a_test_escapes_this():
    assert len(re.findall(r"test_\w+\.py", PAGE)) == len(re.findall(r"`test_\w+\.py(?:::\w+)?`", PAGE))


def test_every_row_says_a_door_or_goes_on_with_the_one_above():
    rows = [line for line in PAGE.split("## Doors")[1].split("## ")[0].splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 20
    assert all(line.count(" | ") + line.count(" |\n") >= 3 for line in rows)
    doors = " ".join(re.findall(r"^\| \*\*(.+?)\*\*", PAGE, re.MULTILINE))
    for door in ("page", "REST", "FHIR", "CDS Hooks", "MCP", "Commands", "Texts", "Protocol", "Batch", "Spark", "Packages"):
        assert door in doors


def test_the_way_to_report_leads_here():
    assert "docs/threats.md" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
