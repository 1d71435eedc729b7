"""The result in words, as blocks: what to do first, then why, what is not known, what to expect, what helps and when to come back.

What is shown is the protocol's; the titles and what joins them are words/<language>/result.toml. docs/decisions/0006 (the advice).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from equina.case import Assessment, Case, Conflict, Reason
from equina.explain import for_a_person
from equina.handover import QUESTIONS, item_states, span
from equina.leaves import Truth, resolve
from equina.model import DISPOSITIONS, LONG_STANDING, Disposition, Finding, Line, Protocol, Story, Value, rank
from equina.prose import Block
from equina.translation import ORIGINAL
from equina.triage import settle
from equina.wording import wording

__all__ = ["PLACED", "result"]

MOST_STORIES = 2
MOST_AGAINST = 3
DIGITS = len("sha256:") + 12  # of the digest, for a person to compare; the handover has it whole
TODAY = 24.0  # hours

# Care that has a block of its own, beside what helps.
PLACED: Mapping[str, tuple[str, ...]] = {
    "why_now": ("today_not_later",),
    "come_back": ("safety_net_check_daily", "safety_net_infection", "safety_net_no_better"),
    "number": ("emergency_number",),
    "not_seen": ("not_seen_today", "long_wait", "cannot_travel"),
    "bring": ("bring_along",),
}
AFTER = ("number", "come_back", "not_seen", "bring")  # after the signs to come back for
BEFORE_TRAINING = "check_first"


def result(protocol: Protocol, case: Case, assessment: Assessment) -> tuple[Block, ...]:
    """Every block of the result, in the order in which it is read.

    In an emergency, what to do, what to say and the page to show come first; the rest is marked `more`. While no advice can be
    given, nothing is shown that could reassure.
    """
    assessment = for_a_person(protocol, case, assessment)
    first = (*_action(protocol, case, assessment), *_why_now(protocol, assessment))
    if assessment.disposition == "emergency":
        first = (*first, *_now(protocol, assessment), *_say(protocol, case, assessment), *_page(protocol))
        return (
            *first,
            *(replace(block, more=True) for block in _rest(protocol, case, assessment)),
            *_small_print(protocol, more=True),
        )
    if assessment.disposition is None:
        return (*first, *_without_advice(protocol, case, assessment), *_small_print(protocol))
    offered = _page(protocol) if assessment.disposition == "urgent" else ()
    rest = _rest(protocol, case, assessment)
    return (*first, *rest, *offered, *_small_print(protocol))


def _rest(protocol: Protocol, case: Case, assessment: Assessment) -> Iterator[Block]:
    settled = settle(protocol, case)[0]
    truth = resolve(protocol.table, settled)
    calm = assessment.disposition == "self_care"
    yield from _why(protocol, assessment)
    yield from _not_known(protocol, case, assessment)
    if assessment.disposition != "emergency":
        if not calm:
            yield from _say(protocol, case, assessment)
        yield from _watch_for(protocol, assessment)
        yield from (block for place in AFTER for block in _list(protocol, place, _placed(protocol, assessment, place)))
    yield from _examine(protocol, assessment)
    yield from _conflicts(protocol, case, assessment)
    yield from _leak(protocol, assessment)
    if not calm:  # who needs no visit is asked nothing there
        yield from _asked(protocol, case)
    yield from _workup(protocol, assessment)
    yield from _causes(protocol, assessment)
    yield from _care(protocol, assessment)
    yield from _questions(protocol, truth, own_only=calm)
    yield from _stories(protocol, settled, truth, assessment)


def _without_advice(protocol: Protocol, case: Case, assessment: Assessment) -> Iterator[Block]:
    """What is open and the signs that cannot wait; no cause, no kind of leak, no story: each could be taken for an all-clear."""
    yield from _not_known(protocol, case, assessment)
    yield from _watch_for(protocol, assessment)
    yield from (block for place in AFTER for block in _list(protocol, place, _placed(protocol, assessment, place)))
    yield from _why(protocol, assessment)
    yield from _conflicts(protocol, case, assessment)
    yield from _care(protocol, assessment)
    if case.values:
        yield from _say(protocol, case, assessment)


def _words(protocol: Protocol) -> Mapping[str, str]:
    return wording("result", protocol.language)


def _list(
    protocol: Protocol, id: str, lines: Iterable[str], kind: Literal["words", "list", "text"] = "list", title: str | None = None
) -> Iterator[Block]:
    """A block of these lines, each once; none when there is nothing to say."""
    told = tuple(dict.fromkeys(lines))
    if told:
        yield Block(id=id, title=_words(protocol)[id] if title is None else title, lines=told, kind=kind)


def _placed(protocol: Protocol, assessment: Assessment, place: str) -> Iterator[str]:
    return (protocol.care[name].told for name in PLACED[place] if name in assessment.care)


# --- what to do ----------------------------------------------------------------------------------------------------------------


def _action(protocol: Protocol, case: Case, assessment: Assessment) -> Iterator[Block]:
    headline = protocol.disposition_words[assessment.disposition or "none"]
    lines = tuple(line for line in _timings(protocol, assessment) if line != headline)
    yield Block(id="action", title=headline, lines=lines, kind="headline")
    if case.carer:
        yield from _list(protocol, "carer", (_words(protocol)["carer"],), kind="text", title="")


def _timings(protocol: Protocol, assessment: Assessment) -> tuple[str, ...]:
    """How soon, as the determining rules say it.

    In an emergency each in full, what only few rules say first: an ambulance before the way to the hospital. Below one, the
    soonest, with all that would make it sooner still.
    """
    if assessment.disposition is None:
        given = any(reason.id == "questions_open" for reason in assessment.reasons)
        return (protocol.policies["core_flag_not_known"].because if given else assessment.reasons[0].because,)
    timings = dict.fromkeys(reason.timing for reason in assessment.reasons if reason.disposition == assessment.disposition)
    if assessment.disposition == "emergency":
        return _at_once_by(protocol, assessment, timings)
    hours = {timing: _hours(protocol, reason) for reason in assessment.reasons if (timing := reason.timing) in timings}
    parts = {timing: timing.split(". ", 1) for timing in timings}
    soonest = min(hours.values())
    when = dict.fromkeys(f"{first.rstrip('.')}." for timing, (first, *_) in parts.items() if hours[timing] == soonest)
    # "Go today if ..." says nothing to who is told to go today anyhow.
    told = (rest for timing, (_, *rest) in parts.items() if hours[timing] == soonest or soonest > TODAY)
    return (*when, *dict.fromkeys(sooner for rest in told for sooner in rest))


def _at_once_by(protocol: Protocol, assessment: Assessment, timings: Iterable[str]) -> tuple[str, ...]:
    """What to do now, the particular before the common. Who is to call an ambulance is not told to go there as well."""
    rules = [protocol.rules[reason.id] for reason in assessment.reasons if reason.id in protocol.rules]
    fetched = {rule.timing for rule in rules if rule.ambulance}
    common = Counter(rule.timing for rule in protocol.rules.values() if rule.disposition == "emergency")
    told = sorted(timings, key=lambda timing: common[timing])
    if fetched:
        plain = {common.most_common(1)[0][0]}
        if len(fetched) > 1:  # "Sit up. Call an ambulance." has said the plain "Call an ambulance now." too
            plain.add(max(fetched, key=lambda timing: common[timing]))
        told = [timing for timing in told if timing not in plain]
    return tuple(told)


def _hours(protocol: Protocol, reason: Reason) -> float:
    rule = protocol.rules.get(reason.id)
    return math.inf if rule is None or rule.within_hours is None else rule.within_hours


def _why_now(protocol: Protocol, assessment: Assessment) -> Iterator[Block]:
    if assessment.disposition == "emergency":
        yield from _list(protocol, "why_now", (protocol.policies["waiting_harms"].because,), kind="text")
    else:
        yield from _list(protocol, "why_now", _placed(protocol, assessment, "why_now"), kind="text")


def _now(protocol: Protocol, assessment: Assessment) -> Iterator[Block]:
    at_once = _at_once(protocol)
    return _list(protocol, "now", (protocol.care[name].told for name in assessment.care if name in at_once))


def _at_once(protocol: Protocol) -> frozenset[str]:
    """The care of an emergency as such, whichever way the person goes."""
    return frozenset((*protocol.level_care.get("emergency", ()), *protocol.level_care.get("ambulance", ())))


def _say(protocol: Protocol, case: Case, assessment: Assessment) -> Iterator[Block]:
    return _list(protocol, "say", (assessment.say,), kind="words", title=_words(protocol)["say_carer" if case.carer else "say"])


def _page(protocol: Protocol) -> Iterator[Block]:
    return _list(protocol, "page", (_words(protocol)["page_offer"],), kind="text")


# --- why, and what is not known ------------------------------------------------------------------------------------------------


def _why(protocol: Protocol, assessment: Assessment) -> Iterator[Block]:
    """The reasons, but the policy that the headline has already said."""
    said = ("questions_open", "nothing_given")
    # Below what was advised, a reason would only calm: "leaks can be treated" under "be seen today".
    level = assessment.disposition
    told = (reason for reason in assessment.reasons if reason.id not in said and (level is None or reason.disposition == level))
    return _list(protocol, "why", (reason.because for reason in told))


def _not_known(protocol: Protocol, case: Case, assessment: Assessment) -> Iterator[Block]:
    """The core flags that hold the advice, each with how to find out alone."""
    findings = [protocol.findings[name] for name in assessment.not_known]
    later = assessment.disposition == "emergency"  # nobody stays at home to check
    asked = [
        " ".join(part for part in (_question(case, f.reword, f.ask), None if later else f.check or f.hint) if part)
        for f in findings
    ]
    note = _words(protocol)["not_known_later" if later else "not_known_note"]
    return _list(protocol, "not_known", (note, *asked) if asked else ())


def _question(case: Case, reword: Mapping[str, str], ask: str | None) -> str | None:
    return next((words for fact, words in reword.items() if case.values.get(fact) in (True, LONG_STANDING)), ask)


def _examine(protocol: Protocol, assessment: Assessment) -> Iterator[Block]:
    """What the open rules want that only an examination settles, unless it is among the tests to expect."""
    expected = {test.id for test in assessment.workup}
    wanted = set(assessment.examine)
    tests = [test.id for test in protocol.workup.values() if test.id not in expected and wanted.intersection(test.settles)]
    if assessment.disposition == "self_care" and tests:  # nothing asks for a visit: named, not urged
        return _list(
            protocol,
            "examine",
            (" ".join((_words(protocol)["examine_if_seen"], *(f"{protocol.workup[test].label}." for test in tests))),),
        )
    return _list(
        protocol, "examine", (_words(protocol)["examine_note"], *(_test(protocol, test) for test in tests)) if tests else ()
    )


def _conflicts(protocol: Protocol, case: Case, assessment: Assessment) -> Iterator[Block]:
    told = [_conflict(protocol, case, conflict) for conflict in assessment.conflicts]
    if set(assessment.general_denials) & set(assessment.not_known):
        told.append(_words(protocol)["conflict_general"])
    return _list(protocol, "conflicts", told)


def _conflict(protocol: Protocol, case: Case, conflict: Conflict) -> str:
    if not conflict.against:
        return _words(protocol)["conflict_old"].format(finding=_quoted(protocol, case, [conflict.finding]))
    against = _quoted(protocol, case, conflict.against[:MOST_AGAINST])
    return _words(protocol)["conflict"].format(finding=_quoted(protocol, case, [conflict.finding]), against=against)


def _quoted(protocol: Protocol, case: Case, names: Iterable[str]) -> str:
    """The findings as the person would say them; a measured one as the question and its number."""
    return " ".join(_words(protocol)["quote"].format(words=_said(protocol, case, protocol.findings[name])) for name in names)


def _said(protocol: Protocol, case: Case, finding: Finding) -> str:
    number = case.values.get(finding.id)
    if finding.measured and finding.ask and isinstance(number, int | float):
        unit = finding.unit_words or finding.unit
        return _words(protocol)["measured"].format(ask=finding.ask, number=f"{number:g}", unit=unit)
    return finding.say or finding.label


# --- what to expect ------------------------------------------------------------------------------------------------------------


def _leak(protocol: Protocol, assessment: Assessment) -> Iterator[Block]:
    leaks = [protocol.leak_types[leak.id] for leak in assessment.continence]
    yield from _list(protocol, "leak", (f"{leak.label}. {leak.because}" for leak in leaks))
    yield from _list(protocol, "leak_care", (protocol.care[name].told for name in _for_the_leak(protocol, assessment)))


def _for_the_leak(protocol: Protocol, assessment: Assessment) -> tuple[str, ...]:
    """What helps the kinds of leak, after what has to come before any training."""
    wanted = [name for leak in assessment.continence for name in protocol.leak_types[leak.id].care if name in assessment.care]
    first = [BEFORE_TRAINING] if wanted and BEFORE_TRAINING in assessment.care else []
    return tuple(dict.fromkeys(first + wanted))


def _asked(protocol: Protocol, case: Case) -> Iterator[Block]:
    """The clinician's questions, each with what the person has answered."""
    lines = (line for line in protocol.lines.values() if line.row == QUESTIONS)
    return _list(
        protocol, "asked", (f"{_words(protocol).get(line.id, line.says)} {_answered(protocol, case, line)}" for line in lines)
    )


