"""docs/protocol.md: the whole protocol as a clinician reviews it, made from its data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from equina.cards import named_groups
from equina.logic import And, AtLeast, Condition, Or, render
from equina.model import DISPOSITIONS, Protocol, Rule
from equina.protocol import conditions

__all__ = ["protocol_page", "tree", "unused_findings"]


def protocol_page(protocol: Protocol) -> str:
    """The whole protocol as tables for a clinician's review."""
    parts: Sequence[Callable[[Protocol], Iterator[str]]] = (
        _head,
        _rules,
        _policy,
        _findings,
        _interview,
        _causes,
        _leaks,
        _tests,
        _care,
        _others,
    )
    return "\n".join(line for part in parts for line in part(protocol)) + "\n"


def _head(protocol: Protocol) -> Iterator[str]:
    yield f"# {protocol.title}"
    yield ""
    yield f"Protocol `{protocol.id}` {protocol.version}, last revised {protocol.reviewed}."
    yield "Generated from its data (`make docs`); do not edit."
    yield ""
    yield " ".join(protocol.notice.split())
    yield ""
    yield "In a condition, a plain name means new, worse, or of unknown timing; `_long_standing` means old and unchanged;"
    yield "`_unexplained` adds that no named baseline explains it; `_new` is for findings that otherwise count whether new or old."
    yield "There is no `not`."


def _rules(protocol: Protocol) -> Iterator[str]:
    for level in reversed(DISPOSITIONS):
        rules = [rule for rule in protocol.rules.values() if rule.disposition == level]
        if rules:
            yield from ("", f"## Rules: {level}")
            yield from (line for rule in rules for line in _rule(protocol, rule))


def _rule(protocol: Protocol, rule: Rule) -> Iterator[str]:
    yield from ("", f"### {rule.id}", "")
    yield from tree(rule.when, named_groups(protocol))
    yield from ("", f"> {rule.because} {rule.timing}", "")
    if said := _clinician(rule):
        yield from (said, "")
    yield f"Basis: {_basis(rule)}"


def tree(condition: Condition, names: Mapping[Condition, str], depth: int = 0) -> Iterator[str]:
    """The condition as a list of lists: what must hold together, what is enough by itself. A named group is told by its name."""
    indent = "  " * depth
    if condition in names or not isinstance(condition, And | Or | AtLeast):
        name = render(condition, names)
        yield f"{indent}- {f'[{name}](#named-groups)' if condition in names else f'`{name}`'}"
        return
    match condition:
        case And():
            yield f"{indent}- all of"
        case Or():
            yield f"{indent}- any of"
        case AtLeast():
            yield f"{indent}- at least {condition.count} of"
    for part in condition.parts:
        yield from tree(part, names, depth + 1)


def _clinician(rule: Rule) -> str:
    parts = (rule.pathway, rule.decision, rule.stricter and f"*Article:* {rule.stricter}")
    return " ".join(part for part in parts if part)


def _basis(rule: Rule) -> str:
    return f"{rule.strength if rule.strength == 'guideline' else 'consensus only'}: {', '.join(rule.sources)}"


def _policy(protocol: Protocol) -> Iterator[str]:
    yield from ("", "## Named groups", "", "| group | means |", "| --- | --- |")
    for name, group in protocol.groups.items():
        others = {condition: other for condition, other in named_groups(protocol).items() if other != name}
        yield f"| {name} | {render(group, others)} |"
    yield from ("", "## Policy", "", "Core flags, asked by name in this order; one not known never ends below urgent:", "")
    yield from (f"{i}. `{name}`: {protocol.findings[name].ask}" for i, name in enumerate(protocol.core_flags, 1))
    yield from ("", f"Baseline facts: {_codes(protocol.baseline_facts)}.", "")
    yield f"`chronic_urinary_symptoms` covers: {_codes(sorted(protocol.chronic_covers))}."
    yield f"New means within {protocol.new_within_days} days, or worse, or not known."


def _findings(protocol: Protocol) -> Iterator[str]:
    sections = dict.fromkeys(finding.section for finding in protocol.findings.values())
    for section in sections:
        yield from ("", f"## Findings: {section}", "", "| finding | clinical label | asked as | answered by | course | implies |")
        yield "| --- | --- | --- | --- | --- | --- |"
        for f in protocol.findings.values():
            if f.section == section:
                asked = " ".join(part for part in (f.ask, f.hint and f"({f.hint})") if part)
                course = f"{f.low:g} to {f.high:g} {f.unit}" if f.measured else f.course
                yield f"| `{f.id}` | {f.label} | {asked} | {f.answered_by} | {course} | {_codes(f.implies)} |"
    unused = unused_findings(protocol)
    yield from ("", "### Findings that nothing uses", "")
    yield from (f"- `{name}`: {why}" for name, why in unused.items()) if unused else ("None.",)


