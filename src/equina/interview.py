"""The interview: which questions come next, and what the answers say of the case.

A question is asked when its answer could still change the level (equina.implicants), when it is a core flag that nobody has asked
by name, or when the protocol says why it is asked all the same. The topics and their order are data (interview.toml).
docs/decisions/0010.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Literal, cast

from equina.agenda import CAN_ANSWER, Item
from equina.case import CODES, Case, Evidence, Option, Step
from equina.implicants import Open
from equina.leaves import Truth, resolve
from equina.model import LONG_STANDING, Disposition, Finding, Protocol, Topic, Value
from equina.triage import level, not_known_by_name, reach, settle

__all__ = ["handover_questions", "next_questions", "option_of", "value_of", "with_answers"]

# How many findings one step asks at the most: by name, and as a list that an eye can hold.
BY_NAME, IN_LIST = 7, 8
# Of two ways to an emergency, the one that wants one more finding is this much rarer: three in a hundred.
RARER, THAN = 3, 100
UNTIMED = tuple(code for code in CODES if code != "long_standing")
TIMED = ("symptom", "sign", "umbrella", "diagnosis")
Kind = Literal["one", "list", "number"]
VALUES: Mapping[str, Value] = {"yes_new": True, "long_standing": LONG_STANDING, "no": False, "not_sure": None}


def next_questions(protocol: Protocol, case: Case) -> Step | None:
    """The next step, or None when no answer of the one answering can change the advice any more.

    An emergency asks nothing further. A record answers no questions.
    """
    if case.complete or case.answered_by == "record":
        return None
    truth = resolve(protocol.table, settle(protocol, case)[0])
    low = level(protocol, truth.must)
    if low == "emergency":
        return None
    still = _open(protocol, case, truth, low)
    found = _next(protocol, case, _wanted(protocol, case, truth, still), still)
    return _step(protocol, case, *found) if found else None


def handover_questions(protocol: Protocol, case: Case) -> Step | None:
    """The next step of what only makes the handover fuller: its lines not asked yet, medicines, measurements."""
    truth = resolve(protocol.table, settle(protocol, case)[0])
    about = protocol.table.about
    for topic in protocol.handover_topics.values():
        unasked = _unasked(protocol, case, topic)
        if wanted := [finding for finding in unasked if about[finding.id] & truth.may and not about[finding.id] & truth.must]:
            return _step(protocol, case, topic, wanted)
    return None


def with_answers(protocol: Protocol, case: Case, answers: Mapping[str, str | float]) -> Case:
    """The case with these answers, by finding: a code, a number for a quantity, an option for a choice.

    Raises ValueError when an answer does not fit its finding.
    """
    values = dict(case.values)
    for name, code in answers.items():
        values.pop(name, None)  # answered again, it is the latest answer
        values[name] = value_of(protocol.findings[name], code)
    anew = any(values[name] is True and name in protocol.chronic_covers for name in answers)
    if anew and values.get("chronic_urinary_symptoms") in (True, LONG_STANDING):
        values["change_from_baseline"] = True  # "new or worse" has answered it
    effects = (protocol.table.effects.get((name, values[name])) for name in answers)
    true = _union(effect.true for effect in effects if effect)
    denied = [name for name in answers if values[name] is False]
    umbrellas = any(protocol.findings[name].denies for name in denied)
    settled = settle(protocol, replace(case, values=values))[0] if umbrellas else {}
    for name in denied:
        # Beside a member that is present, "no" to "anything else?" denies nothing, nor does an item left unmarked beside one
        # that implies it. Beside an old one it stands ("not weaker than always"), or it would be asked for ever.
        members = protocol.findings[name].denies
        if true & protocol.table.bits[name] or any(settled.get(member) is True for member in members):
            del values[name]
    return replace(case, values=values, evidence=dict.fromkeys(values, (Evidence(origin="answer"),)) | dict(case.evidence))


def value_of(finding: Finding, code: str | float) -> Value:
    """The value that an answer gives the finding. Raises ValueError when it does not fit."""
    if code == "not_sure":
        return None
    if isinstance(code, str) and code in finding.options:
        return code
    if finding.measured and isinstance(code, int | float) and not isinstance(code, bool):
        return float(code)
    if isinstance(code, str) and code in codes_of(finding):
        return VALUES[code]
    raise ValueError(f"{finding.id}: {code!r} is no answer; give one of {', '.join(codes_of(finding))}")


def codes_of(finding: Finding, *, timed: bool = True) -> tuple[str, ...]:
    """The codes that may answer the finding."""
    if finding.measured:
        return ("number", "not_sure")
    if finding.kind == "choice":
        return (*finding.options, "not_sure")
    return CODES if timed else UNTIMED


# --- what is wanted ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Open:
    """What could still raise the level: the sets of leaves that would do it, every leaf of any of them, and those leaves that are
    worth asking now."""

    needs: Open
    ever: int
    now: int
    topics: tuple[Topic, ...]  # those whose own condition holds
    possible: Mapping[str, tuple[Item, ...]]  # of each topic, what is not asked yet and neither present nor excluded


def _open(protocol: Protocol, case: Case, truth: Truth, low: Disposition) -> _Open:
    """What is worth asking now. Where several findings are needed together, those of the first topic among them come first:
    once they are denied, the others need no question."""
    not_sure = _not_sure(protocol, case)
    asked = tuple(topic for topic in protocol.topics.values() if _may_come(protocol, topic, truth, not_sure))
    by_topic = protocol.agenda.by_topic[case.answered_by]
    possible = {topic: tuple(_possible(items, case, truth)) for topic, items in by_topic.items()}
    needs = protocol.needs.open(low, truth.must, reach(protocol, case, truth))
    left, now = needs.sets, 0
    for topic in asked:
        own = _union(item.about for item in possible[topic.id])
        if touched := left & needs.holding(own):
            now |= needs.held(own, touched)
            left ^= touched
        if not left:
            break
    return _Open(needs, needs.held(needs.unknown, needs.sets), now, asked, possible)


def _may_come(protocol: Protocol, topic: Topic, truth: Truth, not_sure: int) -> bool:
    """Whether the topic's own condition holds, or may hold and cannot be known better."""
    only = protocol.topic_tests[topic.id][0]
    return only is None or bool(only.holds(truth.must | not_sure & truth.may))


