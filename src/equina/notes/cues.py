"""What a lexicon says: findings named, context cues, sections of notes. Frozen values; words as in GLOSSARY.md."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ASSERTIONS", "DEFAULT_STOPS", "KINDS", "STOPPED_AHEAD", "STOPPED_BY", "UNITS", "Cue", "Find", "Section"]

ASSERTIONS = ("present", "absent", "historical", "family", "hypothetical", "uncertain")

# What a cue of context*.toml does to the mentions in its scope; the last tell who writes about whom, and what a sentence
# says of the one before.
KINDS = (
    *("negated", "affirmed", "uncertain", "hypothetical", "historical", "family", "kin"),
    *(
        "ongoing",
        "now",
        "until",
        "flip",
        "pseudo",
        "unasked",
        "gone",
        "end",
        "clause",
        "verb",
        "cause",
        "joint",
        "parting",
        "apart",
        "new",
        "worse",
        "old",
        "long_ago",
        "event",
        "turn",
        "carer",
        "self",
        "same",
        "still",
        "all_still",
        "differs",
        "asks",
        "denies_it",
        "denies_all",
        "affirms_it",
        "affirms_all",
        "then",
        "over",
        "ended",
        "lasts",
        "doubted",
        "back",
        "others",
        "for_them",
        "unlike",
        "nothing",
    ),
)
# What each kind of cue does not reach past, besides the ends of a sentence, when its table does not say.
STOPPED_BY = {
    "negated": ("end", "clause", "affirmed"),
    "affirmed": ("end", "negated", "affirmed"),
    "uncertain": ("end", "clause", "affirmed"),
    "historical": ("end", "clause", "affirmed", "joint", "parting"),
    "family": ("end", "clause"),
    "kin": ("end", "clause"),
    "old": ("end", "joint", "parting"),
}
DEFAULT_STOPS = ("end",)
# And forward besides: a new verb, and what something is put down to ("no fracture after the fall": there was a fall).
STOPPED_AHEAD = {
    **dict.fromkeys(("negated", "uncertain"), ("verb", "cause")),
    **dict.fromkeys(("historical", "family", "kin"), ("verb",)),
    "flip": ("cause",),
}
UNITS = ("as_written", "fahrenheit", "litre")


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """What one match of a pattern says: a finding named, its normal counterpart, or (with no finding) a sense that is none."""

    id: str
    finding: str | None
    kind: str = ""  # of the finding
    normal: bool = False
    instead_of: frozenset[str] = frozenset()
    of: frozenset[str] = frozenset()  # of a sense that is none: the findings that it rules out; all when empty
    likely: bool = False  # by points; `of` are the findings that void it where a pattern names one of them
    measure: str | None = None  # a quantity with its number: the name of the conversion


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A context cue: its kind, the side on which it works, how many words it reaches, and whether commas stop it."""

    id: str
    kind: str
    forward: bool
    backward: bool
    reach: int
    over_commas: bool
    box: bool = False  # a tick box, which stands before or behind what it ticks
    at_head: bool = False  # it is none but at the head of its sentence
    since_then: bool = False  # "ever since": it is one where what stands before tells of a moment long ago
    noun: bool = False  # denies what is there, so not what is itself an absence: "no tone and no squeeze"
    of: frozenset[str] = frozenset()  # the kinds of finding it bears on; all when empty
    stopped_by: frozenset[str] = frozenset(DEFAULT_STOPS)  # the kinds of cue that it does not reach past
    stopped_ahead: frozenset[str] = frozenset()  # and forward besides


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a note under its heading: what it makes of mentions that say nothing else of themselves."""

    id: str
    assertion: str | None
    but_not: frozenset[str] = (
        frozenset()
    )  # findings of which it decides nothing: a chronic condition in a past history is still there
