"""Lowered emergencies that somebody has signed for: who, when, why, and of which patients.

A signed reason names rules of the older version and a condition about the patient. It covers a lowered emergency when every
emergency rule that spoke for that patient is named, the condition holds, and the new level is not below the one signed for. So it
never covers what a later edit takes from a rule that is not named, or from patients of whom the condition is not true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import z3

from equina.diff.patients import Both, Said, spans
from equina.diff.search import TOP, MovedSet, NotSettled, Patient, Search
from equina.diff.terms import Term
from equina.leaves import RELATIONS
from equina.logic import Compare, Condition, Connectives, Leaf, fold, leaves, parse
from equina.model import DISPOSITIONS, LONG_STANDING, Disposition, Rule, rank
from equina.tables import Fault, ProtocolError, Table, nearest, read_file

__all__ = ["Accepted", "Signed", "accepted", "draft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One signed reason. `since` is the version of the older protocol that it was signed against."""

    id: str
    since: str
    rules: tuple[str, ...]
    answers: Condition
    to: Disposition
    who: str
    date: str
    reason: str


def accepted(file: str, both: Both) -> tuple[Signed, ...]:
    """The signed reasons in a file, those against other versions of the older protocol left out.

    Raises ProtocolError with every fault of the file.
    """
    path, faults = Path(file), list[Fault]()
    top = Table(file, "", read_file(path.parent, path.name, faults), faults)
    if faults:
        mend = "give the file of signed reasons, or leave --accept out"
        raise ProtocolError(Fault(file, "", "", f.problem, mend if "missing" in f.problem else f.mend) for f in faults)
    found = [_signed(name, table, both) for name, table in top.tables("lowered")]
    top.rest()
    if faults:
        raise ProtocolError(faults)
    return tuple(one for one in found if one.since == both.old.version)


def _signed(name: str, table: Table, both: Both) -> Signed:
    since, rules = table.text("since"), table.texts("rules", required=True)
    answers = table.condition("answers", {})
    allowed = table.choice("to", DISPOSITIONS[:TOP])
    to: Disposition = next((level for level in DISPOSITIONS if level == allowed), "self_care")
    signed = Signed(
        id=name,
        since=since,
        rules=rules,
        answers=answers or parse("unread"),
        to=to,
        who=table.text("who"),
        date=table.day("date"),
        reason=table.text("reason"),
    )
    table.rest()
    if since == both.old.version:
        for rule in rules:
            if rule not in both.old.rules:
                table.fault("rules", f'"{rule}" is no rule of the older version', nearest(rule, both.old.rules))
            elif both.old.rules[rule].disposition != DISPOSITIONS[TOP]:
                table.fault("rules", f'"{rule}" is no emergency rule', "only lowered emergencies need a signature: take it out")
        if answers is not None:
            _check_leaves(table, answers, both)
    return signed


def _check_leaves(table: Table, answers: Condition, both: Both) -> None:
    for leaf in leaves(answers):
        if isinstance(leaf, Compare):
            quantities = {q for protocol in (both.old, both.new) for q, finding in protocol.findings.items() if finding.measured}
            if leaf.quantity not in quantities:
                table.fault("answers", f'"{leaf.quantity}" is no quantity', nearest(leaf.quantity, quantities))
        elif not any(leaf.name in protocol.table.bits for protocol in (both.old, both.new)):
            known = (*both.old.table.bits, *both.new.table.bits)
            table.fault("answers", f'"{leaf.name}" is not known', nearest(leaf.name, known))


