"""Talk: a short sentence answers those before it. "Asked about leaks. He denies." "Fever? Chills? Both no." "All denied."

A plain statement is not taken back by a bare "no": who answers must have been asked, or the answer says that it is of a whole list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from equina.notes.cues import Cue
from equina.notes.lexicon import Lexicon

if TYPE_CHECKING:
    from equina.notes.sentence import Told

__all__ = ["Before", "Remark", "answered", "following"]

Remark = tuple[int, int, Cue]  # the words of a sentence from where to where, and what they say of the sentences before it

# The kinds of answer as they are looked for, whether each is of all that was asked, and what it makes of it.
_ANSWERS = (
    ("denies_all", True, "absent"),
    ("denies_it", False, "absent"),
    ("affirms_all", True, "present"),
    ("affirms_it", False, "present"),
)
_A_LIST = 2  # mentions that are a list, so that "all denied" is of them
_OPEN = frozenset({"uncertain", "hypothetical"})
_TURNED = {"absent": "present", "present": "absent"}  # "asked if I could pee. I can't": what works and is asked for is lost


class Before(NamedTuple):
    """What stands before a sentence: the words from `begin` to before `end`, and the first mention of it. -1: there is none.

    `first`: where that was one of several questions in a row, the first mention of them.
    """

    begin: int = 0
    end: int = 0
    last: int = -1
    first: int = -1
    question: bool = False


def following(before: Before, begin: int, end: int, mentions: tuple[int, int], *, question: bool) -> Before:
    """What stands before the next sentence, after this one: how many `mentions` there were before it, and are now."""
    goes_on = question and before.question and before.first >= 0
    if mentions[1] > mentions[0] or goes_on:
        return Before(begin, end, mentions[0], before.first if goes_on else mentions[0], question)
    return Before(question=question)


def answered(
    lexicon: Lexicon,
    asked: Sequence[Told],
    letters: str,
    before: Before,
    place: tuple[int, int],
    remarks: Sequence[Remark],
    *,
    alone: bool,
) -> Sequence[Told]:
    """The mentions that stand before a sentence, words from its begin to before its end, as it leaves them if it is an answer.

    `alone`: it names nothing itself; else it denies nothing before it ("No, my back hurts"), but may affirm ("I am, and my …").
    """
    begin, end = place
    kinds = {cue.kind for start, stop, cue in remarks if start == 0 and stop >= end - begin}
    answer = next((answer for answer in _ANSWERS if answer[0] in kinds and (alone or answer[2] == "present")), None)
    if answer is None:
        return asked
    _, of_all, assertion = answer
    told_so = _asks(lexicon, letters[before.begin : before.end + 1])
    if not (told_so or before.question or (of_all and assertion == "absent" and len(asked) >= _A_LIST)):
        return asked
    taken = _OPEN | {"present"} if assertion == "absent" and (told_so or of_all) else _OPEN
    first = 0 if of_all else before.last - before.first
    return [
        mention._replace(
            assertion=_TURNED[assertion] if mention.find.normal else assertion,
            onset="unknown" if assertion == "absent" else mention.onset,
            bare=False,
            low=begin,
            high=end,
        )
        if i >= first and mention.assertion in (_OPEN if mention.find.normal else taken)
        else mention
        for i, mention in enumerate(asked)
    ]


def _asks(lexicon: Lexicon, sentence: str) -> bool:
    """Whether a sentence tells that something was asked, or what others say."""
    return any(what.kind == "asks" for _, _, what, _ in lexicon.before.matches(sentence) if isinstance(what, Cue))