def _not_sure(protocol: Protocol, case: Case) -> int:
    """The leaves of what was asked and is not known."""
    return _union(protocol.table.about.get(name, 0) for name, value in case.values.items() if value is None)


def _narrower(protocol: Protocol, case: Case, truth: Truth) -> int:
    """The leaves of what was asked, whatever was answered, or told as old by something narrower: those still open can come true by
    something else that is narrower."""
    asked = (protocol.table.about.get(name, 0) for name in case.values)
    old = (item.about for item in protocol.agenda.told_as_old if truth.must & item.old and item.name not in case.values)
    return _union((*asked, *old))


def _possible(items: Iterable[Item], case: Case, truth: Truth) -> Iterator[Item]:
    """Those that are not asked yet and neither present nor excluded."""
    values, must, unknown = case.values, truth.must, truth.may & ~truth.must
    for item in items:
        if item.name not in values and (item.finding.kind == "choice" or (item.about & unknown and not item.old & must)):
            yield item


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)


def _wanted(protocol: Protocol, case: Case, truth: Truth, still: _Open) -> frozenset[str]:
    """The findings that are worth asking of the one who answers."""
    agenda, topics = protocol.agenda, {topic.id for topic in still.topics}
    wanted = {name for name in not_known_by_name(protocol, case, truth) if name not in case.values}
    decisive = agenda.decide_time_course
    through = _narrower(protocol, case, truth) & still.ever  # what was asked and could still come true by something narrower
    for topic in still.topics:
        also_when = protocol.topic_tests[topic.id][1]
        also = also_when is not None and also_when.holds(truth.must)
        for item in still.possible[topic.id]:
            if also or item.about & still.now or item.could & through or item.name in decisive:
                wanted.add(item.name)
    for waiting, names in agenda.waits_for.items():  # what a topic waits for, when something of it could still decide
        if waiting not in topics and any(item.about & still.ever for item in still.possible[waiting]):
            wanted.update(name for name in names if name not in case.values)
    possible = frozenset(item.name for items in still.possible.values() for item in items)
    return frozenset(_with_what_comes_before(protocol, wanted, possible) & (possible | agenda.choices))


def _with_what_comes_before(protocol: Protocol, wanted: set[str], possible: frozenset[str]) -> set[str]:
    """What is wanted, where what a finding presumes is asked before it, and the members of an umbrella before or beside it."""
    found, waiting = set(wanted), list(wanted)
    while waiting:
        finding = protocol.findings[waiting.pop()]
        if not (finding.presumes or finding.denies):
            continue
        before = possible.intersection((*finding.presumes, *finding.denies))
        before = frozenset(member for member in before if before.isdisjoint(protocol.findings[member].implies))
        if not before.isdisjoint(finding.presumes):
            found.remove(finding.id)
        waiting += before - found
        found |= before
    return found


