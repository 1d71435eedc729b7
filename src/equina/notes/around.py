"""Around: what the words around a complaint make likely where no cue tells it: that it is old, over, another's or only named.

People say when and whose in words of their own: "and she is at college now", "the vet did surgery, he is doing great". As in
points.py each word and pair of neighbours has points for it and against it: in the sentence before, before the words that name
the complaint, behind them, and in the next sentence. docs/decisions/0022 and 0023.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from equina.notes.points import Shares, features

if TYPE_CHECKING:
    from equina.notes.sentence import Told
    from equina.notes.stories import Spoken

__all__ = ["VERDICTS", "ZONES", "Around", "with_words_around", "zones"]

# What they make of a complaint that is present: that it is as it was, or what else the assertion is.
VERDICTS: Mapping[str, str] = {"old": "present", "past": "historical", "others": "family", "warned": "hypothetical"}
ZONES = ("last", "before", "behind", "next")  # the sentence before, the words of its own on either side, and the next sentence
_PAST_NEXT = list(VERDICTS).index("past") * len(ZONES) + ZONES.index("next")
_LAST, _BEFORE, _BEHIND, _NEXT = 24, 20, 24, 24  # of how many words each is, at most
_LONG_TELLING = 200  # words of a text in which they are of no account: what they were learnt from is no longer
_OWN_BEFORE = 2  # words before a complaint among which "my" makes it the writer's own


@dataclass(frozen=True, slots=True)
class Around:
    """Of each verdict the findings that may be so by it and its base (below 0); and of a letter or two the points: of which verdict
    and zone (the zones of the first verdict, then those of the next), how many."""

    findings: tuple[frozenset[str], ...]
    bases: tuple[int, ...]
    of: Mapping[str, Shares]


def with_words_around(
    around: Around,
    letters: str,
    spoken: Sequence[Spoken],
    mentions: list[Told],
    own: Container[str],
    at_hand: Container[str],
    *,
    carer: bool,
) -> list[Told]:
    """The mentions as the words around them make them, but for what a cue has dated or judged.

    `own`: the words by which people tell of themselves. A complaint is another's only where the writer tells of themselves in some
    other sentence and is no `carer`, who writes for somebody else; what "my" stands before is the writer's, and there. `at_hand`:
    the words of now, before which nothing is past.
    """
    if len(letters) > _LONG_TELLING or not any(around.findings):
        return mentions
    tells = [any(letter in own for letter in letters[one.begin : one.end]) for one in spoken]
    for i, sentence in enumerate(spoken):
        beside = (spoken[i - 1] if i else None, spoken[i + 1] if i + 1 < len(spoken) else None)
        elsewhere = any(so for number, so in enumerate(tells) if number != i)
        for j in range(sentence.first, sentence.last):
            one = mentions[j]
            if (one.assertion, one.onset, one.as_before) != ("present", "unknown", False):
                continue
            void = {"others"} if carer or not elsewhere else set()
            if any(letter in own for letter in letters[max(sentence.begin, one.start - _OWN_BEFORE) : one.end]):
                void = {"others", "warned"}
            if any(letter in at_hand for letter in letters[max(sentence.begin, one.start - _OWN_BEFORE) : one.end]):
                void = void | {"past"}
            if not one.bare or one.now or one.low >= 0:  # a cue has judged it
                void = {"past", "others", "warned"}
            next_tells = beside[1] is not None and beside[1].first < beside[1].last
            verdict = _verdict(around, one.find.finding, list(zones(letters, one, sentence, *beside)), void, next_tells=next_tells)
            if verdict == "old":
                mentions[j] = one._replace(as_before=True)
            elif verdict:
                mentions[j] = one._replace(assertion=VERDICTS[verdict], bare=False)
    return mentions


def zones(letters: str, mention: Told, sentence: Spoken, last: Spoken | None, following: Spoken | None) -> Iterator[str]:
    """The letters of each zone around a mention."""
    yield letters[max(last.begin, last.end - _LAST) : last.end] if last else ""
    yield letters[max(sentence.begin, mention.start - _BEFORE) : mention.start]
    yield letters[mention.end : min(sentence.end, mention.end + _BEHIND)]
    yield letters[following.begin : min(following.end, following.begin + _NEXT)] if following else ""


def _verdict(around: Around, finding: str | None, zones: Sequence[str], void: Container[str], *, next_tells: bool) -> str | None:
    """The verdict, not one that is void, for which the points outweigh the base the most, the first of several.

    `next_tells`: the next sentence names a finding, so that what is past in it is that: "I wet myself. I had sciatica in 2018."
    """
    totals = list(around.bases)
    for zone, letters in enumerate(zones):
        for feature in features(letters):
            for which, some in around.of.get(feature, ()):
                if which % len(ZONES) == zone and not (which == _PAST_NEXT and next_tells):
                    totals[which // len(ZONES)] += some
    found = [
        (-total, number, verdict)
        for number, (verdict, total, may) in enumerate(zip(VERDICTS, totals, around.findings, strict=True))
        if total >= 0 and finding in may and verdict not in void
    ]
    return min(found)[2] if found else None
