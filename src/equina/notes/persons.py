"""Persons: whose a finding is, in a message whose writer tells of themselves and of others.

"My dad's cancer was in his spine and he couldn't pee. I've only a sore back." Within a sentence the cues of relatives tell; this
looks at the whole of a message. In doubt a finding is the patient's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Said", "may_be_of_others", "of_others"]

_WRITER = re.compile(r"\b(?:i|i'm|im|i've|ive|i'd|i'll|my|me|mine|myself|meself)\b")
_SUBJECT = re.compile(r"\b(?:i|i'm|im|i've|ive|i'd|me|mine|myself|meself)\b")
_OWN_PART = re.compile(r"\b(?:my|me)(?: (?:own|lower|upper|left|right|whole|poor|both|two|bad|old|entire|mid|middle))* $")
_OTHER = re.compile(r"\b(?:he|she|he's|she's|he'd|she'd|his|her|hers|him|himself|herself|hisself)\b")
# "he still can't", "his", "she'd also": right before what is said of them.
_BEFORE = re.compile(
    r"\b(?:(?:he|she)(?:'(?:s|d|ll))?(?: (?:has|had|is|was|got|gets|can|could|still|also|now|just|then|even|only|always|never"
    r"|keeps?|kept|started|began|went|been|says|said|that|to|have|a|an|the|no|some|terrible|bad|having|getting|hardly|completely"
    r"|totally|suddenly))*|(?:his|her)(?: (?:own|left|right|whole|poor|lower|both|two))*) $"
)
# Somebody is asked about, or is told of as a patient is: then they may well be the patient.
_ASKED_ABOUT = re.compile(
    r"\b(?:(?:should|does|do|can|could|must|would|will|is|has|need|needs|shall|might|may|did|was) (?:he|she)\b"
    r"|(?:take|taking|get|getting|bring|bringing|make|tell|drive|send|ring|call|moving|move|lift|wake|leave|for|with|help|give|let|carry"
    r"|carried|watch) (?:him|her)\b"
    r"|(?:he|she) (?:wants|needs|won'?t (?:go|let|come|ring|call|see)|refuses|is refusing|is in|asked me|told me to|is asking))"
)
_FOR = re.compile(
    r"\b(?:about|for|re|regarding|behalf of|says?|said|tells?|told|translat\w+|asks?) (?:my|our|the) (?:\w+ ){0,2}"
    r"(?:mum|mom|mam|mother|dad|da|father|wife|husband|hubby|partner|son|daughter|girl|boy|kid|brother|sister|gran|nan|grandad|grandma"
    r"|grandpa|nephew|niece|aunt|uncle|friend|neighbour|neighbor|boyfriend|girlfriend|fianc\w+|resident|client)\b"
)
_CLINICAL = re.compile(r"\b(?:patient|pt|denies|denied|o/e|presents|presented|presenting|y/o|yo|pmh|hx|examination|afebrile|c/o)\b")
_SENTENCE_ENDS = ".?!;\n"
_NEAR = 40  # characters before a finding in which it is told whose it is
_LONGEST = 4_000  # characters: a longer text is no message
_FEWEST = 2  # words of one who writes of themselves
_OWN = frozenset(("symptom", "sign"))


class Said(NamedTuple):
    """What is said of a finding, as far as it matters here: its place, the kind of finding, the assertion so far."""

    start: int
    end: int
    kind: str
    assertion: str


def may_be_of_others(small: str) -> bool:
    """The quick look before the thorough one: whether a message in small letters may be of its writer and of others."""
    return len(small) <= _LONGEST and (" my " in small or " i " in small or "i'" in small or small.startswith("my "))


def of_others(small: str, said: Sequence[Said]) -> dict[int, tuple[int, int]]:
    """Which of these, by their numbers, are said of another than the patient, who is the one who writes; where it stands that they
    are.

    Only where the writer has a complaint of their own, and nothing is asked about anybody else.
    """
    if len(_WRITER.findall(small)) < _FEWEST or not _OTHER.search(small):
        return {}
    if any(pattern.search(small) for pattern in (_CLINICAL, _FOR, _ASKED_ABOUT)):
        return {}
    others = {number: words for number, one in enumerate(said) if one.assertion == "present" and (words := _other(small, one))}
    own = others and any(one.kind in _OWN and one.assertion == "present" and _is_own(small, one) for one in said)
    return others if own else {}


def _other(small: str, one: Said) -> tuple[int, int] | None:
    """Where it stands that this is said of another, if it does."""
    lead = _lead(small, one.start)
    if _WRITER.search(small, one.start, one.end) or _last(_SUBJECT, lead) > _last(_OTHER, lead):
        return None
    within = _OTHER.search(small, one.start, one.end)
    if within:
        return within.span()
    before = _BEFORE.search(lead)
    return (one.start - len(lead) + before.start(), one.start - 1) if before else None


def _is_own(small: str, one: Said) -> bool:
    words = small[one.start : one.end]
    if _OTHER.search(words):
        return False
    if _WRITER.search(words):
        return True
    lead = _lead(small, one.start)
    return _last(_SUBJECT, lead) > _last(_OTHER, lead) or bool(_OWN_PART.search(lead))


def _last(words: re.Pattern[str], lead: str) -> int:
    """Where the last of such words begins, or -1."""
    return max((match.start() for match in words.finditer(lead)), default=-1)


def _lead(small: str, start: int) -> str:
    """What stands shortly before a place, within its sentence."""
    lead = small[max(0, start - _NEAR) : start]
    return lead[max(map(lead.rfind, _SENTENCE_ENDS)) + 1 :]