def _interview(protocol: Protocol) -> Iterator[str]:
    yield from ("", "## The interview", "", "A question comes only while its answer could change the advice (decision 0010).", "")
    yield from ("| topic | asked as | heading | findings, in order | when |", "| --- | --- | --- | --- | --- |")
    names = named_groups(protocol)
    for topic in protocol.topics.values():
        only = f"only when {render(topic.only_when, names)}" if topic.only_when is not None else ""
        also = f"even when the level is known, if {render(topic.also_when, names)}" if topic.also_when is not None else ""
        when = "; ".join(filter(None, ("opening" if topic.opening else "", only, also, topic.because)))
        yield f"| {topic.id} | {topic.kind} | {topic.wording} | {_codes(topic.findings)} | {when} |"


def _causes(protocol: Protocol) -> Iterator[str]:
    yield from ("", "## Causes")
    names = named_groups(protocol)
    for cause in protocol.causes.values():
        yield from ("", f"### {cause.label}")
        for kind in cause.kinds:
            yield from ("", f"**{kind.label}**{', which must not be missed' if kind.cant_miss else ''}", "")
            yield from (f"- {fit}: {render(when, names)}" for fit, when in kind.supports)
            if kind.against:
                yield f"- against: {_codes(kind.against)}"
            yield f"- sources: {', '.join(kind.sources)}"


def _leaks(protocol: Protocol) -> Iterator[str]:
    yield from ("", "## Kinds of leak", "", "| kind | when | in words | care | sources |", "| --- | --- | --- | --- | --- |")
    for leak in protocol.leak_types.values():
        when = render(leak.when, named_groups(protocol))
        yield f"| {leak.label} | {when} | {leak.words} | {_codes(leak.care)} | {', '.join(leak.sources)} |"
    for key, value in protocol.three_iq.items():
        if key == "items" and isinstance(value, list):
            yield from ("", "Three questions on the kind of leak (3IQ):", "")
            yield from (f"{item['n']}. {item['ask']} ({'; '.join(item['options'].values())})" for item in value)
    if "validity_limits" in protocol.three_iq:
        yield from ("", f"Limits: {protocol.three_iq['validity_limits']} Source: {protocol.three_iq['source']}.")


def _tests(protocol: Protocol) -> Iterator[str]:
    yield from ("", "## Examinations and tests", "", "| test | in words | how | sources |", "| --- | --- | --- | --- |")
    for test in protocol.workup.values():
        yield f"| {test.label} | {test.words} | {test.how} | {', '.join(test.sources)} |"


def _care(protocol: Protocol) -> Iterator[str]:
    yield from ("", "## Care", "", "| care | in words | amount | duration | basis |", "| --- | --- | --- | --- | --- |")
    for care in protocol.care.values():
        amount, duration = care.amount or "", care.duration or ""
        yield f"| {care.label} | {care.words} | {amount} | {duration} | {care.strength}: {', '.join(care.sources)} |"


def _others(protocol: Protocol) -> Iterator[str]:
    yield from (
        "",
        "## Medicines by their effect on bladder and bowel",
        "",
        "| class | examples | effects | recorded as | sources |",
    )
    yield "| --- | --- | --- | --- | --- |"
    for m in protocol.medicines.values():
        yield f"| {m.label} | {', '.join(m.examples)} | {', '.join(m.effects)} | `{m.finding}` | {', '.join(m.sources)} |"
    yield from ("", "## Promises, proved over every case", "", "| promise | level | sources |", "| --- | --- | --- |")
    for promise in protocol.promises.values():
        yield f"| {promise.sentence} | {promise.level} | {', '.join(promise.sources)} |"
    yield from ("", "## Sources", "", "| id | citation | read |", "| --- | --- | --- |")
    for source in protocol.sources.values():
        yield f"| {source.id} | {source.citation} | {'yes' if source.seen else 'to be checked'} |"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def unused_findings(protocol: Protocol) -> dict[str, str]:
    """Findings that no rule, cause, kind of leak, watch-for sign or question uses, with the explanation that the protocol gives."""
    used: set[str] = set(protocol.core_flags) | set(protocol.baseline_facts)
    used |= {name for sign in protocol.watch_for.values() for name in sign.findings}
    used |= {name for cause in protocol.causes.values() for kind in cause.kinds for name in kind.against}
    for condition in conditions(protocol):
        used |= set(_names(protocol, render(condition)))
    findings = protocol.findings
    for finding in findings.values():
        if finding.true_when is not None:
            used |= set(_names(protocol, render(finding.true_when)))
    # What implies a used finding, or denies one, is used through it.
    waiting = list(used)
    children: dict[str, list[str]] = {}
    for finding in findings.values():
        for parent in (*finding.implies, *finding.denies):
            children.setdefault(parent, []).append(finding.id)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in used:
                used.add(child)
                waiting.append(child)
    return {finding.id: finding.unused or "" for finding in findings.values() if finding.id not in used}


def _names(protocol: Protocol, line: str) -> Iterator[str]:
    for word in line.replace("(", " ").replace(")", " ").replace(",", " ").split():
        for ending in ("", "_long_standing", "_unexplained", "_new"):
            stem = word.removesuffix(ending) if ending else word
            if stem in protocol.findings:
                yield stem
                break
