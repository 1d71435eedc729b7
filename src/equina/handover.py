"""The handover: one page for the triage desk, in a clinician's words and order, with what is not known said as plainly as what is.

Each item of the protocol's list has one of seven states, read from the same leaves as the rules, so that page and advice agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from equina.case import Assessment, Case, Conflict
from equina.explain import for_a_person
from equina.leaves import EXPLAINED, Truth, resolve
from equina.model import LONG_STANDING, Protocol, Value, rank
from equina.prose import Block
from equina.translation import ORIGINAL
from equina.triage import general_denials, settle
from equina.wording import wording

__all__ = ["QUESTIONS", "STATES", "ItemState", "State", "handover", "item_states", "span"]

State = Literal["present", "long_standing", "not_known", "general", "not_asked", "not_examined", "absent"]
# In the order in which a desk needs them: what is there, then what is still to ask, then what is not there.
STATES: tuple[State, ...] = ("present", "long_standing", "not_known", "general", "not_asked", "not_examined", "absent")
QUESTIONS = "A6"  # the row of the article that holds the clinician's questions
# Tests that get a line of their own when the case calls for them; the others are named.
OWN_LINE = ("bladder_scan", "mri_lumbar", "mri_whole_spine")
LONGEST_QUOTE = 300
MOST_SOURCES = 3
BY_THE_DAY = timedelta(days=2)


# --- the state of an item ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """What is known of one finding. `by` names the stated findings that it follows from when it was not itself answered."""

    finding: str
    state: State
    by: tuple[str, ...] = ()
    onset: datetime | None = None


def item_states(protocol: Protocol, case: Case, names: Iterable[str]) -> tuple[ItemState, ...]:
    """The state of each finding: what the rules take for true is present, and only what they take for excluded is absent."""
    settled, _ = settle(protocol, case)
    known = _Known(protocol, case, settled, resolve(protocol.table, settled), frozenset(general_denials(protocol, case)))
    return tuple(known.of(name) for name in names)


@dataclass(frozen=True, slots=True)
class _Known:
    """A case worked out once, to be asked about each finding."""

    protocol: Protocol
    case: Case
    settled: Mapping[str, Value]
    truth: Truth
    general: frozenset[str]

    def of(self, name: str) -> ItemState:
        state, by = self.present(name) or self.absent(name) or (self.unknown(name), ())
        there = state in ("present", "long_standing")
        onsets = [self.case.onset[f] for f in (name, *by) if there and f in self.case.onset]
        return ItemState(finding=name, state=state, by=by, onset=min(onsets, default=None))

    def present(self, name: str) -> tuple[State, tuple[str, ...]] | None:
        bits = self.protocol.table.bits
        new, old = bits.get(name, 0), bits.get(f"{name}_long_standing", 0)
        if not self.truth.must & (new | old):
            return None
        value = self.settled.get(name)
        others = tuple(f for f, true in self.truth.support if true & new and f != name and not self.protocol.findings[name].lasting)
        is_new = bool(self.truth.must & new) and (value not in (LONG_STANDING, EXPLAINED) or bool(others))
        stated = value not in (None, False) and not (is_new and value in (LONG_STANDING, EXPLAINED))
        by = () if stated else tuple(f for f, true in self.truth.support if f != name and true & (new if is_new else old))
        return "present" if is_new else "long_standing", by

    def absent(self, name: str) -> tuple[State, tuple[str, ...]] | None:
        """Denied by name, or with a parent that was denied by name. What needs an examination is absent once it was examined."""
        table = self.protocol.table
        about = table.about.get(name, 0)
        if about and self.case.values.get(name) is False:
            return "absent", ()
        if not about or self.truth.may & about:
            return None
        if name in self.case.values or self.protocol.findings[name].answered_by == "examination":
            return None
        effects = ((f, table.effects.get((f, value))) for f, value in self.settled.items() if not self.protocol.findings[f].denies)
        by = tuple(f for f, effect in effects if effect and effect.denied & about)
        return None if name in self.general and not by else ("absent", by)

    def unknown(self, name: str) -> State:
        if name in self.case.values:
            return "not_known"
        if name in self.general:
            return "general"
        return "not_examined" if self.protocol.findings[name].answered_by == "examination" else "not_asked"


def span(time: timedelta, words: Mapping[str, str]) -> str:
    """A time in the unit that one would say: hours for two days, then days."""
    hours = round(time / timedelta(hours=1))
    if hours < 1:
        return words["less_than_an_hour"]
    return words["hours"].format(n=hours) if hours <= 48 else words["days"].format(n=time.days)


# --- the page ------------------------------------------------------------------------------------------------------------------


def handover(protocol: Protocol, case: Case, assessment: Assessment) -> tuple[Block, ...]:
    """The page as blocks, for `as_text` or `as_markdown`: about 60 lines of 80 columns. Nothing on it is a diagnosis."""
    assessment = for_a_person(protocol, case, assessment)
    blocks = (
        _top(protocol, case),
        _level(protocol, assessment),
        _own_words(protocol, case, assessment),
        _block(protocol, "items", _by_state(protocol, case, protocol.handover)),
        _block(protocol, "also", _also(protocol, case)),
        _questions(protocol, case),
        _suggested(protocol, assessment),
        _block(protocol, "conflicts", (_conflict(protocol, conflict) for conflict in assessment.conflicts)),
        _small_print(protocol),
    )
    return tuple(block for block in blocks if block.lines)


def _words(protocol: Protocol) -> Mapping[str, str]:
    return wording("handover", protocol.language)


def _block(protocol: Protocol, id: str, lines: Iterable[str]) -> Block:
    return Block(id=id, title=_words(protocol)[id], lines=tuple(lines))


def _top(protocol: Protocol, case: Case) -> Block:
    age, sex = case.values.get("age_years"), case.values.get("sex_at_birth")
    who = "carer" if case.carer else case.answered_by
    when = f", {_moment(case.as_of)}" if case.as_of else ""
    about = _words(protocol)["age_and_sex"].format(
        age=f"{age:g}" if isinstance(age, int | float) else _words(protocol)["unknown"],
        sex=sex or _words(protocol)["unknown"],
        by=_words(protocol)["answered"].format(who=_words(protocol)["self" if who not in _words(protocol) else who], when=when),
    )
    title = _words(protocol)["title"].format(title=protocol.title.lower())
    return Block(id="top", title=title, lines=(_words(protocol)["blank"], about), kind="headline")


def _level(protocol: Protocol, assessment: Assessment) -> Block:
    words, level = _words(protocol), assessment.disposition or "none"
    name = words[f"level_{level}"]
    if level == "none" and assessment.low != "self_care":  # no advice yet is not no urgency: what is certain is said
        name = words["level_at_least"].format(level=words[f"level_{assessment.low}"])
    title = words["level"].format(level=f"{name}. {protocol.disposition_words[level]}")
    return Block(id="level", title=title, lines=tuple(_determining(protocol, assessment)))


def _determining(protocol: Protocol, assessment: Assessment) -> Iterator[str]:
    """One line for each pathway, with its rules behind it: rules that ask for the same are told together."""
    pathways: dict[str, list[str]] = {}
    for reason in assessment.reasons:
        if reason.id in protocol.rules:
            pathways.setdefault(protocol.rules[reason.id].pathway, []).append(reason.id)
        elif reason.id in ("core_flag_not_known", "questions_open"):
            yield _words(protocol)[reason.id].format(findings=_short(protocol, assessment.not_known))
        else:
            yield _words(protocol)["nothing_given" if assessment.disposition is None else "no_rule"]
    for pathway, rules in pathways.items():
        yield _words(protocol)["pathway"].format(rules=", ".join(rules), pathway=pathway)


def _own_words(protocol: Protocol, case: Case, assessment: Assessment) -> Block:
    told = " ".join(case.told.split())
    if len(told) > LONGEST_QUOTE:
        told = told[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " [...]"
    said = assessment.say if case.values else ""
    lines = (told or said,) if told or said else ()
    return Block(id="told", title=_words(protocol)["told" if told else "say"], lines=lines, kind="words")


def _by_state(protocol: Protocol, case: Case, names: Iterable[str], present: str = "present") -> Iterator[str]:
    """The findings by state: what is present one a line with its time, the rest in one line a state."""
    states = item_states(protocol, case, names)
    if present != "present":  # of a medicine, absent is said only of what was asked by name
        states = tuple(item for item in states if item.state != "absent" or not item.by)
    for item in states:
        if item.state == "present":
            yield _words(protocol)["state"].format(state=_words(protocol)[present], findings=_told(protocol, case, item))
    for state in STATES[1:]:
        if told := "; ".join(_told(protocol, case, item) for item in states if item.state == state):
            yield _words(protocol)["state"].format(state=_words(protocol)[state], findings=told)


def _told(protocol: Protocol, case: Case, item: ItemState) -> str:
    """The finding with what it follows from and since when."""
    beside = []
    if item.by:
        beside.append(
            _words(protocol)["parent_denied"]
            if item.state == "absent"
            else _words(protocol)["implied"].format(f=_short(protocol, item.by))
        )
    if item.onset:
        before = case.as_of and item.onset <= case.as_of and span(case.as_of - item.onset, _words(protocol))
        words = "since_before" if before else "since"
        beside.append(_words(protocol)[words].format(moment=_moment(item.onset, case.as_of), span=before))
    return _short(protocol, [item.finding]) + (f" ({'; '.join(beside)})" if beside else "")


def _also(protocol: Protocol, case: Case) -> Iterator[str]:
    """What is there beside the checklist, what was measured, and the medicines that matter."""
    listed = {*protocol.handover, *protocol.handover_medicines}
    names = sorted((n for n in case.values if n not in listed and n in protocol.table.bits), key=protocol.order.__getitem__)
    states = item_states(protocol, case, names)
    for state, words in (("present", "other_present"), ("long_standing", "long_standing")):
        if told := "; ".join(_told(protocol, case, item) for item in states if item.state == state):
            yield _words(protocol)["state"].format(state=_words(protocol)[words], findings=told)
    if told := "; ".join(_measured(protocol, case)):
        yield _words(protocol)["state"].format(state=_words(protocol)["measurements"], findings=told)
    for line in _by_state(protocol, case, protocol.handover_medicines, present="taken"):
        yield _words(protocol)["medicine"].format(line=line)


def _measured(protocol: Protocol, case: Case) -> Iterator[str]:
    for name, value in case.values.items():
        finding = protocol.findings[name]
        if finding.measured and name != "age_years" and isinstance(value, int | float):
            yield _words(protocol)["measured"].format(
                label=finding.label, number=f"{value:g}", unit=finding.unit_words or finding.unit
            )


def _questions(protocol: Protocol, case: Case) -> Block:
    """The clinician's questions in the article's order, each answered as far as it is."""
    lines = (line for line in protocol.lines.values() if line.row == QUESTIONS)
    asked = ((line.says, item_states(protocol, case, line.serves.get("findings", ()))) for line in lines)
    return _block(
        protocol,
        "questions",
        (_words(protocol)["question"].format(question=q, answer=_answer(protocol, states)) for q, states in asked),
    )


def _answer(protocol: Protocol, states: Iterable[ItemState]) -> str:
    """What is there by name, the rest by number: the checklist has it by name."""
    by: dict[str, list[str]] = {}
    for item in states:
        by.setdefault(item.state, []).append(item.finding)
    named = [
        _words(protocol)[w].format(findings=_short(protocol, by[s]))
        for s, w in (("present", "yes"), ("long_standing", "old"))
        if s in by
    ]
    counted = ", ".join(_words(protocol)[f"count_{s}"].format(n=len(by[s])) for s in ("absent", *STATES[2:-1]) if s in by)
    answer = "; ".join([*named, *([counted] if counted else [])])
    return answer[:1].upper() + answer[1:]


def _suggested(protocol: Protocol, assessment: Assessment) -> Block:
    """The scans that the determining rules ask for, or a cause that must not be missed in an emergency, with their guidance."""
    if assessment.disposition is None or rank(assessment.disposition) < rank("urgent"):
        return _block(protocol, "suggested", ())
    by_rule = {test for reason in assessment.reasons if (rule := protocol.rules.get(reason.id)) for test in rule.workup}
    wanted = [test.id for test in assessment.workup if test.id in by_rule or test.when == "emergency"]
    lines = []
    for name in (name for name in OWN_LINE if name in wanted):
        test = protocol.workup[name]
        words = _words(protocol)["bladder_scan" if name == "bladder_scan" else "test"]
        cited = ", ".join([source for source in test.sources if source != "article"][:MOST_SOURCES])
        lines.append(words.format(label=test.label, how=test.how, sources=cited))
    if others := "; ".join(protocol.workup[name].label for name in wanted if name not in OWN_LINE):
        lines.append(_words(protocol)["others"].format(labels=others))
    return _block(protocol, "suggested", lines)


def _conflict(protocol: Protocol, conflict: Conflict) -> str:
    finding = protocol.findings[conflict.finding].label
    if conflict.against:
        return _words(protocol)["conflict"].format(finding=finding, against=_short(protocol, conflict.against))
    return _words(protocol)["conflict_new"].format(finding=finding, why=conflict.why)


def _small_print(protocol: Protocol) -> Block:
    told = _words(protocol)
    words = {"id": protocol.id, "version": protocol.version, "reviewed": protocol.reviewed, "digest": protocol.digest}
    translated = [told["translation"]] if protocol.language != ORIGINAL else []
    line = " ".join((told["made_by"].format(**words), *protocol.notice.split(), *translated))
    return Block(id="notice", title="", lines=(line,), kind="fine")


def _short(protocol: Protocol, names: Iterable[str]) -> str:
    """The findings by the short form of their labels, up to a colon."""
    return "; ".join(dict.fromkeys(protocol.findings[name].label.split(":")[0] for name in names))


def _moment(moment: datetime, beside: datetime | None = None) -> str:
    """The moment to the minute, with its offset or as UTC; beside another of the same offset, without it; the day alone when it is
    days before."""
    if beside is not None and beside - moment >= BY_THE_DAY:
        return moment.date().isoformat()
    same = beside is not None and beside.utcoffset() == moment.utcoffset()
    return (moment.replace(tzinfo=None) if same else moment).isoformat(" ", "minutes").replace("+00:00", " UTC")
