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
_DENIED = 2  # findings that the writer denies of now, so that a story of somebody else is no account of the writer


_SETTLING, _UNSETTLING = ("over", "unlike"), ("back", "lasts")


class Spoken(NamedTuple):
    """A sentence: its words from `begin` to before `end`, its mentions from `first` to before `last`."""

    begin: int
    end: int
    first: int
    last: int


class _Sentence(NamedTuple):
    """What a sentence tells of a story. `cues`: of each kind where the first begins and ends, in words of the text.

    `own`: the words by which the writer tells of themselves. `theirs`, `at_hand`, `of_late`: it tells of others, of now, of these
    days.
    """

    cues: dict[str, tuple[int, int]]
    own: tuple[int, ...]
    theirs: bool
    at_hand: bool
    of_late: bool
    begin: int
    end: int
    mentions: range


def retold(lexicon: Lexicon, letters: str, spoken: Iterable[Spoken], mentions: list[Told]) -> list[Told]:
    """The mentions: those of a story that is over historical, those of a story of somebody else a relative's."""
    told = [_look(lexicon, letters, one) for one in spoken]
    for assertion, members in (("historical", _of_then(told, mentions)), ("family", _of_others(told, mentions))):
        for i in members:
            one = mentions[i]
            if one.assertion == "present" and not one.as_before and one.onset != "long_standing":
                mentions[i] = one._replace(assertion=assertion, onset="unknown", bare=False)
    return mentions


def _look(lexicon: Lexicon, letters: str, spoken: Spoken) -> _Sentence:
    sentence = letters[spoken.begin : spoken.end + 1]
    matches = [(start, end, what) for start, end, what, _ in lexicon.stories.matches(sentence) if isinstance(what, Cue)]
    found = sorted(((start, end, cue.kind) for start, end, cue in matches if not (cue.at_head and start)), key=_first_and_longest)
    cues: dict[str, tuple[int, int]] = {}
    for start, end, kind in found:
        if not _is_void(start, end, kind, found):
            cues.setdefault(kind, (spoken.begin + start, spoken.begin + end))
    unlike = [(start + 1, end) for start, end, kind in found if kind == "unlike"]  # "not me"
    own = [place for place, letter in enumerate(sentence) if letter in lexicon.own and not _overlap(place, place + 1, unlike)]
    dating = [(start, end) for start, end, kind in found if kind in ("then", "over")]
    undated = {letter for place, letter in enumerate(sentence) if not _overlap(place, place + 1, dating)}
    present = not lexicon.of_the_present.isdisjoint(undated) and lexicon.of_the_past.isdisjoint(sentence)
    at_hand = present or not lexicon.at_hand.isdisjoint(undated)
    theirs, of_late = (not some.isdisjoint(sentence) for some in (lexicon.theirs, lexicon.of_late))
    own_places = tuple(spoken.begin + place for place in own)
    return _Sentence(cues, own_places, theirs, at_hand or of_late, of_late, spoken.begin, spoken.end, range(spoken.first, spoken.last))


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


def _overlap(start: int, end: int, others: Sequence[tuple[int, int]]) -> bool:
    return any(start < high and low < end for low, high in others)


def _of_then(told: Sequence[_Sentence], mentions: Sequence[Told]) -> list[int]:
    """The mentions of stories of a time past that have an end."""
    over: list[int] = []
    story: list[int] = []
    begun = -1  # the sentence in which the story began
    for number, one in enumerate(told):
        if "back" in one.cues and (begun >= 0 or over):
            return []
        ends = "over" in one.cues and not one.of_late and "lasts" not in one.cues
        begins = "then" in one.cues and (ends or not one.at_hand)
        if begun < 0 or number - begun > _LONGEST:
            story, begun = [], number if begins else -1
        if begun < 0:
            continue
        if ends:
            end = one.cues["over"][1]
            over += [*story, *(i for i in one.mentions if mentions[i].end <= end)]
            story, begun = [], -1
        elif "lasts" in one.cues or (one.at_hand and not begins):
            story, begun = [], -1
        else:
            story += one.mentions
    return over


def _of_others(told: Sequence[_Sentence], mentions: Sequence[Told]) -> list[int]:
    """The mentions of stories of others, where the writer says that nothing of it is theirs."""
    story: list[int] = []
    denied = 0
    begun = owned = distinct = of_late = late = False
    for one in told:
        if story and "back" in one.cues:
            return []
        distinct |= "unlike" in one.cues and (bool(story) or "others" in one.cues)
        if "others" in one.cues and not (begun and one.own):
            after = one.cues["others"][1]
            until = min((place for place in one.own if place >= after), default=one.end)
            theirs = [i for i in one.mentions if after <= mentions[i].start < until]
            story += theirs
            late = one.of_late
            begun = until == one.end  # who helps or tells the writer is in no story of their own
            of_late |= late and bool(theirs)
        elif begun and not one.own and (one.theirs or (story and not owned)):
            story += one.mentions
            of_late |= (late or one.of_late) and bool(one.mentions)
        elif one.own:
            begun = False
            owned |= any(mentions[i].assertion == "present" for i in one.mentions)
        if story and owned and not one.theirs:
            denied += sum(mentions[i].assertion == "absent" for i in one.mentions)
    return story if distinct or (denied >= _DENIED and not of_late) else []
