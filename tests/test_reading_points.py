"""Points: what no pattern names is read by the words of a short message."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from equina.evaluation.systems import Engine
from equina.notes.command import answer
from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.marked import reasons
from equina.notes.points import WINDOW, Points, likely, windows
from equina.notes.reading import read, worded
from equina.protocol import SHIPPED, load
from equina.tables import ProtocolError

POINTS = tomllib.loads((SHIPPED / "points.toml").read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "own", ignore=shutil.ignore_patterns("locale")))


@pytest.fixture(params=["compiled", "python"])
def words(request: pytest.FixtureRequest, folder: Path) -> Lexicon:
    """A small lexicon with points of its own, by either reader."""
    own = lexicon(load(small(folder, OWN)))
    if request.param == "compiled" and own.compiled is None:
        pytest.skip("no compiled reader here")
    return own if request.param == "compiled" else replace(own, compiled=None)


def small(folder: Path, points: str) -> Path:
    """The folder with a few words and these points instead of its own."""
    for file in (*folder.glob("cues*.toml"), *folder.glob("context*.toml")):
        file.unlink()
    for name, text in (("cues", CUES), ("context", CONTEXT), ("points", points)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


CUES = """
[terms]
known = ["the", "seat", "feels", "like", "cushion", "my", "sister", "and", "is", "there", "now", "no", "heated"]
[cues.saddle_anesthesia]
says = ["numb", "<known> zzz"]
[cues.fever]
says = ["fever"]
[cues.saddle_paresthesia]
says = ["tingling"]
[unrelated.heated]
says = ["heated seat"]
of = ["saddle_anesthesia"]
"""
CONTEXT = """
english = ["the", "is", "my", "and", "no", "now", "there"]
[context.no]
kind = "negated"
says = ["no"]
[context.sister]
kind = "family"
says = ["sister's"]
"""
OWN = """
[points.saddle_anesthesia]
base = -30
unless = ["saddle_paresthesia"]
[points.saddle_anesthesia.words]
20 = ["seat"]
15 = ["cushion", "like cushion"]
-40 = ["heated"]
"""


def of(words: Lexicon, text: str) -> list[tuple[str, str, str]]:
    return [(mention.finding, mention.assertion, mention.quote) for mention in read(words, text).mentions]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The seat feels like cushion.", [("saddle_anesthesia", "present", "seat feels like cushion")]),
        ("The seat feels.", []),
        ("The cushion is the cushion.", []),  # a word counts once
        ("The seat and the cushion. The seat and the cushion.", [("saddle_anesthesia", "present", "seat and the cushion")]),
        ("Numb. The seat and the cushion.", [("saddle_anesthesia", "present", "Numb")]),  # a pattern names it
        ("No tingling. The seat and the cushion.", [("saddle_paresthesia", "absent", "tingling")]),  # or names the like
        (
            "Sister's numb. The seat and cushion.",
            [("saddle_anesthesia", "family", "numb"), ("saddle_anesthesia", "present", "seat and cushion")],
        ),
        (
            "Fever and the seat like cushion.",
            [("fever", "present", "Fever"), ("saddle_anesthesia", "present", "seat like cushion")],
        ),
        ("The heated seat like cushion.", []),  # words of another sense
        ("Sister's seat like cushion.", [("saddle_anesthesia", "family", "seat like cushion")]),  # its context counts
    ],
)
def test_what_the_words_make_likely(words: Lexicon, text: str, found: list[tuple[str, str, str]]) -> None:
    assert of(words, text) == found


def test_only_in_a_short_message(words: Lexicon) -> None:
    told = "The seat feels like cushion."
    assert len(of(words, f"{told} {'The. ' * 190}")) == 1
    assert of(words, f"{told} {'The. ' * 200}") == []
    assert of(words, f"PMH: back pain\nPlan: rest\n{told}") == of(words, told)  # headings that this lexicon does not know


def test_not_in_a_note_under_headings() -> None:
    told = "Sat on the bike and nothing between me and the saddle reaches my brain."
    own = lexicon(load())
    assert any(mention.likely for mention in read(own, told).mentions)
    assert not any(mention.likely for mention in read(own, f"PMH: asthma\nSocial history: {told}\nPlan: rest").mentions)


def test_windows_overlap_and_leave_nothing_out() -> None:
    for count in (1, WINDOW, WINDOW + 1, 2 * WINDOW, 103):
        covered = {place for first, last in windows(count) for place in range(first, last)}
        assert covered == set(range(count))
        assert all(last - first <= WINDOW for first, last in windows(count))


def test_words_that_stand_far_apart_are_not_added_up(words: Lexicon) -> None:
    assert of(words, f"The seat {'and ' * 10}the cushion.") != []
    assert of(words, f"The seat {'and ' * WINDOW}the cushion.") == []


def test_without_its_file_nothing_is_read_by_points(folder: Path) -> None:
    text = "Sat on the bike and nothing between me and the saddle reaches my brain."
    assert any(mention.likely for mention in read(lexicon(load()), text).mentions)
    (folder / "points.toml").unlink()
    own = lexicon(load(folder))
    assert not own.points.finds
    assert not any(mention.likely for mention in read(own, text).mentions)


def test_it_is_told_that_no_phrase_names_it(words: Lexicon) -> None:
    reading = read(words, "The seat feels like cushion. Fever.")
    by_points, by_pattern = answer(None, reading)["mentions"]  # type: ignore[misc]
    assert (by_points["likely"], "likely" in by_pattern) == (True, False)
    assert "no phrase" in next(iter(reasons(load(), reading)))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("[points.no_such]\nbase = -1\n[points.no_such.words]\n", "no finding of the protocol"),
        ("[points.fever]\nbase = 0\n[points.fever.words]\n", "[points.fever]: base"),
        ("[points.fever]\n[points.fever.words]\n", "the key is missing"),
        ("[points.fever]\nbase = -6.5\n[points.fever.words]\n", "-6.5 is no base"),
        ('[points.fever]\nbase = -3\n[points.fever.words]\n3 = ["hot"]\n-5 = ["hot"]\n', "has 3 points already"),
        ('[points.fever]\nbase = "-3"\n[points.fever.words]\n', "[points.fever]: base"),
        ("[points.fever]\nbase = -20000\n[points.fever.words]\n", "-9999"),
        ('[points.fever]\nbase = -3\n[points.fever.words]\nmany = ["hot"]\n', "whole numbers"),
        ('[points.fever]\nbase = -3\n[points.fever.words]\n99999 = ["hot"]\n', "whole numbers"),
        ("[points.fever]\nbase = -3\n[points.fever.words]\n3 = 4\n", "[points.fever.words]: 3"),
        ('[points.fever]\nbase = -3\nunless = ["fevr"]\n[points.fever.words]\n', '"fevr" is no finding'),
        ("[points.fever]\nbase = -3\nmore = 1\n[points.fever.words]\n", "more"),
        ('[points.fever]\nbase = -3\n[points.fever.words]\n3 = ["a b c"]\n', "a word or two"),
        ('[points.fever]\nbase = -3\n[points.fever.words]\n3 = [""]\n', "a word or two"),
    ],
)
def test_what_is_wrong_with_the_file_is_told(folder: Path, given: str, told: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        lexicon(load(small(folder, given)))
    assert all(str(fault).startswith("points.toml") for fault in raised.value.faults)
    assert told in str(raised.value)


def test_every_word_of_the_shipped_file_is_one_of_the_lexicon() -> None:
    """Else a word has lost its points unnoticed: `make points` makes them anew."""
    known = lexicon(load()).vocabulary.letters
    lists = [words for each in POINTS["points"].values() for words in each["words"].values()]
    spelt = {word for words in lists for pair in words for word in pair.split(" ")}
    assert len(spelt) > 1000
    assert spelt - known.keys() == set()


def test_the_points_of_the_shipped_file_are_few_enough_to_be_read() -> None:
    points = [len(words) for each in POINTS["points"].values() for words in each["words"].values()]
    assert sum(points) < 45_000


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("Sat on the bike and nothing between me and the saddle reaches my brain.", "saddle_anesthesia"),
        ("Underneath has gone to sleep and the shower might as well be raining on the dog.", "saddle_anesthesia"),
        ("I have stood at the toilet for an hour with a belly like a drum and it is all still in there.", "urinary_retention"),
    ],
)
def test_what_is_likely_alone_is_an_emergency(text: str, finding: str) -> None:
    """What is read by points counts as what is read by a pattern."""
    told = f"My back went on Monday. {text}"
    assert finding in {mention.finding for mention in read(lexicon(load()), told).mentions if mention.likely}
    answers = Engine(load()).answers([{"id": "1", "age": 50, "sex": "F", "text": told}], lambda _: None)
    assert answers["1"].level == "emergency"


def test_likely_is_of_letters_alone() -> None:
    own = lexicon(load())
    letters, _ = worded(own, "I cannot tell when I have begun to pass water.")
    assert likely(Points((), (), {}), letters) == []
    assert all(0 <= start < end <= len(letters) for start, end, _ in likely(own.points, letters))
