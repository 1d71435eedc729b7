"""The pages that are made: docs/coverage.md and docs/protocol.md of the protocol, the hazards in docs/safety.md of the hazard log.
`python -m equina.docs` writes them, `--check` compares.

They are what a clinician reviews, so they say everything the rules do and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from equina.cards import named_groups
from equina.hazards import faults, filled, read_log
from equina.logic import render
from equina.model import DISPOSITIONS, Line, Protocol, Rule
from equina.protocol import conditions, load
from equina.tables import ProtocolError

__all__ = ["coverage_page", "main", "protocol_page", "unused_findings"]

ROWS = {
    "A1": "why the combination matters; time matters",
    "A2": "five back-pain signs",
    "A3": "four kinds of leak, and mixed",
    "A4": "six emergency red flags",
    "A5": "seven groups of causes with their sub-causes",
    "A6": "the clinician's seven questions",
    "A7": "exams and tests",
    "A8": "treatment by cause",
    "A9": "what should I do right now, every line",
    "A10": "three questions often asked",
    "A11": "five experiences",
    "A12": "the sentence to say",
    "A13": "use the checklist, get evaluated, help is available",
    "A14": "general education, said once",
}
# Rows that no line of a list carries, and what does.
CARRIED_OTHERWISE = {
    "A1": "the policy `waiting_harms`, on every emergency result; the opening of `equina ask`; the start page is to come",
    "A6": "asked in the interview where they bear on the advice, and written out answered in the result and the handover",
    "A10": "answered against the person's own answers in every result with advice",
    "A11": '`equina stories`, and "stories like yours" in the result',
    "A12": "`what to say` in every result, and the handover page",
    "A13": "the signs to come back for, on every result below an emergency; the checklist card of `equina paper`",
    "A14": "`notice` of protocol.toml, on every result and in every `--help`",
}


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


# --- coverage.md ---------------------------------------------------------------------------------------------------------------


def coverage_page(protocol: Protocol) -> str:
    """Each row of what is owed, and each line of the source article's lists, with what serves it."""
    lines = [
        "# Coverage of the source article",
        "",
        "Generated from the protocol (`make docs`); do not edit. Each line of the article's lists, in its order, with the",
        "findings, rules and other parts of the protocol that serve it.",
    ]
    serving: dict[str, list[str]] = {}
    for rule in protocol.rules.values():
        for line in rule.serves:
            serving.setdefault(line, []).append(rule.id)
    for row, title in ROWS.items():
        lines += ["", f"## {row}: {title}", ""]
        own = [line for line in protocol.lines.values() if line.row == row]
        if own:
            lines += ["| line | part | findings | rules | other |", "| --- | --- | --- | --- | --- |"]
            lines += [_coverage_row(line, serving.get(line.id, [])) for line in own]
        if row in CARRIED_OTHERWISE:
            lines += [f"Carried by: {CARRIED_OTHERWISE[row]}."]
    return "\n".join(lines) + "\n"


def _coverage_row(line: Line, rules: Sequence[str]) -> str:
    other = "; ".join(f"{key}: {_codes(ids)}" for key, ids in line.serves.items() if key not in ("findings", "rules") and ids)
    named = dict.fromkeys((*rules, *line.serves.get("rules", ())))
    return f"| {line.says} | {line.part} | {_codes(line.serves.get('findings', ()))} | {_codes(named)} | {other} |"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# --- protocol.md ---------------------------------------------------------------------------------------------------------------


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
        if not rules:
            continue
        yield from (
            "",
            f"## Rules: {level}",
            "",
            "| rule | when | for the patient | for the clinician | basis |",
            "| --- | --- | --- | --- | --- |",
        )
        for rule in rules:
            when = render(rule.when, named_groups(protocol))
            yield f"| `{rule.id}` | {when} | {rule.because} {rule.timing} | {_clinician(rule)} | {_basis(rule)} |"


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
    yield from ("", "## Causes", "", "| group | kind | can't miss | strong | possible | weak | against | sources |")
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    names = named_groups(protocol)
    for cause in protocol.causes.values():
        for kind in cause.kinds:
            fits = {
                fit: "<br>".join(render(when, names) for name, when in kind.supports if name == fit)
                for fit in ("strong", "possible", "weak")
            }
            missed = "yes" if kind.cant_miss else ""
            columns = (cause.label, kind.label, missed, *fits.values(), _codes(kind.against), ", ".join(kind.sources))
            yield f"| {' | '.join(columns)} |"


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


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with --check compare them and say which is stale. 1 if one is, or if a hazard names what is not there."""
    protocol = load()
    folder = Path("docs")
    try:
        log = read_log(folder)
    except ProtocolError as error:
        print(error, file=sys.stderr)
        return 1
    if missing := faults(log, Path()):
        print("\n".join(missing), file=sys.stderr)
        return 1
    safety = filled((folder / "safety.md").read_text(encoding="utf-8"), log)
    pages: Mapping[str, str] = {"coverage.md": coverage_page(protocol), "protocol.md": protocol_page(protocol), "safety.md": safety}
    stale = []
    for name, text in pages.items():
        path = folder / name
        if "--check" in arguments:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(str(path))
        else:
            folder.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"stale: {', '.join(stale)}; run make docs", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
