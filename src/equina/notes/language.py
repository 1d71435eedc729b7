"""Whether a text is in the language of the lexicon. A text that is not is refused: it is never read as "nothing found"."""

from __future__ import annotations

from collections.abc import Sequence

from equina.notes.lexicon import Lexicon
from equina.notes.vocabulary import OTHER

__all__ = ["refusal"]

SAMPLE = 60  # words looked at
_PLAINLY = 4  # different little words by which a text is English without a further look
_FEWEST = 5  # with fewer words than this, only another alphabet tells
_FROM_LATIN = "\u0250"  # letters from here on are of other alphabets
_LONG = 5  # letters from which on a foreign word is no slip of the keyboard and no abbreviation
_SHARE = 0.3  # of a text without a little English word, so many are words of the lexicon


def refusal(lexicon: Lexicon, small: str, chunks: Sequence[str]) -> str | None:
    """Why the text cannot be read, or None. `small` is the folded text, `chunks` its words."""
    sample = set(chunks[:SAMPLE])
    if len(sample & lexicon.english) >= _PLAINLY and not sample & lexicon.foreign and small.isascii():
        return None
    words = [word for word in (chunk.strip(".,;:!?()\"'\n") for chunk in chunks[:SAMPLE]) if word and word[0].isalpha()]
    if not words:
        if not small.strip():
            return "the text is empty"
        return "the text holds no words"
    strange = sum(word[0] >= _FROM_LATIN for word in words)
    if 2 * strange > len(words):
        return "the text is not in Latin letters: only English is read"
    english = sum(map(lexicon.english.__contains__, words))
    others = [word for word in words if word in lexicon.foreign]
    known = [word for word in words if any(letter != OTHER for letter in lexicon.vocabulary[word])]
    ours = sum(word not in lexicon.foreign for word in known)
    plainly = len(set(others)) > 1 and len(others) > ours and any(len(word) >= _LONG for word in others)
    if len(others) > max(1, english) and (plainly or 2 * len(known) < len(words)):
        return "the text does not look like English: only English is read"
    if len(words) >= _FEWEST and not english and len(known) < _SHARE * len(words):
        return "the text does not look like English: only English is read"
    return None
