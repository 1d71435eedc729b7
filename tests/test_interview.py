"""The interview. Laws, for whoever answers and whatever is answered:

1. It asks nothing that is answered, that the one answering cannot tell, or that is already excluded.
2. It asks nothing in vain: the answer could raise the level, or the protocol says why it is asked.
3. It ends, and then nothing that could still be answered would change the level.
4. Core flags are asked by name.
5. Its advice is that of `assess` on the same answers, and of the JSON line that states them.
6. It asks what the plain statement of it asks (tests/plain_interview.py).
"""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equina import Case, assess, next_questions
from equina.exchange import answer, read_request
from equina.interview import BY_NAME, IN_LIST, handover_questions, value_of, with_answers
from equina.leaves import resolve
from equina.logic import findings_in
from equina.model import LONG_STANDING, rank
from equina.topics import plain_topics
from equina.triage import CAN_ANSWER, interval, level, settle
from plain_interview import Plain
from strategies import FULL, NOW, PROTOCOL, cases

TABLE = PROTOCOL.table
ENDLESS = 60  # steps after which an interview that should have ended fails its test
TRIES = settings(max_examples=150 if FULL else 25, deadline=None)


def truth_of(case):
    return resolve(TABLE, settle(PROTOCOL, case)[0])


def steps(case, answered):
    """Each step with the case before it; `answered` gives the code for an option."""
    for _ in range(ENDLESS):
        step = next_questions(PROTOCOL, case)
        if step is None:
            return
        yield case, step
        case = with_answers(PROTOCOL, case, {option.finding: answered(option) for option in step.options})
    pytest.fail("the interview does not end")


def random_answer(seed):
    """Answers of somebody who says yes to little: else every interview would end as an emergency at its second step."""
    chance = random.Random(seed)

    def answered(option):
        if option.answers[0] != "number":
            weights = [1 if code in ("yes_new", "long_standing") else 6 for code in option.answers]
            return chance.choices(option.answers, weights)[0]
        finding = PROTOCOL.findings[option.finding]
        return chance.choice(["not_sure", chance.randint(int(finding.low) + 1, int(finding.high) - 1)])

    return answered


def constant(code):
    return lambda option: code if code in option.answers else "not_sure"


@pytest.mark.parametrize("who", ["self", "clinician"])
@TRIES
@given(st.integers(0, 10**9))
def test_whatever_is_answered_the_laws_hold(who, seed):
    for case, step in steps(Case(answered_by=who), random_answer(seed)):
        truth, low = truth_of(case), interval(PROTOCOL, case)[0]
        assert low != "emergency"
        assert 0 < len(step.options) <= (IN_LIST if step.kind == "list" else BY_NAME)
        assert len({option.finding for option in step.options}) == len(step.options)
        for option in step.options:
            finding = PROTOCOL.findings[option.finding]
            assert option.finding not in case.values
            assert finding.answered_by in CAN_ANSWER[who]
            assert finding.kind == "choice" or TABLE.about[finding.id] & truth.may & ~truth.must, "it is excluded or known"
            assert step.kind == "one" or finding.id not in PROTOCOL.core_flags, "core flags are asked by name"
            assert is_for_something(case, truth, low, option.finding), option.finding
    end = finished(Case(answered_by=who), random_answer(seed))
    if interval(PROTOCOL, end)[0] != "emergency":
        assert assess(PROTOCOL, end).settled
        assert assess(PROTOCOL, end).disposition is not None


def finished(case, answered):
    """The case at the end of an interview that goes on from here."""
    for _ in range(ENDLESS):
        step = next_questions(PROTOCOL, case)
        if step is None:
            return case
        case = with_answers(PROTOCOL, case, {option.finding: answered(option) for option in step.options})
    return pytest.fail("the interview does not end")


def is_for_something(case, truth, low, name):
    """Whether the finding, with others that may still come true, could raise the level; or the protocol wants it asked."""
    finding = PROTOCOL.findings[name]
    asked_all_the_same = name in PROTOCOL.core_flags or name in PROTOCOL.explained_by
    asked_all_the_same |= any(name in topic.findings and topic.also_when is not None for topic in PROTOCOL.topics.values())
    waiting_for_it = [other.id for other in (*UMBRELLAS, *PRESUMING) if name in (*other.denies, *other.presumes)]
    waiting_for_it += [f for topic in PROTOCOL.topics.values() if waits_for(topic, name) for f in topic.findings if f != name]
    asked_all_the_same |= any(other not in case.values and is_for_something(case, truth, low, other) for other in waiting_for_it)
    if asked_all_the_same or finding.kind == "choice":
        return True
    own = TABLE.could[name] & truth.may & ~truth.must
    for grade, sets in PROTOCOL.needs.levels:
        if rank(grade) > rank(low) and any(
            leaves & own and not leaves & ~truth.may and adds(truth, leaves, own) for leaves in sets
        ):
            return True
    return False


