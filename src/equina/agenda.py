"""The agenda of an interview: what may be asked of whom, with the leaves that tell whether it is still worth asking.

Worked out once for a protocol, so that a step of an interview is tests of bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, reduce
from operator import or_
from typing import NamedTuple

from equina.leaves import LeafTable, Test
from equina.logic import findings_in
from equina.model import Finding, Topic

__all__ = ["CAN_ANSWER", "Agenda", "Item"]

# Who can answer a question, by who could settle it at the least. A record may hold anything that somebody once found.
CAN_ANSWER: Mapping[str, frozenset[str]] = {
    "self": frozenset({"self"}),
    "clinician": frozenset({"self", "examination"}),
    "record": frozenset({"self", "examination", "record"}),
}


class Item(NamedTuple):
    """A finding that can be asked, as sets of leaves."""

    name: str
    finding: Finding
    about: int  # those that it settles by itself: its own, or for a choice those that one of its options rules out
    could: int  # those that some answer makes true
    # With one of these true, something narrower that is the same as always has answered it. Of a core flag none: it is asked by
    # name all the same.
    old: int
    told: int  # as `old`, and with one of these a present member has answered it: with a weak stream, "any bladder symptom?"


class Agenda:
    """What may be asked of whom. Worked out when first asked for: loading alone does not need it."""

    def __init__(
        self,
        findings: Mapping[str, Finding],
        topics: Mapping[str, Topic],
        core_flags: Iterable[str],
        explained_by: Iterable[str],
        table: LeafTable,
        rules: Iterable[Test],
    ) -> None:
        self._findings, self._topics, self._core_flags, self._table = findings, topics, frozenset(core_flags), table
        self._explained_by, self._ruled = explained_by, _union(test.leaves for test in rules)

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """Every finding."""
        return {finding.id: self._item(finding) for finding in self._findings.values()}

    @cached_property
    def asked_of(self) -> Mapping[str, tuple[Item, ...]]:
        """By who answers: what can be asked of them."""
        return {who: tuple(self._askable(self._findings, levels)) for who, levels in CAN_ANSWER.items()}

    @cached_property
    def by_topic(self) -> Mapping[str, Mapping[str, tuple[Item, ...]]]:
        """By who answers: what each topic can ask of them."""
        topics = self._topics.values()
        return {who: {t.id: tuple(self._askable(t.findings, levels)) for t in topics} for who, levels in CAN_ANSWER.items()}

    @cached_property
    def told_as_old(self) -> tuple[Item, ...]:
        """What something narrower can answer by being the same as always."""
        return tuple(item for item in self.items.values() if item.old)

    @cached_property
    def waits_for(self) -> Mapping[str, tuple[str, ...]]:
        """Topic: the findings that it waits for."""
        waiting = (topic for topic in self._topics.values() if topic.only_when is not None)
        return {topic.id: tuple(findings_in(topic.only_when, self._findings)) for topic in waiting if topic.only_when}

    @cached_property
    def umbrellas(self) -> tuple[Finding, ...]:
        """The findings that deny others with them."""
        return tuple(finding for finding in self._findings.values() if finding.denies)

    @cached_property
    def choices(self) -> frozenset[str]:
        """The findings that are one of several options."""
        return frozenset(finding.id for finding in self._findings.values() if finding.kind == "choice")

    @cached_property
    def decide_time_course(self) -> frozenset[str]:
        """The baseline facts that decide what may count as old: asked of everyone, before anything is said to be old."""
        return frozenset((*self._explained_by, *(name for f in self._findings.values() for name in f.old_only_with)))

    @cached_property
    def new_counts(self) -> frozenset[str]:
        """The findings of which a rule tells new from old, or that only count when new."""
        bits, about = self._table.bits, self._table.about
        stated = (finding for finding in self._findings.values() if finding.id in bits)
        return frozenset(f.id for f in stated if not f.lasting or self._ruled & (bits[f.id] ^ about[f.id]))

    def _askable(self, names: Iterable[str], levels: frozenset[str]) -> Iterator[Item]:
        for name in names:
            if (finding := self._findings[name]).answered_by in levels and not finding.not_asked:
                yield self.items[name]

    def _item(self, finding: Finding) -> Item:
        table, name = self._table, finding.id
        old = 0 if name in self._core_flags else table.bits.get(f"{name}_long_standing", 0)
        members = (member for presumed in (name, *finding.presumes) for member in self._findings[presumed].denies)
        present = _union(table.about[member] & table.plain for member in members)
        ruled_out = (table.effects[name, option].excluded for option in finding.options)
        about = _union(ruled_out) if finding.kind == "choice" else table.about[name]
        return Item(name, finding, about, table.could.get(name, 0), old, old | present)


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)
