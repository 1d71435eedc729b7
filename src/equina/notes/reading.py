"""Reading: a text becomes mentions of findings, each with its words, its assertion, its onset and the cue that decided it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from equina.model import Protocol
from equina.notes.cues import Find, Section
from equina.notes.forms import filled_in
from equina.notes.language import refusal
from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.looks import ALL
from equina.notes.native import UNPACK, VERDICTS, Numbers
from equina.notes.sections import Begun, part_from, sections
from equina.notes.sentence import Told, is_open_to, told
from equina.notes.vocabulary import cut, folded

__all__ = [
    "CueWords",
    "Found",
    "Mention",
    "Parts",
    "Reading",
    "Verdict",
    "find",
    "number_in",
    "read",
    "read_note",
    "since",
    "worded",
]

# What is told behind the first sentence below these is of the patient now: "FH: father prostate ca. Foot drop, new."
_OF_THE_PATIENT = {"family": frozenset(("symptom", "sign", "quantity")), "historical": frozenset(("sign", "quantity"))}
_ENDS = re.compile(r"[a-z0-9)][.;\n](?=\s|$|\w)", re.IGNORECASE)
_OF_NO_COMPLAINT = ("historical", "absent")
# Who says "can't" in a list of past illnesses has begun to tell of now.
_COMPLAINT = re.compile(r"(?:can[' ]?t|can ?not|unable|not|(?:has|have)(?:n['’]?t| not)|can’t|is|are|keeps?|no)\b", re.IGNORECASE)
_REMEMBERED = 20_000
# Assertion, onset, bare, now, as before; and a mention found: start, end, what, that, start and end of its cue and of its number.
Verdict = tuple[str, str, bool, int, bool]
_Found = tuple[int, int, Find, Verdict, int, int, int, int]
_made = tuple.__new__  # of a named tuple, without looking at each name
_HEADINGS = 2  # known headings that make a note
_WRAPPED = 55  # a line this long that ends without a stop goes on in the next


class CueWords(NamedTuple):
    """The words that decided an assertion, and where they stand."""

    start: int
    end: int
    quote: str


class Mention(NamedTuple):
    """A finding named in a text: `quote` is `text[start:end]`, in code points.

    `assertion`: present, absent, historical, family, hypothetical or uncertain. `onset`: new, long_standing or unknown.
    `value` is the number of a quantity, in the unit of its finding. `likely`: no pattern names it, the points of the words do.
    """

    finding: str
    start: int
    end: int
    quote: str
    assertion: str
    onset: str
    cue: CueWords | None
    section: str | None
    value: float | None = None
    likely: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says. `refused` tells why a text was not read at all: that is never "nothing found"."""

    mentions: tuple[Mention, ...]
    refused: str | None = None


def read_note(protocol: Protocol, text: str) -> Reading:
    """The mentions of the protocol's findings in a note, a message or a letter, in the order of the text.

    Raises ProtocolError when the protocol's lexicon has faults.
    """
    return read(lexicon(protocol), text)


class Found(NamedTuple):
    """What the compiled reader found in a text: eight numbers of each mention, as `native.library` has them; the text's parts.

    `refused` as in a Reading.
    """

    numbers: bytes
    begun: Sequence[Begun]
    refused: str | None = None


def read(lexicon: Lexicon, text: str) -> Reading:
    """As `read_note`, with a lexicon already at hand."""
    if lexicon.compiled is None:
        small, begun = _prepared(text, ALL), sections(lexicon, text)
        chunks = small.split(" ")
        if refused := refusal(lexicon, small, chunks):
            return Reading((), refused)
        told = _read(lexicon, chunks, message=_is_message(begun))
        rows = [(start, end, i, i, a, b, c, d) for i, (start, end, _, _, a, b, c, d) in enumerate(told)]
        return Reading(_mentions(lexicon, text, begun, rows, [one[2] for one in told], [one[3] for one in told]))
    found = find(lexicon, text)
    if found.refused:
        return Reading((), found.refused)
    return Reading(_mentions(lexicon, text, found.begun, UNPACK(found.numbers), lexicon.compiled.finds, VERDICTS))


