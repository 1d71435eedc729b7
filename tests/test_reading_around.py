"""Around: what the words around a complaint make likely, that it is old, over, another's or only named."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from equina.case import Case
from equina.evaluation.systems import Engine
from equina.model import LONG_STANDING, Value
from equina.notes.around import ZONES
from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.reading import read
from equina.notes.vocabulary import OTHER
from equina.protocol import SHIPPED, load
from equina.tables import ProtocolError
from equina.triage import assess
from strategies import FULL

AROUND = tomllib.loads((SHIPPED / "points.toml").read_text(encoding="utf-8"))["around"]
CASES = Path(__file__).parent / "cases"
PROTOCOL = load()
NO_COMPLAINT = {"sex_at_birth"}
CUES = """
[numbers.a_year]
least = 1930
most = 2023
[terms]
known = [
  "and", "the", "since", "dog", "died", "same", "nurse", "knows", "in", "it",
  "is", "well", "uncle", "then", "leaflet", "i", "my",
]
[cues.urinary_incontinence]
says = ["leak", "<known> zzz", "<#a_year> zzz"]
[cues.saddle_anesthesia]
says = ["numb"]
"""
CONTEXT = """
english = ["the", "is", "and", "it", "in", "since"]
own = ["i my"]
[context.today]
kind = "new"
direction = "both"
says = ["today"]
[context.no]
kind = "negated"
says = ["no"]
"""
OWN = """
[around.old]
base = -10
of = ["urinary_incontinence"]
[around.old.before]
12 = ["since", "in #1987"]
99 = ["#1987.5.6"]
[around.old.behind]
6 = ["since", "the dog"]
-20 = ["died"]
[around.old.next]
10 = ["nurse knows"]
6 = ["#1998"]
4 = ["#1999"]
[around.past]
base = -5
of = ["urinary_incontinence", "saddle_anesthesia"]
[around.past.last]
6 = ["then"]
[around.past.before]
9 = ["then"]
[around.others]
base = -5
of = ["urinary_incontinence", "saddle_anesthesia"]
[around.others.last]
6 = ["uncle"]
[around.others.before]
8 = ["uncle"]
20 = ["then uncle"]
[around.warned]
base = -5
of = ["saddle_anesthesia"]
[around.warned.before]
8 = ["leaflet"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "own", ignore=shutil.ignore_patterns("locale", "cues*", "context*", "points*")))


