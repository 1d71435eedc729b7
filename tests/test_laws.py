"""Laws of the engine, tried on random cases of the shipped protocol. Between the cases compared, the baseline facts are equal.

1. `low` never exceeds `high`.                         5. A denial or a normal result never lowers `low`.
2. What turns true never lowers `low`.                 6. The advice is never below `low`, nor below urgent with a flag unknown.
3. An answer never widens the interval.                7. Whatever is advised has a reason; an emergency never waits.
4. Not asked and not known weigh the same.             8. `settled`: no answer that can still be given changes `low`.
                                                       9. Nothing speaks against a cause that must not be missed.
"""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from equina.case import Case
from equina.leaves import resolve
from equina.model import LONG_STANDING, rank
from equina.triage import CAN_ANSWER, assess, interval, not_known_by_name, settle
from strategies import PROTOCOL, TRIES, any_finding, cases, value_of


def truth_of(case):
    return resolve(PROTOCOL.table, settle(PROTOCOL, case)[0])


def with_value(case, name, value):
    return replace(case, values={**case.values, name: value})


def ranks(case):
    return tuple(map(rank, interval(PROTOCOL, case)))


def consistent(case, name, value):
    """Whether the value says nothing that the case has already excluded, and excludes nothing that the case has said."""
    before, alone = (
        truth_of(case),
        truth_of(replace(case, values={**{b: case.values[b] for b in PROTOCOL.baseline_facts if b in case.values}, name: value})),
    )
    excluded = ~alone.may
    return not alone.must & ~before.may and not excluded & before.must


@TRIES
@given(cases)
def test_low_never_exceeds_high(case):
    low, high = ranks(case)
    assert low <= high
    truth = truth_of(case)
    assert truth.must & ~truth.may == 0


@TRIES
@given(cases, any_finding)
def test_what_turns_true_never_lowers_low(case, name):
    assume(not PROTOCOL.findings[name].measured)
    assert ranks(with_value(case, name, True))[0] >= ranks(case)[0]


@TRIES
@given(cases, any_finding, st.data())
def test_an_answer_never_widens_the_interval(case, name, data):
    assume(case.values.get(name) is None)
    value = data.draw(value_of(name))
    assume(consistent(case, name, value))
    (low, high), (low_after, high_after) = ranks(case), ranks(with_value(case, name, value))
    assert low <= low_after <= high_after <= high


@TRIES
@given(cases, any_finding)
def test_not_asked_and_not_known_weigh_the_same(case, name):
    assume(name not in case.values)
    assert interval(PROTOCOL, with_value(case, name, None)) == interval(PROTOCOL, case)


@TRIES
@given(cases, any_finding, st.data())
def test_a_denial_or_a_normal_result_never_lowers_low(case, name, data):
    assume(name not in case.values)
    value = data.draw(value_of(name)) if PROTOCOL.findings[name].measured else False
    assert ranks(with_value(case, name, value))[0] >= ranks(case)[0]


@TRIES
@given(cases)
def test_the_advice_is_as_careful_as_the_protocol_says(case):
    assessment = assess(PROTOCOL, case)
    if assessment.disposition is None:
        assert assessment.low != "emergency" or set(case.values) <= {"age_years", "sex_at_birth"}
        return
    assert rank(assessment.disposition) >= rank(assessment.low)
    if not_known_by_name(PROTOCOL, case, truth_of(case)):
        assert rank(assessment.disposition) >= rank("urgent")


@TRIES
@given(cases)
def test_whatever_is_advised_has_a_reason(case):
    assessment = assess(PROTOCOL, case)
    if assessment.low == "emergency":
        assert assessment.disposition == "emergency"
    if assessment.disposition is not None or assessment.low != "self_care":
        assert assessment.reasons
        assert all(reason.because and reason.sources for reason in assessment.reasons)
    for reason in assessment.reasons:
        if reason.id in PROTOCOL.rules:
            assert reason.findings, f"{reason.id} fired and names nothing that was stated"


def says_that_a_measured_weakness_is_old(case, name, value):
    """A power of 0 is an emergency until somebody says that the leg has been so for years; no interview asks that."""
    shown = {implied for quantity in case.values for row in PROTOCOL.table.measures.get(quantity, ()) for implied, _ in row.implied}
    return value == LONG_STANDING and any(name in PROTOCOL.table.old_measures.get(finding, ()) for finding in shown)


@TRIES
@given(cases, st.data())
def test_settled_means_that_no_answer_still_to_be_given_changes_low(case, data):
    assume(assess(PROTOCOL, case).settled)
    low = interval(PROTOCOL, case)[0]
    askable = [
        f.id
        for f in PROTOCOL.findings.values()
        if f.id not in case.values and f.id not in PROTOCOL.baseline_facts and f.answered_by in CAN_ANSWER[case.answered_by]
    ]
    for name in data.draw(st.lists(st.sampled_from(askable), max_size=12, unique=True)) if askable else ():
        if PROTOCOL.findings[name].kind == "choice":
            continue
        value = data.draw(value_of(name))
        if consistent(case, name, value) and not says_that_a_measured_weakness_is_old(case, name, value):
            case = with_value(case, name, value)
    assert interval(PROTOCOL, case)[0] == low


def test_a_power_of_nothing_is_old_only_where_somebody_says_so():
    measured = Case(values={"mrc_power_lowest": 0.0}, answered_by="self")
    said = with_value(measured, "paralysis", LONG_STANDING)
    assert says_that_a_measured_weakness_is_old(measured, "paralysis", LONG_STANDING)
    assert [assess(PROTOCOL, case).low for case in (measured, said)] == ["emergency", "scheduled"]


@TRIES
@given(cases)
def test_nothing_speaks_against_a_cause_that_must_not_be_missed(case):
    fits = assess(PROTOCOL, case).causes
    assert all(not fit.against for fit in fits if fit.cant_miss)
    assert all(fit.supports for fit in fits), "a cause is listed only with positive support"
    urgent_first = [fit.cant_miss and fit.fit != "weak" for fit in fits]
    assert urgent_first == sorted(urgent_first, reverse=True)
