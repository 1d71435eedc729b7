"""The scanner leaves out nothing that would match: a reading with every pattern tried in every sentence is the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.lexicon_files import read_lexicon
from equina.notes.reading import read
from equina.protocol import load
from sentences import sentences
from strategies import FULL

PROTOCOL = load()
KINDS = {name: finding.kind for name, finding in PROTOCOL.findings.items()}
TEXTS = [sentence.text for file in sorted((Path(__file__).parent / "reading").glob("*.txt")) for sentence in sentences(file)]


@pytest.fixture(scope="module")
def thorough() -> Lexicon:
    """Another lexicon of the same files, whose scanner names a fortieth of the groups for every sentence besides what it would.

    In full it names all of them, which takes most of a minute to compile.
    """
    made = read_lexicon(Path(PROTOCOL.folder or ""), KINDS)
    for index in (made.finds, made.cues, made.persons):
        always, scanner = range(0, len(index.groups), 1 if FULL else 40), index.scanner
        index.scanner = lambda key, always=always, scanner=scanner: sorted({*always, *scanner(key)})
    return replace(made, compiled=None)


def test_the_scanner_leaves_out_nothing_that_would_match(thorough: Lexicon) -> None:
    for text in TEXTS[:: 200 if FULL else 400]:
        assert read(lexicon(PROTOCOL), text) == read(thorough, text), text
