"""Context: what the words around a mention make of it, after ConText (Harkema 2009) and its successors, carried further.

A cue works on the mentions of its sentence on its own side, within its reach, up to the next stop: the end of the clause, a new
subject, a "but". What a mention itself contains is no cue: in "cannot pass urine" the absence is the finding.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from equina.notes.cues import Cue

__all__ = [
    "ILL",
    "JOINS",
    "LATE",
    "LOOSE",
    "OWN",
    "PARTS",
    "Found",
    "Parts",
    "Place",
    "Verdict",
    "judge",
    "ticked",
    "without_inner",
]

_BOUNDS = {"end", "clause", "verb", "cause"}
_HIDE_NONE = {*_BOUNDS, "now"}
_TIMES = {"until", "ongoing", "new", "worse", "old", "historical"}
_SHOWN = {**dict.fromkeys(_TIMES, _BOUNDS), "pseudo": {"end"}}  # of each kind, what stands in the open inside it
# What takes a mention away, or its haste. Where it may be of something else, it is: then the mention stays, and stays as it was.
_OF_A_PART = {"historical", "gone", "old"}
# What bears on a mention that it runs into, whichever way it looks.
_RUN_IN = frozenset({"negated", "flip", "hypothetical", "uncertain", "historical", "family", "kin"})
# What a word of a sentence is to what is old or past, in bits. JOINS: what is named on both sides of it may share an age, and what
# is told behind it has a subject of its own; LOOSE: the same without a subject, so that it parts only what has an age of its own
# ("urgency and a damp pad for years"). PARTS: it may not share one ("LBP for years, presents with"). OWN: it is no joint, but tells
# of what has an age of its own; ILL: the same, of an illness or a medicine. LATE: it tells of an event, which parts what is old
# from it.
JOINS, PARTS, OWN, ILL, LATE, LOOSE = (1 << i for i in range(6))
_ANY_JOINT = JOINS | PARTS | LOOSE
_RIGHT_BEFORE = 2  # words between a time past and what was normal then
_DENIES = {"negated", "flip"}
_WEIGHED = {*_DENIES, "uncertain"}  # what points have weighed with the other words
_OF_ANOTHER = ("negated", "hypothetical", "uncertain", "family", "kin", "historical")  # what another statement may tell of its own
_DATED = 4  # words between a mention and its day
_NOT_PAST = {"ongoing", "new", "until"}  # what takes a mention out of a past history


class Found(NamedTuple):
    """A context cue found in the text: its first word, the word after its last, and what it is."""

    start: int
    end: int
    cue: Cue
    own_behind: bool = False  # it is of something in its own part of the sentence, and of nothing before the comma
    own_ahead: bool = False  # … and of nothing behind the next
    low: int = -1  # a joint before it, beyond which another thing is told: it is of nothing that ends there
    high: int = 1 << 30  # … and behind it: of nothing that begins there


class Verdict(NamedTuple):
    """What the context makes of a mention, and the cue that decided it.

    `dropped`: it says that nobody looked. `bare`: no cue decided, so that the section may. `now`: but it is told of as new or
    going on (1), so that no past history may, or as of this hour (2), so that no advice may either.
    """

    assertion: str
    onset: str
    cue: Found | None
    dropped: bool = False
    bare: bool = False
    now: int = 0


def without_inner(cues: Iterable[Found]) -> list[Found]:
    """The cues in order, without those inside a longer one. Words of time hide no end of a clause, what is no cue no "but"."""
    kept: list[Found] = []
    outer: Found | None = None
    for found in sorted(cues, key=lambda found: (found.start, found.start - found.end)):
        inside = outer is not None and found.end <= outer.end and (found.start, found.end) != (outer.start, outer.end)
        if inside and outer is not None and found.cue.kind not in _SHOWN.get(outer.cue.kind, ()):
            continue
        kept.append(found)
        if not inside and found.cue.kind not in _HIDE_NONE:
            outer = found
    return kept


class Parts:
    """The parts of a sentence between its commas, and what is told in them.

    "Breast cancer five years ago" dates the cancer, and "obs stable" is of the obs: neither is of what stands beyond the comma, as
    "…, resolved" and "for years, …" are.
    """

    def __init__(self, commas: Sequence[int], colons: Container[int], telling: Sequence[bool], named: Iterable[bool]) -> None:
        """`telling` says of each word whether it tells of anything, `named` whether it names a finding."""
        self._commas, self._colons, self._end = commas, colons, len(telling) - 1
        self._at_commas = frozenset(commas)
        self._telling, self._named = (list(accumulate(words, initial=0)) for words in (telling, named))

    def joined(self, found: Found, joints: Sequence[int]) -> Found:
        """A cue that keeps to its side of a joint where something else is told: "numb feet and I've been on codeine for years".

        `joints` has of each word what it is, in the bits above.
        """
        if "joint" not in found.cue.stopped_by or found.end > self._end + 1:
            return found
        begin, old = max(0, found.start - found.cue.reach - 1), found.cue.kind == "old"
        if joints[found.start] & _ANY_JOINT or found.start in self._at_commas:
            begin = found.start  # it takes in what parts it from what stands before: it is of that
        low = self._joint(range(found.start - 1, begin - 1, -1), joints, 0, old=old)
        told = 0
        for i in range(found.start - 1, begin - 1, -1):
            if joints[i] & _ANY_JOINT or i in self._at_commas:
                break
            told |= self._tells(i, joints[i], old=old)
        end = min(self._end, found.end + found.cue.reach + 1)
        high = self._joint(range(found.end, end), joints, told, old=old)
        if old and told & LOOSE and not found.cue.since_then:  # "back pain for 20 years both feet are numb"
            high = found.end
        return found._replace(low=-1 if low is None else low, high=found.high if high is None else high)

    def _tells(self, i: int, joint: int, *, old: bool) -> int:
        """The bits of the joints at which a cue ends where this word stands between."""
        named, telling = (words[i] < words[i + 1] for words in (self._named, self._telling))
        own = bool(joint & (OWN | ILL))
        if not (named or telling or own):
            return 0
        late = LATE if old else 0
        if named and not own:
            return PARTS | late
        return JOINS | PARTS | late | (LOOSE if joint & OWN else 0)

    def _joint(self, way: Iterable[int], joints: Sequence[int], told: int, *, old: bool) -> int | None:
        """The first joint on the way behind which something is told, up to a comma."""
        for i in way:
            if i in self._at_commas:
                return None
            if joints[i] & told:
                return i
            if not joints[i] & _ANY_JOINT:
                told |= self._tells(i, joints[i], old=old)
        return None

    def held(self, found: Found) -> Found:
        """A cue of time, held to its part where something else is told in it."""
        if found.cue.kind not in _OF_A_PART or not found.cue.over_commas or found.end > self._end + 1:
            return found
        commas = self._commas
        first, last = bisect_left(commas, found.start), bisect_left(commas, found.end - 1)
        begins = first < len(commas) and commas[first] == found.start  # it takes the comma in itself
        low = found.start if begins else commas[first - 1] + 1 if first else 0
        high = commas[last] if last < len(commas) else self._end
        own = _any(self._telling, low, found.start) or _any(self._named, low, found.start)
        lists = _any(self._named, found.end, high) or found.end in self._colons
        return found._replace(own_behind=own, own_ahead=own or (not lists and _any(self._telling, found.end, high)))


def _any(counts: Sequence[int], low: int, high: int) -> bool:
    """Whether anything is counted from `low` to before `high`."""
    return low < high and counts[low] < counts[high]


class Place(NamedTuple):
    """A mention as its context sees it: its first word, the word after its last, and what it is."""

    start: int
    end: int
    normal: bool  # it names the normal counterpart ("anal tone intact"): absent unless denied
    absence: bool  # its own first word denies ("no squeeze")
    about: str  # the kind of its finding
    shared: bool = False  # its first word is one of a mention before it, or next to it: "no [trouble peeing], bowels fine"
    weighed: bool = False  # it is likely by points, of which denial and doubt have theirs
    low: int = -1  # where the statement begins in which it stands: the comma, dash or "and" before it
    high: int = 1 << 30  # … and ends
    last_or: int = -1  # the last "or" before it

    def away(self, found: Found) -> int:
        """How many words stand between it and a cue."""
        return self.start - found.end if found.end <= self.start else max(0, found.start - self.end)

    def between(self, found: Found) -> tuple[int, int]:
        """The places between it and a cue. A new subject may be the first word of the mention."""
        return (found.end, self.start + 1) if found.end <= self.start else (self.end, found.start)


def ticked(cues: list[Found], first: int, end: int) -> list[Found]:
    """The cues with tick boxes turned the way this line has them: before the words when a box stands before the `first` mention.

    But where an answer stands behind a question, from `end` on, the boxes are answers.
    """
    boxes = [found for found in cues if found.cue.box]
    if not boxes:
        return cues
    before = boxes[0].start < first and boxes[-1].start < end
    return [
        found._replace(cue=replace(found.cue, forward=before, backward=not before)) if found.cue.box else found for found in cues
    ]


def judge(place: Place, cues: Sequence[Found], commas: Sequence[int], closing: int | None = None) -> Verdict:
    """The verdict on a mention, by the cues and commas of its sentence; `closing` is the comma that ends a list of denials."""
    active = _active(place, cues, commas, closing)
    _set_apart(place, active)
    if "unasked" in active:
        return Verdict("uncertain", "unknown", active["unasked"], dropped=True)
    if relative := active.get("family") or active.get("kin"):
        return Verdict("family", "unknown", relative)
    warned = active.get("hypothetical")
    if warned and "until" not in active and not _is_dated(place, active, warned):
        return Verdict("hypothetical", "unknown", warned)
    absent, denial = _denied(place, active)
    if absent and (question := _unanswered(place, active)):
        return Verdict("uncertain", "unknown", question)
    if absent and (past := _of_then(place, active)):
        return Verdict("uncertain", "unknown", past, dropped=True)
    if absent:
        return Verdict("absent", "unknown", denial)
    denied_normal = place.normal and denial is not None
    if not denied_normal:
        doubt, assured = active.get("uncertain"), active.get("affirmed")
        if doubt and "until" not in active and not (assured and place.away(assured) <= place.away(doubt)):
            return Verdict("uncertain", "unknown", doubt)
        if "historical" in active and not {"ongoing", "old"} & active.keys():
            return Verdict("historical", "unknown", active["historical"])
        if "gone" in active and "ongoing" not in active and not place.normal:
            return Verdict("absent", "unknown", active["gone"])
    cue = denial or active.get("affirmed") or active.get("until") or active.get("ongoing")
    return Verdict("present", _onset(place, active), cue, bare=not denied_normal, now=_now(active))


def _active(place: Place, cues: Sequence[Found], commas: Sequence[int], closing: int | None) -> dict[str, Found]:
    """Of each kind the nearest cue that bears on the mention."""
    active: dict[str, Found] = {}
    for found in cues:
        cue = found.cue
        if (cue.noun and place.absence) or (cue.of and place.about not in cue.of):
            continue
        if cue.kind in _DENIES and place.normal and place.absence and place.end <= found.start:
            continue  # "nil tingling nil numbness": each denies for itself
        if cue.kind in _WEIGHED and place.weighed:
            continue
        if found.start < place.end and place.start < found.end:
            if not _overlaps(place, found):
                continue
        elif not _reaches(place, found, cues, commas):
            continue
        elif closing is not None and cue.noun and found.end <= closing < place.start:
            continue  # "no fever or chills, back pain though": the list ended with its "or"
        held = active.get(cue.kind)
        if held is None or place.away(found) <= place.away(held):
            active[cue.kind] = found
    return active


def _is_dated(place: Place, active: dict[str, Found], cue: Found) -> bool:
    """Whether it is told to be of late before a cue behind it comes: "numb since Tuesday I know to go in if my legs go"."""
    new = active.get("new")
    return new is not None and place.end <= new.start and new.end <= cue.start


def _set_apart(place: Place, active: dict[str, Found]) -> None:
    """Takes away what stands in another statement before it, where its own tells that it is of late: "no fever, lost control of my
    bladder since Sunday". But what is denied up to an "or" may be denied as of a day."""
    new = active.get("new")
    if new is None or new.start < place.end or place.away(new) > _DATED or new.start >= place.high:
        return
    for kind in _OF_ANOTHER:
        found = active.get(kind)
        if found and found.end <= place.low and not (kind == "negated" and place.last_or >= found.end):
            del active[kind]


