"""One entry of the worklist: the evidence where it stands, why it counts, what to ask on the call, and the page to hand over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from typing import Literal

from equina.case import Assessment, Case, Option, Reason, Step
from equina.handover import handover
from equina.interview import next_questions, option_of
from equina.model import Disposition, Protocol, Rule, rank
from equina.prose import Block
from equina.worklist.patient import Patient, Piece, call, determining, judged
from equina.worklist.ranking import Dated

__all__ = ["Entry", "Fact", "Why", "entries"]

Kind = Literal["one", "list", "number"]
UNTOLD = "questions_open"  # said to a patient who is being asked; beside a rule that holds it tells a list nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One finding with the pieces that it rests on: what says that it is there first, the newest of that first.

    `counts` says whether the level rests on it, `sign` whether it is something that the patient has now, and no history or risk.
    """

    finding: str
    label: str
    counts: bool
    present: bool
    sign: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A determining rule, or the policy that speaks, in its own sentence; a rule with what it asks a clinician to do."""

    id: str
    because: str
    timing: str
    sources: tuple[str, ...]
    pathway: str = ""
    wait: tuple[bool, float] = (True, inf)  # whether the person may travel alone, and for how many hours it may wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A patient on the list. `ask` comes first on the call, `then` is the next step of the interview."""

    place: int
    patient: Patient
    newest: datetime | None
    facts: tuple[Fact, ...]
    why: tuple[Why, ...]
    nearest: Rule | None
    needs: tuple[str, ...]  # labels of what the nearest open rule still wants
    ask: tuple[Option, ...]
    then: Step | None
    examine: tuple[str, ...]
    conflicts: tuple[str, ...]
    rechecked: Disposition | None  # the level when judged again, where it is not the one of the results
    handover: tuple[Block, ...]

    @property
    def level(self) -> Disposition:
        return self.patient.level

    @property
    def tell(self) -> str:
        """What to tell the patient: the timing of the rule that cannot wait the longest, an ambulance first."""
        return min(self.why, key=lambda why: why.wait, default=Why(id="", because="", timing="", sources=())).timing

    @property
    def days(self) -> int | None:
        """How many days before the day of the run the newest sign is dated."""
        return None if self.newest is None else max((self.patient.as_of.date() - self.newest.date()).days, 0)


def entries(protocol: Protocol, ranked: Iterable[Dated]) -> Iterator[Entry]:
    """The entries of a list, in its order."""
    for number, (patient, newest) in enumerate(ranked, 1):
        yield _entry(protocol, number, patient, newest)


def _entry(protocol: Protocol, number: int, patient: Patient, newest: datetime | None) -> Entry:
    case, assessment = judged(protocol, patient)
    counts = determining(protocol, case, patient.reasons)
    then = next_questions(protocol, call(case)) if patient.level != "emergency" else None
    ask = tuple(_first(protocol, patient, case, counts))
    again = max(assessment.low, assessment.disposition or assessment.low, key=rank)
    return Entry(
        place=number,
        patient=patient,
        newest=newest,
        facts=tuple(_facts(protocol, patient, counts)),
        why=tuple(_why(protocol, patient.reasons, assessment.reasons)),
        nearest=protocol.rules.get(patient.nearest_rule or ""),
        needs=tuple(_labels(protocol, patient.nearest_needs)),
        ask=ask,
        then=_spoken(protocol, case, then, {option.finding for option in ask}),
        examine=tuple(_labels(protocol, _examined(protocol, patient, assessment))),
        conflicts=tuple(_labels(protocol, patient.conflicts)),
        rechecked=None if again == patient.level else again,
        handover=handover(protocol, case, assessment),
    )


def _labels(protocol: Protocol, names: Iterable[str]) -> Iterator[str]:
    return (protocol.findings[name].label for name in names if name in protocol.findings)


# --- what was found ------------------------------------------------------------------------------------------------------------


def _facts(protocol: Protocol, patient: Patient, counts: tuple[str, ...]) -> Iterator[Fact]:
    """What counts first, then what is there beside it, then what is denied, uncertain or past; each in the order of a handover."""
    pieces: dict[str, list[Piece]] = {}
    for piece in patient.evidence:
        pieces.setdefault(piece.finding, []).append(piece)
    made = []
    for name, found in pieces.items():
        newest = sorted(found, key=lambda piece: piece.date or "", reverse=True)
        made.append(
            Fact(
                finding=name,
                label=protocol.findings[name].label,
                counts=name in counts,
                present=any(piece.value not in (None, "false", "null") for piece in found),
                sign=protocol.findings[name].changeable,
                pieces=tuple(sorted(newest, key=lambda piece: not piece.speaks)),
            )
        )
    last = len(protocol.order)
    yield from sorted(made, key=lambda fact: (not fact.counts, not fact.present, protocol.order.get(fact.finding, last)))


# --- why -----------------------------------------------------------------------------------------------------------------------


def _why(protocol: Protocol, ids: Iterable[str], again: Iterable[Reason]) -> Iterator[Why]:
    """The reasons of the results in the words of the protocol; of a policy in those with which it speaks of this patient."""
    spoken = {reason.id: reason for reason in again}
    told = [name for name in ids if name != UNTOLD] or ids
    for name in told:
        if rule := protocol.rules.get(name):
            yield Why(
                id=name, because=rule.because, timing=rule.timing, sources=rule.sources, pathway=rule.pathway, wait=_wait(rule)
            )
        elif name in spoken:
            yield Why(id=name, because=spoken[name].because, timing=spoken[name].timing, sources=spoken[name].sources)
        elif policy := protocol.policies.get(name):
            yield Why(id=name, because=policy.because, timing="", sources=policy.sources)


def _wait(rule: Rule) -> tuple[bool, float]:
    return not rule.ambulance, inf if rule.within_hours is None else rule.within_hours


# --- what to ask ---------------------------------------------------------------------------------------------------------------


def _first(protocol: Protocol, patient: Patient, case: Case, counts: tuple[str, ...]) -> Iterator[Option]:
    """What to ask first: of an emergency whether it is still so, else what the nearest open rule wants."""
    signs = tuple(name for name in counts if protocol.findings[name].changeable) or counts
    names = sorted(signs, key=protocol.order.__getitem__) if patient.level == "emergency" else patient.nearest_needs
    for name in names:
        finding = protocol.findings.get(name)
        if finding and finding.ask and finding.answered_by == "self":
            yield option_of(protocol, case, finding, "one")


def _spoken(protocol: Protocol, case: Case, step: Step | None, asked: set[str]) -> Step | None:
    """The step without what is asked first anyway, each of it as a question: a list is marked by eye, not by ear."""
    names = () if step is None else tuple(option.finding for option in step.options if option.finding not in asked)
    if step is None or not names:
        return None
    kind: Kind = "number" if step.kind == "number" else "one"
    options = tuple(option_of(protocol, case, protocol.findings[name], kind) for name in names)
    return replace(step, kind=kind, options=options)


def _examined(protocol: Protocol, patient: Patient, assessment: Assessment) -> tuple[str, ...]:
    """What only an examination can settle of the nearest open rule."""
    wanted = dict.fromkeys((*patient.nearest_needs, *assessment.examine)) if patient.level != "emergency" else {}
    return tuple(name for name in wanted if name in protocol.findings and protocol.findings[name].answered_by == "examination")
