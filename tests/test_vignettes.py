"""Our own vignettes, written from guidance before the rules were run, and the development cases.

The bars are those that the protocol is held to; the figures it reached are in CHANGELOG.md.
"""

from pathlib import Path

import pytest

from equina import Case, assess
from equina.evaluation.scoring import score
from equina.evaluation.systems import Engine
from equina.evaluation.vignettes import read_vignettes
from strategies import PROTOCOL

FOLDER = Path(__file__).parent / "cases"
OWN = Path(PROTOCOL.folder) / "vignettes"
FILES = {path.name: path for path in (OWN / "first.jsonl", OWN / "second.jsonl", FOLDER / "dev_cases.jsonl")}


def scores(path):
    return score(Engine(PROTOCOL), read_vignettes([path]), "findings", lambda _: None)


@pytest.mark.parametrize("path", FILES.values(), ids=list(FILES))
def test_the_bars(path):
    found = scores(path)
    if path.parent == OWN:
        assert [outcome.vignette.id for outcome in found.wrong] == []
    share = {name: share.value for name, share in found.shares.items()}
    assert share["emergency"] == 1
    assert share["under"] == 0
    assert share["advice_under"] == 0
    assert share["over"] <= 0.05
    assert share["ok"] >= 0.97
    assert share["exact"] >= 0.90
    assert share["cause"] >= 0.90
    assert share["leak"] >= 0.80
    assert share["leak_made_up"] <= 0.05


def test_every_id_of_the_shared_vocabulary_is_a_finding():
    text = (FOLDER / "VOCABULARY.md").read_text(encoding="utf-8").split("## How the records were made")[0]
    ids = {line.split("`")[1] for line in text.splitlines() if line.startswith("- `")}
    assert not ids - PROTOCOL.findings.keys() - {"findings_present", "findings_absent"}


@pytest.mark.parametrize("story", PROTOCOL.stories.values(), ids=lambda story: story.id)
def test_the_shipped_stories_come_out_as_they_say(story):
    assert assess(PROTOCOL, Case(values=story.findings, complete=True)).disposition == story.expected
