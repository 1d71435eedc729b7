"""Stories: what is told over several sentences of a time that is over, or of somebody else.

A sentence tells its own time and person, and most of what follows does not repeat them: "In 2019 I had a slipped disc. My leg was
numb. It all came right." Nothing is taken for past or another's by that alone. There must be an end to the story ("it all came
right"), or the writer's own account of now that denies; and nothing that says that it is back (docs/decisions/0020).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from equina.notes.cues import Cue
from equina.notes.lexicon import Lexicon

if TYPE_CHECKING:
    from equina.notes.sentence import Told

__all__ = ["Spoken", "retold"]

_LONGEST = 6  # sentences of a story
_WORDS = 250  # words of a sentence that is looked at: in a longer one all is of now
_LEAD = 2  # words that may stand before the end of a story in its sentence, unless the story began there
_DENIED = 2  # findings that the writer denies of now, so that a story of somebody else is no account of the writer
_SETTLING, _UNSETTLING = ("over", "ended", "unlike", "nothing"), ("back", "lasts")


Words = tuple[int, int]  # from where to before where
Cues = dict[str, Words]  # of each kind of cue its words


class Spoken(NamedTuple):
    """A sentence: its words from `begin` to before `end`, its mentions from `first` to before `last`."""

    begin: int
    end: int
    first: int
    last: int


class _Sentence(NamedTuple):
    """What a sentence tells of a story. `cues`: of each kind where the first begins and ends, in words of the text.

    `own`: the words by which the writer tells of themselves. `theirs`, `of_late`, `past`: it tells of others, of these days, in the
    past. `at_hand`: it tells of now. `end_told`: the words that tell the end of a story.
    """

    cues: Cues
    own: tuple[int, ...]
    theirs: bool
    of_late: bool
    past: bool
    at_hand: bool
    end_told: Words | None
    begin: int
    end: int
    mentions: range


def retold(lexicon: Lexicon, letters: str, spoken: Iterable[Spoken], mentions: list[Told]) -> list[Told]:
    """The mentions: those of a story that is over historical, those of a story of somebody else a relative's."""
    told = [_look(lexicon, letters, one) for one in spoken]
    for assertion, members in (("historical", _of_then(told, mentions)), ("family", _of_others(told, mentions))):
        for i, cue in members.items():
            one = mentions[i]
            if one.assertion == "present" and not one.as_before and one.onset != "long_standing":
                low, high = cue or (one.low, one.high)
                mentions[i] = one._replace(assertion=assertion, onset="unknown", bare=False, low=low, high=high)
    return mentions


def _look(lexicon: Lexicon, letters: str, spoken: Spoken) -> _Sentence:
    begin, end, of_it = spoken.begin, spoken.end, range(spoken.first, spoken.last)
    if end - begin > _WORDS:
        return _Sentence({}, (), False, False, False, True, None, begin, end, of_it)
    sentence = letters[begin : end + 1]
    matches = [(start, stop, what) for start, stop, what, _ in lexicon.stories.matches(sentence) if isinstance(what, Cue)]
    found = sorted(((start, stop, cue.kind) for start, stop, cue in matches if not (cue.at_head and start)), key=_first_and_longest)
    cues: Cues = {}
    for start, stop, kind in found:
        if not _is_void(start, stop, kind, found):
            cues.setdefault(kind, (start, stop))
    dated = [(start, stop) for start, stop, kind in found if kind in ("then", "over", "ended")]
    apart = [(start + 1, stop) for start, stop, kind in found if kind in ("unlike", "nothing")]  # "not me", "nothing like him"
    own = [place for place, letter in enumerate(sentence) if letter in lexicon.own and not _is_in(place, apart)]
    now = [place for place, letter in enumerate(sentence) if letter in lexicon.at_hand and not _is_in(place, dated)]
    present = any(letter in lexicon.of_the_present and not _is_in(place, dated) for place, letter in enumerate(sentence))
    theirs = any(letter in lexicon.theirs and not _is_in(place, apart) for place, letter in enumerate(sentence))
    of_late, past = (not some.isdisjoint(sentence) for some in (lexicon.of_late, lexicon.of_the_past))
    closing = _end(lexicon, sentence, cues, now, late=of_late, of_others=theirs and not own)
    return _Sentence(
        cues={kind: (begin + start, begin + stop) for kind, (start, stop) in cues.items()},
        own=tuple(begin + place for place in own),
        theirs=theirs,
        of_late=of_late,
        past=past,
        at_hand=bool(now) or of_late or (present and not past),
        end_told=(begin + closing[0], begin + closing[1]) if closing else None,
        begin=begin,
        end=end,
        mentions=of_it,
    )