def _answered(protocol: Protocol, case: Case, line: Line) -> str:
    states = item_states(protocol, case, line.serves.get("findings", ()))
    new = [item for item in states if item.state == "present"]
    old = [name for item in states if item.state == "long_standing" for name in item.by or (item.finding,)]
    said = dict.fromkeys(name for item in new for name in item.by or (item.finding,))
    parts = [_words(protocol)["answer_yes"].format(said=_quoted(protocol, case, said))] if new else []
    onset = min((item.onset for item in new if item.onset), default=None)
    if onset and case.as_of and case.as_of - onset >= timedelta():
        parts.append(_words(protocol)["answer_since"].format(span=span(case.as_of - onset, _words(protocol))))
    if old:
        parts.append(_words(protocol)["answer_old"].format(said=_quoted(protocol, case, dict.fromkeys(old))))
    return " ".join(parts) or _words(protocol)[_unanswered({item.state for item in states})]


def _unanswered(states: set[str]) -> str:
    if "not_known" in states:
        return "answer_not_sure"
    if states == {"absent"}:
        return "answer_no"
    return "answer_part" if "absent" in states else "answer_open"


def _workup(protocol: Protocol, assessment: Assessment) -> Iterator[Block]:
    """The tests by how soon, each with its reason, unless `why` or a test above has said it."""
    said = {reason.because for reason in assessment.reasons} | {cause.words for cause in protocol.causes.values()}
    rules = {rule.because for rule in protocol.rules.values()}
    lines: dict[Disposition, list[str]] = {when: [] for when in reversed(DISPOSITIONS)}
    last: Disposition = "self_care" if assessment.disposition == "self_care" else "scheduled"
    for test in assessment.workup:
        because = _words(protocol)["workup_why"].format(because=test.because) if test.because in rules else test.because
        when = test.when if rank(test.when) > rank(last) else last
        lines[when].append(_test(protocol, test.id) + ("" if test.because in said else f" {because}"))
        said.add(test.because)
    for level, told in lines.items():
        yield from _list(protocol, f"workup_{level}", told)


