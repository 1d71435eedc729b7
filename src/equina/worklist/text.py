"""The worklist for a terminal: first what to expect, then the patients one below the other."""

from __future__ import annotations

from collections.abc import Iterator

from equina.prose import Block
from equina.worklist.entry import Entry
from equina.worklist.listing import Worklist
from equina.worklist.telling import (
    WORDS,
    about,
    asked,
    beside,
    counted,
    fact_lines,
    level,
    made_from,
    newest,
    rates,
    reasons,
    who,
)

__all__ = ["entry_blocks", "head_blocks"]


def head_blocks(made: Worklist) -> Iterator[Block]:
    """What to expect, what that rests on, and how many are on the list: before any patient."""
    yield Block(id="top", title=WORDS["title"], lines=tuple(made_from(made)), kind="text")
    yield Block(id="expected", title=WORDS["expected"], lines=tuple(rates(made)))
    yield Block(id="rests", title=WORDS["rests"], lines=tuple(made.expected.rests_on(made.manifest)))
    yield Block(id="counted", title=WORDS["counted"], lines=tuple(counted(made)))


def entry_blocks(entry: Entry, *, handover: bool, whole: bool = False) -> Iterator[Block]:
    """One patient: the page to hand over when it is asked for, and with `whole` every piece of evidence."""
    title = WORDS["entry"].format(place=entry.place, level=level(entry), id=who(entry), about=f" ({about(entry)})")
    below = [newest(entry)]
    if entry.patient.set_aside:
        below.append(WORDS["also_count"].format(n=entry.patient.set_aside))
    yield Block(id="who", title=title, lines=tuple(line[:1].upper() + line[1:] + "." for line in below), kind="text")
    yield Block(id="found", title=WORDS["found"], lines=tuple(_evidence(entry, whole=whole)))
    yield Block(id="why", title=WORDS["why"], lines=tuple(reasons(entry)))
    yield Block(id="ask", title=WORDS["ask"], lines=tuple(_questions(entry)))
    if handover:
        yield from entry.handover
    else:
        yield Block(id="handover", title="", lines=(WORDS["handover_hint"].format(place=entry.place),), kind="text")


def _evidence(entry: Entry, *, whole: bool) -> Iterator[str]:
    """What the level rests on, and the rest in short; or every piece of everything."""
    for fact in entry.facts:
        if whole or fact.counts:
            yield from fact_lines(fact, whole=whole)
    if not whole:
        yield from beside(entry)


def _questions(entry: Entry) -> Iterator[str]:
    for words, questions in asked(entry):
        yield words
        yield from questions
