"""The pages made from the protocol are whole, and what the README shows is true."""

import doctest
from pathlib import Path

import pytest

import equina
import equina.case
import equina.crosscheck
import equina.logic
import equina.tables
from equina import docs
from equina.review import unused_findings
from strategies import PROTOCOL

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "module", [equina, equina.case, equina.crosscheck, equina.logic, equina.tables], ids=lambda module: module.__name__
)
def test_the_examples_in_the_code_run(module):
    failed, tried = doctest.testmod(module)
    assert tried
    assert not failed


@pytest.mark.parametrize("page", ["README.md", "docs/reference/python.md"])
def test_the_examples_in_the_pages_run(page):
    failed, tried = doctest.testfile(str(ROOT / page), module_relative=False)
    assert tried
    assert not failed


def test_the_generated_pages_are_fresh(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert docs.main(["--check"]) == 0, capsys.readouterr().err


def test_every_finding_that_nothing_uses_is_explained():
    unexplained = [name for name, why in unused_findings(PROTOCOL).items() if not why]
    assert not unexplained


def test_no_finding_explains_a_disuse_that_it_does_not_have():
    unused = unused_findings(PROTOCOL)
    assert not [f.id for f in PROTOCOL.findings.values() if f.unused and f.id not in unused]


def test_every_line_of_the_article_is_served():
    serving = {line for rule in PROTOCOL.rules.values() for line in rule.serves}
    idle = [line.id for line in PROTOCOL.lines.values() if line.id not in serving and not any(line.serves.values())]
    assert not idle


def test_every_line_of_the_guide_is_served_by_a_rule_of_its_level():
    level = {"guide: emergency": "emergency", "guide: promptly": "urgent", "guide: schedule": "scheduled"}
    for line in PROTOCOL.lines.values():
        if line.part in level:
            rules = [rule for rule in PROTOCOL.rules.values() if line.id in rule.serves]
            assert any(rule.disposition == level[line.part] for rule in rules), line.id


def test_every_row_that_is_owed_has_a_line_or_says_what_carries_it():
    rows = {line.row for line in PROTOCOL.lines.values()} | docs.CARRIED_OTHERWISE.keys()
    assert docs.ROWS.keys() <= rows
