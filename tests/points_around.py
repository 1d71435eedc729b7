"""The points of the words around a complaint (src/equina/notes/around.py), made by points.py from marked messages.

An example is a marked complaint with the words around it: in the sentence before, before it, behind it, and in the next sentence.
What is over, another's or only named is learnt from marks of what is present and of what is so. What is old is learnt from marks
that say new or long_standing, and from cases: a complaint of which no age is marked counts as new, but for little, since some of
these are old. The sentences of the tests, of which many were written to make a new complaint look old or past, count for more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from corpus_figures import SEEN, messages, plain
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from equina.notes.around import VERDICTS, ZONES, zones
from equina.notes.lexicon import Lexicon
from equina.notes.points import features
from equina.notes.reading import read, worded
from equina.notes.vocabulary import OTHER
from sentences import Sentence, sentences

TESTS = Path(__file__).parent
CASES = ("told_cases.jsonl", "seen_cases.jsonl")
NUMBER = re.compile(r"\d[\d.,/+-]*")
POINTS = 10  # of one unit of log-odds
RARE = 3  # examples that a word or a pair must have
STRENGTH = 1.0  # the less, the fewer words have points
UNMARKED, ATTACKED = 0.2, 2.0  # what an example without an age weighs, and one with an age of the sentences of the tests
# What may be old by them: what, being old, lowers no emergency beside a back that hurts and any one other finding.
MAY_BE_OLD = ("stress_leak", "functional_leak", "post_void_dribble", "nocturia", "frequency", "constipation", "sciatica_unilateral")
# What may be over, another's or only named: what the writers marked, and the like.
MAY_BE_OTHERWISE = (
    *("saddle_anesthesia", "saddle_paresthesia", "urinary_retention", "difficulty_initiating_urination", "weak_stream"),
    *("insensate_urination", "reduced_bladder_sensation", "urinary_incontinence", "nocturnal_enuresis", "overflow_incontinence"),
    *("stress_leak", "urge_leak", "functional_leak", "bowel_incontinence", "reduced_rectal_sensation", "sexual_dysfunction"),
    *("leg_weakness", "bilateral_leg_weakness", "progressive_leg_weakness", "foot_drop", "paralysis", "gait_disturbance", "falls"),
    *("leg_numbness", "bilateral_leg_numbness", "cauda_equina_syndrome", "fever"),
)
MAY_BE = {"old": MAY_BE_OLD} | dict.fromkeys(("past", "others", "warned"), MAY_BE_OTHERWISE)
OLD = "long_standing"


class Stretch(NamedTuple):
    """The words of a mention: from `start` to before `end`."""

    start: int
    end: int


class Bounds(NamedTuple):
    """The words of a sentence: from `begin` to before `end`."""

    begin: int
    end: int


class Example(NamedTuple):
    """The letters of each zone around a complaint, whether the verdict is so, and what it weighs."""

    around: tuple[str, ...]
    so: bool
    weight: float = 1.0


def points(words: Lexicon, verdict: str, share: float) -> tuple[int, dict[str, dict[str, int]]]:
    """The base, where the verdict is as likely as `share`, and of each zone the points of words and pairs."""
    names = {letter: word for word, letter in words.vocabulary.letters.items() if " " not in word}
    if verdict == "old":
        learnt = [*examples(words, names), *of_cases(words, names), *of_the_corpus(words, names)]
    else:
        learnt = list(of_assertion(words, names, VERDICTS[verdict]))
    counter = CountVectorizer(analyzer=lambda one: list(named(names, one.around)), min_df=RARE, binary=True)
    columns = counter.fit_transform(learnt)
    model = LogisticRegression(C=STRENGTH, l1_ratio=1, solver="liblinear", max_iter=2000, random_state=0)
    model.fit(columns, np.array([one.so for one in learnt]), sample_weight=[one.weight for one in learnt])
    found: dict[str, dict[str, int]] = {zone: {} for zone in ZONES}
    for name, weight in zip(counter.get_feature_names_out(), model.coef_[0], strict=True):
        if some := round(POINTS * weight):
            zone, _, what = name.partition(" ")
            found[zone][what] = some
    print(f"{verdict:32} {sum(one.so for one in learnt):5} examples  {sum(map(len, found.values())):4} words and pairs")
    return min(-1, round(POINTS * (model.intercept_[0] - np.log(share / (1 - share))))), found


def named(names: dict[str, str], around: Iterable[str]) -> Iterator[str]:
    """The features of an example: zone and words, a number by one that the lexicon does not tell from it."""
    for zone, letters in zip(ZONES, around, strict=True):
        for feature in features(letters):
            if all(letter in names for letter in feature):
                yield f"{zone} {' '.join(names[letter] for letter in feature)}"


def examples(words: Lexicon, names: dict[str, str]) -> Iterator[Example]:
    """Those of marked messages."""
    attacks = sorted((TESTS / "reading").glob("*.txt"))
    for file in (*attacks, *sorted((TESTS / "corpus" / "weighed").glob("*.txt"))):
        for message in sentences(file):
            for mark in message.labels:
                if mark.assertion == "present" and not mark.finding.endswith("back_pain"):
                    dated = ATTACKED if file in attacks else 1.0
                    for around in cut(words, names, message.text, mark.start, mark.end):
                        yield Example(around, mark.onset == OLD, dated if mark.onset else UNMARKED)


def of_assertion(words: Lexicon, names: dict[str, str], assertion: str) -> Iterator[Example]:
    """What is marked present, and what is marked as this."""
    attacks = sorted((TESTS / "reading").glob("*.txt"))
    weighed = sorted((TESTS / "corpus" / "weighed").glob("*.txt"))
    told = [(ATTACKED, one) for file in attacks for one in sentences(file)]
    told += [(1.0, one) for file in weighed for one in sentences(file)]
    for weight, message in [*told, *((1.0, one) for one in messages(SEEN))]:
        for mark in message.labels:
            if mark.assertion in ("present", assertion) and not {mark.finding, plain(mark.finding)}.isdisjoint(MAY_BE_OTHERWISE):
                for around in cut(words, names, message.text, mark.start, mark.end):
                    yield Example(around, mark.assertion == assertion, weight)


def of_cases(words: Lexicon, names: dict[str, str]) -> Iterator[Example]:
    """Those of the case files: what a case has, and is read in it."""
    for file in CASES:
        for line in (TESTS / "cases" / file).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            said = dict.fromkeys(case["findings_present"], False) | dict.fromkeys(case["findings_long_standing"], True)
            text = case["narrative_patient"]
            for mention in read(words, text).mentions:
                if mention.assertion == "present" and mention.finding in said and not mention.finding.endswith("back_pain"):
                    yield from (
                        Example(around, said[mention.finding]) for around in cut(words, names, text, mention.start, mention.end)
                    )


def of_the_corpus(words: Lexicon, names: dict[str, str]) -> Iterator[Example]:
    """Those of the half of the corpus that may be read, but for what a cue dates: most of it is new."""
    for message in messages(SEEN):
        old = [(mention.start, mention.end) for mention in read(words, message.text).mentions if mention.onset == OLD]
        for mark in _undated(message):
            if not any(start < mark.end and mark.start < end for start, end in old):
                yield from (Example(around, False, UNMARKED) for around in cut(words, names, message.text, mark.start, mark.end))


def _undated(message: Sentence) -> Iterator[Stretch]:
    for mark in message.labels:
        if mark.assertion == "present" and mark.onset is None and not mark.finding.endswith("back_pain"):
            yield Stretch(mark.start, mark.end)


def cut(words: Lexicon, names: dict[str, str], text: str, start: int, end: int) -> Iterator[tuple[str, ...]]:
    """The zones around some characters of a text, if they hold a word; the numbers of the text get their names."""
    _name_numbers(words, names, text)
    letters, places = worded(words, text)
    letters = letters + words.end
    within = [i for i, (low, high) in enumerate(places) if low < end and start < high]
    if not within:
        return
    stretch = Stretch(within[0], within[-1] + 1)
    bounds = list(_bounds(words, letters))
    for i, one in enumerate(bounds):
        if one.begin <= stretch.start < one.end:
            beside = (bounds[i - 1] if i else None, bounds[i + 1] if i + 1 < len(bounds) else None)
            yield tuple(zones(letters, stretch, one, *beside))


def _bounds(words: Lexicon, letters: str) -> Iterator[Bounds]:
    begin = 0
    for found in words.ends.finditer(letters):
        if found.start() > begin:
            yield Bounds(begin, found.start())
        begin = found.start() + 1


def _name_numbers(words: Lexicon, names: dict[str, str], text: str) -> None:
    """Names each letter of a number by the shortest of its numbers, the lowest of these."""
    for number in NUMBER.findall(text):
        number = number.rstrip(".,/+-")
        letter = words.vocabulary.letter(number)
        known = names.get(letter)
        if letter != OTHER and (known is None or (known[0] == "#" and (len(number), number) < (len(known) - 1, known[1:]))):
            names[letter] = f"#{number}"
