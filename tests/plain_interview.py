"""Which question comes next, said plainly, finding by finding and set by set, and slowly: what the quick one must agree with.

A set of leaves is held as the bits of a number.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from operator import or_

from equina.interview import IN_LIST
from equina.leaves import resolve
from equina.logic import findings_in
from equina.model import rank
from equina.triage import CAN_ANSWER, interval, not_known_by_name, settle

RARER = Fraction(3, 100)  # an emergency that wants one more finding, beside one that wants one less


def union(sets):
    return reduce(or_, sets, 0)


def parts(leaves):
    """The sets within a set, itself and the empty one left out."""
    part = (leaves - 1) & leaves
    while part:
        yield part
        part = (part - 1) & leaves


class Plain:
    """One case of one protocol, and what is asked next: the topic and its findings, or None."""

    def __init__(self, protocol, case):
        self.protocol, self.case, self.findings = protocol, case, protocol.findings
        self.truth = resolve(protocol.table, settle(protocol, case)[0])
        self.must, self.may = self.truth.must, self.truth.may
        self.low = interval(protocol, case)[0]
        self.topics = [topic for topic in protocol.topics.values() if self.may_come(topic)]
        self.open = self.open_sets()

    def about(self, finding):
        """The leaves that a finding settles by itself."""
        table = self.protocol.table
        if finding.kind == "choice":
            return union(table.effects[finding.id, option].excluded for option in finding.options)
        return table.about[finding.id]

    def may_be_asked(self, finding):
        answered = CAN_ANSWER[self.case.answered_by]
        return finding.id not in self.case.values and finding.answered_by in answered and not finding.not_asked

    def told_as_old(self, finding):
        old = self.protocol.table.bits.get(f"{finding.id}_long_standing", 0)
        return bool(self.must & old) and finding.id not in self.protocol.core_flags

    def told_by_a_member(self, finding):
        members = union(self.about(self.findings[member]) for member in finding.denies)
        return bool(self.must & members & self.protocol.table.plain)

    def possible(self, topic):
        """What of a topic is not asked yet, and neither present nor excluded."""
        return [
            finding
            for finding in map(self.findings.get, topic.findings)
            if self.may_be_asked(finding)
            and (finding.kind == "choice" or (self.about(finding) & self.may & ~self.must and not self.told_as_old(finding)))
        ]

    def may_come(self, topic):
        """Whether what a topic waits for is so, or was asked and is not known."""
        not_sure = [self.about(self.findings[name]) for name, value in self.case.values.items() if value is None]
        only = self.protocol.topic_tests[topic.id][0]
        return only is None or bool(only.holds(self.must | union(not_sure) & self.may))

    def open_sets(self):
        """By level above `low`: the sets of leaves that would reach it, and that no smaller one makes needless."""
        reach = self.must
        for finding in self.findings.values():
            umbrellas = [finding, *map(self.findings.get, finding.presumes)]
            answered = self.told_as_old(finding) or any(map(self.told_by_a_member, umbrellas))
            if self.may_be_asked(finding) and self.about(finding) & self.may and not answered:
                reach |= self.protocol.table.could.get(finding.id, 0) & self.may
        found, known = {}, set()
        for level, sets in self.protocol.needs.levels:
            if rank(level) > rank(self.low):
                left = {leaves & ~self.must for leaves in sets if not leaves & ~reach}
                known |= left
                found[level] = [leaves for leaves in left if known.isdisjoint(parts(leaves))]
        return found

    def worth_asking_now(self):
        """The leaves of each open set that the first topic among those it wants asks about."""
        now, left = 0, [leaves for sets in self.open.values() for leaves in sets]
        for topic in self.topics:
            own = union(map(self.about, self.possible(topic)))
            now |= own & union(leaves for leaves in left if leaves & own)
            left = [leaves for leaves in left if not leaves & own]
        return now

    def wanted(self):
        """The findings that are worth asking."""
        protocol, values = self.protocol, self.case.values
        ever = union(leaves for sets in self.open.values() for leaves in sets)
        now = self.worth_asking_now()
        asked = [finding for finding in self.findings.values() if finding.id in values or self.told_as_old(finding)]
        narrower = union(self.about(finding) for finding in asked if finding.kind != "choice")
        decisive = {*protocol.explained_by, *(name for finding in self.findings.values() for name in finding.old_only_with)}
        wanted = {name for name in not_known_by_name(protocol, self.case, self.truth) if name not in values}
        for topic in self.topics:
            also = protocol.topic_tests[topic.id][1]
            also = also is not None and also.holds(self.truth.must)
            for finding in self.possible(topic):
                through = protocol.table.could.get(finding.id, 0) & narrower & ever
                if also or through or self.about(finding) & now or finding.id in decisive:
                    wanted.add(finding.id)
        for topic in protocol.topics.values():
            if topic not in self.topics and any(self.about(finding) & ever for finding in self.possible(topic)):
                wanted |= {name for name in findings_in(topic.only_when, self.findings) if name not in values}
        return self.in_order(wanted)

    def in_order(self, wanted):
        """What a finding presumes comes before it, the members of an umbrella before or beside it."""
        possible = {finding.id for topic in self.protocol.topics.values() for finding in self.possible(topic)}
        later, fresh = set(), set(wanted)
        while fresh:
            finding = self.findings[fresh.pop()]
            before = possible & {*finding.presumes, *finding.denies}
            before = {member for member in before if before.isdisjoint(self.findings[member].implies)}
            later |= {finding.id} if before & set(finding.presumes) else set()
            fresh |= before - wanted
            wanted |= before
        choices = {finding.id for finding in self.findings.values() if finding.kind == "choice"}
        return (wanted - later) & (possible | choices)

    def next(self):
        """The topic, and the findings of it that are asked, in their order."""
        wanted = self.wanted()
        umbrellas = [f.id for f in self.findings.values() if f.id in wanted and wanted & set(f.denies)]
        found = {topic.id: [name for name in topic.findings if name in wanted - set(umbrellas)] for topic in self.topics}
        found = {topic: names for topic, names in found.items() if names}
        topics = self.protocol.topics
        first = next(iter(found), None)
        if first is None or topics[first].opening:
            return (first, found[first]) if first else None
        for guest in [topic for topic in found if topics[topic].joins in found]:
            host = topics[guest].joins
            found[host] = found.pop(guest) + found[host]
        guests = {name for topic in self.topics if topic.joins for name in topic.findings}
        for names in found.values():
            names.sort(key=lambda name: (name not in guests, -self.weight(name)))
        chosen = max(found, key=lambda topic: sum(map(self.weight, found[topic][:IN_LIST])))
        names = found[chosen]
        gathering = next((topic.id for topic in topics.values() if topic.gathers), None)
        if gathering and self.left_over(chosen) and len(names) < IN_LIST:
            others = [found[topic] for topic in found if topic != chosen and self.left_over(topic)]
            names = list(dict.fromkeys(name for group in (names, *others) for name in group))
            chosen = gathering
        if topics[chosen].kind != "list":
            return chosen, names
        shown = names[:IN_LIST]
        return chosen, shown + [name for name in umbrellas if wanted & set(self.findings[name].denies) <= set(shown)]

    def weight(self, name):
        """Each set that would be an emergency weighs, the less the more it still wants."""
        own = self.protocol.table.about.get(name, 0)
        return sum(RARER ** leaves.bit_count() for leaves in self.open["emergency"] if leaves & own)

    def left_over(self, topic):
        topic = self.protocol.topics[topic]
        return topic.kind == "list" and (topic.gathers or any(name in self.case.values for name in topic.findings))