def _test(protocol: Protocol, name: str) -> str:
    return f"{protocol.workup[name].label}. {protocol.workup[name].words}"


def _causes(protocol: Protocol, assessment: Assessment) -> Iterator[Block]:
    """In the order of the assessment; in an emergency those alone that must not be missed."""
    emergency = assessment.disposition == "emergency"
    named = [fit for fit in assessment.causes if fit.fit != "weak" and (fit.cant_miss or not emergency)]
    note = [_words(protocol)["causes_note"]] if any(fit.cant_miss for fit in named) else []
    causes = (protocol.causes[fit.id] for fit in named)
    return _list(protocol, "causes", (*note, *(f"{cause.label}. {cause.words}" for cause in causes)))


# --- what helps, and when to come back ------------------------------------------------------------------------------------------


def _care(protocol: Protocol, assessment: Assessment) -> Iterator[Block]:
    """What helps, but for what stands in a block of its own."""
    elsewhere = {name for names in PLACED.values() for name in names} | set(_for_the_leak(protocol, assessment))
    if assessment.disposition == "emergency":
        elsewhere |= _at_once(protocol)
    return _list(protocol, "care", (protocol.care[name].told for name in assessment.care if name not in elsewhere))


def _watch_for(protocol: Protocol, assessment: Assessment) -> Iterator[Block]:
    return _list(protocol, "watch_for", (protocol.watch_for[sign].words for sign in assessment.watch_for))


