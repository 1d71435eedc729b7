"""Reading grade of English wording, without a dictionary file: sentences, words, syllables, Flesch-Kincaid grade."""

from __future__ import annotations

import re

__all__ = ["flesch_kincaid_grade", "sentences", "syllables", "words"]

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[.!?][\"')\]”’])\s+")
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*|\d+(?:[.,]\d+)*")
_VOWELS = re.compile(r"[aeiouy]+")

# What the rules below get wrong, among words that health wording uses.
_EXCEPTIONS = {
    "aches": 1, "anaemia": 4, "anemia": 4, "anybody": 4, "anyone": 3, "anything": 3, "appreciate": 4, "area": 3,
    "areas": 3, "backaches": 2, "cement": 2, "create": 2, "created": 3, "diabetes": 4, "diarrhea": 4, "diarrhoea": 4,
    "element": 3, "evening": 2, "every": 2, "everybody": 4, "everyday": 3, "everyone": 3, "everything": 3,
    "everywhere": 3, "eye": 1, "eyes": 1, "fluid": 2, "fluids": 2, "friend": 1, "friends": 1, "headaches": 2,
    "herpes": 2, "hundred": 2, "idea": 3, "ideas": 3, "lifestyle": 2, "maybe": 2, "nausea": 3, "people": 2,
    "perineal": 4, "react": 2, "reaction": 3, "somebody": 3, "someone": 2, "something": 2, "sometimes": 2,
    "somewhere": 2, "therefore": 2, "tired": 2, "vehicle": 3,
}  # fmt: skip

# Neighboring vowels that are said apart.
_APART = re.compile(
    r"[^cst]ia(?!ge)"  # di-al, but not spe-cial, par-tial
    r"|[^cstgxln]io|[^l]lio"  # pe-ri-od, vi-o-lent, but not ten-sion, mil-lion
    r"|iu|[^p]eo|ao|[^gu]ua|uou|iet"  # Cel-si-us, ster-e-o, a-or-ta, u-su-al, con-tin-u-ous, di-et
    r"|[^ct]ien|[^f]ier$|iest$"  # ex-pe-ri-ence, heav-i-er, eas-i-est, but not pa-tient
    r"|[aeiou]ing|[bcdfghklmnprstvwz]ying|[aeiou]y[aeiou]"  # be-ing, try-ing, stay-ing, roy-al
)
# Letters that make a syllable without a vowel: spasm, did-n't.
_VOWELLESS = re.compile(r"[aiy]sms?$|thms?$|[dst]nt$")
# A written e that is not said: time, times, used, lately, useful, movement, tongue. But it is in muscle and settled.
_SILENT = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![^aeiouyl]l)(?<![aeiouy])e$",
        r"(?<![^aeiouyl]l)(?<![aeiouycgszx])(?<![cs]h)es$",
        r"(?<![^aeiouywl]l)(?<![aeioutd])ed$",
        r"[aeiouy][^aeiouy]e(?:ly|less|ful|ments?|ness|ty)$",
        r"gues?$",
    )
)


def sentences(text: str) -> list[str]:
    """The sentences of the text, each up to a full stop, question or exclamation mark before a space (38.0 is no end)."""
    return [part for part in _SENTENCE_END.split(" ".join(text.split())) if _WORD.search(part)]


def words(text: str) -> list[str]:
    """The words of the text as written; a hyphenated word is one word, a number in digits is one word."""
    return _WORD.findall(text)


def syllables(word: str) -> int:
    """How many syllables the word has when said. A number in digits counts as one, letters said one by one as one each.

    >>> [syllables(word) for word in ("pee", "numbness", "muscle", "tested", "used", "diabetes", "MRI", "anus")]
    [1, 2, 2, 2, 1, 4, 3, 2]
    """
    if word[0].isdigit():
        return 1
    if (word.isupper() and 1 < len(word) < 6) or not _VOWELS.search(word.lower()):
        return len(word)
    return sum(_said(part) for part in word.lower().replace("’", "'").split("-"))


def flesch_kincaid_grade(text: str, easy: frozenset[str]) -> float:
    """The Flesch-Kincaid grade (US school years) of the text; words in `easy`, in lower case, count as one syllable.

    Raises ValueError when the text has no word.
    """
    found = words(text)
    if not found:
        raise ValueError("a text without words has no reading grade")
    said = sum(1 if word.lower() in easy else syllables(word) for word in found)
    return 0.39 * len(found) / len(sentences(text)) + 11.8 * said / len(found) - 15.59


def _said(word: str) -> int:
    word = re.sub(r"'(?:s|re|ve|ll|d|m)$", "", word).replace("'", "")
    if word in _EXCEPTIONS:
        return _EXCEPTIONS[word]
    word = word.replace("qu", "kw")
    parts = len(_VOWELS.findall(word)) + len(_APART.findall(word)) + len(_VOWELLESS.findall(word))
    return max(1, parts - sum(1 for silent in _SILENT if silent.search(word)))
