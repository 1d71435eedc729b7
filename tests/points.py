"""The points of words (src/equina/notes/points.py), made anew from marked messages: `make points`.

points.py [--likely 0.33] [--kind 0.8] [--old 0.7] [--otherwise 0.8]

Each sentence, or window of a longer one, is an example of what it says and of what it does not; its features are its words and
pairs of neighbours, as the lexicon knows them. A logistic regression with an L1 penalty (scikit-learn) gives most of them nothing,
so that what is left can be read.

Learnt from are the half of the corpus that may be read, corpus/weighed/, which is for this alone, reading/ and the case files. The
other half of the corpus is counted and never learnt from.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory
from textwrap import wrap

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

TESTS = Path(__file__).parent
sys.path += [str(TESTS), str(TESTS / "corpus")]

from corpus_figures import SEEN, messages, plain  # noqa: E402  (after the path)

from equina.notes.lexicon import Lexicon, lexicon  # noqa: E402
from equina.notes.points import windows  # noqa: E402
from equina.notes.reading import worded  # noqa: E402
from equina.protocol import SHIPPED, load  # noqa: E402
from points_around import MAY_BE  # noqa: E402
from points_around import points as points_around  # noqa: E402
from sentences import Sentence, sentences  # noqa: E402

# Each with the findings that say it in another grain: where a pattern names one of them, points add nothing.
FINDINGS = {
    "saddle_anesthesia": ("saddle_paresthesia", "perianal_sensation_reduced"),
    "urinary_retention": ("elevated_pvr", "bladder_dysfunction"),
    "difficulty_initiating_urination": ("urinary_retention", "bladder_dysfunction"),
    "weak_stream": ("urinary_retention", "bladder_dysfunction", "difficulty_initiating_urination", "post_void_dribble"),
    "insensate_urination": (),
    "reduced_bladder_sensation": (),
    "urinary_incontinence": (
        *("new_urinary_incontinence", "overflow_incontinence", "continuous_leakage", "nocturnal_enuresis", "post_void_dribble"),
        *("stress_leak", "urge_leak", "functional_leak", "mixed_incontinence"),
    ),
    "overflow_incontinence": (),
    "bowel_incontinence": ("bowel_dysfunction", "constipation"),
    "reduced_rectal_sensation": ("bowel_dysfunction",),
    "leg_weakness": ("bilateral_leg_weakness", "foot_drop", "paralysis"),
    "sexual_dysfunction": (),
    "bilateral_leg_weakness": ("paralysis",),
    "progressive_leg_weakness": (),
}
# What some writers marked apart from a weak leg; in what the others wrote of weak legs it is unclear.
APART = ("bilateral_leg_weakness", "progressive_leg_weakness")
# A leak of a named kind is less urgent than one of none, so that it must be surer.
KINDS = {"stress_leak": (), "urge_leak": (), "functional_leak": ()}
# Whole texts of which it is known what they say, though not where: what one does not say is against a finding in all of it.
WHOLE = ("seen_cases.jsonl", "told_cases.jsonl", "told_messages.jsonl")
POINTS = 10  # of one unit of log-odds
RARE = 4  # examples that a word or a pair must have
STRENGTH = 1.0  # the less, the fewer words have points
WEIGHED = TESTS / "corpus" / "weighed"
USUAL = (
    "plain_and_harmless",
    "all_clear",
    "short_and_harmless",
    "the_back_alone_a",
    "the_back_alone_b",
    "the_back_alone_c",
    "the_back_alone_d",
)
PLAIN = 3.0  # what these, our own sentences and the cases weigh: they tell of what is usual, the messages of what is odd
WIDTH = 128
HEAD = """\
# Points of words and pairs of words, made by `make points` from marked messages: do not edit by hand. Ten are one unit of log-odds.
# A stretch of at most forty words whose points outweigh the base is read as naming the finding, where no pattern of the text does
# (docs/decisions/0021). Those below [around] make a complaint old, past, another's or only named: in the sentence before, before
# its words, behind them, and in the next sentence (0022 and 0023).
"""


@dataclass(frozen=True, slots=True)
class Example:
    """The letters of a window, the findings that it says are there, and those that it may say."""

    letters: str
    present: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()
    weight: float = 1.0


def cut(words: Lexicon, text: str) -> Iterator[tuple[str, int, int]]:
    """The windows of a text's sentences: letters, and where they begin and end."""
    letters, places = worded(words, text)
    letters, places = letters + words.end, [*places, (len(text), len(text))]
    ends = [found.end() for found in words.ends.finditer(letters)]
    for begin, end in zip([0, *ends], ends, strict=False):
        for first, last in windows(end - begin):
            yield letters[begin + first : begin + last], places[begin + first][0], places[begin + last - 1][1]


def examples(words: Lexicon, told: Sequence[Sentence], weight: float) -> Iterator[Example]:
    """The windows of the marked messages of one writer."""
    marked = {label.finding for message in told for label in message.labels}
    unclear = frozenset() if marked.issuperset(APART) else frozenset(APART)
    for message in told:
        for letters, low, high in cut(words, message.text):
            present = {
                name
                for label in message.labels
                if label.assertion == "present" and label.start < high and low < label.end
                for name in (label.finding, plain(label.finding))
            }
            yield Example(letters, frozenset(present), unclear if "leg_weakness" in present else frozenset(), weight)


