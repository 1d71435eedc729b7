"""The report of all benches: it runs, has a row for every limit, and says of what can't run here why. No time is looked at."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "bench"))  # after the tests, which have a screening.py of their own

from figures import ASKED, Figure, absent, measured  # noqa: E402
from report import BENCHES, not_measured  # noqa: E402
from report_text import as_text, compared, pictures  # noqa: E402

QUICK = ("engine", "interviews", "services", "spark")
SLOW = () if os.environ.get("EQUINA_FULL") is None else ("proofs", "screening", "pages", "reading")
ABOUT = {
    "size": "usual",
    "date": "2026-11-26T08:00:00+00:00",
    "load": 0.5,
    "machine": {"system": "Linux", "processor": "a processor", "cores": 2, "memory_gb": 8},
    "versions": {"equina": "0.1.0", "java": None},
}


@pytest.mark.parametrize("area", [*QUICK, *SLOW])
def test_a_short_run_has_every_row(area, tmp_path):
    # No other program is found: no Node, no Java, no wrk. What needs them must say so, and nothing is fetched for it.
    command = [
        sys.executable,
        str(ROOT / "bench" / "report.py"),
        "--short",
        "--only",
        area,
        "--out",
        str(tmp_path),
        "--peers",
        sys.executable,
    ]
    done = subprocess.run(command, env=os.environ | {"PATH": "/nowhere"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["faults"] == []
    assert {row["area"] for row in report["rows"]} == {area}
    assert {asked.what for asked in ASKED if asked.area == area} <= {row["what"] for row in report["rows"] if row["limit"]}
    assert all((row["median"] is None) == bool(row["why"]) for row in report["rows"])
    assert all(row["met"] is None for row in report["rows"])
    page = (tmp_path / "report.md").read_text("utf-8")
    assert all(row["what"] in page for row in report["rows"])
    assert all((tmp_path / name).exists() for name in _pictures_of(page))


def _pictures_of(page):
    return [line.split("(")[1].rstrip(")") for line in page.splitlines() if line.startswith("![")]


def test_every_limit_is_of_an_area_that_is_benched():
    assert {asked.area for asked in ASKED} <= {bench.area for bench in BENCHES}


def test_a_limit_that_nobody_measured_is_a_row_that_says_so():
    rows = not_measured([absent("engine", "engine", "equina", "", "no such file")], ["engine"])
    assert [row.why for row in rows] == ["no such file"] * sum(asked.area == "engine" for asked in ASKED)
    [million] = [row for row in not_measured([], ["screening"]) if "million patients" in row.what]
    assert million.why == "make bench FULL=1"


def test_a_limit_is_not_judged_by_a_variant_of_ours():
    what = "coded events beside a bare parse"
    variant = measured("screening", what, "equina, the first pass", "of its speed", 0.4)
    assert [row["met"] for row in told(variant)] == [None]
    assert what in {row.what for row in not_measured([variant], ["screening"])}
    assert what not in {row.what for row in not_measured([measured("screening", what, "equina", "", 0.4)], ["screening"])}


def told(*figures, judged=True):
    return compared([*figures], judged=judged)


@pytest.mark.parametrize(("value", "met"), [(9_999, False), (10_000, True)])
def test_a_limit_is_judged_by_the_median(value, met):
    [row] = told(measured("reading", "notes of 300 words", "equina", "notes/s", [1, value, 20_000]))
    assert (row["median"], row["met"], row["limit"]) == (value, met, "at least 10,000")
    [short] = told(measured("reading", "notes of 300 words", "equina", "notes/s", [1, value, 20_000]), judged=False)
    assert short["met"] is None


def test_a_peer_is_held_against_the_best_of_ours_and_no_limit_is_asked_of_it():
    rows = told(
        measured("reading", "notes of 300 words", "equina", "notes/s", 100),
        measured("reading", "notes of 300 words", "equina, twice", "notes/s", 200),
        measured("reading", "notes of 300 words", "medspacy", "notes/s", 50, version="medspacy 1.3.1"),
    )
    assert [row["ratio"] for row in rows] == [None, None, 4]
    assert [row["limit"] for row in rows] == ["at least 10,000", "", ""]


def test_where_less_is_better_the_ratio_is_turned():
    rows = told(
        measured("pages", "a step", "equina", "ms", 2.0, more_is_better=False),
        measured("pages", "a step", "bare starlette", "ms", 1.0, more_is_better=False),
    )
    assert rows[1]["ratio"] == 0.5


def test_the_report_names_what_is_missed_what_is_missing_and_what_failed():
    rows = told(
        measured("reading", "notes of 300 words", "equina", "notes/s", 400),
        absent("reading", "notes of 300 words", "medspacy", "notes/s", "not installed here"),
        Figure("engine", "cases", "equina", "cases/s", True, least=1, median=2, most=3, count=3),
        measured("engine", "cases", "zen-engine, table", "cases/s", [5.25], version="2.1.3"),
    )
    page = as_text(ABOUT, rows, ["pages: no server"], list(pictures(rows)))
    assert "1 limits: 0 met, 1 not, 0 not judged." in page
    assert "- Not met: reading, notes of 300 words: 400; asked: at least 10,000" in page
    assert "- A fault: pages: no server" in page
    assert "| notes of 300 words | notes/s | 400 | medspacy: – (not installed here) | at least 10,000 | **no** |" in page
    assert "| cases | cases/s | 2 (1 to 3) | zen-engine, table 2.1.3: 5.25, ours is 0.381× |  |  |" in page
    assert list(pictures(rows)) == ["engine-1"]
    assert "zen-engine, table" in pictures(rows)["engine-1"]
