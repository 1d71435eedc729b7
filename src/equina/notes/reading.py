"""Reading: a text becomes mentions of findings, each with its words, its assertion, its onset and the cue that decided it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from equina.model import Protocol
from equina.notes.context import Verdict
from equina.notes.cues import Cue, Section
from equina.notes.language import refusal
from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.sentence import ANSWER, Said, said
from equina.notes.vocabulary import cut, folded

__all__ = ["CueWords", "Mention", "Reading", "read", "read_note"]

_BEFORE_HEADING = re.compile(r"[.,;\n?!\])]")
_HEADING = re.compile(r"[A-Z][A-Za-z/&'\-]*(?: [A-Za-z/&'\-]+){0,4}$")
# "Fever: N  Rigors: Y": an answer of a form, and the blank before the next field.
_ANSWERED = re.compile(r"([:=?] ?(?:[yn]|yes|no|nil|neg|pos|none))(?: (?=[ \t]+\w)|\t(?=[ \t]*\w))")
_REMEMBERED = 20_000
_REMARK = 16  # words of a sentence that says of the one before that it is old
_OPENING = 16  # words in which a carer says for whom
_WRAPPED = 55  # a line this long that ends without a stop goes on in the next


class CueWords(NamedTuple):
    """The words that decided an assertion, and where they stand."""

    start: int
    end: int
    quote: str


class Mention(NamedTuple):
    """A finding named in a text: `quote` is `text[start:end]`, in code points.

    `assertion`: present, absent, historical, family, hypothetical or uncertain. `onset`: new, long_standing or unknown.
    `value` is the number of a quantity, in the unit of its finding.
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


def read(lexicon: Lexicon, text: str) -> Reading:
    """As `read_note`, with a lexicon already at hand."""
    small = _unwrapped(folded(text)) if "\n" in text else folded(text)
    if "  " in small or "\t" in small:
        small = _ANSWERED.sub(r"\1,", small)
    chunks = small.split(" ")
    letters = list(map(lexicon.vocabulary.__getitem__, chunks))
    classes = "".join(letters) + lexicon.end
    if refused := refusal(lexicon, small, chunks):
        return Reading((), refused)
    sections = _sections(lexicon, text) if ":" in text else []
    carer = not sections and not lexicon.carers.isdisjoint(classes) and _told_of_a_relative(lexicon, classes)
    places = None
    mentions: list[Mention] = []
    begin = last = 0
    for end in map(re.Match.start, lexicon.ends.finditer(classes)):
        if lexicon.finds.any.search(classes, begin, end):
            told = len(mentions)
            after = classes[end + 1 : end + 1 + ANSWER] if classes[end] == lexicon.question else ""
            for one in said(lexicon, classes[begin : end + 1], after, carer=carer):
                places = places or _Places(chunks, letters)
                mentions.append(_mention(one, begin, sections, places, text))
            last = told if len(mentions) > told else last
        if mentions and end - begin < _REMARK and lexicon.before.matches(classes[begin : end + 1]):
            mentions[last:] = map(_as_before, mentions[last:])
        begin = end + 1
    return Reading(tuple(mentions))


def _as_before(mention: Mention) -> Mention:
    """The mention, once the next sentence has said that it has long been the same."""
    return mention._replace(onset="long_standing") if (mention.assertion, mention.onset) == ("present", "unknown") else mention


def _mention(one: Said, begin: int, sections: Sequence[tuple[int, Section | None]], places: _Places, text: str) -> Mention:
    find, verdict = one.find, one.verdict
    assert find.finding is not None
    start, end = places.span(begin + one.start, begin + one.end)
    section = _section(sections, start) if sections else None
    if section and section.assertion and find.finding not in section.but_not and verdict.open_to(section.assertion):
        verdict = Verdict(section.assertion, "unknown", None)
    cue = None
    if verdict.cue is not None:
        low, high = places.span(begin + verdict.cue.start, begin + verdict.cue.end)
        cue = CueWords(low, high, text[low:high])
    value = None
    if one.value is not None:
        low, high = places.span(begin + one.value, begin + one.value + 1)
        value = _number(text[low:high], find.measure or "")
    name = section.id if section else None
    return Mention(find.finding, start, end, text[start:end], verdict.assertion, verdict.onset, cue, name, value)


def _number(words: str, unit: str) -> float:
    """The number of a word such as "38.9", "1,200" or "4+/5", in the unit of its finding."""
    value = float(re.match(r"[\d.]+", words.replace(",", ""))[0].rstrip("."))  # type: ignore[index]  # the word is a number
    if unit == "fahrenheit":
        return round((value - 32) / 1.8, 1)
    return value * 1000 if unit == "litre" else value


def _told_of_a_relative(lexicon: Lexicon, classes: str) -> bool:
    """Whether who writes does so for a relative, and begins with that: then the relative is the patient."""
    found = [(start, what.kind) for start, _, what, _ in lexicon.persons.matches(classes) if isinstance(what, Cue)]
    return any(kind == "carer" and start < _OPENING for start, kind in found) and all(kind != "self" for _, kind in found)


class _Places:
    """Where the words of a text stand in it."""

    def __init__(self, chunks: list[str], letters: list[str]) -> None:
        self._chunks, self._letters = chunks, letters
        self._word_ends = list(accumulate(map(len, letters)))
        self._lengths = list(accumulate(map(len, chunks), initial=0))

    def _word(self, i: int) -> tuple[int, int]:
        chunk = bisect_right(self._word_ends, i)
        start = self._lengths[chunk] + chunk  # a blank before each chunk but the first
        words = _SPANS.get(text := self._chunks[chunk])
        if words is None:
            words = _spans(text)
        low, high = words[i - self._word_ends[chunk] + len(self._letters[chunk])]
        return start + low, start + high

    def span(self, start: int, end: int) -> tuple[int, int]:
        """From the first letter of the word `start` to the end of the word before `end`."""
        return self._word(start)[0], self._word(min(end, self._word_ends[-1]) - 1)[1]  # a cue may take the end of the text in


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


def _unwrapped(small: str) -> str:
    """The text with a blank where a long line goes on in the next."""
    lines = small.split("\n")
    for i, line in enumerate(lines[:-1]):
        after = lines[i + 1].lstrip()
        goes_on = len(line) >= _WRAPPED and line.rstrip()[-1:] not in ".:;?!" and after[:1].isalpha() and ":" not in after[:30]
        lines[i] = line + (" " if goes_on else "\n")
    return "".join(lines)


def _sections(lexicon: Lexicon, text: str) -> list[tuple[int, Section | None]]:
    """Where each part of the note begins. A heading that means nothing to the lexicon ends the part before it."""
    found: list[tuple[int, Section | None]] = []
    colon = text.find(":")
    while colon >= 0:
        if not text[colon - 1 : colon].isalpha() and text[colon - 1 : colon] not in (" ", ")"):
            colon = text.find(":", colon + 1)
            continue
        line = _BEFORE_HEADING.split(text[max(0, colon - 50) : colon])[-1].strip()
        known = lexicon.sections.get(line.lower())
        if known is None and line.lower().endswith(lexicon.openings):
            known = lexicon.sections[next(end for end in lexicon.openings if line.lower().endswith(end))]
        if known is not None or _HEADING.match(line):
            found.append((colon, known))
        colon = text.find(":", colon + 1)
    return found


def _section(sections: Sequence[tuple[int, Section | None]], start: int) -> Section | None:
    i = bisect_right(sections, start, key=lambda item: item[0])
    return sections[i - 1][1] if i else None
