"""Cards for a terminal: a rule, finding, cause, test, care, medicine or source with what it rests on. And stories in full."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping

from equina.case import Case
from equina.logic import Condition, render
from equina.model import (
    Accuracy,
    Care,
    Cause,
    Finding,
    Kind,
    LeakType,
    Medicine,
    Policy,
    Promise,
    Protocol,
    Rule,
    Source,
    Story,
    WatchFor,
    WorkUp,
)
from equina.prose import as_text
from equina.result import result
from equina.triage import assess

__all__ = ["cards", "every_id", "listing", "story_in_full", "story_line"]

WIDTH = 80
SIGNS = {True: "yes", False: "no", None: "not known", "long_standing": "old and unchanged"}


def every_id(protocol: Protocol) -> Iterator[str]:
    """Every id that has a card."""
    for _, table, _ in _shelves(protocol):
        yield from table
    yield from protocol.kinds
    yield from protocol.groups


def listing(protocol: Protocol, word: str = "") -> str:
    """The ids with their labels, shelf by shelf; with a word, those whose id or label has it."""
    lines = []
    for title, table, _ in _shelves(protocol):
        named = ((name, str(getattr(item, "label", ""))) for name, item in table.items())
        rows = [f"  {name:<40} {label}".rstrip() for name, label in named if word.lower() in f"{name} {label}".lower()]
        if rows:
            lines += [f"{title}:", *rows]
    return "\n".join(lines)


def cards(protocol: Protocol, name: str) -> list[str]:
    """The cards under that id: usually one, two where a finding and a cause share it, none when it is not known."""
    found = [_card(title, table[name], write(protocol, table[name])) for title, table, write in _shelves(protocol) if name in table]
    if name in protocol.kinds and name not in protocol.causes:
        found.append(_card("Cause", protocol.kinds[name], _kind(protocol, protocol.kinds[name])))
    if name in protocol.groups:
        others = {condition: other for condition, other in named_groups(protocol).items() if other != name}
        found.append("\n".join((f"Named group: {name}", *_row("means", render(protocol.groups[name], others)))))
    return found


def named_groups(protocol: Protocol) -> dict[Condition, str]:
    """The named conditions, to write a rule as its author wrote it."""
    return {condition: name for name, condition in protocol.groups.items()}


# Each shelf: its title, its items by id, and what writes an item's lines.
_Shelf = tuple[str, Mapping[str, object], Callable[[Protocol, object], Iterable[str]]]


def _shelves(protocol: Protocol) -> list[_Shelf]:
    shelves = [
        ("Rule", protocol.rules, _rule),
        ("Policy", protocol.policies, _policy),
        ("Finding", protocol.findings, _finding),
        ("Cause", protocol.causes, _cause),
        ("Kind of leak", protocol.leak_types, _leak),
        ("Examination or test", protocol.workup, _workup),
        ("Care", protocol.care, _care),
        ("Medicines", protocol.medicines, _medicine),
        ("Promise", protocol.promises, _promise),
        ("Come back if", protocol.watch_for, _watch_for),
        ("Published accuracy", protocol.accuracy, _accuracy),
        ("Source", protocol.sources, _source),
    ]
    return shelves  # type: ignore[return-value]  # each writer takes the items of its own shelf


def _card(title: str, item: object, lines: Iterable[str]) -> str:
    label = getattr(item, "label", "")
    return "\n".join((f"{title}: {item.id}", *([_wrapped(label)] if label else []), *lines))  # type: ignore[attr-defined]


def _wrapped(text: str, width: int = WIDTH, *, initial_indent: str = "", subsequent_indent: str = "") -> str:
    """The text in lines of the terminal's width; an address is never broken, so that it can be copied."""
    return textwrap.fill(
        text,
        width,
        initial_indent=initial_indent,
        subsequent_indent=subsequent_indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _row(name: str, text: str | None) -> Iterator[str]:
    if text:
        first = f"  {name:<11} "
        yield _wrapped(" ".join(text.split()), WIDTH, initial_indent=first, subsequent_indent=" " * len(first))


def _rule(protocol: Protocol, rule: Rule) -> Iterator[str]:
    yield from _row("level", rule.disposition)
    yield from _row("when", render(rule.when, named_groups(protocol)))
    yield from _row("because", rule.because)
    yield from _row("timing", rule.timing)
    yield from _row("pathway", rule.pathway)
    strength = {"guideline": "guideline", "consensus": "consensus only: no study or guideline settles it"}[rule.strength]
    yield from _row("strength", strength)
    yield from _row("decision", rule.decision)
    yield from _row("article", rule.stricter)
    yield from _row("serves", "; ".join(protocol.lines[line].says for line in rule.serves))
    yield from _row("expect", ", ".join(protocol.workup[test].label for test in rule.workup))
    if rule.accuracy:
        for name in rule.accuracy:
            yield from _row("accuracy", _figures(protocol.accuracy[name]))
    else:
        yield from _row("accuracy", "none published that we could find for this rule")
    yield from _sources(protocol, rule.sources)


def _policy(protocol: Protocol, policy: Policy) -> Iterator[str]:
    yield from _row("because", policy.because)
    yield from _sources(protocol, policy.sources)


def _finding(protocol: Protocol, finding: Finding) -> Iterator[str]:
    yield from _row("asked as", finding.ask)
    yield from _row("hint", finding.hint)
    yield from _row("examine", finding.examine)
    yield from _row("answered by", finding.answered_by)
    course = {
        "episode": "new, worse or of unknown age counts; old and unchanged has rules of its own",
        "lasting": "counts whether new or old",
    }
    yield from _row("time course", None if finding.measured or finding.kind == "choice" else course[finding.course])
    yield from _row("core flag", "asked by name" if finding.id in protocol.core_flags else None)
    yield from _row("quantity", f"{finding.unit}, possible from {finding.low:g} to {finding.high:g}" if finding.measured else None)
    yield from _row("options", ", ".join(finding.options))
    yield from _row("implies", ", ".join(finding.implies))
    yield from _row("true when", render(finding.true_when) if finding.true_when else None)
    yield from _row("denies", ", ".join(finding.denies))
    yield from _row("old only", (finding.old_only_with and f"beside {', '.join(finding.old_only_with)}") or None)
    used = [rule.id for rule in protocol.rules.values() if finding.id in dict(protocol.rule_findings[rule.id])]
    yield from _row("used by", ", ".join(used) or finding.unused or "causes, kinds of leak or questions only")
    yield from _row(
        "codes", "; ".join(f"{system} {' '.join(of[finding.id])}" for system, of in protocol.codes.items() if finding.id in of)
    )
    yield from _row("note", finding.note)
    for row in protocol.accuracy.values():
        if row.finding == finding.id:
            yield from _row("accuracy", _figures(row))
    yield from _sources(protocol, finding.sources)


def _cause(protocol: Protocol, cause: Cause) -> Iterator[str]:
    yield from _row("in words", cause.words)
    for kind in cause.kinds:
        yield f"  - {kind.id}: {kind.label}"
        yield from _kind(protocol, kind)


def _kind(protocol: Protocol, kind: Kind) -> Iterator[str]:
    yield from _row("can't miss", "yes: nothing speaks against it but its own test" if kind.cant_miss else None)
    for fit, condition in kind.supports:
        yield from _row(fit, render(condition, named_groups(protocol)))
    yield from _row("against", ", ".join(kind.against))
    yield from _row("work-up", ", ".join(f"{protocol.workup[test].label} ({when})" for test, when in kind.workup.items()))
    yield from _row("care", ", ".join(protocol.care[item].label for item in kind.care))
    yield from _row("icd-10-cm", kind.icd10cm)
    yield from _row("note", kind.note)
    yield from _sources(protocol, kind.sources)


def _leak(protocol: Protocol, leak: LeakType) -> Iterator[str]:
    yield from _row("in words", leak.words)
    yield from _row("when", render(leak.when, named_groups(protocol)))
    yield from _row("because", leak.because)
    yield from _row("care", ", ".join(protocol.care[item].label for item in leak.care))
    yield from _row("note", leak.note)
    yield from _sources(protocol, leak.sources)


def _workup(protocol: Protocol, test: WorkUp) -> Iterator[str]:
    yield from _row("in words", test.words)
    yield from _row("how", test.how)
    yield from _sources(protocol, test.sources)


def _care(protocol: Protocol, care: Care) -> Iterator[str]:
    yield from _row("in words", care.words)
    yield from _row("amount", care.amount)
    yield from _row("duration", care.duration)
    yield from _row("strength", care.strength)
    yield from _sources(protocol, care.sources)


def _medicine(protocol: Protocol, medicine: Medicine) -> Iterator[str]:
    yield from _row("examples", ", ".join(medicine.examples))
    yield from _row("effects", ", ".join(medicine.effects))
    yield from _row("mechanism", medicine.mechanism)
    yield from _row("finding", medicine.finding)
    yield from _row("note", medicine.note)
    yield from _sources(protocol, medicine.sources)


def _promise(protocol: Protocol, promise: Promise) -> Iterator[str]:
    yield from _row("promise", promise.sentence)
    yield from _row("level", promise.level)
    yield from _row("when", render(promise.when, named_groups(protocol)))
    yield from _sources(protocol, promise.sources)


def _watch_for(protocol: Protocol, sign: WatchFor) -> Iterator[str]:
    yield from _row("in words", sign.words)
    yield from _row("findings", ", ".join(sign.findings))
    yield from _sources(protocol, sign.sources)


def _accuracy(protocol: Protocol, row: Accuracy) -> Iterator[str]:
    yield from _row("figures", _figures(row))
    yield from _row("note", row.note)
    yield from _sources(protocol, (row.source,))


def _figures(row: Accuracy) -> str:
    figures = ", ".join(f"{name.replace('_', ' ')} {_figure(value)}" for name, value in row.figures.items() if name != "computed")
    caution = f" [{', '.join(row.caution).replace('_', ' ')}]" if row.caution else ""
    return f"for {row.condition.replace('_', ' ')}: {figures or row.note}; {row.population} ({row.source}){caution}"


def _figure(value: object) -> str:
    return " to ".join(map(str, value)) if isinstance(value, list) else str(value)


def _source(_: Protocol, source: Source) -> Iterator[str]:
    yield from _row("citation", source.citation)
    yield from _row("doi", source.doi)
    yield from _row("pmid", source.pmid)
    yield from _row("address", source.url)
    yield from _row(
        "read",
        "yes, at least its abstract or a named summary" if source.seen else "no: cited from general knowledge, to be checked",
    )
    yield from _row("note", source.note)


def _sources(protocol: Protocol, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        source = protocol.sources[name]
        yield from _row("source", f"{name}: {source.citation}")


# --- stories -------------------------------------------------------------------------------------------------------------------


def story_line(protocol: Protocol, story: Story) -> str:
    """One line: the advice for the story, and its title."""
    assessment = assess(protocol, Case(values=story.findings, complete=True))
    return f"{(assessment.disposition or 'no advice'):<10} {story.id:<28} {story.title}"


def story_in_full(protocol: Protocol, story: Story) -> str:
    """The story and its whole result, in words."""
    case = Case(values=story.findings, complete=True)
    words = as_text(result(protocol, case, assess(protocol, case)), WIDTH)
    lines = [story.title, "", _wrapped(f'"{story.story}"', WIDTH), "", words, _wrapped(f"What it teaches: {story.lesson}", WIDTH)]
    return "\n".join(lines)
