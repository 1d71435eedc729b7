"""Words: those of a lexicon as rows of numbers, of which words.c makes what the compiled reader knows them by; and characters."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from equina.notes.lexicon import Lexicon
from equina.notes.native.program import UnfitError
from equina.notes.vocabulary import OTHER, Kept, folded

__all__ = ["PAGE", "Words", "latin", "page", "words"]

PAGE = 256  # characters; as in text.h, like the numbers below
_OTHER, _SHORTENED, _ENGLISH, _FOREIGN, _SPELLING, _SLIPS, _STEM_SLIPS = (1 << bit for bit in range(7))
_ACUTE = 0xB4  # an accent by itself is an apostrophe
_ALPHA, _WORDLIKE, _DECIMAL, _SPACE, _DIGIT, _ALNUM = (1 << bit for bit in range(6))


@dataclass(frozen=True, slots=True)
class Words:
    """The row of numbers, and the ends of the stretches of the number line."""

    numbers: array[int]
    ends: array[float]


def words(lexicon: Lexicon) -> Words:
    """The words of a lexicon: how each is spelled, its letter, that of all that begin so, and what else is said of it.

    Raises UnfitError for numbers that the compiled reader cannot take.
    """
    kept = lexicon.vocabulary.kept()
    numbers = array("i", (ord(kept.words.get(sign, OTHER)) for sign in ("\n", " ", "query")))
    entries = array("i")
    flags = _flags(lexicon, kept)
    every = sorted(flags)
    for word in every:
        letter, stem = kept.words.get(word) or kept.spellings.get(word), kept.stems.get(word)
        entries.extend((len(word), ord(letter or "\0"), ord(stem or "\0"), flags[word], *map(ord, word)))
    numbers.extend((len(every), sum(map(len, every))))
    numbers.extend(entries)
    ends = array("d")
    numbers.append(len(kept.numbers))
    for over, (points, letters) in kept.numbers.items():
        least, most = over or (0, 0)
        if not (0 <= least <= most < 1 << 30):
            raise UnfitError("a range of fractions out of the ordinary")
        numbers.extend((over is not None, least, most, ord(letters[0]), len(points)))
        ends.extend(points)
    return Words(numbers, ends)


def _flags(lexicon: Lexicon, kept: Kept) -> Mapping[str, int]:
    """Of each word that anything is said of, what."""
    flags: dict[str, int] = dict.fromkeys((*kept.words, *kept.stems), 0)
    lists: tuple[tuple[Collection[str], int], ...] = (
        (kept.others, _OTHER),
        (kept.shortened, _SHORTENED),
        (lexicon.english, _ENGLISH),
        (lexicon.foreign, _FOREIGN),
        (kept.spellings, _SPELLING),
        (kept.slips, _SLIPS),
        (kept.stem_slips, _STEM_SLIPS),
    )
    for some, flag in lists:
        for word in some:
            flags[word] = flags.get(word, 0) | flag
    flags.pop("", None)
    return flags


@cache
def latin() -> bytes:
    """As which the characters of one byte are read. Other signs that are read as others stay as they are: looks.c tells of them."""
    return bytes(ord(folded(chr(code))) if chr(code).isalnum() or code == _ACUTE else code for code in range(PAGE))


@lru_cache(maxsize=64)
def page(number: int) -> bytes:
    """Of what kind the characters of a page are."""
    return bytes(_kind(chr(code)) for code in range(number * PAGE, (number + 1) * PAGE))


def _kind(one: str) -> int:
    decimal, alnum = one.isdecimal(), one.isalnum()
    return (
        _ALPHA * one.isalpha()
        | _WORDLIKE * (alnum and not decimal)
        | _DECIMAL * decimal
        | _SPACE * one.isspace()
        | _DIGIT * one.isdigit()
        | _ALNUM * alnum
    )