@pytest.fixture(params=["compiled", "python"])
def words(request: pytest.FixtureRequest, folder: Path) -> Lexicon:
    """A small lexicon with such words of its own, by either reader."""
    for name, text in (("cues", CUES), ("context", CONTEXT), ("points", OWN)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    own = lexicon(load(folder))
    if request.param == "compiled" and own.compiled is None:
        pytest.skip("no compiled reader here")
    return own if request.param == "compiled" else replace(own, compiled=None)


@pytest.mark.parametrize(
    ("text", "onset"),
    [
        ("It is a leak.", "unknown"),
        ("Since the dog it is a leak.", "long_standing"),  # "since" stands before it
        ("A leak since.", "unknown"),  # and has fewer points behind it
        ("A leak since the dog.", "long_standing"),
        ("A leak since since since.", "unknown"),  # a word counts once
        ("A leak since the dog died.", "unknown"),
        ("In 1987 a leak.", "long_standing"),  # a number stands for those that the lexicon does not tell from it
        ("In 1950 a leak.", "long_standing"),
        ("In 2024 a leak.", "unknown"),
        ("In blue a leak.", "unknown"),  # what is no number is none of the words that nobody knows either
        ("A leak. The nurse knows.", "long_standing"),  # the next sentence
        ("A leak. It is well. The nurse knows.", "unknown"),  # and no other
        ("The nurse knows. A leak.", "unknown"),
        ("A leak. 1960.", "long_standing"),
        ("A leak since the dog and today.", "new"),  # a cue has dated it
        (f"Since {'and ' * 25}a leak.", "unknown"),  # too far
        (f"A leak since the dog. {'It is well. ' * 48}", "long_standing"),
        (f"A leak since the dog. {'It is well. ' * 49}", "unknown"),  # no short message
        ("No leak since the dog.", "unknown"),
        ("Numb since the dog. The nurse knows.", "unknown"),  # not one of the findings that may be old
    ],
)
def test_what_the_words_make_old(words: Lexicon, text: str, onset: str) -> None:
    (mention,) = read(words, text).mentions
    assert mention.onset == onset


@pytest.mark.parametrize(
    ("text", "assertion"),
    [
        ("It is numb.", "present"),
        ("Then it is numb.", "historical"),
        ("It is numb then.", "present"),  # points are of a zone
        ("The uncle. It is numb. I knows.", "family"),
        ("The uncle. It is. It is numb. I knows.", "present"),  # the sentence before, and no other
        ("I knows. The uncle is numb.", "family"),
        ("The uncle is numb.", "present"),  # who says nothing of themselves asks for somebody
        ("I since the uncle is numb.", "present"),  # or not in another sentence
        ("I knows. The uncle and my numb.", "present"),  # the writer's own
        ("The leaflet is numb.", "hypothetical"),
        ("The leaflet is my numb.", "present"),
        ("The leaflet is leak.", "present"),  # not one of the findings of which it is
        ("I knows. Then the uncle is numb.", "historical"),  # the most points
        ("I knows. Then uncle is numb.", "family"),
        ("I knows. Uncle is no numb and the leaflet no leak.", "absent"),  # a cue has judged it
        ("I knows. The uncle is numb today.", "present"),  # and dated it
        ("Since then a leak.", "historical"),
    ],
)
def test_what_the_words_make_of_it(words: Lexicon, text: str, assertion: str) -> None:
    assert {mention.assertion for mention in read(words, text).mentions} == {assertion}


def test_a_mention_of_several_has_words_of_its_own(words: Lexicon) -> None:
    assert [each.onset for each in read(words, "A leak and the leak since the dog.").mentions] == ["long_standing", "long_standing"]
    assert [each.onset for each in read(words, "A leak. Since the dog it is a leak.").mentions] == ["unknown", "long_standing"]


@pytest.mark.parametrize(
    ("text", "onset"),
    [
        ("I've leaked on the trampoline since my eldest and she is at university now. Back pain since Friday.", "long_standing"),
        ("I've leaked when I laugh ever since I was expecting my daughter, who is 31. My back hurts.", "long_standing"),
        ("My left foot drops from the polio I had at six and I am 71, the splint is older than my kids.", "unknown"),  # nerves
        ("My left foot drops. My eldest is at university now. My back hurts.", "unknown"),
        ("My back hurts and I leak when I cough.", "unknown"),
        ("My left foot drops and I have had a bad back since 1998.", "unknown"),
    ],
)
def test_what_the_shipped_file_makes_old(text: str, onset: str) -> None:
    found = {each.onset for each in read(lexicon(load()), text).mentions if each.finding in ("stress_leak", "foot_drop")}
    assert found == {onset}


@pytest.mark.parametrize(
    ("text", "finding", "assertion"),
    [
        (
            "My neighbour could not pee and the doctor told him it was late. I have only the sore back from digging.",
            "urinary_retention",
            "family",
        ),
        (
            "The dog lost the use of her back legs, poor old girl. I have been carrying her, hence my sore back.",
            "leg_weakness",
            "family",
        ),
        ("My back hurts. My mum is 80 and says I am silly. I cannot pee since last night.", "urinary_retention", "present"),
        ("I am a carer and my back is bad from lifting, and now my own legs have gone weak.", "leg_weakness", "present"),
    ],
)
def test_what_the_shipped_file_makes_of_it(text: str, finding: str, assertion: str) -> None:
    found = {each.assertion for each in read(lexicon(load()), text).mentions if each.finding.removeprefix("bilateral_") == finding}
    assert found == {assertion}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('[around.old]\nbase = 0\nof = ["fever"]', "0 is no base"),
        ('[around.old]\nof = ["fever"]', "[around.old]: base: the key is missing"),
        ("[around.old]\nbase = -1", "[around.old]: of: the key is missing"),
        ('[around.old]\nbase = -1\nof = ["leek"]', '"leek" is no finding'),
        ('[around.old]\nbase = -1\nof = ["fever"]\n[around.old.before]\n3 = ["a"]\n4 = ["a"]', "has 3 points already"),
        ('[around.old]\nbase = -1\nof = ["fever"]\n[around.old.after]\n', "[around.old]: after"),
        ("around = 3", "around: a table is expected"),
        (
            '[around.new]\nbase = -1\nof = ["fever"]',
            '"new" is nothing that words around a complaint make of it; name it old, past, others, warned',
        ),
    ],
)
def test_what_is_wrong_with_the_file_is_told(folder: Path, given: str, told: str) -> None:
    for name, text in (("cues", CUES), ("context", CONTEXT), ("points", given)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProtocolError) as raised:
        lexicon(load(folder))
    assert told in str(raised.value)


def test_every_word_of_the_shipped_file_is_one_of_the_lexicon() -> None:
    """Else a word has lost its points unnoticed: `make points` makes them anew."""
    known = lexicon(load()).vocabulary
    lists = [words for verdict in AROUND.values() for zone in ZONES for words in verdict[zone].values()]
    spelt = {word for words in lists for pair in words for word in pair.split(" ")}
    assert {word for word in spelt if not word.startswith("#")} - known.letters.keys() == set()
    assert all(known.letter(word[1:]) != OTHER for word in spelt if word.startswith("#"))