def waits_for(topic, name):
    return topic.only_when is not None and name in findings_in(topic.only_when, PROTOCOL.findings)


UMBRELLAS = [finding for finding in PROTOCOL.findings.values() if finding.denies]
PRESUMING = [finding for finding in PROTOCOL.findings.values() if finding.presumes]


def adds(truth, leaves, own):
    """Whether these leaves reach a level that they do not reach without the finding's own."""
    return rank(level(PROTOCOL, truth.must | leaves)) > rank(level(PROTOCOL, truth.must | leaves & ~own))


@TRIES
@given(cases)
def test_it_goes_on_from_any_case(case):
    step = next_questions(PROTOCOL, case)
    if case.complete or case.answered_by == "record" or interval(PROTOCOL, case)[0] == "emergency":
        assert step is None
    elif step is None:
        assert assess(PROTOCOL, case).settled
    else:
        assert all(option.finding not in case.values for option in step.options)
        end = finished(case, random_answer(len(case.values)))
        assert interval(PROTOCOL, end)[0] == "emergency" or assess(PROTOCOL, end).settled


@TRIES
@given(st.integers(0, 10**9), st.data())
def test_once_it_ends_no_answer_to_come_changes_the_level(seed, data):
    case = finished(Case(), random_answer(seed))
    low = interval(PROTOCOL, case)[0]
    told = [f for f in PROTOCOL.findings.values() if f.answered_by == "self" and f.id not in case.values and not f.denies]
    told = [f.id for f in told if f.id not in PROTOCOL.baseline_facts and not f.measured and f.kind != "choice"]
    chosen = data.draw(st.lists(st.sampled_from(told), max_size=6, unique=True))
    truth = truth_of(case)
    later = {name: True for name in chosen if TABLE.about[name] & truth.may}
    assert low == "emergency" or interval(PROTOCOL, replace(case, values=case.values | later))[0] == low


@TRIES
@given(cases)
def test_it_asks_what_the_plain_statement_asks_of_any_case(case):
    agrees(replace(case, complete=False))


@settings(max_examples=60 if FULL else 5, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(["self", "clinician"]))
def test_it_asks_what_the_plain_statement_asks_step_by_step(seed, who):
    for case, _ in steps(Case(answered_by=who), random_answer(seed)):
        agrees(case)


def agrees(case):
    step = next_questions(PROTOCOL, case)
    if case.answered_by == "record" or interval(PROTOCOL, case)[0] == "emergency":
        assert step is None
        return
    plain = Plain(PROTOCOL, case).next()
    assert (plain and plain[0]) == (step and step.id)
    if plain:
        most = IN_LIST if step.kind == "list" else BY_NAME
        asked = sorted(plain[1][:most], key=lambda name: bool(PROTOCOL.findings[name].denies))
        assert [option.finding for option in step.options] == asked


def test_not_sure_to_everything_is_urgent_and_names_what_is_not_known():
    case = finished(Case(), constant("not_sure"))
    assessment = assess(PROTOCOL, case)
    assert assessment.disposition == "urgent"
    assert set(assessment.not_known) == set(PROTOCOL.core_flags)
    assert assess(PROTOCOL, replace(case, complete=True)).disposition == "urgent"


def test_no_to_everything_is_short_and_settled():
    taken = list(steps(Case(), constant("no")))
    assert len(taken) <= 13
    case = finished(Case(), constant("no"))
    assert (assess(PROTOCOL, case).disposition, assess(PROTOCOL, case).settled) == ("self_care", True)


def test_as_always_to_everything_ends_and_never_in_self_care():
    case = finished(Case(), lambda option: LONG_STANDING if LONG_STANDING in option.answers else constant("no")(option))
    assert rank(interval(PROTOCOL, case)[0]) >= rank("scheduled")


# --- who is asked what ---------------------------------------------------------------------------------------------------------


def asked(values, code="no"):
    start = Case(values={"back_pain": True} | values)
    return {option.finding for _, step in steps(start, constant(code)) for option in step.options}


