"""What docs/rest.md shows is true: its curl and Python snippets are run against a server of their own."""

from __future__ import annotations

import pytest

from snippets import TOKEN, named, runs, serving, snippets

SNIPPETS = snippets("rest.md")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The address of `equina serve` as the page starts it, and the file of its log."""
    log = tmp_path_factory.mktemp("log") / "log"
    with serving(log) as address:
        yield address, log


@pytest.mark.parametrize("snippet", SNIPPETS, ids=named(SNIPPETS))
def test_the_snippet_runs(served, snippet):
    runs(snippet, served[0])


def test_the_page_has_snippets_of_both_kinds():
    assert {kind for kind, _, _ in SNIPPETS} == {"sh", "python"}
    assert sum(bool(prints) for _, _, prints in SNIPPETS) >= 4


def test_the_log_of_the_server_is_json_without_token_or_answers(served):
    _, log = served
    lines = log.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("Equina is at ")
    assert all(line.startswith('{"time": ') for line in lines[1:])
    for word in (TOKEN, "urine", "fever", "saddle"):
        assert word not in "\n".join(lines)
