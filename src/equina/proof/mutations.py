"""Edits that make a protocol worse, one at a time: a rule dropped, weakened or loosened, an implication lost, turned or added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from equina.logic import And, AtLeast, Compare, Condition, Or, Present, findings_in, render
from equina.model import Finding, Protocol, Rule
from equina.protocol import edited

__all__ = ["Mutation", "of_implications", "of_rules", "of_wording"]

# What a rule is made to ask for besides, when it is weakened: common enough to be overlooked in a review.
BESIDES = ("severe_back_pain", "heavy_lifting")
# What a finding is made to imply that it does not, when an implication is loosened.
FURTHER = ("urinary_retention", "saddle_anesthesia")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One edit: what it is of, its kind, and in words; then what it puts in the place of rules, or of findings."""

    of: str  # the rule, the named group of conditions, or the finding
    kind: str  # dropped | weakened | loosened
    words: str
    rules: Mapping[str, Rule | None] | None = None  # None for a rule that is dropped
    findings: Mapping[str, Finding] | None = None
    about: tuple[str, ...] = ()  # the findings of what was edited

    def applied(self, protocol: Protocol) -> Protocol:
        """The protocol once edited so."""
        rules = {**protocol.rules, **(self.rules or {})}
        kept = {name: rule for name, rule in rules.items() if rule is not None}
        return edited(protocol, rules=kept, findings={**protocol.findings, **(self.findings or {})})


def of_rules(protocol: Protocol) -> Iterator[Mutation]:
    """Every edit of every emergency rule, as it is written: a named group is a word of it, and its own text is edited once."""
    names: dict[Condition, str] = {
        condition: name for name, condition in protocol.groups.items() if not isinstance(condition, Present)
    }
    worst = [rule for rule in protocol.rules.values() if rule.disposition == "emergency"]
    for rule in worst:
        about = findings_in(rule.when, protocol.findings)
        yield Mutation(rule.id, "dropped", "the rule is dropped", {rule.id: None}, about=about)
        yield Mutation(rule.id, "weakened", "it is urgent only", {rule.id: replace(rule, disposition="urgent")}, about=about)
        for kind, words, when in _edits(rule.when, names, protocol):
            yield Mutation(rule.id, kind, words, {rule.id: replace(rule, when=when)}, about=about)
        for besides in BESIDES:
            if besides in protocol.findings and besides not in about:
                when = And((rule.when, Present(besides)))
                yield Mutation(rule.id, "weakened", f"it asks for {besides} too", {rule.id: replace(rule, when=when)}, about=about)
    for group, name in names.items():
        if not any(_holds(rule.when, group) for rule in worst):
            continue
        others = {condition: other for condition, other in names.items() if condition != group}
        for kind, words, when in _edits(group, others, protocol):
            changed = {r.id: replace(r, when=_put(r.when, group, when)) for r in protocol.rules.values() if _holds(r.when, group)}
            yield Mutation(name, kind, f"in the group, {words}", dict(changed), about=findings_in(group, protocol.findings))


def of_implications(protocol: Protocol) -> Iterator[Mutation]:
    """Every edit of every implication: lost, turned round, one more; and of every number that makes a finding present."""
    for finding in protocol.findings.values():
        for parent in finding.implies:
            about = (finding.id, parent)
            without = replace(finding, implies=tuple(name for name in finding.implies if name != parent))
            yield Mutation(finding.id, "dropped", f"it no longer implies {parent}", findings={finding.id: without}, about=about)
            above = protocol.findings[parent]
            turned = {finding.id: without, parent: replace(above, implies=(*above.implies, finding.id))}
            yield Mutation(finding.id, "loosened", f"{parent} implies it instead", findings=turned, about=about)
            further = next(name for name in FURTHER if name not in (finding.id, *finding.implies))
            more = replace(finding, implies=(*finding.implies, further))
            yield Mutation(finding.id, "loosened", f"it implies {further} too", findings={finding.id: more}, about=about)
            skipped = replace(finding, implies=tuple(dict.fromkeys((*without.implies, *above.implies))))
            if above.implies:
                words = f"it implies what {parent} implies, and not {parent}"
                yield Mutation(finding.id, "weakened", words, findings={finding.id: skipped}, about=about)
        if finding.true_when is not None:
            measured = (finding.id, *findings_in(finding.true_when, protocol.findings))
            silent = replace(finding, true_when=None)
            yield Mutation(finding.id, "dropped", "no number makes it present", findings={finding.id: silent}, about=measured)
            for kind, words, when in _edits(finding.true_when, {}, protocol):
                yield Mutation(finding.id, kind, words, findings={finding.id: replace(finding, true_when=when)}, about=measured)