@pytest.mark.parametrize(
    ("values", "never", "ever"),
    [
        ({"sex_at_birth": "M"}, {"pregnancy", "postpartum", "pelvic_organ_prolapse"}, {"aaa_history"}),
        ({"sex_at_birth": "F", "age_years": 30.0}, {"prostate_enlargement"}, {"pregnancy", "postpartum"}),
        ({"sex_at_birth": "F", "age_years": 70.0}, {"pregnancy", "postpartum"}, {"pelvic_organ_prolapse"}),
        ({"sex_at_birth": "X", "age_years": 30.0}, set(), {"pregnancy", "postpartum"}),
        ({"catheter_user": False}, {"blocked_catheter"}, set()),
        ({"catheter_user": True}, set(), {"blocked_catheter", "change_from_baseline"}),
        ({"spinal_cord_injury": True}, set(), {"change_from_baseline"}),
        ({"urinary_incontinence": LONG_STANDING}, set(), {"stress_leak", "functional_leak"}),
        ({}, {"change_from_baseline", "contractions", "stress_leak", "chronic_urinary_symptoms"}, set()),
        ({"fever": False, "temperature_c": 36.8}, {"diabetes"}, set()),
        ({"fever": False}, set(), {"temperature_c"}),  # pain relief hides a fever that a thermometer shows
        ({"leg_weakness": False}, set(), {"foot_drop"}),
        ({"insensate_urination": False, "urinary_incontinence": True}, set(), {"insensible_incontinence"}),
    ],
)
def test_who_is_asked_what(values, never, ever):
    found = asked(values)
    assert not found & never
    assert ever <= found


def test_people_whose_normal_it_is_are_asked_about_a_change():
    plain = wordings(Case())
    wheelchair = wordings(Case(values={"spinal_cord_injury": True}))
    assert wheelchair["paralysis"] != plain["paralysis"]
    assert wordings(Case(values={"catheter_user": True}))["urinary_retention"] != plain["urinary_retention"]


def wordings(case):
    return {option.finding: option.wording for _, step in steps(case, constant("no")) for option in step.options}


def test_what_cannot_wait_comes_first():
    first = [option.finding for _, step in list(steps(Case(), constant("no")))[:2] for option in step.options]
    assert {"urinary_retention", "saddle_anesthesia", "paralysis", "syncope", "confusion", "fever"} <= set(first)


def test_a_record_is_asked_nothing_and_neither_is_a_complete_case_or_an_emergency():
    assert next_questions(PROTOCOL, Case(answered_by="record")) is None
    assert next_questions(PROTOCOL, Case(complete=True)) is None
    assert next_questions(PROTOCOL, Case.of(urinary_retention=True)) is None


def test_for_the_handover_the_emergency_is_asked_the_rest_once():
    case = Case.of(urinary_retention=True)
    seen = Counter()
    while step := handover_questions(PROTOCOL, case):
        seen.update(option.finding for option in step.options)
        case = with_answers(PROTOCOL, case, {option.finding: "no" for option in step.options})
    assert set(PROTOCOL.core_flags) - {"urinary_retention"} <= set(seen)
    assert max(seen.values()) == 1


# --- answers -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "value"),
    [
        ("fever", "yes_new", True),
        ("fever", "long_standing", LONG_STANDING),
        ("fever", "no", False),
        ("fever", "not_sure", None),
        ("age_years", 41, 41.0),
        ("age_years", "not_sure", None),
        ("sex_at_birth", "F", "F"),
    ],
)
def test_an_answer_gives_a_value(name, code, value):
    assert value_of(PROTOCOL.findings[name], code) == value


@pytest.mark.parametrize(
    ("name", "code"), [("fever", "yes"), ("fever", 3), ("age_years", "no"), ("sex_at_birth", "no"), ("fever", True)]
)
def test_an_answer_that_does_not_fit_is_refused(name, code):
    with pytest.raises(ValueError, match=name):
        value_of(PROTOCOL.findings[name], code)


def test_an_answer_given_again_is_the_latest_and_the_only_one():
    case = with_answers(PROTOCOL, Case(), {"fever": "yes_new", "back_pain": "no"})
    case = with_answers(PROTOCOL, case, {"fever": "no"})
    assert list(case.values.items()) == [("back_pain", False), ("fever", False)]
    assert case.evidence.keys() == case.values.keys()


