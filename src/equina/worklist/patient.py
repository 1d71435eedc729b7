"""One patient of a screening run: what the results hold of them, and the case that it was judged by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from equina.case import ANSWERERS, Assessment, Case, Conflict, Evidence
from equina.fhir.elements import span
from equina.leaves import resolve
from equina.model import LONG_STANDING, Disposition, Protocol, Value, rank
from equina.triage import assess, settle

__all__ = ["NOTHING", "Patient", "Piece", "call", "case_of", "determining", "judged", "newest_of"]

VALUES: dict[str, Value] = {"true": True, "false": False, "null": None, LONG_STANDING: LONG_STANDING}
NOTHING = "nothing_given"  # the policy that speaks of a patient of whom nothing is on record
DENIED = "denied in one place, said to be present in another: what is present counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one value rests on: words of a text, a record or an answer, and where it stands. `file` is as the manifest names it,
    `name` shorter, for a reader; `before` and `after` are the words around it, where the text was read again."""

    finding: str
    value: str | None
    assertion: str | None
    origin: str
    file: str | None = None
    line: int | None = None
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    code: str | None = None
    date: str | None = None
    name: str | None = None
    before: str = ""
    after: str = ""

    @property
    def speaks(self) -> bool:
        """Whether it says that the finding is there now."""
        return self.assertion in (None, "present") and self.value not in (None, "false", "null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One row of the results. Moments have their offset from UTC."""

    id: str | None
    low: Disposition
    high: Disposition
    disposition: Disposition | None
    reasons: tuple[str, ...]
    questions_left: int | None
    nearest_rule: str | None
    nearest_needs: tuple[str, ...]
    nearest_known: int
    latest: datetime | None
    age_years: float | None
    sex: str | None
    as_of: datetime
    evidence: tuple[Piece, ...]
    conflicts: tuple[str, ...] = ()
    set_aside: int = 0

    @property
    def nothing_known(self) -> bool:
        """Whether nothing is on record that the protocol asks about: then no level is low, it is not known."""
        return NOTHING in self.reasons

    @property
    def level(self) -> Disposition:
        """What is certain, or the advice where that is higher: it is raised for what stayed unknown."""
        return max(self.low, self.disposition or self.low, key=rank)


# --- the case ------------------------------------------------------------------------------------------------------------------


def case_of(protocol: Protocol, patient: Patient) -> Case:
    """What the results hold of the patient, as a case that a record answers."""
    stated: dict[str, Value] = {"age_years": patient.age_years, "sex_at_birth": patient.sex}
    values: dict[str, Value] = {name: value for name, value in stated.items() if value is not None and name in protocol.findings}
    evidence: dict[str, tuple[Evidence, ...]] = {}
    for piece in patient.evidence:
        if piece.value is not None:
            values[piece.finding] = _value(protocol, piece)
        evidence[piece.finding] = (*evidence.get(piece.finding, ()), _evidence(piece))
    conflicts = tuple(Conflict(finding=name, against=(), why=DENIED) for name in patient.conflicts)
    return Case(values=values, evidence=evidence, as_of=patient.as_of, answered_by="record", conflicts=conflicts)


def judged(protocol: Protocol, patient: Patient) -> tuple[Case, Assessment]:
    """The patient's case and its assessment, answered and completed as the results have it.

    The results say the levels, not who answered: the case is the first that gets the same levels. Where none does (the results hold
    no onsets), it is that of a record, and the one who reads it is told.
    """
    case = case_of(protocol, patient)
    stored = (patient.low, patient.high, patient.disposition)
    tries = (replace(case, answered_by=who, complete=whole) for whole in (False, True) for who in reversed(ANSWERERS))
    found = ((each, assess(protocol, each)) for each in tries)
    alike = next((pair for pair in found if (pair[1].low, pair[1].high, pair[1].disposition) == stored), None)
    return alike or (case, assess(protocol, case))


def call(case: Case) -> Case:
    """The case as it stands when the patient is called: what a record leaves uncertain is asked again, what it states is not."""
    values = {name: value for name, value in case.values.items() if value is not None}
    return replace(case, values=values, answered_by="self", complete=False)


def _value(protocol: Protocol, piece: Piece) -> Value:
    told = str(piece.value)
    if told in VALUES:
        return VALUES[told]
    return float(told) if protocol.findings[piece.finding].measured else told


def _evidence(piece: Piece) -> Evidence:
    return Evidence(
        origin="text" if piece.origin == "text" else "record" if piece.origin == "record" else "answer",
        start=piece.start,
        end=piece.end,
        quote=piece.quote,
        assertion=piece.assertion,
    )


# --- what counts ---------------------------------------------------------------------------------------------------------------


def determining(protocol: Protocol, case: Case, rules: Iterable[str]) -> tuple[str, ...]:
    """The stated findings that these rules rest on, in the order of the rules; of a policy there are none."""
    truth = resolve(protocol.table, settle(protocol, case)[0])
    tests = (protocol.rule_tests[rule] for rule in rules if rule in protocol.rule_tests)
    return tuple(dict.fromkeys(name for test in tests for name in truth.bearing_on(test)))


def newest_of(protocol: Protocol, patient: Patient) -> datetime | None:
    """When the newest thing was recorded that the patient's level rests on; where no rule holds, the newest of what is present."""
    names = determining(protocol, case_of(protocol, patient), patient.reasons)
    if not names:
        return patient.latest
    return max(_dates(patient, frozenset(names)), default=None)


def _dates(patient: Patient, names: frozenset[str]) -> Iterator[datetime]:
    for piece in patient.evidence:
        if piece.finding in names and piece.speaks and (when := span(piece.date)):
            yield min(when.last, patient.as_of)  # a day, month or year lasts, but not beyond the run