def _next(protocol: Protocol, case: Case, wanted: frozenset[str], still: _Open) -> tuple[Topic, list[Finding]] | None:
    """The topic to ask now: an opening one in its place, else the one whose questions weigh most. Each set that would be an
    emergency weighs, the less the more findings it still wants.

    What few are left of lists already shown are gathered into one; an umbrella comes with the last of its members.
    """
    umbrellas = [f for f in protocol.agenda.umbrellas if f.id in wanted and not wanted.isdisjoint(f.denies)]
    names = wanted - {umbrella.id for umbrella in umbrellas}
    topics = ((topic, [protocol.findings[name] for name in topic.findings if name in names]) for topic in still.topics)
    found = [(topic, findings) for topic, findings in topics if findings]
    if not found or found[0][0].opening:
        return found[0] if found else None
    found = _joined(found)

    weight = {f.id: _weight(protocol, f, still.needs) for _, findings in found for f in findings}
    guests = {name for topic in still.topics if topic.joins for name in topic.findings}
    ranked = [(topic, sorted(findings, key=lambda f: (f.id not in guests, -weight[f.id]))) for topic, findings in found]
    topic, findings = max(ranked, key=lambda each: sum(weight[f.id] for f in each[1][:IN_LIST]))
    gathering = next((topic for topic in protocol.topics.values() if topic.gathers), None)
    if gathering and _left_over(case, topic) and len(findings) < IN_LIST:
        rest = [finding for other, more in ranked if other is not topic and _left_over(case, other) for finding in more]
        topic, findings = gathering, list({finding.id: finding for finding in findings + rest}.values())
    asked = {finding.id for finding in findings[:IN_LIST]}
    last = [umbrella for umbrella in umbrellas if wanted.intersection(umbrella.denies) <= asked]
    return topic, findings[:IN_LIST] + last if topic.kind == "list" else findings


def _weight(protocol: Protocol, finding: Finding, needs: Open) -> int:
    """What the finding weighs: a whole number, so that what counts the same ranks the same."""
    own, most = needs.holding(protocol.table.about.get(finding.id, 0)), max(needs.emergencies, default=0)
    return sum((own & sets).bit_count() * RARER**size * THAN ** (most - size) for size, sets in needs.emergencies.items())


def _joined(found: list[tuple[Topic, list[Finding]]]) -> list[tuple[Topic, list[Finding]]]:
    """The topics with those that join another one within it, first on its list."""
    hosts = {topic.id for topic, _ in found}
    guests = {topic.joins: findings for topic, findings in found if topic.joins in hosts}
    return [(topic, guests.get(topic.id, []) + findings) for topic, findings in found if topic.joins not in hosts]


def _left_over(case: Case, topic: Topic) -> bool:
    return topic.kind == "list" and (topic.gathers or any(name in case.values for name in topic.findings))


def _unasked(protocol: Protocol, case: Case, topic: Topic) -> Iterator[Finding]:
    answered = CAN_ANSWER[case.answered_by]
    for name in topic.findings:
        finding = protocol.findings[name]
        if name not in case.values and finding.answered_by in answered and not finding.not_asked:
            yield finding


# --- in words ------------------------------------------------------------------------------------------------------------------


def _step(protocol: Protocol, case: Case, topic: Topic, findings: list[Finding]) -> Step:
    """What a topic still asks, as a step; a list of one is asked by name."""
    kind = "one" if topic.kind == "list" and len(findings) == 1 else topic.kind
    most = IN_LIST if kind == "list" else BY_NAME
    chosen = sorted(findings[:most], key=lambda finding: bool(finding.denies))  # "in some other way" comes last
    options = tuple(option_of(protocol, case, finding, kind) for finding in chosen)
    return Step(id=topic.id, kind=cast(Kind, kind), wording=topic.wording, hint=topic.hint, options=options)


def option_of(protocol: Protocol, case: Case, finding: Finding, kind: str) -> Option:
    """The finding in the words in which a step of that kind asks it of this person."""
    ask = next((words for fact, words in finding.reword.items() if case.values.get(fact) in (True, LONG_STANDING)), finding.ask)
    marked = finding.marked or finding.say or ask if kind == "list" else ask
    return Option(
        finding=finding.id,
        wording=finding.label if finding.answered_by == "examination" else str(marked),
        hint=finding.hint,
        answers=codes_of(finding, timed=_timed(protocol, finding)),
        unit=finding.unit_words or finding.unit,
    )


def _timed(protocol: Protocol, finding: Finding) -> bool:
    """Whether "the same as always" is an answer: it is one to what a patient has now, if old and new count for something."""
    return finding.kind in TIMED and not finding.never_old and not finding.now_only and finding.id in protocol.agenda.new_counts
