"""A sentence: what it says of findings, by its letters alone. Sentences of the same letters say the same, so each is read once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from equina.notes.around import with_words_around
from equina.notes.context import ILL, JOINS, LATE, LOOSE, OWN, PARTS, Found, Parts, Place, Verdict, judge, ticked, without_inner
from equina.notes.cues import Cue, Find
from equina.notes.hits import FEW, LONGEST, Hit, in_order, settled, shares_its_start, trimmed, without_void
from equina.notes.lexicon import Lexicon
from equina.notes.points import is_short, likely
from equina.notes.stories import Spoken, retold
from equina.notes.talk import Before, Remark, answered, following

__all__ = ["ASSERTED", "ONSETS", "Said", "Told", "is_open_to", "said", "told"]

ANSWER = 12  # words behind a question in which its answer is looked for
ASSERTED = ("present", "absent", "historical", "family", "hypothetical", "uncertain")
ONSETS = ("unknown", "new", "long_standing")
_REMARK = 16  # words of a sentence that says of the one before that it is old, or answers it
_TELLS = ("present", "absent", "uncertain")
_NEAR = 3  # words between a sentence and the remark on it
_FURTHER = 24  # the same, of a remark on all that was told
_JOINING = {"joint": JOINS, "parting": PARTS, "apart": OWN, "event": LATE}
_NO_CUES = frozenset({"long_ago", "turn", *_JOINING})
_OPENING = 40  # words in which a carer says for whom
_FAR = 250  # cues further away than this are of no account
_TOO_LATE_FOR = {"historical": 1, "absent": 1, "hypothetical": 2}  # what is as much of now is no part of such a section
_REMEMBERED, _LONG = 50_000, 120  # sentences remembered, and of how many words at most: memory stays flat


class Told(NamedTuple):
    """A mention by its place in the text: from `start` to before `end`, what it names, what the context makes of it; from `low` to
    before `high` the cue that decided so, and likewise its number. -1: there is none. Places are words, or characters.

    `as_before`: a sentence behind it says that it has long been the same, or the words around it make that likely.
    """

    start: int
    end: int
    find: Find
    assertion: str
    onset: str
    bare: bool
    now: int
    as_before: bool
    low: int
    high: int
    number_low: int
    number_high: int


def is_open_to(assertion: str, *, bare: bool, now: int) -> bool:
    """Whether a section of that assertion decides: no past history does of what is new or goes on, no advice of this hour."""
    return bare and now < _TOO_LATE_FOR.get(assertion, 3)


def told(lexicon: Lexicon, letters: str, *, message: bool) -> list[Told]:
    """What a text says, sentence by sentence, its places in words.

    A `message` is looked at for who writes it: about a relative, as a carer does, or about themselves; and for stories.
    """
    carer = message and not lexicon.carers.isdisjoint(letters) and _told_of_a_relative(lexicon, letters)
    short = message and is_short(letters)
    mentions: list[Told] = []
    sentences: list[Spoken] = []
    before = Before()
    late = other_late = False  # the last sentence that had any told of something of late; the one before that
    then = of_then = False  # the last sentence that had any told of a moment long ago; it, or what it refers to
    aged = (0, 0, -_NEAR)  # from which mention to which the last remark aged, and where it ended
    begin = ended = last = other = 0  # the mentions of the last sentence that had any, and of the one before that, begin there
    for end in (found.start() for found in lexicon.ends.finditer(letters)):
        sentence = letters[begin : end + 1]
        already, spoken_of, away = len(mentions), last, begin - ended
        both = last if other_late else other
        question = letters[end] == lexicon.question
        if short or lexicon.finds.any.search(sentence):
            after = letters[end + 1 : end + 1 + ANSWER] if question else ""
            then = then and away < _NEAR
            heard = said(lexicon, sentence, after, carer=carer, then=then, short=short)
            mentions += [_told(one, begin) for one in heard.said]
            if heard.said:
                of_then = heard.long_ago or (then and not heard.late)
                last, other, ended, then = already, last, end, heard.long_ago
                late, other_late = heard.late, late
        if mentions and end - begin < _REMARK and (remarks := _remarks(lexicon, sentence, then=of_then)):
            for kind, most, first in (("still", _NEAR, spoken_of), ("all_still", _FURTHER, both)):
                if away < most and _begins_with(kind, remarks):
                    mentions[first:already] = _as_before(mentions[first:already])
                    aged = (first, already, end)
            if begin - aged[2] < _NEAR and aged[2] < begin and any(cue.kind == "differs" for _, _, cue in remarks):
                mentions[aged[0] : aged[1]] = _as_before(mentions[aged[0] : aged[1]], so=False)
            if not any(cue.kind == "differs" for _, _, cue in remarks) and (same := _places(remarks, "same", begin)):
                first = spoken_of if all(_is_within(mention, same) for mention in mentions[already:]) else already
                mentions[first:] = _as_before(mentions[first:])
            if before.first >= 0:
                alone = len(mentions) == already
                asked = mentions[before.first : already]
                mentions[before.first : already] = answered(lexicon, asked, letters, before, (begin, end), remarks, alone=alone)
        if end > begin:
            before = following(before, begin, end, (already, len(mentions)), question=question)
            sentences.append(Spoken(begin, end, already, len(mentions)))
        begin = end + 1
    if message and not carer:
        mentions = retold(lexicon, letters, sentences, mentions)
    return _weighed(lexicon, letters, sentences, mentions, carer=carer) if short else mentions


def _weighed(lexicon: Lexicon, letters: str, spoken: Sequence[Spoken], mentions: list[Told], *, carer: bool) -> list[Told]:
    """The mentions of a short message, as the words around them make them; none by points where a pattern tells the like."""
    mentions = with_words_around(lexicon.around, letters, spoken, mentions, lexicon.own, lexicon.at_hand, carer=carer)
    return _each_once(mentions) if any(one.find.likely for one in mentions) else mentions


def _each_once(mentions: Sequence[Told]) -> list[Told]:
    """The mentions, but by points each finding once, and none of which a pattern tells the like anywhere in the text.

    What was, what is a relative's and what is warned of tell nothing of it.
    """
    named = {one.find.finding for one in mentions if not one.find.likely and one.assertion in _TELLS}
    kept: list[Told] = []
    for one in mentions:
        if one.find.likely:
            if not named.isdisjoint(one.find.of):
                continue
            named.add(one.find.finding)
        kept.append(one)
    return kept


def _as_before(mentions: Sequence[Told], *, so: bool = True) -> list[Told]:
    return [mention._replace(as_before=so) for mention in mentions]


def _remarks(lexicon: Lexicon, sentence: str, *, then: bool) -> list[Remark]:
    """What a sentence remarks on those before it. `then`: they told of a moment long ago."""
    found = ((start, stop, what) for start, stop, what, _ in lexicon.before.matches(sentence) if isinstance(what, Cue))
    return [(start, stop, cue) for start, stop, cue in found if then or not cue.since_then]


def _begins_with(kind: str, remarks: Sequence[Remark]) -> bool:
    """Whether a sentence begins with this: what those before it tell is still as it was. And says nothing of now that differs."""
    kinds = {cue.kind for start, _, cue in remarks if start == 0 or cue.kind == "differs"}
    return kind in kinds and "differs" not in kinds


def _places(remarks: Sequence[Remark], kind: str, begin: int) -> list[tuple[int, int]]:
    """Where the remarks of a kind stand in the text."""
    return [(begin + start, begin + stop) for start, stop, cue in remarks if cue.kind == kind]


def _is_within(mention: Told, remarks: Sequence[tuple[int, int]]) -> bool:
    """Whether a mention is nothing but words of a remark: "same as ever" names a finding too."""
    return any(start <= mention.start and mention.end <= stop for start, stop in remarks)


def _told(one: Said, begin: int) -> Told:
    verdict = one.verdict
    cue = (-1, -1) if verdict.cue is None else (begin + verdict.cue.start, begin + verdict.cue.end)
    number = (-1, -1) if one.value is None else (begin + one.value, begin + one.value + 1)
    what = (verdict.assertion, verdict.onset, verdict.bare, verdict.now, False)
    return Told(begin + one.start, begin + one.end, one.find, *what, *cue, *number)


def _told_of_a_relative(lexicon: Lexicon, letters: str) -> bool:
    """Whether who writes does so for a relative, and begins with that: then the relative is the patient."""
    found = [(start, what.kind) for start, _, what, _ in lexicon.persons.matches(letters) if isinstance(what, Cue)]
    return any(kind == "carer" and start < _OPENING for start, kind in found) and all(kind != "self" for _, kind in found)


class Said(NamedTuple):
    """A mention by its place in the sentence: the words from `start` to before `end`, what they name, where its number stands."""

    start: int
    end: int
    find: Find
    value: int | None
    verdict: Verdict


class Heard(NamedTuple):
    """What a sentence says, and whether it is told of a moment long ago, to which the next may refer: "ever since"; or of one of
    late, or of an event that no year is told of."""

    said: tuple[Said, ...] = ()
    long_ago: bool = False
    late: bool = False


def said(lexicon: Lexicon, sentence: str, after: str, *, carer: bool, then: bool = False, short: bool = False) -> Heard:
    """What a sentence says. `after` are the letters behind a question, where its answer may stand; in the words of a `carer` a
    relative is the patient; what stands before it is told of a moment long ago (`then`); it is one of a `short` message."""
    key = (sentence, after, carer, then, short)
    known = lexicon.sentences.get(key)
    if known is None:
        known = _said(lexicon, sentence, after, carer=carer, then=then, short=short)
        if len(sentence) <= _LONG:
            if len(lexicon.sentences) >= _REMEMBERED:
                lexicon.sentences.clear()
            lexicon.sentences[key] = known
    return known


def _said(lexicon: Lexicon, sentence: str, after: str, *, carer: bool, then: bool, short: bool) -> Heard:
    found = lexicon.finds.matches(sentence)
    every = [Hit(start, end, what, value) for start, end, what, value in found if isinstance(what, Find)]
    named = [trimmed(hit, sentence, lexicon.joining) for hit in settled(every)]
    by_points = [Hit(*one, None) for one in likely(lexicon.points, sentence)] if short else []
    by_points = sorted(without_void(by_points, named, every), key=in_order)
    if not named and not by_points:
        return Heard()
    # What is likely shapes no context where a pattern names something: it takes in words of which nobody knows what they do.
    context = _context(lexicon, sentence, after, named or by_points, carer=carer, then=then)
    hits = sorted([*named, *by_points], key=in_order)
    standing = []
    parting = [place for place, letter in enumerate(sentence) if letter in lexicon.parting]
    ors = [place for place, letter in enumerate(sentence) if letter in lexicon.ors]
    for i, hit in enumerate(hits):
        shared = hit.find.normal and shares_its_start(hits, i)
        end = hit.end - (hit.end == len(sentence) > hit.start + 1)  # its end is no word: an answer stands behind "?"
        low, high = _statement(parting, hit.start, hit.end)
        last_or, next_or = _statement(ors, hit.start, hit.end)
        absence = sentence[hit.start] in lexicon.absences
        place = Place(
            hit.start, end, hit.find.normal, absence, hit.find.kind, shared, hit.find.likely, low, min(high, next_or), last_or
        )
        verdict = judge(place, *context.near(hit.start, hit.end), context.closing)
        if not verdict.dropped:
            standing.append(Said(*hit, verdict))
    return Heard(tuple(standing), context.long_ago, context.late)


def _statement(parting: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """Which of these places is the last before some words, and which the first behind them."""
    first, last = bisect_left(parting, start), bisect_left(parting, end)
    return parting[first - 1] if first else -1, parting[last] if last < len(parting) else 1 << 30


class _Context(NamedTuple):
    """The cues of a sentence in order, and where its commas stand."""

    cues: Sequence[Found]
    commas: Sequence[int]
    closing: int | None = None  # the comma behind the last "or": a list of denials ends there
    long_ago: bool = False  # it tells of a moment long ago, and of none of late
    late: bool = False  # … of one of late, of an event behind every moment long ago, or of a turn: it went, can't, now

    def near(self, start: int, end: int) -> tuple[Sequence[Found], Sequence[int]]:
        """The cues and the commas that can bear on these words. A sentence may be as long as the text."""
        if len(self.cues) + len(self.commas) < _FAR:
            return self.cues, self.commas
        low, high = start - _FAR, end + _FAR
        first = bisect_left(self.cues, low, key=lambda found: found.start)
        last = bisect_left(self.cues, high, key=lambda found: found.start)
        return self.cues[first:last], self.commas[bisect_left(self.commas, low) : bisect_left(self.commas, high)]


def _context(lexicon: Lexicon, sentence: str, after: str, hits: Sequence[Hit], *, carer: bool, then: bool) -> _Context:
    found = [Found(start, end, what) for start, end, what, _ in lexicon.cues.matches(sentence + after) if isinstance(what, Cue)]
    if not found:
        return _Context((), ())
    turned = any(cue.cue.kind == "turn" for cue in found)
    first, long_ago, late = _moments(found, then=then and not turned)
    late = late or turned
    joints = _joints(found, len(sentence))
    cues = without_inner(_standing(found, first))
    # A denial that is part of what a mention says denies nothing else.
    spoken = _Spoken([(hit.start, hit.end) for hit in hits if not hit.find.normal])
    cues = [
        cue
        for cue in ticked(cues, min(hit.start for hit in hits), len(sentence))
        if not (cue.cue.kind == "negated" and spoken.holds(cue.start, cue.end))
        and not (cue.cue.kind == "gone" and spoken.holds(cue.start, cue.start + 1))
        and not (carer and cue.cue.kind == "family")
    ]
    comma = lexicon.comma
    if comma not in sentence and not any(joints):
        return _Context(cues, (), None, long_ago, late)
    commas = [i for i, letter in enumerate(sentence) if letter == comma]
    colons = {i for i, letter in enumerate(sentence) if letter == lexicon.colon}
    named = _named(hits, len(sentence))
    parts = Parts(commas, colons, [letter not in lexicon.light for letter in sentence], named)
    cues = [parts.held(cue) for cue in cues]
    if any(joints):
        share = frozenset(kind for cue in found if cue.cue.kind == "joint" for kind in cue.cue.of)
        for hit in hits:
            if share and hit.find.kind not in share and not hit.find.normal:
                joints[hit.start : hit.end] = [joint | ILL for joint in joints[hit.start : hit.end]]
        cues = [parts.joined(cue, joints) for cue in cues]
    last = max((sentence.rfind(letter) for letter in lexicon.ors), default=-1)
    closing = next((place for place in commas if place > last), None) if last >= 0 else None
    return _Context(cues, commas, closing, long_ago, late)


def _moments(found: Sequence[Found], *, then: bool) -> tuple[int | None, bool, bool]:
    """From which word on "ever since" is since a moment long ago, told of before (`then`) or in the sentence: not where that tells
    of one of late, or of an event behind it. And whether the sentence tells of such a moment; and whether of one of late."""
    ago = [cue for cue in found if cue.cue.kind == "long_ago" and not (cue.cue.at_head and cue.start)]
    head = max((cue.end for cue in ago if cue.cue.at_head), default=0)  # "In 2012 I fell": it fell then
    event = max((cue.end for cue in found if cue.cue.kind == "event" and cue.start >= head), default=0)
    first = min((cue.start for cue in ago if cue.start >= event), default=None)
    late = any(cue.cue.kind == "new" for cue in found) or (event > 0 and first is None)
    if late:
        return None, False, True
    return (0 if then and not event else first), first is not None, False


def _joints(found: Sequence[Found], count: int) -> list[int]:
    """Of each word of a sentence what it is to what is old or past, in the bits of context.py."""
    joints = [0] * count
    for cue in found:
        if kind := _JOINING.get(cue.cue.kind):
            if cue.cue.kind == "joint" and cue.end - cue.start == 1:
                kind = LOOSE
            for i in range(cue.start, min(cue.end, count)):
                joints[i] |= kind
    return joints


def _standing(found: Sequence[Found], first: int | None) -> list[Found]:
    """The cues that are any where they stand. "Ever since" is since a moment long ago, which is told of from word `first` on."""
    return [
        cue
        for cue in found
        if cue.cue.kind not in _NO_CUES
        and not (cue.cue.at_head and cue.start)
        and not (cue.cue.since_then and (first is None or cue.start < first))
    ]


def _named(hits: Sequence[Hit], count: int) -> list[bool]:
    """Of each word of a sentence, whether it is one of a mention that names a finding, not its normal counterpart."""
    named = [False] * count
    for hit in hits:
        if not hit.find.normal:
            named[hit.start : hit.end] = [True] * (hit.end - hit.start)
    return named


class _Spoken:
    """The stretches of a sentence that are mentions."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        self._spans = spans

    def holds(self, start: int, end: int) -> bool:
        """Whether a mention takes these words in."""
        spans = self._spans
        if len(spans) > FEW:
            first = bisect_left(spans, (start - LONGEST, 0))
            spans = spans[first : bisect_left(spans, (start + 1, 0), lo=first)]
        return any(low <= start and end <= high for low, high in spans)
