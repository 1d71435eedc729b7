"""The topics of an interview: those of a protocol that has none of its own, and what must agree when it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from equina.logic import Compare, Condition, compares, findings_in, leaves
from equina.model import Finding, Protocol, Rule, Topic
from equina.tables import Fault, nearest
from equina.translation import ORIGINAL
from equina.wording import wording

__all__ = ["STEP_KINDS", "plain_topics", "topic_conditions", "topic_faults"]

STEP_KINDS = ("one", "list", "number")


def plain_topics(findings: Mapping[str, Finding], core_flags: Iterable[str], language: str = ORIGINAL) -> Mapping[str, Topic]:
    """The topics of a protocol that states none: the core flags by name, then each section as a list, then what is measured."""
    words, core = wording("interview", language), tuple(core_flags)
    asked = [finding for finding in findings.values() if finding.ask and finding.kind != "choice"]
    rest = [finding for finding in asked if finding.id not in core and not finding.measured]
    topics = [Topic(id="core", kind="one", wording=words["by_name"], findings=core, opening=True)]
    for section in dict.fromkeys(finding.section for finding in rest):
        marked = tuple(finding.id for finding in rest if finding.section == section)
        topics.append(Topic(id=section, kind="list", wording=words["marked"], findings=marked))
    topics += [Topic(id=f.id, kind="number", wording=words["measured"], findings=(f.id,)) for f in asked if f.measured]
    return MappingProxyType({topic.id: topic for topic in topics if topic.findings})


def topic_faults(protocol: Protocol) -> Iterator[Fault]:
    """What the interview and the handover name, and whether everything that a person can tell is asked."""
    for file, topics in (("interview.toml", protocol.topics), ("handover.toml", protocol.handover_topics)):
        for topic in topics.values():
            yield from _topic(protocol, file, topic)
    for key, names in (("lines", protocol.handover), ("medicines", protocol.handover_medicines)):
        yield from _known(protocol, "handover.toml", "", key, names)
    for finding in protocol.findings.values():
        yield from _finding(protocol, finding)
    if protocol.topics:
        asked = {name for topic in protocol.topics.values() for name in topic.findings}
        asked |= {finding.id for finding in protocol.findings.values() if finding.not_asked}
        for name, rule in _needed(protocol).items():
            if name not in asked:
                problem, mend = f"no topic asks {name}, which the rule {rule.id} wants", "add it to the findings of a topic"
                yield Fault("interview.toml", "topics", "", problem, mend)


def _topic(protocol: Protocol, file: str, topic: Topic) -> Iterator[Fault]:
    table = f"topics.{topic.id}"
    yield from _known(protocol, file, table, "findings", topic.findings)
    for name in topic.findings:
        finding = protocol.findings.get(name)
        if finding is None:
            continue
        if not finding.ask:
            yield Fault(file, table, "findings", f"{name} has no question", "write its ask in findings.toml")
        if topic.kind in STEP_KINDS and finding.measured != (topic.kind == "number") and finding.kind != "choice":
            wanted = "number" if finding.measured else "one or list"
            yield Fault(file, table, "findings", f"{name} cannot be asked as {topic.kind}", f"put it into a topic of kind {wanted}")
        if topic.kind == "list" and not finding.say:
            yield Fault(file, table, "findings", f"{name} cannot be marked on a list", "write its say in findings.toml")
    if topic.joins is not None and topic.joins not in protocol.topics:
        yield Fault(file, table, "joins", f'"{topic.joins}" is no topic', nearest(topic.joins, list(protocol.topics)))
    if topic.also_when is not None and not topic.because:
        yield Fault(file, table, "because", "it is asked though the level is known, but why is not said", "write because")


def _finding(protocol: Protocol, finding: Finding) -> Iterator[Fault]:
    table = f"findings.{finding.id}"
    yield from _known(protocol, "findings.toml", table, "presumes", finding.presumes)
    yield from _known(protocol, "findings.toml", table, "not_covered_by", finding.not_covered_by)
    for fact in finding.reword:
        if fact not in protocol.baseline_facts:
            problem = f'"{fact}" is no baseline fact'
            yield Fault("findings.toml", table, "reword", problem, nearest(fact, protocol.baseline_facts))
    options = [option for f in protocol.findings.values() for option in f.options]
    if finding.not_of_sex is not None and finding.not_of_sex not in options:
        problem = f'"{finding.not_of_sex}" is no option of a choice'
        yield Fault("findings.toml", table, "not_of_sex", problem, nearest(finding.not_of_sex, options))
    if finding.not_of_age is not None and not all(isinstance(leaf, Compare) for leaf in leaves(finding.not_of_age)):
        yield Fault(
            "findings.toml", table, "not_of_age", "only a comparison of an age rules it out", "compare age_years, joined by or"
        )
    if finding.presumes and finding.id in protocol.core_flags:
        yield Fault("findings.toml", table, "presumes", "a core flag is asked by name, whatever else is denied", "take it out")


def _known(protocol: Protocol, file: str, table: str, key: str, names: Iterable[str]) -> Iterator[Fault]:
    for name in names:
        if name not in protocol.findings:
            yield Fault(file, table, key, f'"{name}" is not known', nearest(name, list(protocol.findings)))


def _needed(protocol: Protocol) -> Mapping[str, Rule]:
    """What the rules want that a person could tell, and what implies it, each with a rule that wants it."""
    needed: dict[str, Rule] = {}
    for rule in protocol.rules.values():
        for name in findings_in(rule.when, protocol.findings):
            if name in protocol.findings:
                needed.setdefault(name, rule)
    for finding in protocol.findings.values():
        for parent in finding.implies:
            if parent in needed:
                needed.setdefault(finding.id, needed[parent])
        if finding.id in needed and finding.true_when is not None:
            for leaf in compares(finding.true_when):
                needed.setdefault(leaf.quantity, needed[finding.id])
    return {name: rule for name, rule in needed.items() if protocol.findings[name].answered_by != "record"}


def topic_conditions(protocol: Protocol) -> Iterator[tuple[str, str, str, Condition]]:
    """The conditions of the topics, with where each stands."""
    for topic in protocol.topics.values():
        for key, condition in (("only_when", topic.only_when), ("also_when", topic.also_when)):
            if condition is not None:
                yield "interview.toml", f"topics.{topic.id}", key, condition
