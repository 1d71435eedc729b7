"""The hazard log: what it names exists, what it estimates adds up, and what is written by hand on its page stays."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from equina import docs
from equina.hazards import BEGIN, END, faults, filled, named_tests, properties, read_log
from equina.tables import ProtocolError

ROOT = Path(__file__).parent.parent
LOG = read_log(ROOT / "docs")
TEXT = (ROOT / "docs/hazards.toml").read_text(encoding="utf-8")
# What a triage of back pain has to have an answer to, and the hazard that is about it.
OWED = {
    "missed by rule": "H01",
    "wrong as medicine": "H02",
    "missed by unknowns": "H03",
    "missed by old baselines": "H04",
    "missed by an interview that stops": "H06",
    "delay by long questions": "H08",
    "missed in free text": "H10",
    "wrong units": "H13",
    "a person who denies": "H14",
    "the wrong person": "H15",
    "taken for a diagnosis": "H16",
    "outside the complaint": "H17",
    "false reassurance": "H19",
    "over-triage": "H20",
    "drug advice": "H21",
    "translation": "H23",
    "accessibility": "H25",
    "misprinted handover": "H27",
    "mixed up or forged": "H30",
    "misread JSON": "H31",
    "a chat assistant": "H33",
    "shared device": "H35",
    "attack": "H37",
    "failure": "H38",
    "tampered protocol": "H39",
    "stale guide": "H41",
}


def edited(folder, old, new):
    """The log with one edit, which must be one."""
    assert TEXT.count(old) >= 1, old
    (folder / "hazards.toml").write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    return folder


def test_everything_that_the_log_names_is_there():
    assert faults(LOG, ROOT) == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'properties = ["promises"]',
            'properties = ["promisses"]',
            'H01: there is no property "promisses"; did you mean "promises"?',
        ),
        (
            "test_proof.py::test_every_promise",
            "test_proof.py::test_each_promise",
            'H01: there is no test "tests/test_proof.py::test_each_promise',
        ),
        (
            'tests = ["tests/test_bad_protocols.py"]',
            'tests = ["tests/test_no_such.py"]',
            'there is no test "tests/test_no_such.py"',
        ),
        ('"docs/protocol.md"', '"docs/nowhere.md"', 'H02: there is no page "docs/nowhere.md"'),
        ('words = "4/28 (6-31 %) / 4/15"', 'words = "0/28 (0-12 %)"', 'H10: "0/28 (0-12 %)" does not stand in docs/reading.md'),
    ],
)
def test_what_is_not_there_is_told_with_its_hazard(tmp_path, old, new, told):
    (fault,) = faults(read_log(edited(tmp_path, old, new)), ROOT)
    assert told in fault


def test_a_hazard_that_names_what_is_not_there_fails_the_docs(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").mkdir()
    edited(tmp_path / "docs", 'properties = ["promises"]', 'properties = ["promisses"]')
    for name in ("src", "tests", "SECURITY.md", "README.md", "requirements.lock"):
        (tmp_path / name).symlink_to(ROOT / name)
    for page in (ROOT / "docs").glob("*.md"):
        (tmp_path / "docs" / page.name).symlink_to(page)
    monkeypatch.chdir(tmp_path)
    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().err.strip() == 'hazards.toml: H01: there is no property "promisses"; did you mean "promises"?'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('before = "catastrophic, medium"', 'before = "catastrophic, often"', '"often" is not one of very_high, high'),
        ('before = "catastrophic, medium"', 'before = "terrible, medium"', '"terrible" is not one of minor'),
        ('after = "catastrophic, very_low"', 'after = "catastrophic, very_high"', "very_high is more than medium"),
        ('group = "rules"', 'group = "rulez"', '"rulez" is not one of'),
        ('remains = "Rules and', 'rests = "Rules and', "the key is missing"),
        ('properties = ["implications", "what_findings_mean", "measurements"]\n', "", "nothing holds it"),
        ('medium = "2 2 3 3 4"', 'medium = "2 2 3 9 4"', "no row of 5 numbers"),
        ('medium = "2 2 3 3 4"', 'medium = "2 2 34 3 4"', "no row of 5 numbers"),
        ('medium = "2 2 3 3 4"\n', "", "its rows are not those of [likelihood]"),
    ],
)
def test_a_log_that_does_not_add_up_is_refused(tmp_path, old, new, told):
    with pytest.raises(ProtocolError, match=re.escape(told)):
        read_log(edited(tmp_path, old, new))


def test_less_risk_without_a_control_is_refused(tmp_path):
    table = tomllib.loads(TEXT)
    assert table["hazards"]["H12"]["before"] != table["hazards"]["H12"]["after"]
    start = TEXT.index("[[hazards.H12.controls]]")
    (tmp_path / "hazards.toml").write_text(TEXT[:start] + TEXT[TEXT.index("[hazards.H13]") :], encoding="utf-8")
    with pytest.raises(ProtocolError, match=r"H12.*no control is named"):
        read_log(tmp_path)


def test_the_risk_grows_with_severity_and_with_likelihood():
    rows = list(LOG.risk.values())  # the likeliest first
    assert all(list(row) == sorted(row) for row in rows)
    assert all(upper >= lower for above, below in pairwise(rows) for upper, lower in zip(above, below, strict=True))


def test_the_hazards_that_are_owed_have_their_place():
    ids = [hazard.id for hazard in LOG.hazards]
    assert [what for what, id in OWED.items() if id not in ids] == []
    assert ids == sorted(set(ids))


def test_what_is_written_by_hand_stays():
    made = filled(f"# By hand\n\n{BEGIN}\nold\n{END}\n\nafter\n", LOG)
    assert made.startswith(f"# By hand\n\n{BEGIN}\n")
    assert made.endswith(f"{END}\n\nafter\n")
    assert "old\n<!--" not in made
    assert filled(made, LOG) == made


def test_a_page_without_a_place_for_the_hazards_is_refused():
    with pytest.raises(ValueError, match="no place for the hazards"):
        filled(f"{BEGIN}\n", LOG)


def test_every_row_of_the_page_has_its_columns():
    """No text of the log breaks a table of Markdown."""
    columns = 0
    for line in (ROOT / "docs/safety.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        count = len(re.findall(r"(?<!\\)\|", line))
        assert count == (columns or count), line
        columns = count


def test_properties_and_tests_are_read_from_the_source():
    assert "promises" in properties(ROOT)
    assert not any(name.startswith("_") for name in properties(ROOT))
    assert "tests/test_safety.py::test_properties_and_tests_are_read_from_the_source" in named_tests(ROOT)
    assert "tests/test_safety.py::edited" not in named_tests(ROOT)
