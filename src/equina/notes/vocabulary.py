"""Words: a text is cut into words, and each word becomes one letter of an alphabet: a pattern of words is a pattern of letters.

Every word that the lexicon names has a letter of its own; a word that it does not name has the letter OTHER. A word is known as it
is spelt, by its stem ("incontinen*"), without its "'s", with its "g" dropped, or by one slip of the keyboard in a longer word.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["OTHER", "Kept", "NumberClass", "Vocabulary", "cut", "folded"]

OTHER = "\x01"
_FIRST = 0x0400  # letters start beyond ASCII, so that none means anything to a regular expression
_KEPT = 200_000  # spellings remembered; more are worked out anew each time, so that memory stays flat
_SLIP_FROM = 5  # a slip is forgiven in words of this many letters and more; in shorter ones only a swap or a doubled letter
_LONGEST = 24
_HEAD = 3  # first letters by which stems are sought
_START = 5  # first letters by which a slip is ruled out

_PLAIN = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u00b4": "'", "\u201c": " ", "\u201d": " ",
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2028": "\n", "\u2029": "\n", "\u0085": "\n", "\r": " ",
        "\f": "\n", "\v": "\n", "\u00e9": "e", "\u00e8": "e",
    }
)  # fmt: skip

_UNPLAIN = re.compile(f"[{re.escape(''.join(map(chr, _PLAIN)))}]")

# A pair such as "h/o" and a fraction such as "4+/5" are one word; a hyphen inside a word parts it and is no word itself.
_CUT = re.compile(
    r"""[^\W\d_]/[^\W\d_](?![^\W\d_]) | [^\W\d_]+(?:(?:'|&\#39;|&rsquo;|&apos;)[^\W\d_]+)*(?:(?<=in)'(?!\w))?(?:-(?=[^\W\d_]))?
    | \d{1,3}(?:,\d{3})+(?!\d) | \d+(?:\.\d+)?(?:[+-]?/\d+)? | \s+ | \.+ | -+ | =+ | _+ | \*+ | .""",
    re.VERBOSE | re.DOTALL,
)
_APOSTROPHE = re.compile("&#39;|&rsquo;|&apos;")
# Markup pasted in: tags, and signs written out. Blanks take its place; a line ends where a paragraph does, a bar parts two cells.
_LINE = re.compile(r"</?(?:p|div|li|br|tr|ul|ol|dl|dt|dd|table|h[1-6]|hr|section|article|header|footer|blockquote|pre|title)\b")
_CELL = re.compile(r"</t[dh]\b")
_MARKUP = re.compile(r"</?[a-z!][^<>]{0,300}>|&(?:nbsp|ensp|emsp|thinsp|#160|amp|quot|ldquo|rdquo|ndash|mdash|bull);")
_BLANKS = re.compile(r"(\s+)")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(?:([+-]?)/(\d+))?$")


def folded(text: str) -> str:
    """The text in small letters with plain quotes, dashes and blanks, each character where it was.

    >>> folded("Can\u2019t PEE \u2013 no")
    "can't pee - no"
    """
    small = text.lower()
    if len(small) != len(text):  # a few capitals become two characters: "İ"
        small = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    if not small.isascii() or "\r" in small or "`" in small:
        small = _UNPLAIN.sub(_plain, small)
    small = small.replace('"', " ")  # who quotes a word means it
    if "<" in small or "&" in small:
        small = _MARKUP.sub(_unmarked, small)
    return small


def _unmarked(found: re.Match[str]) -> str:
    """What takes the place of a tag or a sign written out, as long as it was."""
    tag = found[0]
    sign = "\n" if _LINE.match(tag) else "|" if _CELL.match(tag) else " "
    return sign + " " * (len(tag) - 1)


def _plain(found: re.Match[str]) -> str:
    return _PLAIN[ord(found[0])]


def cut(chunk: str) -> list[str]:
    """The words of a folded text without blanks; joined they are the text again.

    >>> cut("37.2,bed-wetting\\nno")
    ['37.2', ',', 'bed-', 'wetting', '\\n', 'no']
    """
    if chunk.isalpha():  # quicker, and nearly always
        return [chunk]
    if chunk[-1:] in (".", ",") and chunk[:-1].isalpha():
        return [chunk[:-1], chunk[-1]]
    return _CUT.findall(chunk)


@dataclass(frozen=True, slots=True)
class NumberClass:
    """Numbers from `least` to `most`; with `over`, fractions over numbers in that range (power 4/5; 3/7 for three days; 120/80)."""

    least: float
    most: float
    over: tuple[int, int] | None = None


class Kept(NamedTuple):
    """What a vocabulary knows of words: the letter of each, of all that begin so, of what stands for another; and the rest by name.

    `slips` and `stem_slips` are those in which a slip of the keyboard is forgiven.
    """

    words: Mapping[str, str]
    stems: Mapping[str, str]
    spellings: Mapping[str, str]
    others: Collection[str]
    shortened: Collection[str]
    slips: Collection[str]
    stem_slips: Collection[str]
    numbers: Mapping[tuple[int, int] | None, tuple[list[float], list[str]]]


class Vocabulary(dict[str, str]):
    """The letters of each chunk of text between blanks, one for each word in it, worked out when the chunk is first met.

    `words` are the lexicon's words, a stem ending in "*"; `numbers` its classes of numbers; `others` are true words that one slip
    would turn into a word of the lexicon ("ladder", "bladder"); `shortened` are words whose full stop ends no sentence ("dr");
    `spellings` tell for what word another stands ("cnt": "can't").
    """

    def __init__(
        self,
        words: Iterable[str],
        numbers: Mapping[str, NumberClass],
        others: Iterable[str] = (),
        shortened: Iterable[str] = (),
        spellings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.letters: dict[str, str] = {}
        self._next = _FIRST
        self._sorted = sorted(set(words))
        for word in self._sorted:
            self.letters[word] = self._new()
        self._numbers = {over: self._intervals(numbers, over) for over in {None, *(kind.over for kind in numbers.values())}}
        self._names = numbers
        self.any_number = "".join(sorted({letter for _, letters in self._numbers.values() for letter in letters}))
        self._others = frozenset(others)
        self._shortened = frozenset(shortened)
        self._spellings: dict[str, str] = {}
        self._stems: dict[str, str] = {
            word[:-1]: letter for word, letter in self.letters.items() if word.endswith("*") and word != "*"
        }
        self._stem_lengths = sorted({len(stem) for stem in self._stems}, reverse=True)
        self._brief = [length for length in self._stem_lengths if length < _HEAD]
        self._heads = self._lengths_by_head()
        self._slip_lengths = [length for length in self._stem_lengths if length > _SLIP_FROM]
        self._spellings = {
            other: letter for other, word in spellings.items() if other not in self.letters and (letter := self._known(word))
        }
        self._slip_words = [word for word in self.letters if word.isalpha() and len(word) >= _SLIP_FROM]
        self._slip_stems = [stem for stem in self._stems if stem.isalpha() and len(stem) >= _SLIP_FROM]

    @cached_property
    def _slips(self) -> dict[str, list[str]]:
        return _slips(self._slip_words)

    @cached_property
    def _stem_slips(self) -> dict[str, list[str]]:
        return _slips(self._slip_stems)

    def kept(self) -> Kept:
        """What it knows of words."""
        lists = (self._others, self._shortened, self._slip_words, self._slip_stems)
        return Kept(self.letters, self._stems, self._spellings, *lists, self._numbers)

    def _lengths_by_head(self) -> dict[str, list[int]]:
        """Of the stems with these first letters how long they are, the longest first, and last the lengths of brief ones."""
        lengths: dict[str, set[int]] = {}
        for stem in self._stems:
            if len(stem) >= _HEAD:
                lengths.setdefault(stem[:_HEAD], set()).add(len(stem))
        return {head: sorted(found, reverse=True) + self._brief for head, found in lengths.items()}

    def _new(self) -> str:
        letter, self._next = chr(self._next), self._next + 1
        return letter

    def _intervals(self, numbers: Mapping[str, NumberClass], over: tuple[int, int] | None) -> tuple[list[float], list[str]]:
        """The number line cut wherever a class begins or ends: points and the stretches between, a letter for each."""
        ends = sorted({end for kind in numbers.values() if kind.over == over for end in (kind.least, kind.most)})
        return ends, [self._new() for _ in range(2 * len(ends) + 1)]

    @property
    def last(self) -> str:
        """The last of the letters."""
        return chr(self._next - 1)

    def number_letters(self, name: str) -> str:
        """The letters of the numbers of a class."""
        kind = self._names[name]
        ends, letters = self._numbers[kind.over]
        return "".join(letters[2 * bisect_left(ends, kind.least) + 1 : 2 * bisect_left(ends, kind.most) + 2])

    def word_letters(self, word: str) -> str:
        """The letters of a word of the lexicon, its "'s" too, and without its "g"; of a stem, those of all that begin so."""
        if not word.endswith("*") or word == "*":
            forms = (word, f"{word}'s", f"{word}'d", word[:-1] if word.endswith("ing") else "")
            return "".join(self.letters[form] for form in forms if form in self.letters)
        first = bisect_left(self._sorted, word[:-1])
        last = bisect_left(self._sorted, word[:-1] + chr(0x10FFFF))
        return "".join(self.letters[other] for other in self._sorted[first:last])

    def __missing__(self, chunk: str) -> str:
        if _holds_line_end(chunk):
            return "".join([self[part] for part in _parts(chunk)])
        joined = "".join(self.spelt(chunk)[1])
        if len(self) < _KEPT and len(chunk) <= 2 * _LONGEST:
            self[chunk] = joined
        return joined

    def spelt(self, chunk: str) -> tuple[list[str], list[str]]:
        """The words of a chunk, and the letter of each."""
        words = cut(chunk)
        letters = [self.letter(word) for word in words]
        for i, word in enumerate(words) if "." in chunk or "?" in chunk else ():
            if word == "?" and (len(words) == 1 or (i + 1 < len(words) and words[i + 1][0].isalnum())):
                letters[i] = self.letters.get("query", OTHER)  # "?discitis", "? discitis"
            elif word[0] == "." and not self._ends(words, i):
                letters[i] = OTHER
        return words, letters

    def _ends(self, words: list[str], i: int) -> bool:
        """Whether the full stop at `i` ends a sentence: not inside "e.g", not after "Dr" or a lone letter that follows a stop."""
        if i + 1 < len(words) and words[i + 1][0].isalnum():
            return False
        before = words[i - 1] if i else ""
        return before not in self._shortened and not (len(before) == 1 and i > 1 and words[i - 2] == ".")

    def letter(self, word: str) -> str:
        """The letter of a word by itself."""
        first = word[0]
        if first.isalpha():
            word = word[:-1] if word[-1] in "-'" else word
            word = _APOSTROPHE.sub("'", word) if "&" in word else word
            if len(word) > _LONGEST:
                return OTHER
            if known := self._exact(word):
                return known
            stem = self._stem(word)
            known = self._stems[stem] if stem else OTHER
            if word in self._others or not word.isalpha():
                return known
            return (self._slip_of_stem(word, stem) if stem else self._slip(word)) or known
        if first.isdigit():
            return self._number(word)
        if first.isspace():
            return self.letters.get("\n" if "\n" in word else " ", OTHER)
        return self.letters.get(word) or self.letters.get(first, OTHER)

    def _known(self, word: str) -> str | None:
        return self._exact(word) or self._stems.get(self._stem(word))

    def _exact(self, word: str) -> str | None:
        """The letter of a word as it is spelt, without its "'s", with its "g"."""
        if letter := self.letters.get(word) or self._spellings.get(word):
            return letter
        if word.endswith(("'s", "'d")) and (letter := self._known(word[:-2])):
            return letter
        return self.letters.get(word + "g") if word.endswith("in") else None

    def _stem(self, word: str) -> str:
        """The longest stem with which a word begins; empty when there is none."""
        for length in self._heads.get(word[:_HEAD], self._brief):
            if len(word) >= length and word[:length] in self._stems:
                return word[:length]
        return ""

    def _slip_of_stem(self, word: str, stem: str) -> str | None:
        """The letter of the word that is one slip away and has that stem too: "numbnesss". What takes the stem takes that word, so
        nothing is lost."""
        near = (near for near in _near(word, self._slips) if near.startswith(stem)) if self._begins_like(word)[0] else iter(())
        return next((self.letters[word] for word in near), None)

    def _slip(self, word: str) -> str | None:
        """The letter of the word of the lexicon that is one slip away: a letter too many, too few, another, or two swapped."""
        # What a swap or a doubled letter makes of a short word comes first; of longer words these are found with the others.
        for i in range(1, len(word) - 1) if _SLIP_FROM - 1 <= len(word) <= _SLIP_FROM else ():
            swapped = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
            single = word[:i] + word[i + 1 :] if word[i] == word[i - 1] else ""  # the doubled letter once
            for changed in (swapped, single):
                if len(changed) >= _SLIP_FROM - 1 and (letter := self.letters.get(changed)):
                    return letter
        like_words, like_stems = self._begins_like(word)
        for near in _near(word, self._slips) if like_words else ():
            return self.letters[near]
        for length in self._slip_lengths if like_stems else ():
            if len(word) >= length:
                for near in _near(word[:length], self._stem_slips):
                    return self._stems[near]
        return None

    def _begins_like(self, word: str) -> tuple[bool, bool]:
        """Whether a word begins as one does that is a slip away from a word, from a stem: a quick look before the thorough one."""
        if len(word) <= _START:
            return True, True
        starts = _starts(word)
        of_words, of_stems = self._starts
        return not of_words.isdisjoint(starts), not of_stems.isdisjoint(starts)

    @cached_property
    def _starts(self) -> tuple[frozenset[str], frozenset[str]]:
        """The first letters of all spellings under which a word, a stem that is one slip away would be found."""
        words, stems = (frozenset(short[:_START] for short in table) for table in (self._slips, self._stem_slips))
        return words, stems

    def _over(self, below: int) -> tuple[int, int] | None:
        """The narrowest range of the lexicon that holds what stands below the line."""
        fitting = [over for over in self._numbers if over and over[0] <= below <= over[1]]
        return min(fitting, key=lambda over: over[1] - over[0], default=None)

    def _number(self, word: str) -> str:
        found = _NUMBER.match(word.replace(",", ""))
        if not found:  # the digits of other scripts are left unread
            return OTHER
        value = float(found[1])
        over = self._over(int(found[3])) if found[3] and len(found[3]) < 9 else None
        if found[3] and over is None:
            return OTHER
        ends, letters = self._numbers[over]
        value += {"+": 0.3, "-": -0.3}.get(found[2] or "", 0.0)
        place = bisect_left(ends, value)
        return letters[2 * place + (place < len(ends) and ends[place] == value)]


def _holds_line_end(chunk: str) -> bool:
    """Whether a chunk is the end of a line and the head of the next, which are known by themselves."""
    return "\n" in chunk and "?" not in chunk and not chunk.isspace()


def _parts(chunk: str) -> list[str]:
    """Those, and what is between."""
    before, line_end, after = chunk.partition("\n")
    if before and after and before.isprintable() and after.isprintable():  # so nothing else between: nearly always
        return [before, line_end, after]
    return [part for part in _BLANKS.split(chunk) if part]


def _slips(words: Iterable[str]) -> dict[str, list[str]]:
    """Each word under every spelling of it that lacks one letter, and under its own."""
    table: dict[str, list[str]] = {}
    for word in words:
        for short in {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}:
            table.setdefault(short, []).append(word)
    return table


def _starts(word: str) -> list[str]:
    """The first letters of a word of more than _START letters, and of what is left of it when one is left out."""
    head = word[: _START + 1]
    return [head[:_START], *[head[:i] + head[i + 1 :] for i in range(_START)]]


def _near(word: str, table: Mapping[str, list[str]]) -> Iterable[str]:
    """The words of the table one slip away; the first letter holds, but for words of eight and more."""
    shorter = [word, *[word[:i] + word[i + 1 :] for i in range(len(word))]]
    if table.keys().isdisjoint(shorter):  # nearly always, and quickly seen
        return
    for short in shorter:
        for other in table.get(short, ()):
            if (word[0] == other[0] or len(other) >= 8) and _one_slip(word, other):
                yield other


def _one_slip(a: str, b: str) -> bool:
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    a, b = a[start:], b[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[2:] == b[2:] and a[:2] == b[1::-1])
    return a[1:] == b if len(a) > len(b) else a == b[1:]
