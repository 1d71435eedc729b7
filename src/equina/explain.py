"""Why, and what follows: determining and open rules, causes for and against, tests, care, what to watch for and say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, cast

from equina.case import Assessment, Case, CauseFit, Expected, OpenRule, Reason
from equina.leaves import EXPLAINED, Truth
from equina.model import LONG_STANDING, Cause, Disposition, LeakType, Protocol, Rule, Value, WatchFor, rank
from equina.wording import wording

__all__ = [
    "causes_of",
    "expected_workup",
    "for_a_person",
    "matching_care",
    "open_rules",
    "reasons_for",
    "what_to_say",
    "what_to_watch_for",
]

Fit = Literal["strong", "possible", "weak"]
FITS: tuple[Fit, ...] = ("strong", "possible", "weak")


def reasons_for(
    protocol: Protocol,
    truth: Truth,
    fired: Iterable[Rule],
    low: Disposition,
    disposition: Disposition | None,
    *,
    given: bool,
) -> tuple[Reason, ...]:
    """The determining rules: those that hold at the level of `low`; before them the policy that raised the advice above it."""
    if not given:
        return (_by_policy(protocol, "nothing_given", None),)
    reasons = [
        Reason(
            id=rule.id,
            disposition=rule.disposition,
            because=rule.because,
            timing=rule.timing,
            findings=truth.bearing_on(protocol.rule_tests[rule.id]),
            sources=rule.sources,
        )
        for rule in fired
        if rule.disposition == low
    ]
    if disposition is None:
        return (_by_policy(protocol, "questions_open", None), *reasons)
    if rank(disposition) > rank(low):
        return (_by_policy(protocol, "core_flag_not_known", disposition), *reasons)
    if disposition == "self_care":
        return (_by_policy(protocol, "nothing_worrying", disposition),)
    return tuple(reasons)


def for_a_person(protocol: Protocol, case: Case, assessment: Assessment) -> Assessment:
    """The assessment as a person may be told it: while answers that are still to come could raise it, a calm level is no advice."""
    level = assessment.disposition
    if level is None or rank(level) >= rank("urgent") or case.complete or assessment.settled:
        return assessment
    reasons = (_by_policy(protocol, "questions_open", None), *(r for r in assessment.reasons if r.id in protocol.rules))
    return replace(assessment, disposition=None, reasons=reasons, care=protocol.level_care.get("none", ()))


def _by_policy(protocol: Protocol, name: str, disposition: Disposition | None) -> Reason:
    policy = protocol.policies[name]
    timing = protocol.disposition_words[disposition or "none"]
    return Reason(id=name, disposition=disposition, because=policy.because, timing=timing, findings=(), sources=policy.sources)


def open_rules(protocol: Protocol, case: Case, truth: Truth, low: Disposition) -> tuple[OpenRule, ...]:
    """The rules above `low` that are neither true nor false, worst first, each with the findings that would settle it."""
    undecided = truth.may & ~truth.must
    for name in case.values:
        undecided &= ~protocol.table.about.get(name, 0)
    found = []
    for name, test in protocol.rule_tests.items():
        rule = protocol.rules[name]
        if rule.rank <= rank(low):
            break
        if test.holds(truth.may):
            wanted = tuple(finding for finding, bits in protocol.rule_findings[name] if bits & undecided)
            found.append(OpenRule(id=name, disposition=rule.disposition, findings=wanted))
    return tuple(found)


# --- causes --------------------------------------------------------------------------------------------------------------------


def causes_of(protocol: Protocol, settled: Mapping[str, Value], truth: Truth) -> tuple[CauseFit, ...]:
    """The causes with positive support: first those that must not be missed and fit at least possibly, then by strength of fit."""
    found = [fit for cause in protocol.causes.values() if (fit := _fit(protocol, settled, truth, cause))]
    return tuple(sorted(found, key=lambda fit: (not fit.cant_miss or fit.fit == "weak", FITS.index(fit.fit), -len(fit.supports))))


def _fit(protocol: Protocol, settled: Mapping[str, Value], truth: Truth, cause: Cause) -> CauseFit | None:
    kinds: list[tuple[int, str]] = []
    supports: dict[str, None] = {}
    against: dict[str, None] = {}
    cant_miss = False
    for kind in cause.kinds:
        # No leaf of it true, no need to ask: without a `not` nothing holds of nothing.
        held = [(fit, test) for fit, test in protocol.kind_tests[kind.id] if test.leaves & truth.must and test.holds(truth.must)]
        if not held:
            continue
        best = held[0][0]
        kinds.append((FITS.index(cast(Fit, best)), kind.id))
        cant_miss |= kind.cant_miss and best != "weak"
        for _, test in held:
            supports |= dict.fromkeys(truth.bearing_on(test))
        against |= dict.fromkeys(name for name in kind.against if settled.get(name) is True)
    if not kinds:
        return None
    kinds.sort(key=lambda kind: kind[0])
    return CauseFit(
        id=cause.id,
        kinds=tuple(name for _, name in kinds),
        cant_miss=cant_miss,
        fit=FITS[kinds[0][0]],
        supports=tuple(supports),
        against=() if cant_miss else tuple(against),
    )


# --- what follows --------------------------------------------------------------------------------------------------------------


def expected_workup(
    protocol: Protocol, fired: Iterable[Rule], low: Disposition, disposition: Disposition | None, causes: Iterable[CauseFit]
) -> tuple[Expected, ...]:
    """The examinations and tests to expect, most urgent first, each with its soonest reason.

    Rules bring theirs at their own level; a cause that fits brings its own no sooner than the level of the case. When a case
    cannot wait, rules below its level ask for nothing: a bladder diary beside a red flag costs hours.
    """
    found: dict[str, Expected] = {}
    look_for = wording("assessment", protocol.language)["look_for"]
    if disposition and rank(disposition) > rank(low):  # raised, since core flags are not known: an examination can tell
        for test in (unknown := protocol.policies["core_flag_not_known"]).workup:
            _sooner(found, test, disposition, unknown.because)
    for rule in fired:
        if rule.disposition == low or rank(low) < rank("urgent"):
            for test in rule.workup:
                _sooner(found, test, rule.disposition, rule.because)
    for fit in causes:
        if fit.fit != "weak" and (fit.cant_miss or low != "emergency"):
            cause = protocol.causes[fit.id]
            because = (
                look_for.format(cause=cause.label) if cause.article_group else cause.words
            )  # a mixed group has no telling name
            for name in fit.kinds:
                for test, when in protocol.kinds[name].workup.items():
                    _sooner(found, test, min(when, low, key=rank), because)
    return tuple(sorted(found.values(), key=lambda expected: -rank(expected.when)))


def _sooner(found: dict[str, Expected], test: str, when: Disposition, because: str) -> None:
    if test not in found or rank(when) > rank(found[test].when):
        found[test] = Expected(id=test, when=when, because=because)


def matching_care(
    protocol: Protocol,
    level: Disposition | None,
    fired: Iterable[Rule],
    causes: Iterable[CauseFit],
    leaks: Iterable[LeakType],
) -> tuple[str, ...]:
    """Care matched to the level, the causes that fit and the kinds of leak. In an emergency nothing of the
    harmless causes; while no advice can be given, only what holds for everyone."""
    if level is None:
        return protocol.level_care.get("none", ())
    emergency = level == "emergency"
    ambulance = emergency and any(rule.ambulance and rule.disposition == level for rule in fired)
    care = list(protocol.level_care.get("ambulance" if ambulance else level, protocol.level_care.get(level, ())))
    if not emergency:
        care += [item for leak in leaks for item in leak.care]
    fitting = [protocol.kinds[name] for fit in causes if fit.fit != "weak" for name in fit.kinds]
    care += [item for kind in fitting if kind.cant_miss or not emergency for item in kind.care]
    if level == "urgent":  # who is to be seen today is not sent to a hot-water bottle first
        at_home = set(protocol.level_care.get("self_care", ())) - set(protocol.level_care.get("urgent", ()))
        care = [item for item in care if item not in at_home]
    return tuple(dict.fromkeys(care))


def what_to_watch_for(protocol: Protocol, truth: Truth) -> tuple[str, ...]:
    """The emergency signs that the person does not have yet: one with a fever need not watch for a fever. A sign that is first of
    all a change for the worse stays until it is that: one with a weak leg is still to watch for a leg that gets worse."""
    bits = protocol.table.bits

    def there(sign: WatchFor) -> bool:
        worse = protocol.findings[sign.findings[0]].never_old
        return any(truth.must & bits[name] for name in (sign.findings[:1] if worse else sign.findings))

    return tuple(sign.id for sign in protocol.watch_for.values() if not there(sign))


def what_to_say(protocol: Protocol, settled: Mapping[str, Value], truth: Truth) -> str:
    """The sentence to say, then the facts in the order a clinician needs: what is new and grave first, then what is old.

    What a narrower fact of the same time says as well is left out: who leaks with a cough need not add that they leak.
    """
    wider = {(parent, value) for name, value in settled.items() if value for parent in protocol.findings[name].implies}
    told = (name for name, value in settled.items() if protocol.findings[name].say and (name, value) not in wider)
    stated = sorted(told, key=protocol.order.__getitem__)
    opening = protocol.say["opening" if protocol.opening_test.holds(truth.must) else "opening_other"]
    new = [str(protocol.findings[name].say) for name in stated if settled[name] is True]
    new = [words for words in new if words.rstrip(".") not in opening]
    old = [str(protocol.findings[name].say) for name in stated if settled[name] in (LONG_STANDING, EXPLAINED)]
    parts = [opening, *new]
    if old:
        parts.append(protocol.say["old"] + " " + " ".join(old))
    return " ".join(parts)
