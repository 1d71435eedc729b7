"""What is known of one patient, and what follows from it: frozen values that every surface reads. Words as in GLOSSARY.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from equina.model import Disposition, Value

__all__ = [
    "ANSWERERS",
    "CODES",
    "Assessment",
    "Case",
    "CauseFit",
    "Code",
    "Conflict",
    "Evidence",
    "Expected",
    "Leak",
    "OpenRule",
    "Option",
    "Reason",
    "SetAside",
    "Step",
]

Code = Literal["yes_new", "long_standing", "no", "not_sure"]
ANSWERERS = ("self", "clinician", "record")

# --- the case: what is known of one patient -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a value comes from: an answer, words of a text (offsets in code points), or a record."""

    origin: Literal["answer", "text", "record"]
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    assertion: str | None = None
    cue: str | None = None
    source: str | None = None  # which piece of the input says it, where that has a name: the meta.source of a record


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Something given that was not judged, and why. Nothing is dropped in silence."""

    origin: str
    quote: str
    why: str
    source: str | None = None  # as of evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of one patient at one moment.

    A key of `values` that is missing was not asked; a key that holds None was asked and is not known.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    evidence: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    onset: Mapping[str, datetime] = field(default_factory=dict)
    as_of: datetime | None = None
    answered_by: str = "self"
    complete: bool = False
    told: str = ""  # the person's own words
    carer: bool = False  # someone answers for the person
    set_aside: tuple[SetAside, ...] = ()
    conflicts: tuple[Conflict, ...] = ()  # found while the case was gathered: a text that says both

    @staticmethod
    def of(**findings: Value) -> Case:
        """A case of answered findings.

        >>> Case.of(back_pain=True, pvr_ml=450).values["pvr_ml"]
        450
        """
        return Case(values=findings)


# --- the interview ---------------------------------------------------------------------------------------------------------------

# How a finding is answered in an interview: new, worse or of unknown age; old and unchanged; no; asked, but not known. A quantity
# is answered by a number, a choice by one of its options.
CODES: tuple[Code, ...] = ("yes_new", "long_standing", "no", "not_sure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One finding of a step, in the words in which it is asked, with the codes that may answer it ("number" for a quantity)."""

    finding: str
    wording: str
    hint: str | None
    answers: tuple[str, ...]
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A few questions asked together: `one` asks each by name, `list` marks what is true or "none of these", `number` measures."""

    id: str
    kind: Literal["one", "list", "number"]
    wording: str
    hint: str | None
    options: tuple[Option, ...]


# --- the assessment: what follows ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A determining rule, or the policy that raised the advice, with the stated findings that it rests on."""

    id: str
    disposition: Disposition | None
    because: str
    timing: str
    findings: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRule:
    """A rule above `low` that is not excluded, and the findings that would settle it."""

    id: str
    disposition: Disposition
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseFit:
    """A group of causes with positive support, its fitting kinds best first, and the stated findings for and against."""

    id: str
    kinds: tuple[str, ...]
    cant_miss: bool
    fit: Literal["strong", "possible", "weak"]
    supports: tuple[str, ...]
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A kind of leak that fits, and why."""

    id: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An examination or test to expect, how soon, and why."""

    id: str
    when: Disposition
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Statements that cannot both hold. What is present wins; the conflict is shown."""

    finding: str
    against: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What to do and why. `low` is certain, `high` not excluded, `disposition` the advice (None while it cannot be given)."""

    low: Disposition
    high: Disposition
    disposition: Disposition | None
    settled: bool
    reasons: tuple[Reason, ...]
    open: tuple[OpenRule, ...]
    examine: tuple[str, ...]
    causes: tuple[CauseFit, ...]
    continence: tuple[Leak, ...]
    workup: tuple[Expected, ...]
    care: tuple[str, ...]
    watch_for: tuple[str, ...]
    say: str
    not_known: tuple[str, ...]  # core flags neither present nor denied by name
    general_denials: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
