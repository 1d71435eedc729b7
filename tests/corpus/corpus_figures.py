"""How well the corpus is read: the figures of both halves; and, of the half that may be looked at, what is read otherwise.

corpus_figures.py                              mentions, assertions and flags of both halves
corpus_figures.py --findings                   and of each finding
corpus_figures.py --seen GOLD READ             of the seen half, what is marked GOLD and read as READ (two assertions)
corpus_figures.py --seen fn FINDING ASSERTION  … what is marked and not read; fp: what is read and not marked
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.append(str(FOLDER.parent))

from equina import load  # noqa: E402  (after the path)
from equina.notes.lexicon import lexicon  # noqa: E402
from equina.notes.reading import Mention, read  # noqa: E402
from sentences import SAME, Label, Sentence, sentences  # noqa: E402

SEEN, HELD = "seen", "held"
# And what the labels of the corpus have no other name for.
GRAINS = {**SAME, "paralysis": "leg_weakness", "new_urinary_incontinence": "urinary_incontinence"}
FLAGS = frozenset(
    (
        "saddle_anesthesia",
        "urinary_retention",
        "difficulty_initiating_urination",
        "weak_stream",
        "insensate_urination",
        "reduced_bladder_sensation",
        "urinary_incontinence",
        "overflow_incontinence",
        "bowel_incontinence",
        "reduced_rectal_sensation",
        "leg_weakness",
        "sexual_dysfunction",
        "cauda_equina_syndrome",
        "fever",
    )
)


def half_of(line: str) -> str:
    """The half to which a line belongs."""
    return SEEN if int(hashlib.sha1(line.encode()).hexdigest(), 16) % 2 else HELD


def messages(half: str) -> Iterator[Sentence]:
    """The messages of a half."""
    for file in sorted(FOLDER.glob("*.txt")):
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
        for sentence, line in zip(sentences(file), lines, strict=True):
            if half_of(line) == half:
                yield sentence


def plain(finding: str) -> str:
    """A finding in the grain of the labels."""
    return GRAINS.get(finding, finding)


@dataclass
class Figures:
    """What was counted: mentions marked, read and found, assertions right; by finding the messages where it is marked present, is
    read as present, and both."""

    marked: int = 0
    read: int = 0
    found: int = 0
    right: int = 0
    present: dict[str, list[int]] = field(default_factory=dict)

    def take(self, sentence: Sentence, mentions: list[Mention]) -> None:
        """Count one message."""
        for label in sentence.labels:
            match = next((mention for mention in mentions if is_of(label, mention)), None)
            self.marked += 1
            self.found += match is not None
            self.right += match is not None and match.assertion == label.assertion
        self.read += len(mentions)
        marked = {plain(label.finding) for label in sentence.labels if label.assertion == "present"}
        read = {plain(mention.finding) for mention in mentions if mention.assertion == "present"}
        for finding in marked | read:
            counts = self.present.setdefault(finding, [0, 0, 0])
            counts[0] += finding in marked
            counts[1] += finding in read
            counts[2] += finding in marked & read

    def of_mentions(self) -> tuple[float, float, float]:
        """Precision, recall and F1 of mentions."""
        return _shares(self.found, max(self.read, self.found), self.marked)

    def of_flags(self) -> tuple[float, float, float]:
        """The same of the flags that are present in a message."""
        counts = [self.present[finding] for finding in FLAGS if finding in self.present]
        marked, read, both = (sum(each[part] for each in counts) for part in range(3))
        return _shares(both, read, marked)


def _shares(both: int, read: int, marked: int) -> tuple[float, float, float]:
    return both / max(1, read), both / max(1, marked), 2 * both / max(1, read + marked)


def is_of(label: Label, mention: Mention) -> bool:
    """Whether a mention is what a label marks."""
    return plain(mention.finding) == plain(label.finding) and mention.start < label.end and label.start < mention.end


def readings(half: str) -> Iterator[tuple[Sentence, list[Mention]]]:
    """Each message of a half with its mentions of what the corpus marks."""
    words = lexicon(load())
    marked = {plain(label.finding) for one in (SEEN, HELD) for sentence in messages(one) for label in sentence.labels}
    for sentence in messages(half):
        yield sentence, [mention for mention in read(words, sentence.text).mentions if plain(mention.finding) in marked]


def figures(half: str) -> Figures:
    """The figures of a half."""
    counted = Figures()
    for sentence, mentions in readings(half):
        counted.take(sentence, mentions)
    return counted


def shown(what: list[str]) -> Iterator[str]:
    """The messages of the seen half that are asked for."""
    for sentence, mentions in readings(SEEN):
        for label in sentence.labels:
            match = next((mention for mention in mentions if is_of(label, mention)), None)
            words = sentence.text[label.start : label.end]
            if match is None and what == ["fn", plain(label.finding), label.assertion]:
                yield f"[{words}]  {sentence.text}"
            elif match is not None and match.assertion != label.assertion and what == [label.assertion, match.assertion]:
                yield f"{label.finding} [{match.quote}]  {sentence.text}"
        for mention in mentions:
            if what == ["fp", plain(mention.finding), mention.assertion] and not any(
                is_of(label, mention) for label in sentence.labels
            ):
                yield f"[{mention.quote}]  {sentence.text}"


def main() -> None:
    """Print what is asked for."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--findings", action="store_true", help="each finding too")
    options.add_argument("--seen", nargs="+", metavar="WHAT", help="messages of the seen half")
    given = options.parse_args()
    if given.seen:
        print(*shown(given.seen), sep="\n")
        return
    for half in (SEEN, HELD):
        counted = figures(half)
        mentions, flags = counted.of_mentions(), counted.of_flags()
        print(f"{half}: mentions P {mentions[0]:.3f} R {mentions[1]:.3f} F1 {mentions[2]:.3f}; ", end="")
        print(f"assertion {counted.right / max(1, counted.found):.3f}; flags P {flags[0]:.3f} R {flags[1]:.3f} F1 {flags[2]:.3f}")
        for finding, counts in sorted(counted.present.items() if given.findings else ()):
            precision, recall, _ = _shares(counts[2], counts[1], counts[0])
            print(f"  {finding:32} P {precision:.2f} R {recall:.2f}  ({counts[0]})")


if __name__ == "__main__":
    main()
