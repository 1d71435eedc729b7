"""The same text in other words, with slips of the keyboard, in another order, or with sentences put in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from random import Random

__all__ = ["mistyped", "paraphrased", "reordered", "sentences", "unmarked", "with_sentences"]

EXCHANGED = 0.8  # the chance that a phrase with another wording gets it
MISTYPED = 0.08  # the chance that a word gets a slip
SHORTEST_MISTYPED = 4
# Neighbors on the keyboard, row by row.
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def sentences(text: str) -> list[str]:
    """The text cut behind each end of a sentence."""
    return [part for part in re.split(r"(?<=[.!?])\s+|\n+", text.strip()) if part]


def reordered(text: str, chance: Random) -> str:
    """The sentences in another order."""
    parts = sentences(text)
    chance.shuffle(parts)
    return " ".join(parts)


def with_sentences(text: str, added: Iterable[str], chance: Random) -> str:
    """The text with the sentences put in between its own."""
    parts = sentences(text)
    for sentence in added:
        parts.insert(chance.randint(0, len(parts)), sentence)
    return " ".join(parts)


def unmarked(text: str) -> str:
    """As it is typed in haste: small letters, and nothing but the marks inside words and numbers.

    >>> unmarked("I can't pee. Pain 9.5/10!")
    "i can't pee pain 9.5/10"
    """
    bare = re.sub(r"(?<!\w)[^\w\s]+|[^\w\s]+(?!\w)", " ", text.lower())
    return " ".join(bare.split())


def paraphrased(text: str, same: Sequence[Sequence[str]], chance: Random) -> str:
    """The text with phrases exchanged for others of their group."""
    others = {phrase.lower(): [other for other in group if other != phrase] for group in same for phrase in group}
    longest = sorted(others, key=len, reverse=True)
    phrases = re.compile(rf"(?<![\w'])(?:{'|'.join(map(re.escape, longest))})(?![\w'])", re.IGNORECASE)

    def exchanged(match: re.Match[str]) -> str:
        said = match[0]
        if chance.random() >= EXCHANGED:
            return said
        other = chance.choice(others[said.lower()])
        return other[0].upper() + other[1:] if said[0].isupper() and said[1:].islower() else other

    return phrases.sub(exchanged, text.replace("\u2019", "'"))


def mistyped(text: str, chance: Random) -> str:
    """The text with a slip of the keyboard in some of its words, in one at least."""
    words = [match for match in re.finditer(r"[A-Za-z]+", text) if len(match[0]) >= SHORTEST_MISTYPED]
    hit = [word for word in words if chance.random() < MISTYPED] or (chance.sample(words, 1) if words else [])
    for word in reversed(hit):
        text = text[: word.start()] + _slip(word[0], chance) + text[word.end() :]
    return text


def _slip(word: str, chance: Random) -> str:
    """The word with two letters swapped, one left out, one doubled, or a neighboring key hit. Its first letter stays."""
    at = chance.randrange(1, len(word) - 1)
    kind = chance.choice(("swapped", "left out", "doubled", "neighbor"))
    if kind == "swapped":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "left out":
        return word[:at] + word[at + 1 :]
    if kind == "doubled":
        return word[: at + 1] + word[at:]
    row = next(row for row in ROWS if word[at].lower() in row)
    place = row.index(word[at].lower())
    return word[:at] + chance.choice(row[max(0, place - 1) : place] + row[place + 1 : place + 2]) + word[at + 1 :]
