"""The nouns of a protocol: frozen values, loaded once from data that clinicians review. Words as in GLOSSARY.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from equina.agenda import Agenda
    from equina.implicants import Needs
    from equina.leaves import LeafTable, Test
    from equina.logic import Condition

__all__ = [
    "DISPOSITIONS",
    "LONG_STANDING",
    "ORDERS",
    "Accuracy",
    "Care",
    "Cause",
    "Disposition",
    "Finding",
    "Kind",
    "LeakType",
    "Line",
    "Medicine",
    "Policy",
    "Promise",
    "Protocol",
    "Question",
    "Rule",
    "Source",
    "Story",
    "Topic",
    "Value",
    "WatchFor",
    "WorkUp",
    "rank",
]

Disposition = Literal["self_care", "scheduled", "urgent", "emergency"]
DISPOSITIONS: tuple[Disposition, ...] = ("self_care", "scheduled", "urgent", "emergency")
LONG_STANDING: Literal["long_standing"] = "long_standing"
ORDERS = ("imaging", "analgesia")  # that wait to be signed: of the lower spine, and for pain

# True, False, None (asked, not known), "long_standing", a number with the quantity's unit, or the option of a choice.
Value = bool | float | str | None


def rank(disposition: Disposition) -> int:
    """The place of a disposition in their order: 0 for self care to 3 for emergency."""
    return DISPOSITIONS.index(disposition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A citation. `seen` is false where it was cited from general knowledge and still wants checking."""

    id: str
    citation: str
    kind: str
    seen: bool
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that may be true of the patient now, stated positively; or a quantity that may be measured."""

    id: str
    label: str
    section: str
    kind: str
    answered_by: str  # self | examination | record: the least that can settle it
    course: str  # episode: only new, worse or of unknown age counts; lasting: counts whether new or old
    sources: tuple[str, ...]
    ask: str | None = None
    hint: str | None = None
    say: str | None = None
    marked: str | None = None  # as an item of a list, where `say` does not fit
    examine: str | None = None
    implies: tuple[str, ...] = ()
    true_when: Condition | None = None
    denies: tuple[str, ...] = ()
    old_only_with: tuple[str, ...] = ()
    old_measure_stands: bool = False
    never_old: bool = False  # worsening, climbing, not draining: "old and unchanged" contradicts what it says
    onset_of: str | None = None  # the finding whose onset, when given and recent enough, makes this one true
    onset_within_days: int = 0
    not_covered_by: tuple[str, ...] = ()  # what it implies, but whose question does not ask for it: denying that denies not this
    now_only: bool = False  # asked as of now: "the same as always" is no answer to it
    not_asked: str | None = None  # why no interview asks it
    presumes: tuple[str, ...] = ()  # makes no sense without these: denied with them, but does not imply them
    not_of_sex: str | None = None  # the sex at birth that rules it out
    not_of_age: Condition | None = None  # ages that rule it out, comparisons joined by or
    check: str | None = None  # how a person can find out alone
    reword: Mapping[str, str] = field(default_factory=dict)  # baseline: the question for people whose normal it is
    unit: str | None = None  # UCUM
    unit_words: str | None = None
    low: float | None = None
    high: float | None = None
    options: tuple[str, ...] = ()
    note: str | None = None
    unused: str | None = None

    @property
    def lasting(self) -> bool:
        return self.course == "lasting"

    @property
    def changeable(self) -> bool:
        """Whether a change from baseline makes it new when it was old: what a patient has, not what once happened."""
        return self.kind in ("symptom", "sign", "diagnosis", "umbrella") and not self.lasting

    @property
    def measured(self) -> bool:
        return self.kind == "quantity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """One published figure of diagnostic accuracy. It informs a reader; no rule computes with it."""

    id: str
    finding: str
    condition: str
    population: str
    source: str
    seen: bool
    figures: Mapping[str, object]
    caution: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When the condition holds, the disposition is at least this."""

    id: str
    disposition: Disposition
    when: Condition
    because: str
    timing: str
    ambulance: bool  # the person is not to travel alone
    within_hours: float | None  # the longest wait that the timing allows; it ranks timings of one level. Today: 12
    sources: tuple[str, ...]
    strength: str  # guideline | consensus
    pathway: str  # for the clinician
    serves: tuple[str, ...]  # lines of the article
    workup: tuple[str, ...]
    accuracy: tuple[str, ...]
    decision: str | None = None
    stricter: str | None = None  # where it goes beyond the article, and why

    @property
    def rank(self) -> int:
        return rank(self.disposition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sub-cause, with what supports it by strength of fit."""

    id: str
    label: str
    cant_miss: bool
    supports: tuple[tuple[str, Condition], ...]  # (fit, condition), strongest first
    against: tuple[str, ...]
    workup: Mapping[str, Disposition]
    care: tuple[str, ...]
    sources: tuple[str, ...]
    note: str | None = None
    icd10cm: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A group of causes, as a patient would be told of it."""

    id: str
    label: str
    words: str
    article_group: int
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakType:
    """A kind of leak, and the condition that tells it."""

    id: str
    label: str
    words: str
    when: Condition
    because: str
    care: tuple[str, ...]
    sources: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkUp:
    """An examination or test."""

    id: str
    label: str
    words: str
    how: str
    sources: tuple[str, ...]
    settles: tuple[str, ...] = ()  # the findings of an examination that it looks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """Something that helps, in patient words; amounts are of exercise and training, never of a drug."""

    id: str
    label: str
    words: str
    sources: tuple[str, ...]
    strength: str
    amount: str | None = None
    duration: str | None = None

    @property
    def told(self) -> str:
        """The words with how much and how long."""
        return " ".join(part.rstrip(".") + "." for part in (self.words, self.amount, self.duration) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Medicine:
    """A class of medicines by its effect on bladder and bowel, and the finding that records it."""

    id: str
    label: str
    examples: tuple[str, ...]
    effects: tuple[str, ...]
    mechanism: str
    finding: str
    sources: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchFor:
    """An emergency sign that a person without it should come back for."""

    id: str
    words: str
    findings: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A reason that is the protocol's own policy and no rule of its list: what is advised while facts are not known."""

    id: str
    because: str
    sources: tuple[str, ...]
    workup: tuple[str, ...] = ()  # what would settle the facts that are not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Questions that belong together, as one step of the interview or a few: in the order in which they are asked."""

    id: str
    kind: str  # one: each asked by name; list: marked, or "none of these"; number
    wording: str
    findings: tuple[str, ...]
    hint: str | None = None
    opening: bool = False  # asked in its place; the others follow by what they could settle
    joins: str | None = None  # the list topic that takes it in when both are to be asked
    gathers: bool = False  # takes in what few are left of other lists
    only_when: Condition | None = None  # asked only once this holds, or is asked and not known
    also_when: Condition | None = None  # asked when this holds, though it can no longer change the level
    because: str | None = None  # why it is asked all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a person might type, what the same person would answer, and where it should end."""

    id: str
    title: str
    story: str
    findings: Mapping[str, Value]
    expected: Disposition
    lesson: str
    sources: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question often asked, with what bears on the person's own answers."""

    id: str
    question: str
    answer: str
    own: tuple[tuple[Condition, str], ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the source article's lists, and what serves it."""

    id: str
    part: str
    row: str
    says: str
    serves: Mapping[str, tuple[str, ...]]  # findings, causes, workup, care, continence, faq, stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A flag that must reach its level whatever else is unknown. Kept apart from the rules, so that neither can hide the other."""

    id: str
    sentence: str
    level: Disposition
    when: Condition
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Everything clinical, as loaded and cross-checked from one folder of data. Orders are those of the files."""

    id: str
    version: str
    title: str
    reviewed: str
    notice: str
    digest: str
    folder: str | None = None  # where it was loaded from: the lexicon of its texts is read there when a text is
    language: str = "en"  # of what a person or a clinician reads in it
    new_within_days: int
    core_flags: tuple[str, ...]
    baseline_facts: tuple[str, ...]
    chronic_covers: frozenset[str]
    explained_by: Mapping[str, tuple[str, ...]]
    say: Mapping[str, str]
    opening_when: Condition  # when the sentence to say is the one about back and bladder
    disposition_words: Mapping[str, str]
    findings: Mapping[str, Finding]
    codes: Mapping[str, Mapping[str, tuple[str, ...]]]  # system: finding: codes
    orders: Mapping[str, Mapping[str, tuple[str, ...]]]  # system: what is ordered, of ORDERS: codes
    groups: Mapping[str, Condition]
    rules: Mapping[str, Rule]
    causes: Mapping[str, Cause]
    leak_types: Mapping[str, LeakType]
    three_iq: Mapping[str, object]  # a questionnaire of three questions on the kind of leak; asked by the interview
    workup: Mapping[str, WorkUp]
    care: Mapping[str, Care]
    medicines: Mapping[str, Medicine]
    sources: Mapping[str, Source]
    accuracy: Mapping[str, Accuracy]
    watch_for: Mapping[str, WatchFor]
    policies: Mapping[str, Policy]
    promises: Mapping[str, Promise]
    never_unasked: tuple[str, ...]
    never_old_alone: Mapping[str, tuple[str, ...]]  # flag: the baselines that alone make "old" believed
    unpromised: Mapping[str, str]  # emergency rules that no promise covers, and why
    means: Mapping[str, tuple[str, ...]]  # what is present with a finding: what it implies, written down a second time
    measured_means: Mapping[str, Condition]  # from which number on a finding is present, written down a second time
    stories: Mapping[str, Story]
    questions: Mapping[str, Question]
    lines: Mapping[str, Line]
    level_care: Mapping[str, tuple[str, ...]]
    topics: Mapping[str, Topic]  # the interview, in order
    handover: tuple[str, ...]  # what a handover has a line for, asked or not
    handover_medicines: tuple[str, ...]
    handover_topics: Mapping[str, Topic]  # asked for the handover alone
    table: LeafTable
    order: Mapping[str, int]  # findings as a clinician wants to hear them: core flags first
    rule_findings: Mapping[str, tuple[tuple[str, int], ...]]  # what each rule asks about, with the leaves of it that it asks
    dated: tuple[Finding, ...]  # findings that an onset makes true
    kinds: Mapping[str, Kind]  # the kinds of every cause
    rule_tests: Mapping[str, Test]  # worst level first, then the order of the file
    kind_tests: Mapping[str, tuple[tuple[str, Test], ...]]
    leak_tests: Mapping[str, Test]
    opening_test: Test
    topic_tests: Mapping[str, tuple[Test | None, Test | None]]  # of each topic: only_when, also_when
    needs: Needs  # what could still raise the level
    agenda: Agenda  # what may be asked of whom
