"""What the tools take and give, as types: the schemas that a client is shown are made from these.

A case is judged by equina.exchange alone, so that its faults are told as everywhere else; here is only its schema.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal, NotRequired

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

__all__ = ["AssessCase", "Assessed", "Card", "ContinueInterview", "HandoverPage", "Page", "Read", "ReadText", "ShowCard"]
__all__ += ["Answered", "Arguments", "StartInterview", "Turn"]

Level = Literal["self_care", "scheduled", "urgent", "emergency"]
Value = bool | float | str | None

_MOMENT = {"type": "string", "description": 'such as "2026-11-23T02:10+00:00", with its offset from UTC'}
CASE = {
    "type": "object",
    "additionalProperties": False,
    "description": "What is known of the person so far. Every key may be left out.",
    "properties": {
        "id": {"type": ["string", "number", "null"], "description": "your own name for the case; it is given back"},
        "age": {"type": ["number", "null"], "description": "in years"},
        "sex": {"enum": ["F", "M", "X", None], "description": "at birth"},
        "text": {"type": ["string", "null"], "description": "the person's own words, in English, unchanged"},
        "findings": {
            "type": ["object", "null"],
            "description": 'By finding id: true (new, worse or of unknown age), "long_standing" (old and unchanged), false '
            "(denied), null (asked, not sure) or the measured number. Leave out what was not asked.",
            "additionalProperties": {"type": ["boolean", "number", "string", "null"]},
        },
        "complete": {"type": ["boolean", "null"], "description": "true when no more will be asked"},
        "answered_by": {"enum": ["self", "clinician", "record", None]},
        "carer": {"type": ["boolean", "null"], "description": "true when someone answers for the person"},
        "as_of": {**_MOMENT, "type": ["string", "null"]},
        "onset": {"type": ["object", "null"], "description": "when a finding began", "additionalProperties": _MOMENT},
        "protocol": {"type": ["object", "null"], "description": "as a saved interview has it; not used"},
    },
}
ANSWERS = {
    "type": "object",
    "description": "The person's answers, by finding: one of the codes that the step offers for it, or a number for a quantity. "
    "Leave out what the person has not answered.",
    "additionalProperties": {"type": ["string", "number"]},
    "examples": [{"back_pain": "yes_new", "saddle_anesthesia": "not_sure"}],
}


def _unquoted(value: object) -> object:
    """An object that a client has sent as a text of JSON, as some do."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


_Case = Annotated[dict[str, object], BeforeValidator(_unquoted), WithJsonSchema(CASE)]
_Answers = Annotated[dict[str, object], BeforeValidator(_unquoted), WithJsonSchema(ANSWERS)]

# --- in ------------------------------------------------------------------------------------------------------------------------


class Arguments(BaseModel):
    """What every tool takes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    language: str = Field("en", description="the language of every word to say")


class StartInterview(Arguments):
    """Whom the questions are about, and who answers them."""

    carer: bool = Field(False, description="true when someone answers for the person; ask who the questions are about")
    answered_by: Literal["self", "clinician"] = Field("self", description="clinician: an examination can answer too")


class ContinueInterview(Arguments):
    """The case that the last step gave, and the answers to that step."""

    case: _Case
    answers: _Answers = Field(default_factory=dict)


class AssessCase(Arguments):
    """A case to be judged as it is."""

    case: _Case


class HandoverPage(Arguments):
    """A case whose page is to be shown to a clinician."""

    case: _Case


class ReadText(Arguments):
    """The person's own words, or a note."""

    text: str = Field(description="unchanged, in English")


class ShowCard(Arguments):
    """What the card is about."""

    id: str = Field(description="of a rule, finding, cause, test, care, medicine or source, such as cannot_pass_urine")


# --- out -----------------------------------------------------------------------------------------------------------------------


class Answered(TypedDict):
    """In every answer."""

    say_exactly: Annotated[str, Field(description="say this to the person word for word, before anything else")]
    emergency: Annotated[bool, Field(description="true: say what to do now first, and never soften it")]


class OptionOut(TypedDict):
    """One question of a step, with the codes that may answer it."""

    finding: str
    wording: str
    hint: str | None
    answers: list[str]
    unit: str | None