def _end(lexicon: Lexicon, sentence: str, cues: Cues, now: Sequence[int], *, late: bool, of_others: bool) -> Words | None:
    """The words of a sentence that tell the end of the writer's story: not where that is asked, doubted, denied or of these days,
    nor where something of now stands before it."""
    if late or of_others or "lasts" in cues or "doubted" in cues or sentence[-1] == lexicon.question:
        return None
    closing = cues.get("ended") or cues.get("over")
    if closing is None or ("ended" not in cues and "then" not in cues and closing[0] > _LEAD):
        return None
    denied = not lexicon.absences.isdisjoint(sentence[: closing[0]])
    return None if denied or any(place < closing[0] for place in now) else closing


def _first_and_longest(found: tuple[int, int, str]) -> tuple[int, int]:
    return found[0], -found[1]


def _is_void(start: int, end: int, kind: str, found: Sequence[tuple[int, int, str]]) -> bool:
    """Whether what ends a story runs into what undoes that, or the other way round: the first of them counts. "It all came back",
    "nothing like last time"; "it never came right"."""
    against = _UNSETTLING if kind in _SETTLING else _SETTLING if kind in _UNSETTLING else ()
    return any(
        other in against and start < high and low < end and (low < start or (low == start and kind in _UNSETTLING))
        for low, high, other in found
    )


def _is_in(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _of_then(told: Sequence[_Sentence], mentions: Sequence[Told]) -> dict[int, Words | None]:
    """The mentions of stories of a time past that have an end, and the words that tell it. A complaint told without a verb of the
    past is of now."""
    over: dict[int, Words | None] = {}
    story: list[int] = []
    begun = -1  # the sentence in which the story began
    for number, one in enumerate(told):
        if "back" in one.cues and (begun >= 0 or over):
            return {}
        begins = "then" in one.cues and _is_own(one) and (one.end_told is not None or not one.at_hand)
        if begun < 0 or number - begun > _LONGEST:
            story, begun = [], number if begins else -1
        if begun < 0:
            continue
        if one.end_told:
            before = (i for i in one.mentions if mentions[i].end <= one.end_told[1])
            over |= dict.fromkeys([*story, *before], one.end_told)
            story, begun = [], -1
        elif "lasts" in one.cues or not (begins or (not one.at_hand and (one.past or not one.mentions))):
            story, begun = [], -1
        else:
            story += one.mentions
    return over


def _is_own(one: _Sentence) -> bool:
    """Whether a sentence is not of somebody else: "when I was pregnant with my girl" is of the writer."""
    return "others" not in one.cues or any(place < one.cues["others"][0] for place in one.own)


def _of_others(told: Sequence[_Sentence], mentions: Sequence[Told]) -> dict[int, Words | None]:
    """The mentions of stories of others, where the writer says that nothing of it is theirs; or sets it apart, or denies, with a
    complaint of their own: then only what was, since who cannot pass water now may be the one for whom the writer asks. With the
    words by which it is set apart, if there are any."""
    story: list[int] = []
    past: list[int] = []  # of those, what was
    denied = 0
    unlike: Words | None = None
    nothing: Words | None = None
    begun = owned = of_late = late = False
    for one in told:
        if story and ("back" in one.cues or "for_them" in one.cues):
            return {}
        about = bool(story) or "others" in one.cues
        if about:
            unlike, nothing = unlike or one.cues.get("unlike"), nothing or one.cues.get("nothing")
        theirs: Sequence[int] = ()
        if "others" in one.cues and not (begun and one.own):
            after = one.cues["others"][1]
            until = min((place for place in one.own if place >= after), default=one.end + 1)
            theirs = [i for i in one.mentions if after <= mentions[i].start < until]
            late = one.of_late
            begun = until > one.end  # who helps or tells the writer is in no story of their own
        elif begun and not one.own and one.theirs:
            theirs = one.mentions
        elif one.own:
            begun = False
            owned |= not one.theirs and any(mentions[i].assertion == "present" for i in one.mentions)
        if theirs:
            story += theirs
            past += theirs if not one.at_hand and "doubted" not in one.cues else ()
            of_late |= late or one.of_late
        if story and owned and one.own and not one.theirs:
            denied += sum(mentions[i].assertion == "absent" for i in one.mentions)
    if of_late:
        return {}
    if nothing:
        return dict.fromkeys(story, nothing)
    return dict.fromkeys(past, unlike) if owned and (unlike or denied >= _DENIED) else {}
