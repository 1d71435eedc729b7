"""The points of words (src/equina/notes/points.py), made anew from marked messages: `make points`.

points.py [--likely 0.5] [--doubtful 0.3]

First what a sentence is likely to say. Each sentence, or window of a longer one, is an example; its features are its words and
pairs of neighbours, as the lexicon knows them. A logistic regression with an L1 penalty (scikit-learn) gives most of them nothing,
so that what is left can be read. Then, with those points in use, which mentions are to be doubted: each that the reader takes for
present is an example, right or wrong by the marks; its features are those of its sentence, the words of the whole message, and its
finding.

Learnt from are the half of the corpus that may be read, corpus/weighed/, which is for this alone, reading/ and the case files. The
other half of the corpus is counted and never learnt from.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from textwrap import wrap

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

TESTS = Path(__file__).parent
sys.path += [str(TESTS), str(TESTS / "corpus")]

from corpus_figures import SEEN, messages, plain  # noqa: E402  (after the path)

from equina import load  # noqa: E402
from equina.notes.lexicon import Lexicon  # noqa: E402
from equina.notes.lexicon_files import read_lexicon  # noqa: E402
from equina.notes.points import windows  # noqa: E402
from equina.notes.reading import read, worded  # noqa: E402
from sentences import Sentence, sentences  # noqa: E402

# Each with the findings that say it in another grain: where a pattern names one of them, points add nothing.
FINDINGS = {
    "saddle_anesthesia": ("saddle_paresthesia", "perianal_sensation_reduced"),
    "urinary_retention": ("elevated_pvr",),
    "difficulty_initiating_urination": ("urinary_retention",),
    "weak_stream": ("urinary_retention", "bladder_dysfunction"),
    "insensate_urination": (),
    "reduced_bladder_sensation": (),
    "urinary_incontinence": (
        *("new_urinary_incontinence", "overflow_incontinence", "continuous_leakage", "nocturnal_enuresis", "post_void_dribble"),
        *("stress_leak", "urge_leak", "functional_leak", "mixed_incontinence"),
    ),
    "overflow_incontinence": (),
    "bowel_incontinence": (),
    "reduced_rectal_sensation": (),
    "leg_weakness": ("bilateral_leg_weakness", "foot_drop", "paralysis"),
    "sexual_dysfunction": (),
    "fever": (),
}
IN_OTHER_WORDS = ("saddle_paresthesia", "perianal_sensation_reduced", "bilateral_leg_weakness", "foot_drop", "paralysis")
# Whole texts of which it is known what they say, though not where: what one does not say is against a finding in all of it.
WHOLE = ("seen_cases.jsonl", "told_cases.jsonl", "told_messages.jsonl")
POINTS = 10  # of one unit of log-odds
RARE = 2  # examples that a word or a pair must have, to speak for a finding
RARER = 8  # … and of a mention
STRENGTH, STRENGTH_OF_DOUBT = 1.0, 0.3  # the less, the fewer words have points
OF_TEXT = 0.5  # how readily a word of the text has points, against one of the sentence
READ_RIGHT = 0.3  # how much a mention of reading/ counts, where each is read right since it was mended until it was
LONG_SENTENCE, LONG_TEXT = 80, 400  # as in points.py
WIDTH = 128
HEAD = """\
# Points of words and pairs of words, made by `make points` from marked messages: do not edit by hand. Ten are one unit of log-odds.
# [points]: a stretch of at most forty words whose points outweigh the base is read as naming the finding, where no pattern does.
# [doubt]: a mention in a message whose sentence and whole text do not make up for the base is uncertain. docs/decisions/0021.
"""


@dataclass(frozen=True, slots=True)
class Example:
    """The letters of a window, the findings that it says are there, and those that it may say."""

    letters: str
    present: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claim:
    """A mention that the reader takes for present: the letters of its sentence and of its text, and whether it is marked so."""

    finding: str
    sentence: str
    text: str
    right: bool
    weight: float


def spelt(words: Lexicon, text: str) -> tuple[str, list[tuple[int, int]], list[tuple[int, int]]]:
    """The letters of a text with its end, where each word stands in it, and from which to before which word its sentences go."""
    letters, places = worded(words, text)
    letters, places = letters + words.end, [*places, (len(text), len(text))]
    ends = [found.end() for found in words.ends.finditer(letters)]
    return letters, places, list(zip([0, *ends], ends, strict=False))


def cut(words: Lexicon, text: str) -> Iterator[tuple[str, int, int]]:
    """The windows of a text: letters, and where they begin and end."""
    letters, places, parts = spelt(words, text)
    for begin, end in parts:
        for first, last in windows(end - begin):
            yield letters[begin + first : begin + last], places[begin + first][0], places[begin + last - 1][1]


def examples(words: Lexicon, told: Iterable[Sentence]) -> Iterator[Example]:
    """The windows of marked messages."""
    for message in told:
        for letters, low, high in cut(words, message.text):
            present = {
                plain(label.finding)
                for label in message.labels
                if label.assertion == "present" and label.start < high and low < label.end
            }
            yield Example(letters, frozenset(present))


def whole(words: Lexicon) -> Iterator[Example]:
    """The windows of the case files: of each finding that a case has it is unclear which says so."""
    for text, said in cases():
        unclear = frozenset(name for name, others in FINDINGS.items() if not said.isdisjoint((name, *others)))
        for letters, _, _ in cut(words, text):
            yield Example(letters, unclear=unclear)


def cases() -> Iterator[tuple[str, set[str]]]:
    """The texts of the case files, each with the findings that are there; in a message that can wait none is."""
    for file in WHOLE:
        for line in (TESTS / "cases" / file).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if {"urgent", "emergency"}.isdisjoint(case.get("acceptable", [])) or "findings" in case:
                said = {plain(name) for name, value in case.get("findings", {}).items() if value not in (False, None)}
                for key in ("text", "narrative_patient"):
                    yield case.get(key, ""), said


def claims(words: Lexicon, told: Iterable[tuple[str, set[str]]], weight: float) -> Iterator[Claim]:
    """What the reader takes for present in texts, and not of old; with each text comes what is present in it."""
    names = {*FINDINGS, "new_urinary_incontinence", *IN_OTHER_WORDS}
    for text, marked in told:
        letters, places, parts = spelt(words, text)
        for mention in read(words, text).mentions if len(letters) <= LONG_TEXT else ():
            if mention.finding not in names or mention.assertion != "present" or mention.onset == "long_standing":
                continue
            word = next(i for i, (_, end) in enumerate(places) if end > mention.start)
            begin, end = next(part for part in parts if part[0] <= word < part[1])
            if end - begin <= LONG_SENTENCE + 1:
                right = plain(mention.finding) in marked
                yield Claim(mention.finding, letters[begin:end], letters[:-1], right, weight)


def marked(told: Iterable[Sentence]) -> Iterator[tuple[str, set[str]]]:
    """Marked messages, each with what is marked as present."""
    for message in told:
        yield message.text, {plain(label.finding) for label in message.labels if label.assertion == "present"}


class Words:
    """The words of a lexicon by their letters; numbers have none."""

    def __init__(self, words: Lexicon) -> None:
        self.names = {letter: word for word, letter in words.vocabulary.letters.items() if " " not in word}

    def features(self, letters: str) -> list[str]:
        """The words and pairs of a window."""
        names = [self.names.get(letter) for letter in letters]
        return [name for name in names if name] + [f"{one} {other}" for one, other in pairwise(names) if one and other]

    def features_of(self, claim: Claim) -> list[tuple[str, str]]:
        """What may speak for a mention and against it."""
        of_text = {self.names[letter] for letter in claim.text if letter in self.names}
        of_sentence = self.features(claim.sentence)
        return [("bases", claim.finding), *(("sentence", name) for name in of_sentence), *(("text", name) for name in of_text)]


def fitted(columns: object, right: object, strength: float, weights: object = None) -> tuple[np.ndarray, float]:
    """The weights of the columns, and that of none."""
    model = LogisticRegression(C=strength, l1_ratio=1, solver="liblinear", max_iter=1000, random_state=0)
    model.fit(columns, right, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def rounded(names: Iterable[str], weights: Iterable[float]) -> dict[str, int]:
    """The points of those that have any."""
    return {name: points for name, weight in zip(names, weights, strict=True) if (points := round(POINTS * weight))}


def odds(share: float) -> float:
    """The log-odds of a share."""
    return float(np.log(share / (1 - share)))


def points_of(words: Lexicon, learnt: Sequence[Example], share: float) -> Iterator[str]:
    """The lines of what sentences are likely to say."""
    known = Words(words)
    counter = CountVectorizer(analyzer=lambda letters: known.features(letters), min_df=RARE, binary=True)
    columns = counter.fit_transform([one.letters for one in learnt])
    names = counter.get_feature_names_out()
    for finding, others in FINDINGS.items():
        clear = np.array([finding not in one.unclear for one in learnt])
        present = np.array([finding in one.present for one in learnt])[clear]
        weights, base = fitted(columns[clear], present, STRENGTH)
        points = rounded(names, weights)
        print(f"{finding:32} {present.sum():5} examples  {len(points):4} words and pairs")
        yield f"\n[points.{finding}]"
        yield f"base = {min(-1, round(POINTS * (base - odds(share))))}"
        if others:
            yield f"unless = [{', '.join(map(quoted, others))}]"
        yield f"\n[points.{finding}.words]"
        yield from listed(points)


def doubt_of(words: Lexicon, learnt: Sequence[Claim], share: float) -> Iterator[str]:
    """The lines of what is to be doubted."""
    known = Words(words)
    counter = CountVectorizer(analyzer=known.features_of, min_df=RARER, binary=True)
    columns = counter.fit_transform(learnt).astype(float)
    scale = np.array([OF_TEXT if kind == "text" else 1.0 for kind, _ in counter.get_feature_names_out()])
    columns = columns.multiply(scale).tocsr()
    right = np.array([one.right for one in learnt])
    weights, base = fitted(columns, right, STRENGTH_OF_DOUBT, [one.weight for one in learnt])
    weights = weights * scale
    by_kind: dict[str, dict[str, float]] = {"bases": {}, "sentence": {}, "text": {}}
    for (kind, name), weight in zip(counter.get_feature_names_out(), weights, strict=True):
        by_kind[kind][name] = float(weight)
    print(f"doubt: {len(learnt)} mentions, {right.sum()} right; {int((weights != 0).sum())} words and pairs")
    yield "\n[doubt.bases]"
    yield from (
        f"{name} = {round(POINTS * (base + weight - odds(share)))}" for name, weight in sorted(by_kind.pop("bases").items())
    )
    for kind, of_kind in by_kind.items():
        yield f"\n[doubt.{kind}]"
        yield from listed(rounded(of_kind, of_kind.values()))


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


def main() -> None:
    """Write the file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--likely", type=float, default=0.5, help="how likely what a sentence says must be")
    options.add_argument("--doubtful", type=float, default=0.3, help="below what share of right ones a mention is doubted")
    given = options.parse_args()
    protocol = load()
    folder = Path(str(protocol.folder))
    kinds = {name: finding.kind for name, finding in protocol.findings.items()}
    to, words = folder / "points.toml", read_lexicon(folder, kinds)
    mended = [one for file in sorted((TESTS / "reading").glob("*.txt")) for one in sentences(file)]
    free = [*messages(SEEN), *(one for file in sorted((TESTS / "corpus" / "weighed").glob("*.txt")) for one in sentences(file))]
    lines = [HEAD.rstrip(), *points_of(words, [*examples(words, [*free, *mended]), *whole(words)], given.likely)]
    to.write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = read_lexicon(folder, kinds)  # with them
    lines += doubt_of(words, [*claims(words, marked(free), 1.0), *claims(words, marked(mended), READ_RIGHT)], given.doubtful)
    to.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
