"""Evidence: what a text says becomes values of a case, each with the words it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from equina.case import Case, Conflict, Evidence, SetAside
from equina.crosscheck import misfit
from equina.model import Protocol, Value
from equina.notes.lexicon import Lexicon, has_lexicon, lexicon
from equina.notes.reading import Mention, Reading, read

__all__ = ["with_reading", "with_text"]

_DENIED = "denied in one place, said to be present in another: what is present counts"
_NOTHING = "nothing that bears on the protocol was read in this text: that is no reassurance"
_SHOWN = 60


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
    if reading.refused or not reading.mentions:
        why = f"{reading.refused}; say it in English, or give it under findings" if reading.refused else _NOTHING
        return replace(case, set_aside=(SetAside(origin="text", quote=case.told.strip()[:_SHOWN], why=why),))
    gathered = _Gathered(dict(case.values), dict(case.evidence))
    said: dict[str, list[Mention]] = {}
    onsets: dict[str, set[str]] = {}  # of each finding that is said to be present
    for mention in reading.mentions:
        if mention.assertion == "present":
            onsets.setdefault(mention.finding, set()).add(mention.onset)
    for mention in reading.mentions:
        for finding in _named(words, mention, onsets):
            said.setdefault(finding, []).append(mention)
    for finding, mentions in said.items():
        if any(mention.value is not None for mention in mentions):
            _measure(protocol, gathered, finding, mentions, words)
        else:
            _say(protocol, gathered, finding, mentions)
    return replace(
        case,
        values=gathered.values,
        evidence=gathered.evidence,
        set_aside=tuple(gathered.set_aside),
        conflicts=(*case.conflicts, *gathered.conflicts),
    )


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


def _say(protocol: Protocol, gathered: _Gathered, finding: str, mentions: Sequence[Mention]) -> None:
    """Take in what is said of a finding. Present counts against a denial, whichever of text and answers says it."""
    gathered.add(finding, mentions)
    value = _value(protocol, finding, mentions)
    if isinstance(value, _Silent):
        return
    given = gathered.values.get(finding)
    present = value in (True, "long_standing")
    if present and (given is False or any(mention.assertion == "absent" for mention in mentions)):
        gathered.conflict(finding)
    if given is None or (given is False and present):
        gathered.values[finding] = value


def _measure(protocol: Protocol, gathered: _Gathered, name: str, mentions: Sequence[Mention], words: Lexicon) -> None:
    """Take in a measured quantity: of several values the one furthest on the side of danger. What cannot be is set aside."""
    values = []
    for mention in mentions:
        if mention.value is None or mention.assertion != "present":
            continue
        if why := misfit(protocol.findings[name], mention.value):
            gathered.set_aside.append(_aside(mention, why))
        else:
            values.append(mention.value)
    if not values:
        return
    worst = min(values) if name in words.lowest else max(values)
    given = gathered.values.get(name)
    if given is not None and given != worst:
        gathered.set_aside.append(_aside(mentions[0], "another value was given for it: that one counts"))
    else:
        gathered.values[name] = worst
    gathered.add(name, mentions)


class _Silent:
    """Nothing was said of the patient now: a relative's, a past or a hypothetical mention leaves a finding not asked."""


_SILENT = _Silent()


def _named(words: Lexicon, mention: Mention, onsets: Mapping[str, Set[str]]) -> Iterable[str]:
    """The findings that a mention bears on: its own, and the one it becomes when it is not said to be old.

    A leak of no named kind is a new leak, unless it is old or the same text names its kind.
    """
    yield mention.finding
    becomes = words.becomes.get(mention.finding)
    same = onsets.get(mention.finding, frozenset())
    if becomes is None or ("long_standing" in same and "new" not in same):
        return
    unless = words.unless.get(mention.finding, frozenset())
    if mention.assertion == "present" and not unless.isdisjoint(onsets):
        return
    yield becomes


def _value(protocol: Protocol, name: str, mentions: Sequence[Mention]) -> Value | _Silent:
    present = [mention for mention in mentions if mention.assertion == "present"]
    if present:
        onsets = {mention.onset for mention in present}  # one of unknown age is the one that is told to be old
        old = "long_standing" in onsets and "new" not in onsets
        return "long_standing" if old and protocol.findings[name].changeable else True
    said = {mention.assertion for mention in mentions}
    finding = protocol.findings[name]
    if "historical" in said and finding.lasting and finding.section == "context":
        return True  # a history is what this finding asks for
    if "uncertain" in said:
        return None
    if "absent" in said:
        return False
    return _SILENT


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
