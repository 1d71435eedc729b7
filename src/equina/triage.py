"""From a case to an assessment: what is certain, what is not excluded, and the advice.

`low` is the highest disposition among rules that are true, `high` among rules that are not false; an answer only narrows the two.
What is not known is never taken as absent. docs/decisions/0003 (unknown and unasked), 0004 (time course), 0006 (the advice).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from equina.agenda import CAN_ANSWER
from equina.case import Assessment, Case, Conflict, OpenRule
from equina.continence import leak_kinds
from equina.explain import causes_of, expected_workup, matching_care, open_rules, reasons_for, what_to_say, what_to_watch_for
from equina.leaves import EXPLAINED, Truth, resolve
from equina.model import LONG_STANDING, Disposition, Finding, Protocol, Value, rank
from equina.wording import wording

__all__ = [
    "CAN_ANSWER",
    "advice",
    "assess",
    "general_denials",
    "given",
    "interval",
    "level",
    "not_known_by_name",
    "reach",
    "settle",
]

NOT_STATED = ("age_years", "sex_at_birth")


def assess(protocol: Protocol, case: Case) -> Assessment:
    """What to do about the case, and why.

    The case's values must fit the protocol's findings (`equina.exchange.read_request` sees to that for data from outside).
    """
    settled, conflicts = settle(protocol, case)
    truth = resolve(protocol.table, settled)
    fired = tuple(protocol.rules[name] for name, test in protocol.rule_tests.items() if test.holds(truth.must))
    low = fired[0].disposition if fired else "self_care"
    high = level(protocol, truth.may)
    disposition = advice(protocol, case, settled, truth, low)
    unsettled = open_rules(protocol, case, truth, low)
    leaks = tuple(leak for leak in protocol.leak_types.values() if protocol.leak_tests[leak.id].holds(truth.must))
    causes = causes_of(protocol, settled, truth)
    return Assessment(
        low=low,
        high=high,
        disposition=disposition,
        settled=low == high or level(protocol, reach(protocol, case, truth)) == low,
        reasons=reasons_for(protocol, truth, fired, low, disposition, given=given(case)),
        open=unsettled,
        examine=_only_examination(protocol, case, unsettled),
        causes=causes,
        continence=leak_kinds(leaks),
        workup=expected_workup(protocol, fired, low, disposition, causes),
        care=matching_care(protocol, disposition, fired, causes, leaks),
        watch_for=what_to_watch_for(protocol, truth),
        say=what_to_say(protocol, settled, truth),
        not_known=not_known_by_name(protocol, case, truth),
        general_denials=general_denials(protocol, case),
        conflicts=(*case.conflicts, *conflicts, *_contradictions(protocol, settled, truth)),
    )


def interval(protocol: Protocol, case: Case) -> tuple[Disposition, Disposition]:
    """(`low`, `high`) alone, for when no reasons are wanted."""
    truth = resolve(protocol.table, settle(protocol, case)[0])
    return level(protocol, truth.must), level(protocol, truth.may)


def level(protocol: Protocol, true: int) -> Disposition:
    """The highest disposition among the rules that hold for these leaves; the rules come worst first."""
    for name, test in protocol.rule_tests.items():
        if test.leaves & true and test.holds(true):  # without `not`, nothing holds of which nothing is true
            return protocol.rules[name].disposition
    return "self_care"


# --- time course ---------------------------------------------------------------------------------------------------------------


def settle(protocol: Protocol, case: Case) -> tuple[dict[str, Value], tuple[Conflict, ...]]:
    """The values of a case once the baseline facts have decided what counts as new, with what did not fit together.

    A symptom stated to be old and unchanged stays old unless something says that it is not: a change from baseline, an onset in
    the last two weeks, or a flag that is never old without a named baseline. A number says how it is now: what was measured is aged
    by nothing but its own "as always".
    """
    values, words = case.values, wording("assessment", protocol.language)
    baselines = {fact for fact in protocol.baseline_facts if values.get(fact) in (True, LONG_STANDING)}
    changed = "change_from_baseline" in baselines
    aged = protocol.chronic_covers if "chronic_urinary_symptoms" in baselines and not changed else frozenset()
    explained = {name for fact in baselines for name in protocol.explained_by.get(fact, ())}
    settled: dict[str, Value] = {}
    conflicts: list[Conflict] = []
    for name, value in values.items():
        finding = protocol.findings[name]
        recent = _recent(protocol, case, name)
        if value == LONG_STANDING:
            if finding.never_old:
                conflicts.append(Conflict(finding=name, against=(), why=words["never_old"]))
            unnamed = bool(finding.old_only_with) and baselines.isdisjoint(finding.old_only_with)
            anew = recent or unnamed or finding.never_old or (changed and finding.changeable)
            value = True if anew and not finding.lasting else LONG_STANDING
            if recent and not finding.lasting:
                conflicts.append(Conflict(finding=name, against=(), why=words["onset_recent"]))
        elif value is True and name in aged and not recent and not _by_number(protocol, values, name):
            value = LONG_STANDING
        if value == LONG_STANDING and ("*" in explained or name in explained):
            value = EXPLAINED
        settled[name] = value
    for finding in protocol.dated:
        if (
            finding.onset_of in settled
            and finding.id not in settled
            and _began_within(case, finding.onset_of, finding.onset_within_days)
        ):
            settled[finding.id] = settled[finding.onset_of] not in (False, None)
    return settled, tuple(conflicts)


def _recent(protocol: Protocol, case: Case, name: str) -> bool:
    """Whether the finding's own onset is given and recent. The core never reads the clock: the case says its moment."""
    return _began_within(case, name, protocol.new_within_days)


