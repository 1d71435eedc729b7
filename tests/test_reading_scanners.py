"""The scanner leaves out nothing that would match: a reading with every pattern tried in every sentence is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.lexicon_files import read_lexicon
from equina.notes.reading import read
from equina.protocol import load
from sentences import sentences

PROTOCOL = load()
KINDS = {name: finding.kind for name, finding in PROTOCOL.findings.items()}
TEXTS = [sentence.text for file in sorted((Path(__file__).parent / "reading").glob("*.txt")) for sentence in sentences(file)]


@pytest.fixture(scope="module")
def thorough() -> Lexicon:
    """Another lexicon of the same files, whose scanner names every group for every sentence."""
    made = read_lexicon(Path(PROTOCOL.folder or ""), KINDS)
    for index in (made.finds, made.cues, made.persons):
        everything = range(len(index.groups))
        index.scanner = lambda _, everything=everything: everything
    return made


def test_the_scanner_leaves_out_nothing_that_would_match(thorough: Lexicon) -> None:
    for text in TEXTS[::200]:
        assert read(lexicon(PROTOCOL), text) == read(thorough, text), text