def _denied(place: Place, active: dict[str, Found]) -> tuple[bool, Found | None]:
    """Whether the finding is denied, and by what: a denial of a denial affirms, and so does the denial of what is normal."""
    denial, flip = active.get("negated"), active.get("flip")
    assured = active.get("affirmed")
    if place.normal and "until" in active:
        return False, active["until"]
    if denial and ("until" in active or (assured and place.away(assured) < place.away(denial))):
        denial = None
    if flip and not denial and not place.normal:
        return True, flip
    denied = (denial is not None) != (flip is not None)
    return denied != place.normal, denial


def _unanswered(place: Place, active: dict[str, Found]) -> Found | None:
    """The doubt right behind what is normal, where nothing assures it: "Can you pee?" tells nothing."""
    doubt = active.get("uncertain")
    return doubt if place.normal and doubt and doubt.start >= place.end and "affirmed" not in active else None


def _of_then(place: Place, active: dict[str, Found]) -> Found | None:
    """The time past right before what is normal: "I used to be able to pee" tells nothing of now."""
    past = active.get("historical")
    near = past is not None and past.start < place.start and place.away(past) <= _RIGHT_BEFORE
    return past if near and place.normal and not {"ongoing", "now"} & active.keys() else None


def _now(active: dict[str, Found]) -> int:
    """Whether it is told of now, by how sure a word."""
    return 2 if "now" in active else int(not _NOT_PAST.isdisjoint(active))


