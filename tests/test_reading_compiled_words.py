"""The words of a text are the same to the compiled reader and to vocabulary.py: their letters, their places, what is no English.

EQUINA_FULL=1 tries ten times as many texts.
"""

from __future__ import annotations

import ctypes
import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from equina.notes.forms import filled_in
from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.native.library import _library, which
from equina.notes.reading import _Places, _unwrapped, read
from equina.notes.vocabulary import folded
from equina.protocol import load
from sentences import sentences

FULL = 10 if os.environ.get("EQUINA_FULL") == "1" else 1
PROTOCOL = load()
FILES = sorted((Path(__file__).parent / "reading").glob("*.txt"))
TEXTS = [sentence.text for file in FILES for sentence in sentences(file)]

pytestmark = pytest.mark.skipif(which() != "compiled", reason=which())


def small(text: str) -> str:
    """A text as its words are sought in it."""
    plain = folded(text)
    return filled_in(_unwrapped(plain, text) if "\n" in text else plain, text)


def compiled_words(own: Lexicon, text: str) -> tuple[str, list[int], list[int]]:
    """The letters that the compiled reader makes of a text, and where the words begin and end."""
    library, own_reader = _library(), own.compiled
    assert library is not None
    assert own_reader is not None
    own_reader.read(text, message=True, plainly=True)
    kept = [ctypes.c_void_p() for _ in range(3)]
    library.equina_letters.argtypes, library.equina_letters.restype = [ctypes.c_void_p] * 4, ctypes.c_int64
    count = library.equina_letters(own_reader._scratch().handle, *map(ctypes.addressof, kept))
    places = ((ctypes.c_int32 * count).from_address(one.value or 0) for one in kept[1:])
    row = ctypes.string_at(kept[0].value or 0, 2 * count).decode("utf-16-le")
    return row[:-1], *([*some][:-1] for some in places)  # type: ignore[return-value]  # without the end of the text


def python_words(own: Lexicon, text: str) -> tuple[str, list[int], list[int]]:
    """The same by vocabulary.py and reading.py."""
    chunks = text.split(" ")
    row = [own.vocabulary[chunk] for chunk in chunks]
    places = _Places(chunks, row)
    words = [places.word(i) for i in range(sum(map(len, row)))]
    return "".join(row), [start for start, _ in words], [end for _, end in words]


PIECES = [
    *("fever Y", "fever Ye", "fever Yes", "fever YES", "N", "Y="),
    *("1,234", "1,234,5678", "12345,678", "4+/5", "3-/7", "120/80", "37.2", "37.", ".5", "1.2.3", "1/2/3", "9" * 17, "5/123456789"),
    *("38.95", "123456789012345", "1234567890123.45", "5/5", "can&#39;t", "i&rsquo;m", "feelin'", "in'x", "h/o", "h/o/p", "e.g."),
    *("i.e", "dr.", "a.b.", "?x", "??", "?\n", "x?\ny", ".\n.", "a.\n.b", "---", "a-b--c", "bed-wetting", "x" * 24, "x" * 25),
    *("mother's's", "don't've", "\u0663\u0669", "\u00b2", "\u00bd", "\u03c3", "\ud800", "\U0001f622", "\x00", "\ufb01", "\u1e9e"),
]


def odd_text(draw: random.Random, words: list[str]) -> str:
    """Words of the lexicon with slips, pieces of numbers, signs, letters of other scripts, in any order."""

    def slip(word: str) -> str:
        i, kind = draw.randrange(len(word)), draw.randrange(5)
        changed = ("", draw.choice("aeioust") + word[i], draw.choice("aeiou"), word[i + 1 : i + 2] + word[i], word[i] * 2)[kind]
        return word[:i] + changed + word[i + 1 + (kind == 3) :]

    def piece() -> str:
        kind = draw.random()
        if kind < 0.25:
            return "".join(draw.choices(" \n\t\r\f\v.,:;?!'-/&<>=_*()0123456789+abcinsdng\u00a0\u2028\u00e9", k=draw.randint(1, 9)))
        if kind < 0.4:
            return draw.choice(PIECES)
        return slip(draw.choice(words)) if kind < 0.8 else draw.choice(words)

    return "".join(piece() + draw.choice(["", " ", " ", " ", "\n", "  ", ".", ", "]) for _ in range(draw.randint(1, 40)))


def test_the_words_of_any_text_are_the_same() -> None:
    own, draw = lexicon(PROTOCOL), random.Random(FULL)
    words = [word for word in [*(known.rstrip("*") for known in own.vocabulary.letters), *" ".join(TEXTS[::20]).split()] if word]
    texts = [*(small(text) for text in TEXTS[:: 10 // min(FULL, 10)]), *(small(odd_text(draw, words)) for _ in range(1000 * FULL))]
    for text in [*texts, *PIECES, "a-" * 3000, "1," * 3000, "numb" * 20_000]:
        assert compiled_words(own, text) == python_words(own, text)


def test_every_letter_of_the_lexicon_is_its_word_in_both() -> None:
    own = lexicon(PROTOCOL)
    text = " ".join(
        f"{word.rstrip('*')} {word.rstrip('*')}xq {word[:3]}{word[4:]}" for word in own.vocabulary.letters if " " not in word
    )
    assert compiled_words(own, text) == python_words(own, text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "\n",
            "numb",
            "la la",
            "zzz qqq xxx vvv jjj",
            "le patient ne peut pas uriner",
            "no",
            "\u05e9\u05dc\u05d5\u05dd \u05e9\u05dc\u05d5\u05dd",
        ),
        *(
            "der Patient hat keine Schmerzen und kann nicht gehen",
            "the and with for le la les une des",
            "\u0394\u03a3 \u03a3\u0391\u03a3 numb bum the",
        ),
    ],
)
def test_a_text_is_refused_by_both_or_by_none(text: str) -> None:
    own = lexicon(PROTOCOL)
    assert read(own, text) == read(replace(own, compiled=None), text)


def test_threads_read_texts_side_by_side() -> None:
    own, draw = lexicon(PROTOCOL), random.Random(5)
    words = " ".join(TEXTS[::20]).split()
    texts = [*TEXTS[:200], *(odd_text(draw, words) for _ in range(200))]
    alone = [read(own, text) for text in texts]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda text: read(own, text), texts)) == alone
