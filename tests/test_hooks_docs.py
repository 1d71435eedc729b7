"""What docs/hooks.md shows is true: its curl and Python snippets are run against a server of their own."""

from __future__ import annotations

import pytest

from snippets import named, runs, serving, snippets

SNIPPETS = snippets("hooks.md")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("log") / "log") as address:
        yield address


@pytest.mark.parametrize("snippet", SNIPPETS, ids=named(SNIPPETS))
def test_the_snippet_runs(served, snippet):
    runs(snippet, served)


def test_the_page_has_snippets_that_print():
    assert sum(bool(prints) for _, _, prints in SNIPPETS) == 3
