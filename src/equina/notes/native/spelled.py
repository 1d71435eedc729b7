"""Spelled: the letters of each chunk of a text with how many characters each word takes, as the compiled reader is given them."""

from __future__ import annotations

from equina.notes.vocabulary import Vocabulary, holds_line_end, is_kept, parts

__all__ = ["BLANK", "Spelled"]

BLANK = "\0"  # one character, no word; as in spelled.c
_WIDE = "\2"  # before a word whose widths take two numbers each
_MOST = 1 << 15


class Spelled(dict[str, str]):
    """For each chunk of text between blanks, worked out when it is first met: of each word in it the letter, how many characters it
    takes, and how many of them are its own (a hyphen at its end is not)."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    def __missing__(self, chunk: str) -> str:
        if holds_line_end(chunk):
            return "".join([self[part] for part in parts(chunk)])
        words, letters = self._vocabulary.spelt(chunk)
        spelled = "".join(map(_spelled, letters, words))
        if is_kept(self, chunk):
            self[chunk] = spelled
        return spelled


def _spelled(letter: str, word: str) -> str:
    takes = len(word)
    own = takes if word[-1] != "-" else len(word.rstrip("-")) or takes
    if takes < _MOST:
        return letter + chr(takes) + chr(own)
    return _WIDE + letter + "".join(chr(part) for number in (takes, own) for part in divmod(number, _MOST))
