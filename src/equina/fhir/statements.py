"""What a record states, gathered into the values of a case: what is present wins, and a disagreement is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from equina.case import Case, Conflict, Evidence, SetAside
from equina.crosscheck import misfit
from equina.fhir.elements import Span
from equina.model import LONG_STANDING, Finding, Protocol, Value
from equina.notes.evidence import with_text
from equina.notes.lexicon import has_lexicon, lexicon

__all__ = ["NOT_NOW", "SHOWN", "Gathered", "NotNow", "limits"]

_DENIED = "denied in one place of the record, present in another: what is present counts"
_OTHERWISE = "answered as not there, or as old, and in the record as present, or new: what is present counts"
_AHEAD = timedelta(days=1)  # a day's grace for clocks and time zones
SHOWN = 60
_NUMBERS = (int, float)  # made once: `int | float` is made anew each time that it is asked
_REMEMBERED = 500  # letters of the words of a concept: whatever is sent, memory stays flat
# Of what once happened: for how many days it is "recent", where the finding's own words say more than an episode.
_LOOKS_BACK: Mapping[str, int] = {
    "recent_spinal_procedure": 92,
    "recent_surgery": 42,
    "recent_infection": 42,
    "trauma": 42,
    "minor_trauma": 42,
    "postpartum": 366,
    "pregnancy": 300,
}


def limits(protocol: Protocol, episode_days: int) -> list[timedelta]:
    """Every span before the moment of a case by which the date of a record may decide something, the shortest first."""
    days = {0, episode_days, protocol.new_within_days, *_LOOKS_BACK.values(), *(row.onset_within_days for row in protocol.dated)}
    return sorted({-_AHEAD, *(timedelta(days=count) for count in days)})


class NotNow:
    """Said of the past: shown as evidence, and neither an answer nor evidence of absence."""


NOT_NOW: Final = NotNow()


@dataclass
class Gathered:
    """The statements of one record, as they are read."""

    protocol: Protocol
    as_of: datetime
    episode_days: int | None = None  # how long before `as_of` the episode began at the most; None: as the protocol says
    source: str | None = None  # of the record that is being read: where it comes from
    said: dict[str, list[tuple[Value | NotNow, Evidence]]] = field(default_factory=dict)
    onset: dict[str, datetime] = field(default_factory=dict)
    first: dict[str, datetime] = field(default_factory=dict)  # of each finding, when it was first on record and not over since
    asides: list[SetAside] = field(default_factory=list)
    outside: Counter[str] = field(default_factory=Counter)  # why: how many resources
    conflicts: list[Conflict] = field(default_factory=list)
    named: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = field(default_factory=dict)  # what words were found to name
    answered: Case | None = None  # what the person has answered beside the record

    def state(self, name: str, value: Value | NotNow, quote: str) -> None:
        """Take in one statement; a value that the finding cannot have is set aside."""
        if isinstance(value, NotNow):
            told = "historical"
        elif why := misfit(self.protocol.findings[name], value):
            self.aside(quote, why)
            return
        else:
            told = "uncertain" if value is None else "absent" if value is False else "present"
        piece = Evidence(origin="record", quote=quote[:SHOWN], assertion=told, source=self.source)
        self.said.setdefault(name, []).append((value, piece))

    def aside(self, quote: str, why: str, origin: str = "record") -> None:
        self.asides.append(SetAside(origin=origin, quote=quote[:SHOWN], why=why, source=self.source))

    def skip(self, why: str) -> None:
        """Count a resource that says nothing of the patient now; it is told of once, with how many."""
        self.outside[why] += 1

    # --- when ------------------------------------------------------------------------------------------------------------------

    def ahead(self, when: Span | None) -> bool:
        """Whether it lies after the moment of the case."""
        return when is not None and when.first - self.as_of > _AHEAD

    def recent(self, name: str | None, when: Span | None) -> bool:
        """Whether it is of this episode. What has no date is not; a month or year counts by its last day."""
        days = _LOOKS_BACK.get(name or "", self.episode_days or self.protocol.new_within_days)
        return when is not None and self.as_of - when.last <= timedelta(days=days)

    def present(self, name: str, recorded: Span | None, quote: str) -> None:
        """Take in that something is present and on record since then: new when that is within the episode, else long-standing.

        What cannot be long-standing is taken as it is if it lasts, and as past if it was of an episode.
        """
        finding = self.protocol.findings[name]
        if finding.measured or finding.kind == "choice":
            return
        if name in _LOOKS_BACK or not (finding.changeable or finding.lasting):
            self.state(name, True if self.recent(name, recorded) else NOT_NOW, quote)
        elif finding.lasting:
            self.state(name, True, quote)
        else:
            self.state(name, True if self.recent(None, recorded) else LONG_STANDING, quote)

    def over(self, name: str, quote: str) -> None:
        """Take in that something is past. A history is what some findings ask for."""
        finding = self.protocol.findings[name]
        asked = finding.lasting and finding.kind == "history" and _of_the_past(finding)
        self.state(name, True if asked else NOT_NOW, quote)

    def denied(self, name: str, when: Span | None, quote: str) -> None:
        """Take in a refutation or a negative. One from before the episode says nothing of a symptom now."""
        finding = self.protocol.findings[name]
        if finding.measured or finding.kind == "choice":
            return
        self.state(name, False if when is None or finding.lasting or self.recent(name, when) else NOT_NOW, quote)

    # --- texts -----------------------------------------------------------------------------------------------------------------

    def read(self, text: str, quote: str) -> None:
        """Take in what the reader finds in a text of this episode."""
        if not has_lexicon(self.protocol):
            self.aside(quote, "the text was not read: the protocol has no lexicon")
            return
        self.take_in(with_text(self.protocol, Case(told=text, as_of=self.as_of, answered_by="record")), quote)

    def take_in(self, case: Case, quote: str = "") -> None:
        """Take in what another case of the same patient states: each value with the first piece that it rests on, the others as
        they stand. `quote` names the case in what it set aside."""
        for name, pieces in case.evidence.items():
            first, *rest = [piece if piece.source == self.source else replace(piece, source=self.source) for piece in pieces]
            value = case.values.get(name, NOT_NOW)
            self.said.setdefault(name, []).append((value, first))
            self.said[name] += [(NOT_NOW, piece) for piece in rest]
        self.conflicts += case.conflicts
        for item in case.set_aside:
            told = f"{quote}: {item.quote}" if quote else item.quote
            self.asides.append(replace(item, quote=told[:SHOWN], source=self.source))

    def named_in(self, text: str, kinds: Iterable[str]) -> tuple[str, ...]:
        """The findings of these kinds that the words of a concept name as present."""
        key = (text, tuple(kinds))
        if len(text) > _REMEMBERED:
            return tuple(self._read_name(*key))
        if key not in self.named:
            self.named[key] = tuple(self._read_name(*key))
        return self.named[key]

    def _read_name(self, text: str, kinds: tuple[str, ...]) -> Iterator[str]:
        if not text.strip() or not has_lexicon(self.protocol):
            return
        read = with_text(self.protocol, Case(told=text, answered_by="record"))
        for name, value in read.values.items():
            if self.protocol.findings[name].kind in kinds and value in (True, LONG_STANDING):
                yield name

    # --- the case --------------------------------------------------------------------------------------------------------------

    def case(self, *, complete: bool = False) -> Case:
        """All of it as a case that a record answers, or the person together with the record."""
        answered = self.answered or Case(answered_by="record", complete=complete)
        self._measured_too(answered)
        self._as_the_patient_has_it()
        values: dict[str, Value] = {}
        for name, said in self.said.items():
            value = said[0][0]
            if len(said) > 1 or (value is not True and value is not False and isinstance(value, _NUMBERS)):
                value = self._merged(name, [value for value, _ in said if not isinstance(value, NotNow)])
            if not isinstance(value, NotNow):
                values[name] = value
        self._measured_otherwise(values)
        if answered.values:
            values |= {name: self._with_record(name, value, values.get(name)) for name, value in answered.values.items()}
        evidence = dict(answered.evidence)
        for name, said in self.said.items():
            if len(said) == 1 and name not in evidence:
                evidence[name] = (said[0][1],)
            else:
                evidence[name] = tuple(dict.fromkeys((*evidence.get(name, ()), *[piece for _, piece in said])))
        asides = [SetAside(origin="record", quote=f"{number} of it", why=why) for why, number in sorted(self.outside.items())]
        onset = {**self.onset, **answered.onset}
        return replace(
            answered,
            values=values,
            evidence=evidence,
            onset={name: moment for name, moment in onset.items() if values.get(name) is True or name in answered.onset},
            as_of=self.as_of,
            complete=complete or answered.complete,
            set_aside=(*answered.set_aside, *self.asides, *asides),
            conflicts=tuple(dict.fromkeys((*answered.conflicts, *self.conflicts))),
        )

    def _as_the_patient_has_it(self) -> None:
        """Age and sex are those of the Patient, where it has them: a text may tell a relative's age, or that of another time."""
        for name in ("age_years", "sex_at_birth"):
            said = self.said.get(name, ())
            own = [(piece.quote or "").partition("/")[0] == "Patient" for _, piece in said]
            if any(own):
                self.said[name] = [(value if mine else NOT_NOW, piece) for (value, piece), mine in zip(said, own, strict=True)]

    def _measured_too(self, answered: Case) -> None:
        """A number that the person gave is one more measurement."""
        for name, value in answered.values.items():
            if self.protocol.findings[name].measured and value is not None and name in self.said:
                self.said[name].append((value, Evidence(origin="answer")))

    def _with_record(self, name: str, answer: Value, recorded: Value) -> Value:
        """The answer with what the record states: it stands, unless it is not known or the record has what it denies, or newer."""
        if self.protocol.findings[name].measured:
            return answer if recorded is None else recorded
        if answer is None:
            return recorded
        if (answer is False and recorded in (True, LONG_STANDING)) or (answer == LONG_STANDING and recorded is True):
            self.conflicts.append(Conflict(finding=name, against=(), why=_OTHERWISE))
            return recorded
        return answer

    def _merged(self, name: str, values: Sequence[Value]) -> Value | NotNow:
        if not values:
            return NOT_NOW
        finding = self.protocol.findings[name]
        stated = [value for value in values if value is not None]
        if finding.measured:
            numbers = [float(value) for value in stated if isinstance(value, int | float)]
            if len(numbers) <= 1:
                return numbers[0] if numbers else None
            lowest = has_lexicon(self.protocol) and name in lexicon(self.protocol).lowest
            return min(numbers) if lowest else max(numbers)
        if finding.kind == "choice":
            if len(set(stated)) > 1:
                self.aside(name, "the record states more than one: none of them counts")
            return stated[0] if len(set(stated)) == 1 else None
        present = True if True in stated else LONG_STANDING if LONG_STANDING in stated else None
        if present and False in stated:
            self.conflicts.append(Conflict(finding=name, against=(), why=_DENIED))
        return present or (None if None in values else False)

    def _measured_otherwise(self, values: dict[str, Value]) -> None:
        """Of several measurements one is the value; what any other of them makes true is stated too: a high and a low pressure."""
        measures = self.protocol.table.measures
        for name in [name for name in self.said if name in measures]:
            for value, piece in self.said[name]:
                if isinstance(value, bool) or not isinstance(value, _NUMBERS) or value == values.get(name):
                    continue
                for row in measures[name]:
                    for implied, _ in row.implied if row.relation(float(value), row.number) else ():
                        values[implied] = True
                        self.said.setdefault(implied, []).append((True, piece))


def _of_the_past(finding: Finding) -> bool:
    """Whether the finding asks for what once was, by the words of its id: aaa_history, prior_spinal_surgery, recurrent_uti."""
    return not {"history", "prior", "recurrent"}.isdisjoint(finding.id.split("_"))