def _onset(place: Place, active: dict[str, Found]) -> str:
    new, old = active.get("new"), active.get("old")
    if "worse" in active or (new and (not old or place.away(new) <= place.away(old))):
        return "new"
    return "long_standing" if old else "unknown"


def _overlaps(place: Place, found: Found) -> bool:
    """Whether a cue that shares words with the mention bears on it: doubt inside it, a warning around it or running into it."""
    kind = found.cue.kind
    if place.start <= found.start and found.end <= place.end:
        if found.start == place.start:
            # A mention may begin with the query: "?discitis".
            return kind in ("now", "new") or (kind == "uncertain" and found.end == found.start + 1)
        if found.end == place.end:
            return kind == "now" or (_doubts_behind(found) and found.end == found.start + 1)
        return kind in ("uncertain", "new", "worse", "old", "ongoing", "now")
    if found.start < place.start and place.end <= found.end:
        return kind in ("hypothetical", "uncertain", "family", "historical", "until")
    if (
        place.start < found.start and found.end == found.start + 2 == place.end + 1
    ):  # it takes in the end of the clause: "equivocal."
        return _doubts_behind(found)
    return found.start < place.start and (kind in _RUN_IN or (kind == "old" and found.cue.forward))


def _doubts_behind(found: Found) -> bool:
    """Whether a cue is a word of doubt that stands behind what it doubts; a question mark is none, since an answer may follow."""
    return found.cue.kind == "uncertain" and found.cue.backward and found.cue.reach > 0


def _reaches(place: Place, found: Found, cues: Sequence[Found], commas: Sequence[int]) -> bool:
    cue = found.cue
    far = place.away(found)
    if far > cue.reach or not (cue.forward if found.end <= place.start else cue.backward):
        return False
    if place.end <= found.low or found.high <= place.start:
        return False
    low, high = place.between(found)
    over_commas = cue.over_commas and not (found.own_ahead if found.end <= place.start else found.own_behind)
    if place.normal and cue.kind in ("negated", "flip"):  # "no fever, legs fine": only the word next to it denies what is normal
        if far > 1 or place.shared:
            return False
        over_commas = False
    if not over_commas and any(low <= comma < high for comma in commas):
        return False
    stopped_by = cue.stopped_by | cue.stopped_ahead if found.end <= place.start else cue.stopped_by
    return not any(
        low <= other.start < high and other.cue.kind in stopped_by and other is not found and _blocks(other, cue) for other in cues
    )


def _blocks(other: Found, cue: Cue) -> bool:
    """A cue that itself looks backward ("A denied, B present") parts nothing for one of its own kind."""
    return other.cue.kind != cue.kind or other.cue.forward
