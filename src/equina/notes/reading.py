"""Reading: a text becomes mentions of findings, each with its words, its assertion, its onset and the cue that decided it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from equina.model import Protocol
from equina.notes.context import Found, Place, judge, without_inner
from equina.notes.cues import Cue, Find, Section
from equina.notes.language import refusal
from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.vocabulary import cut, folded

__all__ = ["CueWords", "Mention", "Reading", "read", "read_note"]

_BEFORE_HEADING = re.compile(r"[.,;\n?!\])]")
_HEADING = re.compile(r"[A-Z][A-Za-z/&'\-]*(?: [A-Za-z/&'\-]+){0,4}$")
_LONGEST = 80  # words of the longest match; cues further away than this are of no account
_ANSWER = 12  # words behind a question in which its answer is looked for
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


class _Hit(NamedTuple):
    """A match: the words from `start` to before `end`."""

    start: int
    end: int
    find: Find
    value: int | None


def read(lexicon: Lexicon, text: str) -> Reading:
    """As `read_note`, with a lexicon already at hand."""
    small = _unwrapped(folded(text)) if "\n" in text else folded(text)
    chunks = small.split(" ")
    letters = list(map(lexicon.vocabulary.__getitem__, chunks))
    classes = "".join(letters) + lexicon.end
    if refused := refusal(lexicon, small, chunks):
        return Reading((), refused)
    ends = [found.start() for found in lexicon.ends.finditer(classes)]
    hits = _hits(lexicon, classes, ends)
    if not hits:
        return Reading(())
    places = _Places(chunks, letters)
    sections = _sections(lexicon, text)
    sentences: dict[int, _Sentence] = {}
    for hit in hits:
        first = bisect_left(ends, hit.start)
        if first not in sentences:
            begin = ends[first - 1] + 1 if first else 0
            last = bisect_left(ends, hit.end - 1)
            sentences[first] = _sentence(lexicon, classes, begin, ends[min(last, len(ends) - 1)], hits)
    if not lexicon.carers.isdisjoint(classes) and _told_of_a_relative(lexicon, classes):
        sentences = {first: sentence.without("family") for first, sentence in sentences.items()}
    mentions = []
    for hit in hits:
        sentence = sentences[bisect_left(ends, hit.start)]
        start, end = places.span(hit.start, hit.end)
        mention = _mention(hit, sentence, _section(sections, start), places, text, start, end)
        if mention is not None:
            mentions.append(mention)
    return Reading(tuple(mentions))


def _mention(
    hit: _Hit,
    sentence: _Sentence,
    section: Section | None,
    places: _Places,
    text: str,
    start: int,
    end: int,
) -> Mention | None:
    find = hit.find
    assert find.finding is not None
    cues, commas = sentence.near(hit.start, hit.end)
    place = Place(hit.start, hit.end, find.normal, sentence.absence(hit.start), find.kind)
    verdict = judge(place, cues, commas, section)
    if verdict.dropped:
        return None
    cue = None
    if verdict.cue is not None:
        a, b = places.span(verdict.cue.start, verdict.cue.end)
        cue = CueWords(a, b, text[a:b])
    value = None
    if hit.value is not None:
        a, b = places.span(hit.value, hit.value + 1)
        value = _number(text[a:b], find.measure or "")
    return Mention(
        find.finding, start, end, text[start:end], verdict.assertion, verdict.onset, cue, section.id if section else None, value
    )


def _number(words: str, unit: str) -> float:
    """The number of a word such as "38.9", "1,200" or "4+/5", in the unit of its finding."""
    value = float(re.match(r"[\d.]+", words.replace(",", ""))[0].rstrip("."))  # type: ignore[index]  # the word is a number
    if unit == "fahrenheit":
        return round((value - 32) / 1.8, 1)
    return value * 1000 if unit == "litre" else value


def _hits(lexicon: Lexicon, classes: str, ends: Sequence[int]) -> list[_Hit]:
    hits = []
    begin = 0
    for end in ends:
        for first, after, what, value in lexicon.finds.matches(classes, begin, end + 1):
            assert isinstance(what, Find)
            hits.append(_Hit(first, after, what, value))
        begin = end + 1
    return _settled(hits)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """The cues of a sentence in order, where its commas stand, and where words of absence do."""

    cues: tuple[Found, ...]
    commas: tuple[int, ...]
    absences: frozenset[int]

    def absence(self, place: int) -> bool:
        """Whether the word at this place is one of absence."""
        return place in self.absences

    def near(self, start: int, end: int) -> tuple[Sequence[Found], Sequence[int]]:
        """The cues and the commas that can bear on these words. A sentence may be as long as the text."""
        if len(self.cues) + len(self.commas) < _LONGEST:
            return self.cues, self.commas
        low, high = start - _LONGEST, end + _LONGEST
        first = bisect_left(self.cues, low, key=lambda found: found.start)
        last = bisect_left(self.cues, high, key=lambda found: found.start)
        return self.cues[first:last], self.commas[bisect_left(self.commas, low) : bisect_left(self.commas, high)]

    def without(self, kind: str) -> _Sentence:
        return _Sentence(tuple(found for found in self.cues if found.cue.kind != kind), self.commas, self.absences)


def _sentence(lexicon: Lexicon, classes: str, begin: int, finish: int, hits: Sequence[_Hit]) -> _Sentence:
    if classes[finish] == lexicon.question:
        finish = min(len(classes) - 1, finish + _ANSWER)  # the answer stands behind the question
    found = lexicon.cues.matches(classes, begin, finish + 1)
    cues = without_inner(Found(start, end, what) for start, end, what, _ in found if isinstance(what, Cue))
    cues = [found for found in cues if found.cue.kind != "negated" or not _inside(hits, found)]
    commas = [begin + i for i, letter in enumerate(classes[begin:finish]) if letter == lexicon.comma] if cues else ()
    absences = (
        frozenset(begin + i for i, letter in enumerate(classes[begin:finish]) if letter in lexicon.absences)
        if cues
        else frozenset()
    )
    return _Sentence(tuple(cues), tuple(commas), absences)


def _inside(hits: Sequence[_Hit], found: Found) -> bool:
    """Whether a denial is part of what a mention says: then it denies nothing else."""
    return any(
        hit.start <= found.start and found.end <= hit.end
        for hit in _overlapping(hits, _Hit(found.start, found.end, _NOTHING, None))
    )


def _told_of_a_relative(lexicon: Lexicon, classes: str) -> bool:
    """Whether who writes does so for a relative: then the relative is the patient."""
    kinds = {what.kind for _, _, what, _ in lexicon.persons.matches(classes, 0, len(classes)) if isinstance(what, Cue)}
    return "carer" in kinds and "self" not in kinds


_NOTHING = Find(id="", finding=None)


def _settled(hits: list[_Hit]) -> list[_Hit]:
    """The hits that stand: no other sense of the words, no shorter twin, nothing that a more exact finding says better."""
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    senses = [hit for hit in hits if hit.find.finding is None]
    latest: dict[str, int] = {}
    kept: list[_Hit] = []
    for hit in hits:
        finding = hit.find.finding
        if finding is None or any(
            other.start <= hit.start and hit.end <= other.end and (not other.find.of or finding in other.find.of)
            for other in _overlapping(senses, hit)
        ):
            continue
        twin = latest.get(finding)
        if twin is None or kept[twin].end <= hit.start:
            latest[finding] = len(kept)
            kept.append(hit)
        elif hit.end - hit.start > kept[twin].end - kept[twin].start:
            kept[twin] = hit
    stronger = [hit for hit in kept if hit.find.instead_of]
    if stronger:
        stronger.sort(key=lambda hit: hit.start)
        kept = [hit for hit in kept if not any(hit.find.finding in other.find.instead_of for other in _overlapping(stronger, hit))]
    return sorted(kept, key=lambda hit: (hit.start, hit.end, hit.find.finding or ""))


def _overlapping(hits: Sequence[_Hit], hit: _Hit) -> list[_Hit]:
    """Of hits in the order of their first words, those that share a word with this one. No match is longer than _LONGEST words."""
    first = bisect_left(hits, hit.start - _LONGEST, key=lambda other: other.start)
    last = bisect_left(hits, hit.end, lo=first, key=lambda other: other.start)
    return [other for other in hits[first:last] if other.end > hit.start]


class _Places:
    """Where the words of a text stand in it."""

    def __init__(self, chunks: list[str], letters: list[str]) -> None:
        self._chunks, self._letters = chunks, letters
        self._word_ends = list(accumulate(map(len, letters)))
        self._lengths = list(accumulate(map(len, chunks), initial=0))
        self._cut: dict[int, list[tuple[int, int]]] = {}

    def _word(self, i: int) -> tuple[int, int]:
        chunk = bisect_right(self._word_ends, i)
        if chunk not in self._cut:
            place = self._lengths[chunk] + chunk  # a blank before each chunk but the first
            self._cut[chunk] = spans = []
            for word in cut(self._chunks[chunk]):
                spans.append((place, place + len(word.rstrip("-") or word)))
                place += len(word)
        return self._cut[chunk][i - self._word_ends[chunk] + len(self._letters[chunk])]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """From the first letter of the word `start` to the end of the word before `end`."""
        return self._word(start)[0], self._word(min(end, self._word_ends[-1]) - 1)[1]  # a cue may take the end of the text in


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
