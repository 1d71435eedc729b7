"""Marked sentences: what a text should be read as, written inside it.

    No {fever|fever absent}, but I {can't pee|urinary_retention present new}.
    {bowel or bladder incontinence|bowel_incontinence present; urinary_incontinence present}
    ~ idiom: My bladder's a {locked safe|urinary_retention present}.

A line is a text; a line break in it is written \\n. `~ reason:` marks a known miss. `#` begins a comment or a heading. A line
without marks has nothing to find.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ASSERTIONS = ("present", "absent", "historical", "family", "hypothetical", "uncertain")
# A finding said in another grain than the label's is no fault: LABELS of the benchmark take either.
SAME = {
    "saddle_paresthesia": "saddle_anesthesia",
    "perianal_sensation_reduced": "saddle_anesthesia",
    "elevated_pvr": "urinary_retention",
    "falls": "gait_disturbance",
    "minor_trauma": "trauma",
    "active_cancer": "history_of_cancer",
    "steroid_use": "immunosuppression",
    "bilateral_leg_weakness": "leg_weakness",
    "foot_drop": "leg_weakness",
    "bilateral_leg_numbness": "leg_numbness",
    "sciatica_bilateral": "sciatica_unilateral",
}
KNOWN_MISS = re.compile(r"~ ([^:]+): ")


@dataclass(frozen=True)
class Label:
    finding: str
    start: int
    end: int
    assertion: str
    onset: str | None


@dataclass(frozen=True)
class Sentence:
    """A text with its labels; `miss` is why it is known not to be read so."""

    place: str
    text: str
    labels: tuple[Label, ...]
    miss: str | None


def sentences(file: Path) -> Iterator[Sentence]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            known = KNOWN_MISS.match(line)
            text, labels = parsed(line[known.end() :] if known else line)
            yield Sentence(f"{file.stem}:{number}", text, labels, known[1] if known else None)


def parsed(line: str) -> tuple[str, tuple[Label, ...]]:
    """The text without its marks, and the labels in the order in which their marks end."""
    out: list[str] = []
    opened: list[int] = []
    labels: list[Label] = []
    place = 0
    while place < len(line):
        if line.startswith("\\n", place):
            out.append("\n")
            place += 1
        elif line[place] == "{":
            opened.append(len(out))
        elif line[place] == "|" and opened:
            start, close = opened.pop(), line.index("}", place)
            for label in line[place + 1 : close].split(";"):
                finding, assertion, *onset = label.split()
                assert assertion in ASSERTIONS, f"{assertion} is no assertion"
                labels.append(Label(finding, start, len(out), assertion, onset[0] if onset else None))
            place = close
        else:
            out.append(line[place])
        place += 1
    assert not opened, f"a brace is not closed: {line}"
    return "".join(out), tuple(labels)
