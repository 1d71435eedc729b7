"""Invented clinical notes for timing readers: about 300 words and 2.2 KB each, with eight marked mentions of red flags.

    notes.py 5000 > notes.jsonl        JSON Lines {"id", "text", "mentions": [{"finding", "start", "end", "assertion"}]}

Every sentence is composed anew from the parts in grammar.toml, with invented names and numbers among them, so that hardly a
sentence comes twice and a reader that remembers sentences or words gains little more by it than on real notes. The marks say where
a finding is named and how the sentence means it. They serve to see that a quick reader did read; accuracy is measured on real
labelled notes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

__all__ = ["MENTIONS", "SEED", "Mention", "Note", "generate", "sized"]

SEED = 20261125
MENTIONS = 8  # in every note
BYTES = 2050  # to which a note is filled up; the sentence that crosses it is kept

# How often a sentence with a mention is of each kind: most red flags in real notes are denied.
KINDS = {"absent": 40, "present": 28, "hypothetical": 10, "historical": 9, "uncertain": 7, "family": 6}

SLOT = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True)
class Mention:
    """A finding named in the text: where (in characters), and how it is meant."""

    finding: str
    start: int
    end: int
    assertion: str


@dataclass(frozen=True)
class Note:
    """A text with its marks."""

    id: str
    text: str
    mentions: tuple[Mention, ...]


# A template taken apart: literal text at even places, names of slots at odd ones.
Template = tuple[str, ...]
# A composed sentence, and the finding, start and end of each mention in it.
Sentence = tuple[str, list[tuple[str, int, int]]]


@dataclass(frozen=True)
class Grammar:
    """What notes are made of."""

    sections: tuple[str, ...]
    syllables: tuple[str, ...]
    sentences: dict[str, tuple[Template, ...]]
    slots: dict[str, tuple[Template, ...]]
    findings: tuple[tuple[str, tuple[str, ...]], ...]


def main() -> None:
    """Write so many notes to standard output."""
    options = argparse.ArgumentParser(description="Write invented notes as JSON Lines.")
    options.add_argument("count", type=int)
    options.add_argument("--seed", type=int, default=SEED)
    given = options.parse_args()
    for note in generate(given.count, given.seed):
        sys.stdout.write(json.dumps(asdict(note), ensure_ascii=False) + "\n")


def generate(count: int, seed: int = SEED) -> Iterator[Note]:
    """So many notes; the first ones are the same whatever the count."""
    for number in range(count):
        yield compose(f"note-{number:05}", BYTES, MENTIONS, random.Random(f"{seed} {number}"))


def sized(n_bytes: int, seed: int = SEED) -> str:
    """One note of so many bytes of UTF-8, as thick with mentions as the others: to see how time grows with length."""
    chance = random.Random(f"{seed} sized")
    # A character that is not ASCII comes first, since readers of bytes go another way with such a text: the same at every length.
    pieces = ["Dose 25 µg.\n"]
    missing = n_bytes - len(pieces[0].encode())
    while missing > 0:
        note = compose("", BYTES, MENTIONS, chance).text + "\n"
        pieces.append(note)
        missing -= len(note.encode())
    cut = "".join(pieces).encode()[:n_bytes].decode(errors="ignore")
    return cut + " " * (n_bytes - len(cut.encode()))  # where the cut fell into a character


def compose(name: str, n_bytes: int, mentions: int, chance: random.Random) -> Note:
    """A note of about `n_bytes` with exactly so many mentions, in an order that chance gives."""
    grammar = load_grammar()
    sentences: list[tuple[str, Sentence]] = []
    length, missing = 0, mentions
    while missing:
        kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
        fitting = [template for template in grammar.sentences[kind] if template.count("F") <= missing]
        sentence = fill(chance.choice(fitting), grammar, chance)
        sentences.append((kind, sentence))
        missing -= len(sentence[1])
        length += len(sentence[0]) + 1
    while length < n_bytes:
        sentence = fill(chance.choice(grammar.sentences["plain"]), grammar, chance)
        sentences.append(("plain", sentence))
        length += len(sentence[0]) + 1
    chance.shuffle(sentences)
    return lay_out(name, sentences, grammar, chance)


def lay_out(name: str, sentences: list[tuple[str, Sentence]], grammar: Grammar, chance: random.Random) -> Note:
    """The sentences in sections with headings."""
    text, marks, left = "", [], 0
    for kind, (sentence, found) in sentences:
        if left == 0:
            text += ("\n" if text else "") + chance.choice(grammar.sections) + chance.choice((": ", ":\n", " - "))
            left = chance.randint(2, 7)
        marks += [Mention(finding, len(text) + start, len(text) + end, kind) for finding, start, end in found]
        left -= 1
        text += sentence + ("" if left == 0 else chance.choice((" ", " ", " ", "  ", "\n")))
    return Note(name, text.rstrip(), tuple(marks))


def fill(template: Template, grammar: Grammar, chance: random.Random) -> Sentence:
    """A sentence from a template, beginning with a capital, and its mentions."""
    pieces: list[str] = []
    marks: list[tuple[str, int, int]] = []
    at = 0
    for slot, content in unfold(template, grammar, chance):
        # "a" before a vowel becomes "an", which only shows once the slot is filled.
        if pieces and content[:1] in "aeiouAEIOU" and re.search(r"(?:^| )[Aa] $", pieces[-1]):
            pieces[-1] = pieces[-1][:-1] + "n "
            at += 1
        if slot == "F":
            finding, names = chance.choice(grammar.findings)
            content = chance.choice(names)
            marks.append((finding, at, at + len(content)))
        pieces.append(content)
        at += len(content)
    text = "".join(pieces)
    return text[:1].upper() + text[1:], marks


def unfold(template: Template, grammar: Grammar, chance: random.Random) -> Iterator[tuple[str, str]]:
    """(slot, its text) for each slot and ("", text) for what lies between, slots within slots filled."""
    for place, part in enumerate(template):
        if place % 2 == 0:
            if part:
                yield "", part
        elif part == "F":
            yield "F", ""
        elif part in FROM_CHANCE:
            yield part, FROM_CHANCE[part](chance)
        else:
            yield from unfold(chance.choice(grammar.slots[part]), grammar, chance)


def invented_name(chance: random.Random) -> str:
    """A surname of two or three syllables: some 400,000 of them, like the long tail of names and rare words in real notes."""
    return "".join(chance.choices(load_grammar().syllables, k=chance.choice((2, 2, 3)))).capitalize()


FROM_CHANCE: dict[str, Callable[[random.Random], str]] = {
    "name": invented_name,
    "#": lambda chance: str(chance.randint(2, 99)),
    "##": lambda chance: str(chance.randint(100, 99_999)),
    "##s": lambda chance: str(chance.randint(95, 175)),
    "##bp": lambda chance: f"{chance.randint(98, 178)}/{chance.randint(52, 104)}",
}


@cache
def load_grammar() -> Grammar:
    """grammar.toml, its templates taken apart."""
    data = tomllib.loads(Path(__file__).with_name("grammar.toml").read_text("utf-8"))
    return Grammar(
        sections=tuple(entries(data["section"])),
        syllables=tuple(data["syllable"].split()),
        sentences={kind: tuple(map(parse, data[kind].strip().splitlines())) for kind in ("plain", *KINDS)},
        slots={slot: tuple(map(parse, entries(text))) for slot, text in data["slots"].items()},
        findings=tuple((finding, tuple(entries(names))) for finding, names in data["findings"].items()),
    )


def entries(text: str) -> list[str]:
    """The entries of a slot, one a line or between bars."""
    return [entry.strip() for entry in re.split(r"[|\n]", text) if entry.strip()]


def parse(template: str) -> Template:
    """Literal text at even places, slots at odd ones."""
    return tuple(SLOT.split(template))


if __name__ == "__main__":
    main()