def find(lexicon: Lexicon, text: str) -> Found:
    """What the compiled reader of a lexicon, which it must have, finds in a text: for those who need no words of each mention."""
    assert lexicon.compiled is not None
    looks, heads, numbers = lexicon.compiled.see(text)
    begun = sections(lexicon, text, looks, heads)
    message = _is_message(begun)
    if numbers is not None and message != bool(heads):
        return Found(numbers, begun)
    small = _prepared(text, looks)
    numbers = lexicon.compiled.read(small, message=message)
    if numbers is None:  # a closer look, of which few texts are in need
        if refused := refusal(lexicon, small, small.split(" ")):
            return Found(b"", begun, refused)
        numbers = lexicon.compiled.read(small, message=message, plainly=True) or b""
    return Found(numbers, begun)


def worded(lexicon: Lexicon, text: str) -> tuple[str, list[tuple[int, int]]]:
    """The letters of a text, and of each word where it begins and ends in it: what the points are made from."""
    chunks = _prepared(text, ALL).split(" ")
    letters = list(map(lexicon.vocabulary.__getitem__, chunks))
    places = _Places(chunks, letters)
    return "".join(letters), [places.word(i) for i in range(sum(map(len, letters)))]


def _is_message(begun: Sequence[Begun]) -> bool:
    """Whether a text is told freely, as people tell of themselves and of others: it is no note under headings."""
    return sum(section is not None for _, section in begun) < _HEADINGS


def _prepared(text: str, looks: int) -> str:
    """The text in small letters, its long lines joined and its forms filled in; as long as it was."""
    small = folded(text)
    return filled_in(_unwrapped(small, text) if "\n" in text else small, text, looks)


def _read(lexicon: Lexicon, chunks: list[str], *, message: bool) -> list[_Found]:
    """What a text says, its places in characters: what the compiled reader does where there is one."""
    letters = list(map(lexicon.vocabulary.__getitem__, chunks))
    found = told(lexicon, "".join(letters) + lexicon.end, message=message)
    if not found:
        return []
    return [(one.start, one.end, one.find, one[3:8], *one[8:]) for one in _Places(chunks, letters).placed(found)]


def _mentions(
    lexicon: Lexicon,
    text: str,
    begun: Sequence[Begun],
    rows: Iterable[Numbers],
    finds: Sequence[Find],
    verdicts: Sequence[Verdict],
) -> tuple[Mention, ...]:
    """What was found, with the words of the text and what its sections say of it.

    `rows`: of each mention eight numbers, as `native.library` has them; its find and verdict are numbers in `finds` and `verdicts`.
    """
    mentions: list[Mention] = []
    add, parts = mentions.append, Parts(lexicon, text, begun)
    first, last, section = parts.around(-1)
    for start, end, find, verdict, low, high, number_low, number_high in rows:
        if not first <= start < last:
            first, last, section = parts.around(start)
        assertion, onset, _, _, as_before = verdicts[verdict]
        cue = name = value = None
        if section is not None:
            name = section.id
            if parts.decides(section, start, finds[find], verdicts[verdict]):
                assertion, onset, low = section.assertion or assertion, "unknown", -1
        if low >= 0:
            cue = _made(CueWords, (low, high, text[low:high]))
        if as_before:
            onset = since(assertion, onset, as_before)
        if number_low >= 0:
            value = number_in(text[number_low:number_high], finds[find].measure or "")
        add(
            _made(
                Mention, (finds[find].finding, start, end, text[start:end], assertion, onset, cue, name, value, finds[find].likely)
            )
        )
    return tuple(mentions)


def since(assertion: str, onset: str, as_before: bool) -> str:
    """The onset of a mention: what is there as before is old, unless it is told to be new."""
    return "long_standing" if as_before and (assertion, onset) == ("present", "unknown") else onset