class Accepted:
    """The signed reasons held against the search: what they leave uncovered, and which of them cover nothing."""

    def __init__(self, search: Search, signed: Sequence[Signed]) -> None:
        self.search, self.both, self.signed = search, search.both, signed

    def covers(self, patient: Patient) -> bool:
        """Whether every emergency rule that speaks for the patient in the older version is signed away for such a patient."""
        must = self.both.truth(self.both.old, patient).must
        fired = [rule.id for rule in _emergencies(self.both) if self.both.old.rule_tests[rule.id].holds(must)]
        new = self.both.level(self.both.new, patient)
        valid = [one for one in self.signed if rank(one.to) <= new and self._holds(one.answers, patient)]
        return all(any(name in one.rules for one in valid) for name in fired)

    def uncovered(self, lowered: Sequence[MovedSet]) -> tuple[Sequence[MovedSet], str | None]:
        """The sets of answers that want a signature still, and why there may be more; `lowered` are all that would need one."""
        if not self.signed:
            return lowered, None
        left = z3.And(self._lowered(), z3.Not(self._covered()))
        try:
            found = [one for one in lowered if self.search.model(left, self.search.terms.any_of(one.slots)) is not None]
            if found or self.search.model(left) is None:
                return found, None
        except NotSettled as error:
            return lowered, str(error)
        # Left are patients who only count as having the answers of a set, by something narrower or a change: show them as they are.
        moved = self.search.moved
        narrow = self.search.find(left, lambda patient: moved(TOP, True, patient) and not self.covers(patient), lowered=True)
        return narrow.sets, narrow.not_settled

    def stale(self) -> Iterator[tuple[Signed, str]]:
        """The reasons that cover no lowered emergency; left in the file, they would cover one that nobody has looked at."""
        for one in self.signed:
            try:
                named = z3.Or([self._speaks(self.both.old.rules[name]) for name in one.rules])
                if self.search.model(self._lowered(), named, self._valid(one)) is None:
                    yield one, "no lowered emergency is like that: take it out"
            except NotSettled as error:
                yield one, str(error)

    def touched(self, answers: Condition) -> tuple[tuple[str, ...], Disposition]:
        """The emergency rules that a reason for these answers has to name, and the lowest level that it has to allow.

        Raises NotSettled.
        """
        claims = [self._lowered(), self.search.terms.answers(answers)]
        left = {rule.id: self._speaks(rule) for rule in _emergencies(self.both)}
        named = []
        while left and (model := self.search.model(*claims, z3.Or(list(left.values())))) is not None:
            spoke = [name for name, term in left.items() if z3.is_true(model.eval(term, model_completion=True))]
            named += spoke
            left = {name: term for name, term in left.items() if name not in spoke}
        reaches = self.search.terms.reaches
        lowest = next(n for n in range(TOP) if self.search.model(*claims, z3.Not(reaches(self.both.new, n + 1))) is not None)
        return tuple(name for name in self.both.old.rules if name in named), DISPOSITIONS[lowest]

    def _lowered(self) -> Term:
        return self.search.claim(TOP, lowered=True)

    def _speaks(self, rule: Rule) -> Term:
        return self.search.terms.holds(self.both.old, rule.when)

    def _valid(self, one: Signed) -> Term:
        return z3.And(self.search.terms.answers(one.answers), self.search.terms.reaches(self.both.new, rank(one.to)))

    def _covered(self) -> Term:
        by_rule = {rule.id: [self._valid(one) for one in self.signed if rule.id in one.rules] for rule in _emergencies(self.both)}
        return z3.And([z3.Or(z3.Not(self._speaks(self.both.old.rules[name])), *valid) for name, valid in by_rule.items()])

    def _holds(self, answers: Condition, patient: Patient) -> bool:
        """The condition of one patient, as `Terms.answers` reads it of every patient."""
        truths = [(protocol.table, self.both.truth(protocol, patient).must) for protocol in (self.both.old, self.both.new)]
        values = {said.finding: said.value for said in patient}

        def leaf(part: Leaf) -> bool:
            if isinstance(part, Compare):
                value = values.get(part.quantity)
                number = isinstance(value, float | int) and not isinstance(value, bool)
                return number and RELATIONS[part.relation](float(value or 0), part.number)
            table, must = next((table, must) for table, must in truths if part.name in table.bits)
            return bool(must & table.bits[part.name])

        def at_least(count: int, parts: Sequence[bool]) -> bool:
            return sum(parts) >= count

        return fold(answers, Connectives(leaf, all, any, at_least))


def _emergencies(both: Both) -> Iterator[Rule]:
    return (rule for rule in both.old.rules.values() if rule.rank == TOP)


# --- a reason to fill in -------------------------------------------------------------------------------------------------------


def draft(signatures: Accepted, moved: MovedSet) -> str:
    """The table of a reason that would cover the set, for someone to sign; without who, date and reason it is refused.

    Raises NotSettled.
    """
    answers = " and ".join(_slot(signatures.both, moved, i) for i in range(len(moved.slots)))
    rules, to = signatures.touched(parse(answers))
    quoted = ", ".join(f'"{name}"' for name in rules)
    lines = (
        f"[lowered.{'_and_'.join(said.finding for said in moved.patient)}]",
        f'since = "{signatures.both.old.version}"',
        f"rules = [{quoted}]",
        f'answers = "{answers}"',
        f'to = "{to}"',
        'who = ""',
        "date =",
        'reason = ""',
    )
    return "\n".join(lines)


def _slot(both: Both, moved: MovedSet, i: int) -> str:
    """The alternatives of one slot as a condition."""
    rest = (*(slot[0] for slot in moved.slots[:i]), *(slot[0] for slot in moved.slots[i + 1 :]))
    numbers: Mapping[str, list[Said]] = {}
    parts: dict[str, None] = {}
    for said in moved.slots[i]:
        if isinstance(said.value, bool | str):
            parts[_leaf(both, rest, said)] = None
        else:
            numbers = {**numbers, said.finding: [*numbers.get(said.finding, []), said]}
    texts = [*parts, *(text for name, cells in numbers.items() for text in _ranges(name, cells))]
    if len(texts) == 1:  # a range too: its `and` joins on to that of the other slots
        return texts[0]
    joined = " or ".join(f"({text})" if " and " in text else text for text in texts)
    return joined if len(moved.slots) == 1 else f"({joined})"


def _leaf(both: Both, rest: Patient, said: Said) -> str:
    """The name of what the statement makes true, as it is or as a time course."""
    protocol = both.old if said.finding in both.old.findings else both.new
    must = both.truth(protocol, (*rest, said)).must
    endings: Iterable[str] = ("_long_standing", "") if said.value == LONG_STANDING else ("",)
    names: Callable[[str], str] = (said.finding + "{}").format
    return next((name for name in map(names, endings) if must & protocol.table.bits.get(name, 0)), said.finding)


def _ranges(quantity: str, cells: Sequence[Said]) -> Iterator[str]:
    for span in spans(cells):
        low, high = (f"{number!r}".removesuffix(".0") for number in (span.low, span.high))
        yield f"{quantity} {'>=' if span.from_low else '>'} {low} and {quantity} {'<=' if span.to_high else '<'} {high}"