def level(findings: dict[str, Value]) -> str:
    return assess(PROTOCOL, Case(values={"back_pain": True, **findings})).low


@pytest.mark.parametrize("name", AROUND["old"]["of"])
def test_what_may_be_old_by_them_lowers_no_emergency(name: str) -> None:
    """Beside a back that hurts, alone and with each other finding."""
    others = [other for other, finding in PROTOCOL.findings.items() if not finding.measured and other not in NO_COMPLAINT]
    lowered = [
        other
        for other in ("back_pain", *others)
        if level({other: True, name: True}) == "emergency" != level({other: True, name: LONG_STANDING})
    ]
    assert len(others) > 150
    assert lowered == []


@pytest.fixture(scope="module")
def with_and_without(tmp_path_factory: pytest.TempPathFactory) -> list[Engine]:
    """Engines that heed the words around a complaint, and not."""
    without = tmp_path_factory.mktemp("around") / "without"
    shutil.copytree(SHIPPED, without, ignore=shutil.ignore_patterns("locale"))
    points = (without / "points.toml").read_text(encoding="utf-8")
    (without / "points.toml").write_text(points[: points.index("\n[around.old]")], encoding="utf-8")
    return [Engine(PROTOCOL), Engine(load(without))]


def test_they_hide_no_emergency(with_and_without: list[Engine]) -> None:
    """Of emergencies told beside what is old one in a hundred at most has another level than without the words around it, and few
    are hidden by cues of age.

    200 are by a writer who was to hide them; the others are of one who knew the cues and the points and hid 83 by what was then
    taken out again: those that are an emergency without it and now.
    """
    told = [json.loads(line) for line in (CASES / "beside_old.jsonl").read_text(encoding="utf-8").splitlines()]
    asked = [{"id": each["id"], "text": each["text"]} for each in told]
    answers = [engine.answers(asked, lambda _: None) for engine in with_and_without]
    levels = [{id: answer.level for id, answer in each.items()} for each in answers]
    assert sum(levels[0][id] != levels[1][id] for id in levels[0]) <= 6
    missed = [id for id, level in levels[0].items() if level != "emergency"]
    assert len(missed) <= 31
    assert not [id for id in missed if id.startswith("remark-")]


STORIES = [
    "My neighbour had a slipped disc last year, he couldn't pee for two days and they operated in the night.",
    "My mum wet herself and went numb with hers, poor thing.",
    "The dog lost the use of his back legs and was incontinent, the vet did a scan.",
    "One of my residents can't feel his legs and has a catheter.",
    "In 2016 I couldn't feel my backside and they operated, and all of it came back.",
    "When I was seven I wet the bed, and I grew out of it.",
    "After the birth of my son I was numb from the waist with the epidural, it wore off by tea.",
    "The leaflet says to go in with numbness in the saddle or if you cannot pass urine.",
    "The doctor asked about leaks, a numb seat and weak legs.",
    "I am revising for my exam: retention, incontinence, saddle anaesthesia.",
]


def test_what_stands_beside_an_emergency_does_not_hide_it(with_and_without: list[Engine]) -> None:
    """Of emergencies beside somebody else's story, a past or a leaflet one in five hundred at most is lowered by that."""
    told = [json.loads(line) for line in (CASES / "told_messages.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = [each["text"].rstrip() for each in told if each["acceptable"] == ["emergency"]]
    ended = [text if text[-1] in ".?!" else f"{text}." for text in texts if len(text.split()) < 100]
    asked = [
        {"id": f"{i}-{j}-{join}", "text": join.format(story=story, told=text)}
        for i, text in enumerate(ended)
        for j, story in enumerate(STORIES)
        for join in ("{story} {told}", "{told} {story}")
    ][:: 1 if FULL else 7]
    answers = [engine.answers(asked, lambda _: None) for engine in with_and_without]
    found = [{id for id, answer in each.items() if answer.level == "emergency"} for each in answers]
    assert len(asked) > 500
    assert len(found[1]) > 0.95 * len(asked)
    assert len(found[1] - found[0]) <= len(asked) / 500


def test_few_emergencies_told_among_others_are_hidden() -> None:
    """In the sentence of the complaint stand others, leaflets and what was; many are told for somebody else. By one who knew the
    points: 84 of these 919 were missed when they were made."""
    told = [json.loads(line) for line in (CASES / "beside_others.jsonl").read_text(encoding="utf-8").splitlines()]
    answers = Engine(PROTOCOL).answers([{"id": each["id"], "text": each["text"]} for each in told], lambda _: None)
    assert len(told) == 919
    assert sum(answer.level != "emergency" for answer in answers.values()) <= 41
