"""The talk of `equina ask` in this process: an answer that moves the advice, and lines typed at random."""

import os
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from equina import Case, assess, load
from equina.ask.asking import Talk
from equina.ask.session import Session, known, next_prompt
from equina.ask.talk import hold
from equina.ask.terminal import Terminal
from equina.evaluation.interviews import whole
from equina.result import result
from equina.wording import wording
from terminal import answer, flat

PROTOCOL = load()
WORDS = wording("ask")
LEVELS = PROTOCOL.disposition_words
NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
SEEDS = range(200 if os.environ.get("EQUINA_FULL") else 6)
ANSWERS = ("1", "2", "3", "4", "1 2", "1-8", "2?", "0", "s", "y", "n", "old", "", "41", "38.4", "101 F", "x", "3 hours ago")
LINES = (*ANSWERS, "b", "b", "c", "h", "r", "q?")


def talk(lines, *, plain=True, columns=80):
    """A talk with someone who types these lines; what was shown, warned of and kept."""
    left, shown, warned, kept = iter(lines), [], [], []
    terminal = Terminal(read=lambda: next(left, None), write=shown.append, width=lambda: columns, plain=plain, echoes=False)
    return Talk(protocol=PROTOCOL, terminal=terminal, now=lambda: NOW, warn=warned.append, keep=kept.append), shown, warned, kept


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_at_random_never_break_the_talk(seed):
    chance = random.Random(seed)
    lines = ["me", *(chance.choice(LINES) for _ in range(50))]
    held, shown, warned, kept = talk(lines, columns=chance.choice((20, 40, 80)))
    code = hold(held, Session(start=Case(as_of=NOW)))
    said = flat("".join(shown))
    assert code in (0, 1, 2)
    assert (code == 2) == bool(warned)
    if kept:
        advice = assess(PROTOCOL, kept[-1])
        assert (advice.low != "emergency") or LEVELS["emergency"].upper() in said
        assert kept[-1].complete or advice.low == "emergency" or code != 0


def test_advice_that_has_moved_since_it_was_told_is_told_anew():
    held, shown, _, _ = talk([""])
    stale = Session(start=Case(values={"back_pain": True}, as_of=NOW), complete=True, shown=("self_care", "Rest."))
    assert hold(held, stale) == 0
    said = flat("".join(shown))
    assert said.startswith(WORDS["advice_changed"])
    assert LEVELS[assess(PROTOCOL, known(PROTOCOL, stale)).disposition].upper() in said


def test_an_emergency_that_asks_for_more_says_so_at_once():
    """Someone going on for the page may tell of worse: what to do is told again, in short."""
    values = {"back_pain": True, "urinary_retention": True}
    start = Session(start=Case(values=values, as_of=NOW))
    timing = {name: action({**values, name: True}) for topic in PROTOCOL.handover_topics.values() for name in topic.findings}
    worse = next((name for name, lines in timing.items() if name not in values and set(lines) > set(action(values))), None)
    if worse is None:
        pytest.skip("no question for the page alone asks for more")
    lines, session = ["2"], replace(start, stage="fuller", shown=("emergency",))
    while (prompt := next_prompt(PROTOCOL, session)) and worse not in known(PROTOCOL, session).values:
        line, session = answer(PROTOCOL, session, prompt, whole(PROTOCOL, {worse: True}))
        lines.append(line)
    held, shown, _, _ = talk(lines)
    assert hold(held, start) == 0
    said = "".join(shown)
    assert said.count(WORDS["interrupt"]) == 1
    assert said.count(WORDS["adds"]) >= 1


def action(values):
    case = Case(values=values)
    return result(PROTOCOL, case, assess(PROTOCOL, case))[0].lines


def test_another_who_keeps_the_answers():
    held, shown, _, kept = talk(["0", "c", "1", "2", "q"])
    hold(held, Session(start=Case(values={"back_pain": True}, as_of=NOW)))
    assert kept[-1].carer
    assert kept[-1].values["back_pain"] is True
    assert WORDS["changed"] in "".join(shown)