class Parts:
    """The parts of one text under their headings, and what each decides of the mentions in it."""

    __slots__ = ("_begun", "_bounds", "_known", "_lexicon", "_text")

    def __init__(self, lexicon: Lexicon, text: str, begun: Sequence[Begun]) -> None:
        self._lexicon, self._text = lexicon, text
        asserting = any(section and section.assertion for _, section in begun)
        self._begun: list[Begun] = [(-1, None), *(begun if asserting else ())]
        self._bounds = [*(start for start, _ in self._begun), len(text) + 1]
        self._known: dict[int, tuple[Section | None, int]] = {}  # by number: the part, if it asserts something, and where it ends

    def at(self, place: int) -> Section | None:
        """The part in which this place is: one that asserts something, or none."""
        return self.around(place)[2]

    def around(self, place: int) -> tuple[int, int, Section | None]:
        """The same, behind the places from which on and before which it is so."""
        number = bisect_right(self._bounds, place) - 1
        first, last = self._bounds[number], self._bounds[number + 1]
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = part_from(self._lexicon, self._begun, number, self._text)
        section, end = known
        if section is None:
            return first, last, None
        return (first, min(end + 1, last), section) if place <= end else (end + 1, last, None)

    def decides(self, section: Section, start: int, find: Find, verdict: Verdict) -> bool:
        """Whether a part decides what is made of the mention in it that begins here."""
        if not section.assertion or find.finding in section.but_not:
            return False
        if not is_open_to(section.assertion, bare=verdict[2], now=verdict[3]):
            return False
        if find.kind in _OF_THE_PATIENT.get(section.assertion, ()) and self._is_further(start):
            return False
        return not (section.assertion in _OF_NO_COMPLAINT and _COMPLAINT.match(self._text, start))

    def _is_further(self, place: int) -> bool:
        """Whether the first sentence of its part has ended before this place."""
        begin = self._bounds[bisect_right(self._bounds, place) - 1]
        return begin >= 0 and _ENDS.search(self._text, begin, place) is not None


@lru_cache(maxsize=_REMEMBERED)
def number_in(words: str, unit: str) -> float:
    """The number of a word such as "38.9", "1,200" or "4+/5", in the unit of its finding."""
    value = float(re.match(r"[\d.]+", words.replace(",", ""))[0].rstrip("."))  # type: ignore[index]  # the word is a number
    if unit == "fahrenheit":
        return round((value - 32) / 1.8, 1)
    return value * 1000 if unit == "litre" else value


class _Places:
    """Where the words of a text stand in it."""

    def __init__(self, chunks: list[str], letters: list[str]) -> None:
        self._chunks, self._letters = chunks, letters
        self._word_ends = list(accumulate(map(len, letters)))
        self._lengths = list(accumulate(map(len, chunks), initial=0))

    def word(self, i: int) -> tuple[int, int]:
        chunk = bisect_right(self._word_ends, i)
        start = self._lengths[chunk] + chunk  # a blank before each chunk but the first
        words = _SPANS.get(text := self._chunks[chunk])
        if words is None:
            words = _spans(text)
        low, high = words[i - self._word_ends[chunk] + len(self._letters[chunk])]
        return start + low, start + high

    def _span(self, start: int, end: int) -> tuple[int, int]:
        """From the first letter of the word `start` to the end of the word before `end`."""
        if start < 0:
            return -1, -1
        return self.word(start)[0], self.word(min(end, self._word_ends[-1]) - 1)[1]  # a cue may take the end of the text in

    def placed(self, found: Iterable[Told]) -> list[Told]:
        """The same with places in characters."""
        return [
            Told._make(
                (
                    *self._span(one.start, one.end),
                    *one[2:8],
                    *self._span(one.low, one.high),
                    *self._span(one.number_low, one.number_high),
                )
            )
            for one in found
        ]


_SPANS: dict[str, list[tuple[int, int]]] = {}


def _spans(chunk: str) -> list[tuple[int, int]]:
    """Where the words of a chunk begin and end in it; remembered, since chunks recur."""
    spans, place = [], 0
    for word in cut(chunk):
        spans.append((place, place + len(word.rstrip("-") or word)))
        place += len(word)
    if len(_SPANS) >= _REMEMBERED:
        _SPANS.clear()
    _SPANS[chunk] = spans
    return spans


def _unwrapped(small: str, text: str) -> str:
    """The text in small letters with a blank where a long line goes on in the next."""
    lines = small.split("\n")
    begin = 0
    for i, line in enumerate(lines[:-1]):
        following = begin + len(line) + 1
        written = text[begin:following], text[following : following + len(lines[i + 1])]
        goes_on = len(line) >= _WRAPPED and line.rstrip()[-1:] not in ".:;?!" and _is_run_on(*written)
        lines[i] = line + (" " if goes_on else "\n")
        begin = following
    return "".join(lines)


def _is_run_on(before: str, line: str) -> bool:
    """Whether a line can be the middle of a sentence: it begins with a letter, a small one unless all is in capitals, and is no
    heading."""
    line = line.lstrip()
    if "A" <= line[:1] <= "Z" and any("a" <= sign <= "z" for sign in before):
        return False
    return line[:1].isalpha() and ":" not in line[:30]