def _by_number(protocol: Protocol, values: Mapping[str, Value], name: str) -> bool:
    """Whether a measurement of the case makes the finding true."""
    rows = ((values.get(quantity), row) for quantity, rows in protocol.table.measures.items() for row in rows)
    return any(
        row.relation(number, row.number)
        for number, row in rows
        if isinstance(number, int | float) and any(implied == name for implied, _ in row.implied)
    )


def _began_within(case: Case, name: str, days: int) -> bool:
    onset = case.onset.get(name)
    return onset is not None and case.as_of is not None and case.as_of - onset <= timedelta(days=days)


def _contradictions(protocol: Protocol, settled: Mapping[str, Value], truth: Truth) -> Iterator[Conflict]:
    """Denials that something present contradicts. What is present has won; here it is said."""
    words = wording("assessment", protocol.language)
    for name, value in settled.items():
        if value is False:
            denied = protocol.table.effects[name, False].denied
            for member in protocol.findings[name].denies:  # core flags too: an umbrella does not exclude them, yet speaks of them
                denied |= protocol.table.about[member]
            against = tuple(other for other, bits in truth.support if bits & denied & protocol.table.plain)
            if against:
                yield Conflict(finding=name, against=against, why=words["denied_but_present"])


# --- the advice ----------------------------------------------------------------------------------------------------------------


def advice(protocol: Protocol, case: Case, settled: Mapping[str, Value], truth: Truth, low: Disposition) -> Disposition | None:
    """The advice, from what `settle` and `resolve` made of the case; None while it cannot be given."""
    if not given(case):
        return None
    if low == "emergency":
        return low
    if not case.complete and any(name not in case.values for name in not_known_by_name(protocol, case, truth)):
        return None
    unsure = not_known_by_name(protocol, case, truth) or _change_not_known(case, settled)
    return "urgent" if unsure and rank(low) < rank("urgent") else low


def _change_not_known(case: Case, settled: Mapping[str, Value]) -> bool:
    """Whether something counts as old although the person was asked if it has changed, and does not know."""
    asked = "change_from_baseline" in case.values and case.values["change_from_baseline"] is None
    chronic = settled.get("chronic_urinary_symptoms") is True  # "the same for years", of whatever it is that is the same
    return asked and (chronic or any(value in (LONG_STANDING, EXPLAINED) for value in settled.values()))


def given(case: Case) -> bool:
    """Whether anything was answered or read; age and sex alone are nothing."""
    return any(name not in NOT_STATED for name in case.values)


def not_known_by_name(protocol: Protocol, case: Case, truth: Truth) -> tuple[str, ...]:
    """The core flags neither present nor denied by name: never asked, not known, or denied by an umbrella alone."""
    about, answered = protocol.table.about, CAN_ANSWER[case.answered_by]
    return tuple(
        name
        for name in protocol.core_flags
        if protocol.findings[name].answered_by in answered
        and case.values.get(name) is None
        and not truth.must & about[name]
        and truth.may & about[name]
    )


def general_denials(protocol: Protocol, case: Case) -> tuple[str, ...]:
    """The findings that are denied through an umbrella alone, not asked by name."""
    denied = (name for umbrella, value in case.values.items() if value is False for name in protocol.findings[umbrella].denies)
    return tuple(dict.fromkeys(name for name in denied if name not in case.values))


def reach(protocol: Protocol, case: Case, truth: Truth) -> int:
    """The leaves that could still become true by asking the one who answers, beside those already true."""
    return _askable(protocol, case, truth) & truth.may | truth.must


def _askable(protocol: Protocol, case: Case, truth: Truth) -> int:
    leaves, values = 0, case.values
    for name, _, about, could, _, told in protocol.agenda.asked_of[case.answered_by]:
        # What is excluded is not asked, though it implies what is not.
        if name not in values and about & truth.may and not told & truth.must:
            leaves |= could
    return leaves


def _only_examination(protocol: Protocol, case: Case, unsettled: tuple[OpenRule, ...]) -> tuple[str, ...]:
    """What the open rules still want that the one answering cannot tell and an examination can."""
    answered = CAN_ANSWER[case.answered_by]
    wanted = dict.fromkeys(name for rule in unsettled if rank(rule.disposition) >= rank("urgent") for name in rule.findings)

    def examined(finding: Finding) -> bool:
        return finding.answered_by == "examination" and finding.answered_by not in answered

    return tuple(name for name in wanted if examined(protocol.findings[name]))