class StepOut(TypedDict):
    """A few questions asked together."""

    id: str
    kind: Literal["one", "list", "number"]
    wording: str
    hint: str | None
    options: list[OptionOut]


class ReasonOut(TypedDict):
    """A determining rule."""

    rule: str
    disposition: Level | None
    because: str
    timing: str
    findings: list[str]
    sources: list[str]


class OpenOut(TypedDict):
    """A rule that is not excluded."""

    rule: str
    disposition: Level
    findings: list[str]


class EvidenceOut(TypedDict):
    """Where a value comes from; offsets in code points."""

    origin: Literal["answer", "text", "record"]
    start: NotRequired[int | None]
    end: NotRequired[int | None]
    quote: NotRequired[str | None]
    assertion: NotRequired[str | None]
    cue: NotRequired[str | None]


class FindingOut(TypedDict):
    """A finding's value and where it comes from."""

    value: Value
    evidence: list[EvidenceOut]


class ExpectedOut(TypedDict):
    """A test to expect."""

    id: str
    when: Level
    because: str


class AsideOut(TypedDict):
    """What was given and not judged."""

    origin: str
    quote: str
    why: str


class ConflictOut(TypedDict):
    """Statements that cannot both hold."""

    finding: str
    against: list[str]
    why: str


class ExamineOut(TypedDict):
    """What only an examination settles."""

    finding: str
    how: str | None


class LeakOut(TypedDict):
    """A kind of leak, and why."""

    id: str
    because: str


class ProtocolOut(TypedDict):
    """Which protocol judged."""

    id: str
    version: str
    digest: str


CauseOut = TypedDict(
    "CauseOut",
    {
        "id": str,
        "kinds": list[str],
        "cant_miss": bool,
        "fit": Literal["strong", "possible", "weak"],
        "for": list[str],
        "against": list[str],
    },
)


class Triage(TypedDict):
    """The answer of `equina triage`, key by key."""

    id: str | None
    protocol: ProtocolOut
    as_of: str | None
    low: Level
    high: Level
    disposition: Annotated[Level | None, Field(description="the advice; null while none can be given")]
    settled: bool
    reasons: list[ReasonOut]
    waiting: str | None
    open: list[OpenOut]
    examine: list[ExamineOut]
    findings: dict[str, FindingOut]
    causes: list[CauseOut]
    continence: list[LeakOut]
    workup: list[ExpectedOut]
    care: list[str]
    watch_for: list[str]
    words: dict[str, str]
    say: str
    next_questions: StepOut | None
    also_said: dict[str, list[EvidenceOut]]
    not_known: list[str]
    general_denials: list[str]
    conflicts: list[ConflictOut]
    set_aside: list[AsideOut]
    notice: str


Status = Literal["emergency", "asking", "advice", "no_advice"]


class Assessed(Answered):
    """A judged case."""

    status: Annotated[Status, Field(description="asking: more questions could change the advice")]
    more: Annotated[str | None, Field(description="what the person may ask for: tests, causes, what helps; word for word")]
    result: Triage


class Turn(Answered):
    """One turn of an interview: the next step, or the result when nothing more is asked."""

    status: Status
    step: StepOut | None
    codes: Annotated[dict[str, str], Field(description="how each code of the step is offered to the person")]
    case: Annotated[dict[str, object], Field(description="give this back unchanged with the answers to the step")]
    set_aside: Annotated[list[AsideOut], Field(description="what was given and not judged, such as a text that was not read")]
    more: str | None
    result: Triage | None


class CueOut(TypedDict):
    """The words that decided an assertion."""

    start: int
    end: int
    quote: str


class MentionOut(TypedDict):
    """A finding named in the text."""

    finding: str
    start: int
    end: int
    quote: str
    assertion: Literal["present", "absent", "historical", "family", "hypothetical", "uncertain"]
    onset: Literal["new", "long_standing", "unknown"]
    cue: CueOut | None
    section: str | None
    value: NotRequired[float]


class Read(Answered):
    """What a text says."""

    mentions: list[MentionOut]
    nothing_read: NotRequired[str]


class Card(Answered):
    """The cards under one id."""

    id: str
    cards: list[str]


class Page(Answered):
    """The page to show at the desk."""

    markdown: str
