"""The two scanners name different candidates and lead to the same reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentences import sentences

from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.lexicon_files import read_lexicon
from equina.notes.reading import read
from equina.notes.scan import Automaton, Planes
from equina.protocol import load

PROTOCOL = load()
KINDS = {name: finding.kind for name, finding in PROTOCOL.findings.items()}
TEXTS = [sentence.text for file in sorted((Path(__file__).parent / "reading").glob("*.txt")) for sentence in sentences(file)]


@pytest.fixture(scope="module")
def plain() -> Lexicon:
    return lexicon(PROTOCOL)


@pytest.fixture(scope="module")
def quick() -> Lexicon:
    """Another lexicon of the same files, with RE2 from the first sentence on."""
    pytest.importorskip("re2", reason="the extra text is not installed")
    made = read_lexicon(Path(PROTOCOL.folder or ""), KINDS, None)
    for index in (made.finds, made.cues, made.persons):
        index.scanner = Automaton(group.expression() for group in index.groups)
    return made


def test_both_scanners_read_the_same_in_every_sentence_of_the_tests(plain: Lexicon, quick: Lexicon) -> None:
    assert isinstance(plain.finds.scanner, Planes)
    for text in TEXTS:
        assert read(plain, text) == read(quick, text), text


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(" ".join(TEXTS[::7]).split(" ")), max_size=40).map(" ".join))
def test_both_scanners_read_the_same_in_shuffled_words(plain: Lexicon, quick: Lexicon, text: str) -> None:
    assert read(plain, text) == read(quick, text)


def test_the_automaton_names_no_group_that_the_planes_do_not(plain: Lexicon, quick: Lexicon) -> None:
    for text in TEXTS[::5]:
        key = "".join(plain.vocabulary[chunk] for chunk in text.lower().split(" "))
        assert set(quick.finds.scanner(key)) <= set(plain.finds.scanner(key))