def test_no_other_change_beside_a_change_denies_nothing():
    case = with_answers(PROTOCOL, Case(), {"weak_stream": "yes_new", "bladder_dysfunction": "no"})
    assert case.values == {"weak_stream": True}
    case = with_answers(PROTOCOL, Case(), {"weak_stream": "no", "bladder_dysfunction": "no"})
    assert case.values == {"weak_stream": False, "bladder_dysfunction": False}


def test_new_or_worse_is_believed_beside_old_and_unchanged_bladder_trouble():
    old = Case(values={"back_pain": True, "chronic_urinary_symptoms": True})
    case = with_answers(PROTOCOL, old, {"difficulty_initiating_urination": "yes_new"})
    assert case.values["change_from_baseline"] is True
    assert interval(PROTOCOL, case)[0] == "emergency"
    assert "change_from_baseline" not in with_answers(PROTOCOL, old, {"leg_weakness": "yes_new"}).values


def test_no_other_change_beside_a_symptom_that_a_baseline_makes_old_stands_and_is_not_asked_again():
    old = Case(values={"functional_leak": True, "spina_bifida": True, "chronic_urinary_symptoms": True})
    assert with_answers(PROTOCOL, old, {"bladder_dysfunction": "no"}).values["bladder_dysfunction"] is False
    assert len(list(steps(old, constant("no")))) < ENDLESS


@pytest.mark.parametrize("fact", ["chronic_urinary_symptoms", "neurogenic_bladder"])
def test_who_has_old_bladder_trouble_is_asked_whether_it_has_changed(fact):
    assert "change_from_baseline" in asked({fact: True})


def test_what_is_old_by_something_narrower_is_asked_through_what_else_could_make_it_new():
    old = {"thoracic_back_pain": LONG_STANDING, "severe_back_pain": LONG_STANDING, "age_years": 60.0}
    taken = list(steps(Case(values=old), constant("no")))
    assert "worsening_back_pain" in {option.finding for _, step in taken for option in step.options}


def test_an_item_left_unmarked_beside_one_that_implies_it_is_not_denied():
    case = with_answers(PROTOCOL, Case(), {"spinal_cord_injury": "yes_new", "neurological_disease": "no", "spina_bifida": "no"})
    assert case.values == {"spinal_cord_injury": True, "spina_bifida": False}
    assert assess(PROTOCOL, case).conflicts == ()


def test_old_leaks_are_not_asked_for_again_but_weaker_legs_are():
    again = asked({"new_urinary_incontinence": LONG_STANDING, "spinal_cord_injury": True, "paralysis": LONG_STANDING})
    assert "urinary_incontinence" not in again
    assert "leg_weakness" in again


def test_a_spinal_cord_injury_is_asked_for_dysreflexia_at_once():
    taken = [
        {option.finding for option in step.options} for _, step in steps(Case(values={"spinal_cord_injury": True}), constant("no"))
    ]
    assert {"headache", "sweating"} in taken[:3]


def test_every_core_flag_tells_how_to_find_out_alone():
    assert [name for name in PROTOCOL.core_flags if not PROTOCOL.findings[name].check] == []


def test_as_always_is_offered_where_it_means_something():
    offered = {option.finding: option.answers for _, step in steps(Case(), constant("no")) for option in step.options}
    for name in ("urinary_retention", "new_urinary_incontinence", "back_pain", "fever"):
        assert LONG_STANDING in offered[name], name
    for name in ("progressive_leg_weakness", "history_of_cancer", "trauma", "spinal_cord_injury"):
        assert LONG_STANDING not in offered[name], name


# --- a protocol without topics -------------------------------------------------------------------------------------------------


def test_without_topics_every_question_has_one_and_core_flags_come_first():
    topics = plain_topics(PROTOCOL.findings, PROTOCOL.core_flags)
    asked_for = [name for topic in topics.values() for name in topic.findings]
    assert next(iter(topics.values())).findings == PROTOCOL.core_flags
    assert sorted(asked_for) == sorted(f.id for f in PROTOCOL.findings.values() if f.ask and f.kind != "choice")


def test_the_next_step_on_a_line_is_that_of_the_interview():
    request = read_request(PROTOCOL, b'{"findings": {"back_pain": true}}', NOW)
    step = answer(PROTOCOL, request, assess(PROTOCOL, request.case))["next_questions"]
    assert step["id"] == next_questions(PROTOCOL, request.case).id
    assert step.keys() == {"id", "kind", "wording", "hint", "options"}
    assert all(option.keys() == {"finding", "wording", "hint", "answers", "unit"} for option in step["options"])
