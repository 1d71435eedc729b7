"""The pure part of `equina ask`: what is asked next, going back, and changing an answer."""

import random
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from equina import Case, assess, load
from equina.ask.session import (
    Given,
    Prompt,
    Session,
    answered,
    back,
    changed,
    is_emergency,
    known,
    next_prompt,
    steps_ahead,
    with_given,
)
from equina.evaluation.interviews import drawn
from equina.interview import next_questions
from strategies import FULL
from terminal import answer

PROTOCOL = load()
NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
NEW = Session(start=Case(as_of=NOW))
PATIENTS = list(drawn(PROTOCOL, 30, seed=5))


def sessions(truth):
    """Every session on the way of the patient, from the first question to the last."""
    session = NEW
    yield session
    while prompt := next_prompt(PROTOCOL, session):
        session = answer(PROTOCOL, session, prompt, truth)[1]
        yield session


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.id)
def test_the_end_is_an_emergency_or_settled(patient):
    *_, last = sessions(patient.truth)
    case = known(PROTOCOL, last)
    emergency = is_emergency(PROTOCOL, last)
    assert emergency == (assess(PROTOCOL, case).low == "emergency")
    assert emergency or next_questions(PROTOCOL, case) is None
    assert emergency or assess(PROTOCOL, case).settled


STABLE = {
    "a stable cord injury": (
        "spinal_cord_injury",
        "catheter_user",
        "paralysis",
        "saddle_anesthesia",
        "bowel_incontinence",
        "back_pain",
    ),
    "an old foot drop": ("foot_drop", "back_pain"),
    "an old weak leg and a toe": ("bilateral_leg_weakness", "toe_numbness", "gait_disturbance", "back_pain"),
    "old leaks": ("new_urinary_incontinence", "stress_leak", "nocturia"),
}


def anybody(seed):
    """Somebody of whom anything at all is so: mostly little, much of it old, some of it not known."""
    chance = random.Random(seed)
    stated = [f.id for f in PROTOCOL.findings.values() if not f.measured and f.kind != "choice"]
    return {name: chance.choice(["long_standing", "long_standing", None, True]) for name in stated if chance.random() < 0.12}


@pytest.mark.parametrize(
    "truth",
    [*(dict.fromkeys(names, "long_standing") for names in STABLE.values()), *map(anybody, range(200 if FULL else 25))],
)
def test_nothing_is_asked_twice_and_it_ends(truth):
    asked = []
    for session in sessions(truth):
        if session.given:
            prompt = session.given[-1].prompt
            asked += [(prompt.kind == "timing", option.finding) for option in prompt.options]
            assert len(asked) == len(set(asked)), asked[-1]


@pytest.mark.parametrize("patient", PATIENTS[:8], ids=lambda patient: patient.id)
def test_back_is_the_session_before_and_asks_the_same_again(patient):
    way = list(sessions(patient.truth))
    for before, after in pairwise(way):
        undone = back(after)
        assert known(PROTOCOL, undone) == known(PROTOCOL, before)
        assert next_prompt(PROTOCOL, undone) == next_prompt(PROTOCOL, before)
    assert back(NEW) is None


def test_back_and_forth_at_random_ends_where_a_straight_way_does():
    chance = random.Random(7)
    for patient in PATIENTS[:8]:
        *_, straight = sessions(patient.truth)
        session = NEW
        while prompt := next_prompt(PROTOCOL, session):
            session = (chance.random() < 0.3 and back(session)) or answer(PROTOCOL, session, prompt, patient.truth)[1]
        assert known(PROTOCOL, session).values == known(PROTOCOL, straight).values


def test_an_answer_changed_and_changed_back_leaves_no_trace():
    *_, last = sessions({"back_pain": True})
    for prompt in answered(PROTOCOL, last):
        if prompt.kind == "one" and "no" in prompt.options[0].answers:
            name = prompt.options[0].finding
            there = known(PROTOCOL, last).values[name] is True
            once, taken = changed(PROTOCOL, last, Given(prompt=prompt, answers={name: "no" if there else "yes_new"}))
            reworded = {finding.id for finding in PROTOCOL.findings.values() if name in finding.reword}
            assert set(taken) == reworded & known(PROTOCOL, last).values.keys(), "what was asked in other words is asked again"
            assert known(PROTOCOL, once).values.get(name, False) is not there
            twice, _ = changed(PROTOCOL, once, Given(prompt=prompt, answers={name: "yes_new" if there else "no"}))
            assert taken or known(PROTOCOL, twice).values == known(PROTOCOL, last).values


def test_a_denial_takes_back_all_that_can_not_be_so_beside_it():
    for finding in PROTOCOL.findings.values():
        for implied in finding.implies:
            session = Session(start=Case(values={finding.id: True, implied: True}, as_of=NOW))
            prompt = next(p for p in answered(PROTOCOL, session) if p.options and p.options[0].finding == implied)
            new, taken = changed(PROTOCOL, session, Given(prompt=prompt, answers={implied: "no"}))
            assert taken == (finding.id,)
            assert known(PROTOCOL, new).values == {implied: False}


def test_an_onset_goes_with_its_finding():
    start = Case(values={"back_pain": True}, onset={"back_pain": NOW}, as_of=NOW)
    prompt = answered(PROTOCOL, Session(start=start))[1]
    new, _ = changed(PROTOCOL, Session(start=start), Given(prompt=prompt, answers={"back_pain": "no"}))
    assert known(PROTOCOL, new).onset == {}


def test_what_is_marked_is_not_new_before_it_is_said_to_be():
    """A mark alone interrupts for nothing that may be old; but it is never lost when the talk ends there."""
    session = with_given(NEW, Given(prompt=Prompt(kind="who"), carer=False))
    while (prompt := next_prompt(PROTOCOL, session)).kind != "list" or not any(
        "long_standing" in o.answers for o in prompt.options
    ):
        session = answer(PROTOCOL, session, prompt, {})[1]
    option = next(o for o in prompt.options if "long_standing" in o.answers)
    marked = answer(PROTOCOL, session, prompt, {option.finding: "long_standing"})[1]
    assert known(PROTOCOL, marked).values[option.finding] is True
    assert option.finding not in known(PROTOCOL, marked, sure=True).values
    follow = next_prompt(PROTOCOL, marked)
    assert (follow.kind, follow.options[0].finding) == ("timing", option.finding)
    told = answer(PROTOCOL, marked, follow, {option.finding: "long_standing"})[1]
    assert known(PROTOCOL, told).values[option.finding] == "long_standing"


def test_no_to_everything_is_never_asked_what_is_excluded_already():
    *_, last = sessions({})
    for given in last.given:
        for option in given.prompt.options:
            finding = PROTOCOL.findings[option.finding]
            earlier = []
            for each in last.given:
                if each is given:
                    break
                earlier += [name for name, code in each.answers.items() if code == "no"]
            assert not (set(finding.implies) - set(finding.not_covered_by)) & set(earlier), option.finding


def test_how_many_more_steps_is_what_then_comes():
    way = list(sessions({}))
    lists = [session for session in way if session.given and session.given[-1].prompt.kind in ("who", "list")]
    ahead = [steps_ahead(PROTOCOL, session) for session in lists]
    assert ahead == sorted(ahead, reverse=True)
    assert steps_ahead(PROTOCOL, way[-1]) == 0