def _questions(protocol: Protocol, truth: Truth, *, own_only: bool) -> Iterator[Block]:
    """The questions often asked, each with what bears on the person's own answers; with `own_only` those alone that do."""
    for question in protocol.questions.values():
        own = [answer for condition, answer in question.own if protocol.table.test(condition).holds(truth.must)]
        if own_only and not own:
            continue
        yield from _list(protocol, f"faq_{question.id}", (question.answer, *own), kind="text", title=question.question)


def _stories(protocol: Protocol, settled: Mapping[str, Value], truth: Truth, assessment: Assessment) -> Iterator[Block]:
    """The stories most like the case. One that ended calmer than the advice is never shown: it could hold someone back."""
    least = rank(assessment.disposition or "emergency")
    fitting = [
        (likeness, story)
        for story in protocol.stories.values()
        if rank(story.expected) >= least
        and not _of_another(protocol, truth, story)
        and (likeness := _likeness(protocol, settled, story))
    ]
    fitting.sort(key=lambda pair: -pair[0])
    told = [_words(protocol)["story"].format(title=story.title, lesson=story.lesson) for _, story in fitting[:MOST_STORIES]]
    return _list(protocol, "stories", (_words(protocol)["stories_note"], *told) if told else ())


def _likeness(protocol: Protocol, settled: Mapping[str, Value], story: Story) -> float:
    """How much the two have in common: what is present in both, at the same time course; what few stories tell counts for more."""
    telling = Counter(name for other in protocol.stories.values() for name, value in other.findings.items() if value)
    shared = (name for name, value in story.findings.items() if value and settled.get(name) == value and name != "sex_at_birth")
    return sum(math.log(len(protocol.stories) / telling[name]) for name in shared)


def _of_another(protocol: Protocol, truth: Truth, story: Story) -> bool:
    """Whether it tells of what this person cannot have, such as a birth."""
    about = protocol.table.about
    told = (name for name, value in story.findings.items() if value and protocol.findings[name].not_of_sex)
    return any(not truth.may & about[name] for name in told)


def _small_print(protocol: Protocol, *, more: bool = False) -> Iterator[Block]:
    words = {"id": protocol.id, "version": protocol.version, "reviewed": protocol.reviewed, "digest": protocol.digest[:DIGITS]}
    told = _words(protocol)
    translated = (told["translation"],) if protocol.language != ORIGINAL else ()
    lines = (" ".join(protocol.notice.split()), *translated, told["made_by"].format(**words))
    yield Block(id="notice", title="", lines=lines, kind="fine", more=more)