def of_wording(protocol: Protocol) -> Iterator[Mutation]:
    """Edits of words alone, one of each emergency rule: nothing may come of them."""
    for rule in (rule for rule in protocol.rules.values() if rule.disposition == "emergency"):
        said = replace(rule, because=f"Please note. {rule.because}", timing=f"{rule.timing} Do not wait.")
        yield Mutation(
            rule.id, "wording", "its words are changed", {rule.id: said}, about=findings_in(rule.when, protocol.findings)
        )


_Edit = tuple[str, str, Condition]


def _edits(when: Condition, names: Mapping[Condition, str], protocol: Protocol) -> Iterator[_Edit]:
    """Each edit of one place of the condition: its kind, its words, and the condition that it leaves."""
    match when:
        case Compare():
            yield from _moved(when, protocol)
        case Present(name):
            old, finding = f"{name}_long_standing", protocol.findings.get(name)
            if finding is not None and not finding.lasting and not finding.never_old:
                yield "loosened", f"{name} counts though old and unchanged", Or((when, Present(old)))
        case Or(parts) | And(parts) | AtLeast(_, parts):
            yield from _joined(when, names)
            for i, part in enumerate(parts):
                if part in names:
                    continue
                for kind, words, other in _edits(part, names, protocol):
                    yield kind, words, replace(when, parts=(*parts[:i], other, *parts[i + 1 :]))


def _joined(when: Or | And | AtLeast, names: Mapping[Condition, str]) -> Iterator[_Edit]:
    """A part left out, and one connective in the place of the other."""
    parts = when.parts
    for i, part in enumerate(parts):
        left, words = (*parts[:i], *parts[i + 1 :]), render(part, names)
        match when:
            case Or():
                yield "weakened", f"without the alternative {words}", left[0] if len(left) == 1 else Or(left)
            case And():
                yield "loosened", f"without asking for {words}", left[0] if len(left) == 1 else And(left)
            case AtLeast(count) if count < len(parts):
                yield "weakened", f"without {words} among them", AtLeast(count, left)
    match when:
        case Or():
            yield "weakened", f"and for or: {render(And(parts[:2]), names)} …", And(parts)
        case And():
            yield "loosened", f"or for and: {render(Or(parts[:2]), names)} …", Or(parts)
        case AtLeast(count):
            if count < len(parts):
                yield "weakened", f"at least {count + 1} for {count}", AtLeast(count + 1, parts)
            if count > 1:
                yield "loosened", f"at least {count - 1} for {count}", AtLeast(count - 1, parts)


def _moved(one: Compare, protocol: Protocol) -> Iterator[_Edit]:
    """The threshold shifted a little to either side, and with or without the threshold itself."""
    finding = protocol.findings[one.quantity]
    step = max(1.0, abs(one.number) / 20) if one.number == int(one.number) else 0.5
    stricter = -1 if "<" in one.relation else 1
    for kind, sign in (("weakened", stricter), ("loosened", -stricter)):
        number = one.number + sign * step
        if (finding.low or 0.0) < number < (finding.high or number):
            moved = replace(one, number=number)
            yield kind, f"{render(moved)} for {render(one)}", moved
    itself = replace(one, relation=one.relation.rstrip("=") if "=" in one.relation else f"{one.relation}=")
    yield "weakened" if "=" in one.relation else "loosened", f"{render(itself)} for {render(one)}", itself


def _holds(when: Condition, group: Condition) -> bool:
    return when == group or (isinstance(when, And | Or | AtLeast) and any(_holds(part, group) for part in when.parts))


def _put(when: Condition, group: Condition, other: Condition) -> Condition:
    if when == group:
        return other
    if isinstance(when, And | Or | AtLeast):
        return replace(when, parts=tuple(_put(part, group, other) for part in when.parts))
    return when
