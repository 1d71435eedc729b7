"""Evidence: what a text says becomes values of a case, each with the words it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from equina.case import Case, Conflict, Evidence, SetAside
from equina.crosscheck import misfit
from equina.model import Protocol, Value
from equina.notes.lexicon import Lexicon, has_lexicon, lexicon
from equina.notes.reading import Mention, Reading, read

__all__ = [
    "VALUED",
    "Claim",
    "Silent",
    "affirmed",
    "bearing",
    "becoming",
    "denied",
    "not_read",
    "says",
    "value_heard",
    "with_reading",
    "with_text",
]

_DENIED = "denied in one place, said to be present in another: what is present counts"
_NOTHING = "nothing that bears on the protocol was read in this text: that is no reassurance"
_SHOWN = 60

# What a mention says of its finding, as bits: what several say is the union of theirs. One of a relative, or a hypothetical one,
# says nothing.
_PRESENT, _NEW, _OLD, _PAST, _UNCERTAIN, _ABSENT, VALUED = (1 << i for i in range(7))
_HEARD: Mapping[tuple[str, str], int] = {
    ("present", "new"): _PRESENT | _NEW,
    ("present", "long_standing"): _PRESENT | _OLD,
    ("present", "unknown"): _PRESENT,
    **{
        (assertion, onset): heard
        for assertion, heard in (
            ("historical", _PAST),
            ("uncertain", _UNCERTAIN),
            ("absent", _ABSENT),
            ("family", 0),
            ("hypothetical", 0),
        )
        for onset in ("new", "long_standing", "unknown")
    },
}


def with_text(protocol: Protocol, case: Case, words: Lexicon | None = None) -> Case:
    """The case with what its free text (`told`) says. What was answered stands, except that what either says is present counts.

    Raises ProtocolError when the protocol's lexicon has faults.
    """
    if not case.told.strip() or (words is None and not has_lexicon(protocol)):
        return case  # a text that nobody can read stays set aside, as it came
    words = words or lexicon(protocol)
    return with_reading(protocol, case, read(words, case.told), words)


def with_reading(protocol: Protocol, case: Case, reading: Reading, words: Lexicon) -> Case:
    """As `with_text`, of a text that is read already."""
    if why := not_read(reading):
        return replace(case, set_aside=(SetAside(origin="text", quote=case.told.strip()[:_SHOWN], why=why),))
    gathered = _Gathered(dict(case.values), dict(case.evidence))
    said, heard = bearing(words, reading.mentions)
    for finding, mentions in said.items():
        if heard[finding] & VALUED:
            _measure(protocol, gathered, finding, mentions, words)
        else:
            _say(protocol, gathered, finding, mentions, heard[finding])
    return replace(
        case,
        values=gathered.values,
        evidence=gathered.evidence,
        set_aside=tuple(gathered.set_aside),
        conflicts=(*case.conflicts, *gathered.conflicts),
    )


def not_read(reading: Reading) -> str | None:
    """Why nothing was read in a text, where nothing was."""
    if reading.refused:
        return f"{reading.refused}; say in English what is wrong, or give it under findings"
    return None if reading.mentions else _NOTHING


@dataclass
class _Gathered:
    """The values of a case while a text is added to them."""

    values: dict[str, Value]
    evidence: dict[str, tuple[Evidence, ...]]
    set_aside: list[SetAside] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)

    def add(self, finding: str, mentions: Iterable[Mention]) -> None:
        self.evidence[finding] = (*self.evidence.get(finding, ()), *map(_piece, mentions))

    def conflict(self, finding: str) -> None:
        self.conflicts.append(Conflict(finding=finding, against=(), why=_DENIED))


def _say(protocol: Protocol, gathered: _Gathered, finding: str, mentions: Sequence[Mention], heard: int) -> None:
    """Take in what is said of a finding. Present counts against a denial, whichever of text and answers says it."""
    gathered.add(finding, mentions)
    value = value_heard(protocol, finding, heard)
    if isinstance(value, Silent):
        return
    given = gathered.values.get(finding)
    present = value in (True, "long_standing")
    if present and (given is False or denied(heard)):
        gathered.conflict(finding)
    if given is None or (given is False and present):
        gathered.values[finding] = value


def _measure(protocol: Protocol, gathered: _Gathered, name: str, mentions: Sequence[Mention], words: Lexicon) -> None:
    """Take in a measured quantity. What cannot be is set aside."""
    worst, misfits = _measured_in(protocol, name, mentions, words)
    gathered.set_aside += misfits
    if worst is None:
        return
    given = gathered.values.get(name)
    if given is not None and given != worst:
        gathered.set_aside.append(_aside(mentions[0], "another value was given for it: that one counts"))
    else:
        gathered.values[name] = worst
    gathered.add(name, mentions)


def _measured_in(protocol: Protocol, name: str, mentions: Iterable[Mention], words: Lexicon) -> tuple[float | None, list[SetAside]]:
    """(Of the values that a text gives of a quantity the one furthest on the side of danger, those that cannot be)."""
    values, misfits = [], []
    for mention in mentions:
        if mention.value is None or mention.assertion != "present":
            continue
        if why := misfit(protocol.findings[name], mention.value):
            misfits.append(_aside(mention, why))
        else:
            values.append(mention.value)
    if not values:
        return None, misfits
    return min(values) if name in words.lowest else max(values), misfits


# --- what is said of a finding ---------------------------------------------------------------------------------------------------


class Silent:
    """Nothing was said of the patient now: a relative's, a past or a hypothetical mention leaves a finding not asked."""


