"""Reading: a text becomes mentions of findings, each with its words, its assertion, its onset and the cue that decided it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from equina.model import Protocol
from equina.notes.context import Found, Place, judge, ticked, without_inner
from equina.notes.cues import Cue, Find, Section
from equina.notes.language import refusal
from equina.notes.lexicon import Lexicon, lexicon
from equina.notes.vocabulary import cut, folded

__all__ = ["CueWords", "Mention", "Reading", "read", "read_note"]

_BEFORE_HEADING = re.compile(r"[.,;\n?!\])]")
_HEADING = re.compile(r"[A-Z][A-Za-z/&'\-]*(?: [A-Za-z/&'\-]+){0,4}$")
_REMEMBERED = 20_000
_LONGEST = 80  # words of the longest match; cues further away than this are of no account
_FEW = 40  # mentions so few that looking at each is quicker than seeking the near ones
_OPENING = 16  # words in which a carer says for whom
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
    if not sections and not lexicon.carers.isdisjoint(classes) and _told_of_a_relative(lexicon, classes):
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
    end = finish
    if classes[finish] == lexicon.question:
        end = min(len(classes) - 1, finish + _ANSWER)  # the answer stands behind the question
    found = lexicon.cues.matches(classes, begin, end + 1)
    if not found:
        return _Sentence((), (), frozenset())
    cues = without_inner([Found(start, after, what) for start, after, what, _ in found if isinstance(what, Cue)])
    # A denial that is part of what a mention says denies nothing else.
    spoken = [(hit.start, hit.end) for hit in hits if begin <= hit.start <= finish and not hit.find.normal]
    cues = [
        cue
        for cue in ticked(cues, begin)
        if cue.cue.kind != "negated" or not any(start <= cue.start and cue.end <= after for start, after in spoken)
    ]
    letters = classes[begin:end]
    comma, absences = lexicon.comma, lexicon.absences
    commas = [begin + i for i, letter in enumerate(letters) if letter == comma] if comma in letters else ()
    absent = () if absences.isdisjoint(letters) else (begin + i for i, letter in enumerate(letters) if letter in absences)
    return _Sentence(tuple(cues), tuple(commas), frozenset(absent))


def _told_of_a_relative(lexicon: Lexicon, classes: str) -> bool:
    """Whether who writes does so for a relative, and begins with that: then the relative is the patient."""
    found = [(start, what.kind) for start, _, what, _ in lexicon.persons.matches(classes, 0, len(classes)) if isinstance(what, Cue)]
    return any(kind == "carer" and start < _OPENING for start, kind in found) and all(kind != "self" for _, kind in found)


def _settled(hits: list[_Hit]) -> list[_Hit]:
    """The hits that stand: no other sense of the words, no shorter twin, nothing that a more exact finding says better."""
    hits.sort(key=_order)
    senses = [hit for hit in hits if hit.find.finding is None]
    latest: dict[str, int] = {}
    kept: list[_Hit] = []
    exact = False
    for hit in hits:
        finding = hit.find.finding
        if finding is None or (senses and _senseless(senses, hit, finding)):
            continue
        twin = latest.get(finding)
        if twin is None or kept[twin].end <= hit.start:
            latest[finding] = len(kept)
            kept.append(hit)
        elif hit.end - hit.start > kept[twin].end - kept[twin].start:
            kept[twin] = hit
        exact = exact or bool(hit.find.instead_of)
    kept.sort(key=_order)
    if exact:
        weaker: set[int] = set()  # dropped for a more exact finding on the same words; the longer mention is heard first
        for hit in sorted((hit for hit in kept if hit.find.instead_of), key=lambda hit: hit.start - hit.end):
            if id(hit) not in weaker:
                weaker.update(id(other) for other in _overlapping(kept, hit) if other.find.finding in hit.find.instead_of)
        if weaker:
            kept = [hit for hit in kept if id(hit) not in weaker]
    return kept


def _order(hit: _Hit) -> tuple[int, int]:
    return hit.start, -hit.end


def _senseless(senses: Sequence[_Hit], hit: _Hit, finding: str) -> bool:
    """Whether another sense of the words takes the whole mention in."""
    return any(
        other.start <= hit.start and hit.end <= other.end and (not other.find.of or finding in other.find.of)
        for other in (senses if len(senses) < _FEW else _overlapping(senses, hit))
    )


def _overlapping(hits: Sequence[_Hit], hit: _Hit) -> list[_Hit]:
    """Of hits in the order of their first words, those that share a word with this one. No match is longer than _LONGEST words."""
    if len(hits) < _FEW:
        return [other for other in hits if other.end > hit.start and other.start < hit.end]
    first = bisect_left(hits, hit.start - _LONGEST, key=lambda other: other.start)
    last = bisect_left(hits, hit.end, lo=first, key=lambda other: other.start)
    return [other for other in hits[first:last] if other.end > hit.start]


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
