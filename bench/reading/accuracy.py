"""How well mentions agree with labels, counted for every contender alike.

A labelled mention is found when an answer has its finding and overlaps it, and is at most four times as long (ten characters count
as the least length). Labels of kind `implied` are not asked for, but an answer that meets one is not wrong. Only findings that are
labelled somewhere in the set count. Sides are not told apart: "weakness in both legs" answers a label of leg weakness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["FLAGS", "Rate", "Score", "score"]

Mention = Mapping[str, Any]

# Findings that alone send a person to the emergency department.
FLAGS = frozenset(
    {
        "urinary_retention",
        "saddle_anesthesia",
        "bowel_incontinence",
        "urinary_incontinence",
        "overflow_incontinence",
        "reduced_anal_tone",
        "leg_weakness",
        "cauda_equina_syndrome",
        "spinal_cord_compression",
        "spinal_infection",
        "fever",
    }
)

# A finer or coarser name that answers as well, and the name in the labels.
SAME = {
    "saddle_paresthesia": "saddle_anesthesia",
    "elevated_pvr": "urinary_retention",
    "falls": "gait_disturbance",
    "new_urinary_incontinence": "urinary_incontinence",
    "minor_trauma": "trauma",
    "active_cancer": "history_of_cancer",
    "steroid_use": "immunosuppression",
    "bilateral_leg_weakness": "leg_weakness",
    "foot_drop": "leg_weakness",
    "bilateral_leg_numbness": "leg_numbness",
    "sciatica_bilateral": "sciatica_unilateral",
}


@dataclass(frozen=True)
class Rate:
    """Of what was said and what was there, how much was right."""

    right: int
    said: int
    there: int

    @property
    def precision(self) -> float:
        # One answer may meet two labels, so more may be right than was said.
        return self.right / max(self.right, self.said) if self.said else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.there if self.there else 0.0

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.right + other.right, self.said + other.said, self.there + other.there)


@dataclass(frozen=True)
class Score:
    """Mentions; the assertions of those found; (note, finding present now); and the same for the emergency flags."""

    mention: Rate
    assertion: Rate
    note: Rate
    flag: Rate

    def __add__(self, other: Score) -> Score:
        return Score(self.mention + other.mention, self.assertion + other.assertion, self.note + other.note, self.flag + other.flag)


NOTHING = Score(*[Rate(0, 0, 0)] * 4)


def score(labels: Mapping[str, Sequence[Mention]], answers: Mapping[str, Sequence[Mention]]) -> Score:
    """Over all labelled notes; a note that was not answered was answered with nothing."""
    known = {plain(label) for mentions in labels.values() for label in mentions}
    each = (of_note(mentions, [m for m in answers.get(name, ()) if plain(m) in known]) for name, mentions in labels.items())
    return sum(each, NOTHING)


def of_note(labels: Sequence[Mention], answers: Sequence[Mention]) -> Score:
    """The score of one note."""
    asked = [label for label in labels if label.get("kind", "explicit") == "explicit"]
    met = [(label, next((answer for answer in answers if meets(answer, label)), None)) for label in asked]
    found = [(label, answer) for label, answer in met if answer is not None]
    agreeing = sum(answer["assertion"] == label["assertion"] for label, answer in found)
    said = sum(counts_as_said(answer, asked, labels) for answer in answers)
    there, given = present(labels), present(answers)
    return Score(
        mention=Rate(len(found), said, len(asked)),
        assertion=Rate(agreeing, len(found), len(found)),
        note=rate_of(given, there),
        flag=rate_of(given & FLAGS, there & FLAGS),
    )


def counts_as_said(answer: Mention, asked: Sequence[Mention], labels: Sequence[Mention]) -> bool:
    """Not where it only meets a label that is not asked for."""
    return any(meets(answer, label) for label in asked) or not any(meets(answer, label) for label in labels)


def meets(answer: Mention, label: Mention) -> bool:
    """Whether the answer names what the label names, there."""
    overlap = answer["start"] < label["end"] and label["start"] < answer["end"]
    fair = answer["end"] - answer["start"] <= 4 * max(10, label["end"] - label["start"])
    return overlap and fair and plain(answer) == plain(label)


def present(mentions: Iterable[Mention]) -> set[str]:
    """The findings that the note says are there now."""
    return {plain(mention) for mention in mentions if mention["assertion"] == "present"}


def rate_of(given: set[str], there: set[str]) -> Rate:
    return Rate(len(given & there), len(given), len(there))


def plain(mention: Mention) -> str:
    """The finding by the name that counts here."""
    finding: str = mention["finding"]
    return SAME.get(finding, finding)
