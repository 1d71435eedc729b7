"""What must agree across the files of a protocol: every reference, unit, range, time course and source."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from equina.leaves import timings
from equina.logic import Compare, Condition, Or, Present, leaves, stem
from equina.model import DISPOSITIONS, LONG_STANDING, Finding, Protocol, Value
from equina.tables import LARGEST, Fault, nearest
from equina.topics import topic_conditions, topic_faults

if TYPE_CHECKING:
    from equina.model import Story

__all__ = ["faults", "misfit"]

# What the language of conditions keeps for itself.
WORDS = ("and", "or", "not", "at_least")


def faults(protocol: Protocol) -> Iterator[Fault]:
    """Every disagreement between the parts of a protocol, file by file."""
    yield from _top(protocol)
    yield from _names_apart(protocol)
    for finding in protocol.findings.values():
        yield from _finding(protocol, finding)
    for file, table, key, named, known in _references(protocol):
        for name in named:
            if name not in known:
                yield Fault(file, table, key, f'"{name}" is not known', nearest(name, list(known)))  # type: ignore[call-overload]
    yield from _against_what_must_not_be_missed(protocol)
    for file, table, key, condition in _conditions(protocol):
        yield from _condition(protocol, file, table, key, condition)
    for story in protocol.stories.values():
        yield from _story(protocol, story)
    yield from topic_faults(protocol)


def misfit(finding: Finding, value: Value) -> str | None:
    """Why the finding cannot have the value, or None when it can.

    >>> from equina import load
    >>> misfit(load().findings["pvr_ml"], 9000)
    'pvr_ml 9000 is outside the possible range, 0 to 5000 mL'
    """
    if value is None:
        return None
    if finding.measured:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{finding.id} is a quantity: give a number in {finding.unit_words or finding.unit}, without quotes, or null"
        if isinstance(value, int) and abs(value) > LARGEST:
            return f"{finding.id} has too many digits"
        low, high = finding.low or 0.0, finding.high or 0.0
        if not low <= float(value) <= high:
            return f"{finding.id} {value:g} is outside the possible range, {low:g} to {high:g} {finding.unit_words or finding.unit}"
        return None
    if finding.kind == "choice":
        return None if value in finding.options else f"{finding.id} is one of {', '.join(finding.options)}, or null"
    if value is True or value is False or value == LONG_STANDING:
        return None
    return f'{finding.id} is true, false, null or "{LONG_STANDING}"'


def _top(protocol: Protocol) -> Iterator[Fault]:
    file = "protocol.toml"
    for level in ("emergency", "urgent", "scheduled", "self_care", "none"):
        if level not in protocol.disposition_words:
            yield Fault(file, "dispositions", level, "the wording is missing", "write it")
    for policy in ("waiting_harms", "core_flag_not_known", "questions_open", "nothing_worrying", "nothing_given"):
        if policy not in protocol.policies:
            yield Fault(file, f"policies.{policy}", "", "the policy is missing", "write its because and sources")
    for part in ("opening", "opening_other", "opening_when", "old"):
        if part not in protocol.say:
            yield Fault(file, "say", part, "the wording is missing", "write it")
    if not protocol.rules:
        yield Fault("rules.toml", "rules", "", "there is no rule", "write at least one")
    if protocol.new_within_days < 1:
        yield Fault(file, "", "new_within_days", "a number of days is expected", "write how many days count as new, 14 say")
    for core in protocol.core_flags:
        finding = protocol.findings.get(core)
        if finding and (finding.answered_by != "self" or finding.ask is None or finding.measured):
            yield Fault(file, "", "core_flags", f"{core} cannot be asked of a person", "give it answered_by self and a question")


def _names_apart(protocol: Protocol) -> Iterator[Fault]:
    """Names that a condition could take for something else, or not name at all."""
    findings = protocol.findings
    for name in findings:
        if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in WORDS:
            yield Fault("findings.toml", f"findings.{name}", "", "no condition can name it", "use small letters, digits and _")
        elif stem(name, {other: 0 for other in findings if other != name}) != name:
            yield Fault("findings.toml", f"findings.{name}", "", "it reads as a time course of another finding", "rename it")
    for name in protocol.groups:
        if stem(name, findings) in findings or name in WORDS:
            yield Fault("rules.toml", "groups", name, "a finding or a word of the language has that name", "rename the group")
    owners: dict[str, str] = {}
    for cause in protocol.causes.values():
        for kind in cause.kinds:
            if kind.id in owners:
                problem = f"{owners[kind.id]} has a kind of that name"
                yield Fault("causes.toml", f"causes.{cause.id}.kinds.{kind.id}", "", problem, "rename one")
            owners[kind.id] = cause.id
    for name in protocol.care.keys() & protocol.watch_for.keys():
        yield Fault("care.toml", f"care.{name}", "", "a sign to watch for has that name", "rename one")


def _against_what_must_not_be_missed(protocol: Protocol) -> Iterator[Fault]:
    for cause in protocol.causes.values():
        for kind in cause.kinds:
            if kind.cant_miss and kind.against:
                problem = f"nothing speaks against a cause that must not be missed, but {', '.join(kind.against)} is named"
                yield Fault("causes.toml", f"causes.{cause.id}.kinds.{kind.id}", "against", problem, "take it out")


def _finding(protocol: Protocol, finding: Finding) -> Iterator[Fault]:
    for key, problem, mend in (*_shape(finding), *_answering(finding), *_implying(protocol, finding)):
        yield Fault("findings.toml", f"findings.{finding.id}", key, problem, mend)


def _shape(finding: Finding) -> Iterator[tuple[str, str, str]]:
    """What a finding of its kind must have, and must not."""
    if finding.measured:
        if not finding.unit:
            yield ("unit", "a quantity has no unit", 'add unit = "mL" or what it is measured in')
        if finding.low is None or finding.high is None or finding.low >= finding.high:
            yield ("low, high", "the possible range is missing or empty", "give low below high, in the unit")
        if finding.implies:
            yield ("implies", "a quantity implies nothing by itself", "write true_when on the finding that it makes true")
        if finding.true_when is not None:
            yield ("true_when", "a quantity is measured, not true", "write true_when on the finding that it makes true")
    elif finding.unit or finding.low is not None or finding.high is not None:
        yield ("unit, low, high", "only a quantity has a unit and a range", 'write kind = "quantity" or leave them out')
    if (finding.kind == "choice") != bool(finding.options):
        yield ("options", "a choice has options, and nothing else has", "add options or change kind")
    if (finding.kind == "umbrella") != bool(finding.denies):
        yield ("denies", "an umbrella says what its denial denies, and nothing else does", "add denies or change kind")


def _answering(finding: Finding) -> Iterator[tuple[str, str, str]]:
    """How it is asked or examined, and what measurement makes it true."""
    if finding.answered_by == "self" and not finding.ask:
        yield ("ask", "a person is to answer, but there is no question", "write ask in plain words")
    if finding.answered_by == "examination" and not finding.examine:
        yield ("examine", "it is settled by examination, but how is not said", "write examine")
    if finding.true_when is not None:
        parts = finding.true_when.parts if isinstance(finding.true_when, Or) else (finding.true_when,)
        if not all(isinstance(part, Compare) for part in parts):
            yield ("true_when", "only measurements make a finding true", "compare quantities, joined by or")


def _implying(protocol: Protocol, finding: Finding) -> Iterator[tuple[str, str, str]]:
    if finding.never_old and (finding.lasting or finding.old_only_with):
        yield ("never_old", "it is said to be never old, and also when it may be", "keep one of the two")
    if bool(finding.onset_of) != (finding.onset_within_days > 0):
        yield ("onset_of", "onset_of and onset_within_days belong together", "write both or neither")
    for parent in finding.implies:
        if parent in protocol.findings and finding.lasting and not protocol.findings[parent].lasting:
            yield ("implies", f"old or new counts for it, but not for {parent}", "give both the same course")
    if finding.id in _ancestors(protocol, finding):
        yield ("implies", "it implies itself by a circle", "take one of the implications out")


def _ancestors(protocol: Protocol, finding: Finding) -> set[str]:
    reached: set[str] = set()
    waiting = list(finding.implies)
    while waiting:
        name = waiting.pop()
        if name not in reached and name in protocol.findings:
            reached.add(name)
            waiting.extend(protocol.findings[name].implies)
    return reached


_Reference = tuple[str, str, str, Iterable[str], Container[str]]


def _references(protocol: Protocol) -> Iterator[_Reference]:
    """Every list of names in the protocol, with where it stands and what it may name."""
    plain = {f.id for f in protocol.findings.values() if not f.measured and f.kind != "choice"}
    yield from _policy_names(protocol, plain)
    yield from _finding_names(protocol, plain)
    yield from _rule_names(protocol)
    yield from _cause_names(protocol, plain)
    yield from _line_names(protocol)
    yield from _cited(protocol)


def _policy_names(protocol: Protocol, plain: Container[str]) -> Iterator[_Reference]:
    file = "protocol.toml"
    yield file, "", "core_flags", protocol.core_flags, plain
    yield file, "", "baseline_facts", protocol.baseline_facts, plain
    yield file, "", "chronic_covers", sorted(protocol.chronic_covers), plain
    yield file, "", "explained_by", protocol.explained_by, protocol.baseline_facts
    for fact, explained in protocol.explained_by.items():
        yield file, "explained_by", fact, (name for name in explained if name != "*"), plain
    yield file, "level_care", "", protocol.level_care, (*DISPOSITIONS, "none", "ambulance")
    for level, care in protocol.level_care.items():
        yield file, "level_care", level, care, protocol.care
    for sign in protocol.watch_for.values():
        yield file, f"watch_for.{sign.id}", "findings", sign.findings, plain


def _finding_names(protocol: Protocol, plain: Container[str]) -> Iterator[_Reference]:
    for finding in protocol.findings.values():
        table = f"findings.{finding.id}"
        yield "findings.toml", table, "implies", finding.implies, plain
        yield "findings.toml", table, "denies", finding.denies, plain
        yield "findings.toml", table, "old_only_with", finding.old_only_with, protocol.baseline_facts
        yield "findings.toml", table, "onset_of", [finding.onset_of] if finding.onset_of else [], plain
    for system, codes in protocol.codes.items():
        yield f"codes/{system}.toml", "codes", "", codes, protocol.findings
    for medicine in protocol.medicines.values():
        yield "medicines.toml", f"medicines.{medicine.id}", "finding", [medicine.finding], plain
    for row in protocol.accuracy.values():
        if "composite" not in row.caution:
            yield "accuracy.toml", f"accuracy.{row.id}", "finding", [row.finding], protocol.findings
        yield "accuracy.toml", f"accuracy.{row.id}", "source", [row.source], protocol.sources


def _rule_names(protocol: Protocol) -> Iterator[_Reference]:
    for rule in protocol.rules.values():
        yield "rules.toml", f"rules.{rule.id}", "serves", rule.serves, protocol.lines
        yield "rules.toml", f"rules.{rule.id}", "accuracy", rule.accuracy, protocol.accuracy
        yield "rules.toml", f"rules.{rule.id}", "workup", rule.workup, protocol.workup
    for policy in protocol.policies.values():
        yield "protocol.toml", f"policies.{policy.id}", "workup", policy.workup, protocol.workup
    for test in protocol.workup.values():
        yield "workup.toml", f"workup.{test.id}", "settles", test.settles, protocol.findings
    yield "promises.toml", "unpromised", "", protocol.unpromised, protocol.rules
    yield "promises.toml", "", "never_unasked", protocol.never_unasked, protocol.findings
    yield "promises.toml", "never_old_alone", "", protocol.never_old_alone, protocol.findings
    yield "promises.toml", "means", "", protocol.means, protocol.findings
    yield "promises.toml", "measured_means", "", protocol.measured_means, protocol.findings
    for name, meant in protocol.means.items():
        yield "promises.toml", "means", name, meant, protocol.findings
    for flag, baselines in protocol.never_old_alone.items():
        yield "promises.toml", "never_old_alone", flag, baselines, protocol.baseline_facts
    three = protocol.three_iq
    if three:
        yield "continence.toml", "three_iq", "source", [str(three.get("source"))], protocol.sources


def _cause_names(protocol: Protocol, plain: Container[str]) -> Iterator[_Reference]:
    for cause in protocol.causes.values():
        for kind in cause.kinds:
            table = f"causes.{cause.id}.kinds.{kind.id}"
            yield "causes.toml", table, "against", kind.against, plain
            yield "causes.toml", table, "workup", kind.workup, protocol.workup
            yield "causes.toml", table, "care", kind.care, protocol.care
    for leak in protocol.leak_types.values():
        yield "continence.toml", f"continence.{leak.id}", "care", leak.care, protocol.care


def _line_names(protocol: Protocol) -> Iterator[_Reference]:
    kinds = {kind.id for cause in protocol.causes.values() for kind in cause.kinds}
    homes: Mapping[str, Container[str]] = {
        "findings": protocol.findings,
        "causes": protocol.causes.keys() | kinds,
        "workup": protocol.workup,
        "care": protocol.care,
        "continence": protocol.leak_types,
        "faq": protocol.questions,
        "stories": protocol.stories,
        "rules": protocol.rules,
    }
    for line in protocol.lines.values():
        for key, names in line.serves.items():
            yield "article.toml", f"lines.{line.id}", key, names, homes[key]


def _cited(protocol: Protocol) -> Iterator[_Reference]:
    places: Mapping[str, Mapping[str, object]] = {
        "findings.toml findings": protocol.findings,
        "rules.toml rules": protocol.rules,
        "continence.toml continence": protocol.leak_types,
        "workup.toml workup": protocol.workup,
        "care.toml care": protocol.care,
        "medicines.toml medicines": protocol.medicines,
        "protocol.toml watch_for": protocol.watch_for,
        "protocol.toml policies": protocol.policies,
        "promises.toml promises": protocol.promises,
        "stories.toml stories": protocol.stories,
        "faq.toml faq": protocol.questions,
    }
    for place, table in places.items():
        file, key = place.split()
        for name, item in table.items():
            yield file, f"{key}.{name}", "sources", item.sources, protocol.sources  # type: ignore[attr-defined]
    for cause in protocol.causes.values():
        for kind in cause.kinds:
            yield "causes.toml", f"causes.{cause.id}.kinds.{kind.id}", "sources", kind.sources, protocol.sources


def _conditions(protocol: Protocol) -> Iterator[tuple[str, str, str, Condition]]:
    yield "protocol.toml", "say", "opening_when", protocol.opening_when
    for name, group in protocol.groups.items():
        yield "rules.toml", "groups", name, group
    for finding in protocol.findings.values():
        for key, condition in (("true_when", finding.true_when), ("not_of_age", finding.not_of_age)):
            if condition is not None:
                yield "findings.toml", f"findings.{finding.id}", key, condition
    for rule in protocol.rules.values():
        yield "rules.toml", f"rules.{rule.id}", "when", rule.when
    for promise in protocol.promises.values():
        yield "promises.toml", f"promises.{promise.id}", "when", promise.when
    yield from (("promises.toml", "measured_means", name, when) for name, when in protocol.measured_means.items())
    for leak in protocol.leak_types.values():
        yield "continence.toml", f"continence.{leak.id}", "when", leak.when
    for cause in protocol.causes.values():
        for kind in cause.kinds:
            for fit, condition in kind.supports:
                yield "causes.toml", f"causes.{cause.id}.kinds.{kind.id}", fit, condition
    for question in protocol.questions.values():
        yield from (("faq.toml", f"faq.{question.id}.if {i}", "when", own) for i, (own, _) in enumerate(question.own, 1))
    yield from topic_conditions(protocol)


def _condition(protocol: Protocol, file: str, table: str, key: str, condition: Condition) -> Iterator[Fault]:
    known = protocol.findings
    for leaf in dict.fromkeys(leaves(condition)):
        if leaf == Present(""):  # could not be read, and that has been said
            continue
        if isinstance(leaf, Compare):
            quantity = known.get(leaf.quantity)
            if quantity is None or not quantity.measured:
                measured = [f.id for f in known.values() if f.measured]
                yield Fault(file, table, key, f'"{leaf.quantity}" is not a quantity', nearest(leaf.quantity, measured))
            elif quantity.low is not None and quantity.high is not None and not quantity.low <= leaf.number <= quantity.high:
                problem = f"{leaf.quantity} is compared with {leaf.number:g}, outside its possible range"
                yield Fault(file, table, key, problem, f"compare with {quantity.low:g} to {quantity.high:g} {quantity.unit}")
            continue
        finding = known.get(stem(leaf.name, known))
        if finding is None:
            yield Fault(
                file, table, key, f'"{leaf.name}" is not a finding or group', nearest(leaf.name, [*known, *protocol.groups])
            )
        elif finding.measured or finding.kind == "choice":
            yield Fault(file, table, key, f'"{leaf.name}" is a {finding.kind}', "compare it with a number, or name a finding")
        elif leaf.name.removeprefix(finding.id) not in timings(finding):
            problem = f'"{leaf.name}" asks for a time course that {finding.id} does not have'
            yield Fault(file, table, key, problem, f"write {finding.id} (course = {finding.course})")


def _story(protocol: Protocol, story: Story) -> Iterator[Fault]:
    for name, value in story.findings.items():
        finding = protocol.findings.get(name)
        if finding is None:
            yield Fault("stories.toml", f"stories.{story.id}", name, "not a finding", nearest(name, protocol.findings))
        elif why := misfit(finding, value):
            yield Fault("stories.toml", f"stories.{story.id}", name, why, "mend the value")