_SILENT = Silent()


def bearing(words: Lexicon, mentions: Sequence[Mention]) -> tuple[dict[str, list[Mention]], dict[str, int]]:
    """(The mentions that bear on each finding, what they say of it together), in the order in which the text comes to them.

    Those of a finding are its own, and those of what becomes it when it is not said to be old.
    """
    besides = becoming(words, mentions)
    said: dict[str, list[Mention]] = {}
    heard: dict[str, int] = {}
    for place, mention in enumerate(mentions):
        for name in (mention.finding, besides[place]) if place in besides else (mention.finding,):
            said.setdefault(name, []).append(mention)
            heard[name] = heard.get(name, 0) | says(mention.assertion, mention.onset, mention.value)
    return said, heard


class Claim(NamedTuple):
    """What a mention says, but for its place, its words and its number."""

    finding: str
    assertion: str
    onset: str
    bare: bool  # without a number


def becoming(words: Lexicon, mentions: Sequence[Mention | Claim]) -> dict[int, str]:
    """The finding on which a mention bears besides its own, by the place of the mention, where there is one."""
    besides = {}
    for place, mention in enumerate(mentions):
        becomes = words.becomes.get(mention.finding)
        if becomes is not None and _becomes(words, mention, mentions):
            besides[place] = becomes
    return besides


def _becomes(words: Lexicon, mention: Mention | Claim, mentions: Sequence[Mention | Claim]) -> bool:
    """Whether a mention bears on what its finding becomes. A leak of no named kind is a new leak, unless it is old or the same text
    names its kind; but when it is told to be new, none is meant that is not."""
    present = [each for each in mentions if each.assertion == "present"]
    onsets = {each.onset for each in present if each.finding == mention.finding}
    if "long_standing" in onsets and "new" not in onsets:
        return False
    unless = words.unless.get(mention.finding, frozenset())
    named = {each.onset for each in present if each.finding in unless}
    return mention.assertion != "present" or not named or (mention.onset == "new" and "new" not in named)


def says(assertion: str, onset: str, value: float | None) -> int:
    """What a mention says of its finding."""
    said = _HEARD[assertion, onset]
    return said if value is None else said | VALUED


def _is_old(heard: int) -> bool:
    """Whether it is said to be old; one mention of unknown age is the one that is told to be old."""
    return heard & (_NEW | _OLD) == _OLD


def affirmed(heard: int) -> bool:
    """Whether any of the mentions says that it is there."""
    return bool(heard & _PRESENT)


def denied(heard: int) -> bool:
    """Whether any of the mentions denies it."""
    return bool(heard & _ABSENT)


def value_heard(protocol: Protocol, name: str, heard: int) -> Value | Silent:
    """What a finding counts as, of which this is said."""
    finding = protocol.findings[name]
    if heard & _PRESENT:
        return "long_standing" if _is_old(heard) and finding.changeable else True
    if heard & _PAST and finding.lasting and finding.section == "context":
        return True  # a history is what this finding asks for
    if heard & _UNCERTAIN:
        return None
    return False if heard & _ABSENT else _SILENT


def _piece(mention: Mention) -> Evidence:
    return Evidence(
        origin="text",
        start=mention.start,
        end=mention.end,
        quote=mention.quote,
        assertion=mention.assertion,
        cue=mention.cue.quote if mention.cue else None,
    )


def _aside(mention: Mention, why: str) -> SetAside:
    return SetAside(origin="text", quote=mention.quote[:_SHOWN], why=why)