def whole(words: Lexicon) -> Iterator[Example]:
    """The windows of the case files: of each finding that a case has it is unclear which says so."""
    for text, said in cases():
        legs = APART if "leg_weakness" in said else ()
        unclear = frozenset(legs).union(name for name, others in (FINDINGS | KINDS).items() if not said.isdisjoint((name, *others)))
        for letters, _, _ in cut(words, text):
            yield Example(letters, unclear=unclear, weight=PLAIN)


def cases() -> Iterator[tuple[str, set[str]]]:
    """The texts of the case files, each with the findings that are there; in a message that can wait none is."""
    for file in WHOLE:
        for line in (TESTS / "cases" / file).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if {"urgent", "emergency"}.isdisjoint(case.get("acceptable", [])) or "findings" in case:
                said = {plain(name) for name, value in case.get("findings", {}).items() if value not in (False, None)}
                for key in ("text", "narrative_patient"):
                    yield case.get(key, ""), said


def features(names: Mapping[str, str], letters: str) -> list[str]:
    """The words and pairs of a window, by the names of letters; a number has none."""
    each = [names.get(letter) for letter in letters]
    return [name for name in each if name] + [f"{one} {other}" for one, other in pairwise(each) if one and other]


def points_of(words: Lexicon, learnt: Sequence[Example], share: float, kind: float) -> Iterator[str]:
    """The lines of what sentences are likely to say: a finding as likely as `share`, a kind of leak as `kind`."""
    known = {letter: word for word, letter in words.vocabulary.letters.items() if " " not in word}
    counter = CountVectorizer(analyzer=lambda letters: features(known, letters), min_df=RARE, binary=True)
    columns = counter.fit_transform([one.letters for one in learnt])
    names = counter.get_feature_names_out()
    weight = np.array([one.weight for one in learnt])
    for finding, others in (FINDINGS | KINDS).items():
        clear = np.array([finding not in one.unclear for one in learnt])
        present = np.array([finding in one.present for one in learnt])[clear]
        model = LogisticRegression(C=STRENGTH, l1_ratio=1, solver="liblinear", max_iter=1000, random_state=0)
        weights = model.fit(columns[clear], present, sample_weight=weight[clear]).coef_[0]
        points = {name: some for name, weight in zip(names, weights, strict=True) if (some := round(POINTS * weight))}
        least = kind if finding in KINDS else share
        base = round(POINTS * (model.intercept_[0] - np.log(least / (1 - least))))
        print(f"{finding:32} {present.sum():5} examples  {len(points):4} words and pairs")
        yield f"\n[points.{finding}]"
        yield f"base = {min(-1, base)}"
        if others:
            yield f"unless = [{', '.join(map(quoted, others))}]"
        yield f"\n[points.{finding}.words]"
        yield from listed(points)


def around(words: Lexicon, shares: Mapping[str, float]) -> Iterator[str]:
    """The lines of what makes a complaint as likely as these shares to be old, past, another's or only named."""
    for verdict, share in shares.items():
        base, zones = points_around(words, verdict, share)
        may = wrap(", ".join(map(quoted, MAY_BE[verdict])), WIDTH - 2)
        yield from ("", f"[around.{verdict}]", f"base = {base}", "of = [", *(f"  {line}" for line in may), "]")
        for zone, points in zones.items():
            yield f"\n[around.{verdict}.{zone}]"
            yield from listed(points)


def listed(points: Mapping[str, int]) -> Iterator[str]:
    """Lists of words under their points, the most first."""
    ordered = sorted(points.items(), key=lambda item: (-item[1], item[0]))
    for some, items in groupby(ordered, key=lambda item: item[1]):
        texts = [quoted(name) for name, _ in items]
        line = f"{some} = [{', '.join(texts)}]"
        if len(line) <= WIDTH:
            yield line
        else:  # no list is broken inside a string
            body = wrap(
                ", ".join(text.replace(" ", "\0") for text in texts), WIDTH - 2, break_long_words=False, break_on_hyphens=False
            )
            yield from (f"{some} = [", *(f"  {part}".replace("\0", " ") for part in body), "]")


def quoted(name: str) -> str:
    """A string of TOML."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def without_points() -> Lexicon:
    """The lexicon of the patterns alone: what is made must not depend on what was made before."""
    with TemporaryDirectory() as folder:
        return lexicon(load(copytree(SHIPPED, folder, dirs_exist_ok=True, ignore=ignore_patterns("points.toml", "locale"))))


def main() -> None:
    """Write the file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--likely", type=float, default=0.33, help="how likely what a sentence says must be")
    options.add_argument("--kind", type=float, default=0.8, help="how likely a kind of leak must be")
    options.add_argument("--old", type=float, default=0.7, help="how likely an old complaint must be")
    options.add_argument(
        "--otherwise", type=float, default=0.8, help="how likely one that is past, another's or only named must be"
    )
    given = options.parse_args()
    words = without_points()
    plain_files = [*sorted((TESTS / "reading").glob("*.txt")), *(WEIGHED / f"{name}.txt" for name in USUAL)]
    marked = [*plain_files, *(file for file in sorted(WEIGHED.glob("*.txt")) if file not in plain_files)]
    told = [(list(messages(SEEN)), 1.0), *((list(sentences(file)), PLAIN if file in plain_files else 1.0) for file in marked)]
    learnt = [*(one for writer, weight in told for one in examples(words, writer, weight)), *whole(words)]
    shares = {"old": given.old} | dict.fromkeys(("past", "others", "warned"), given.otherwise)
    lines = [HEAD.rstrip(), *points_of(words, learnt, given.likely, given.kind), *around(words, shares)]
    (SHIPPED / "points.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
