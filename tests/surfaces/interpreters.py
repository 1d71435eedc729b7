"""The rules by every interpreter: each says which hold for certain, and which are not excluded.

The scalar engine is what the others are held against. The tree, read with Kleene's tables, is written here anew, by the plainest
means; the smallest sets are those of the interview; the terms are those of the proofs, here with one person put in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import z3

from equina.case import Case
from equina.implicants import implicants
from equina.leaves import Truth, resolve
from equina.logic import And, AtLeast, Condition, Or, Present, render
from equina.model import DISPOSITIONS, LONG_STANDING, Protocol
from equina.proof.advice import advice
from equina.proof.terms import cases, exact
from equina.triage import settle
from strategies import PROTOCOL

__all__ = ["INTERPRETERS", "Verdict", "expected"]


@dataclass(frozen=True)
class Verdict:
    """What an interpreter finds: the interval, the determining rules, and the rules above them that are not excluded."""

    low: str
    high: str
    reasons: tuple[str, ...]
    open: tuple[str, ...]


def expected(answer: Mapping[str, object]) -> Verdict:
    """The verdict that an answer of `equina triage` holds."""
    reasons = tuple(reason["rule"] for reason in answer["reasons"] if reason["rule"] in PROTOCOL.rules)
    return Verdict(answer["low"], answer["high"], reasons, tuple(rule["rule"] for rule in answer["open"]))


def _verdict(must: set[str], may: set[str]) -> Verdict:
    """The verdict, from the rules that hold and those that are not excluded."""
    rules = PROTOCOL.rules.values()
    low = max((rule.rank for rule in rules if rule.id in must), default=0)
    high = max((rule.rank for rule in rules if rule.id in may), default=0)
    ordered = [PROTOCOL.rules[name] for name in PROTOCOL.rule_tests]
    return Verdict(
        DISPOSITIONS[low],
        DISPOSITIONS[high],
        tuple(rule.id for rule in ordered if rule.id in must and rule.rank == low),
        tuple(rule.id for rule in ordered if rule.id in may and rule.rank > low),
    )


# --- the tree, by Kleene's tables ------------------------------------------------------------------------------------------------


def _tree(case: Case) -> Verdict:
    truth = resolve(PROTOCOL.table, settle(PROTOCOL, case)[0])
    said = {rule.id: _kleene(rule.when, truth) for rule in PROTOCOL.rules.values()}
    return _verdict({name for name in said if said[name] is True}, {name for name in said if said[name] is not False})


def _kleene(condition: Condition, truth: Truth) -> bool | None:
    match condition:
        case And(parts):
            said = [_kleene(part, truth) for part in parts]
            return False if False in said else None if None in said else True
        case Or(parts):
            said = [_kleene(part, truth) for part in parts]
            return True if True in said else None if None in said else False
        case AtLeast(count, parts):
            said = [_kleene(part, truth) for part in parts]
            return True if said.count(True) >= count else False if len(said) - said.count(False) < count else None
        case _:
            bit = PROTOCOL.table.bits[condition.name if isinstance(condition, Present) else render(condition)]
            return True if truth.must & bit else None if truth.may & bit else False


# --- the smallest sets -----------------------------------------------------------------------------------------------------------


@cache
def _sets() -> Mapping[str, tuple[int, ...]]:
    return {rule.id: tuple(implicants(rule.when, PROTOCOL.table.bit)) for rule in PROTOCOL.rules.values()}


def _smallest_sets(case: Case) -> Verdict:
    truth = resolve(PROTOCOL.table, settle(PROTOCOL, case)[0])
    must, may = (
        {name for name, sets in _sets().items() if any(leaves & true == leaves for leaves in sets)}
        for true in (truth.must, truth.may)
    )
    found = _verdict(must, may)
    for true, reached in ((truth.must, found.low), (truth.may, found.high)):  # and those of whole levels, as the interview has them
        reaching = (level for level, sets in PROTOCOL.needs.levels if any(leaves & true == leaves for leaves in sets))
        if (level := next(reaching, "self_care")) != reached:
            raise AssertionError(f"the sets of its rules reach {reached}, those of the levels {level}")
    return found


# --- the terms -------------------------------------------------------------------------------------------------------------------


class _Terms:
    """The terms of the proofs over every case, as one number whose bits are the rules: certain ones, then those not excluded."""

    def __init__(self, protocol: Protocol) -> None:
        self.every = cases(protocol)
        self.advice = advice(self.every)
        pairs = [self.every.pair(rule.when) for rule in protocol.rules.values()]
        levels = [self.advice.none, *(self.advice.at_least(level) for level in DISPOSITIONS)]
        possible = z3.And(*self.every.possible, *self.advice.possible)
        asked = [possible, *levels, *(pair.must for pair in pairs), *(pair.may for pair in pairs)]
        self.asked = z3.Concat([z3.If(term, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1)) for term in asked])
        self.rules = list(protocol.rules)

    def bits(self, case: Case) -> str:
        """Each thing asked as 1 or 0, for the case alone: what the model does not name is false."""
        model = z3.Model()
        self._put(model, case)
        number = model.eval(self.asked, model_completion=True).as_long()
        return f"{number:0{self.asked.size()}b}"

    def _put(self, model: z3.ModelRef, case: Case) -> None:
        true = z3.BoolVal(True)
        settled = settle(PROTOCOL, case)[0]
        for name, said in self.every.statements.items():
            value = case.values.get(name)
            if name not in case.values and PROTOCOL.findings[name].onset_of:
                value = settled.get(name)  # an onset makes it true: a statement, as far as the terms know
            elif name in case.values and value is None:
                model.update_value(said.unsure, true)
            for term, meant in ((said.yes, True), (said.no, False), (said.old, LONG_STANDING)):
                if value is meant or value == LONG_STANDING == meant:
                    model.update_value(term, true)
            if name in case.onset and (case.as_of - case.onset[name]).total_seconds() <= PROTOCOL.new_within_days * 86_400:
                model.update_value(said.recent, true)
        for name, quantity in self.every.measured.items():
            value = case.values.get(name)
            model.update_value(quantity.value, exact(PROTOCOL.findings[name].low if value is None else value))
            if name in case.values:
                model.update_value(quantity.unsure if value is None else quantity.known, true)
        for (name, option), term in self.every.chosen.items():
            if case.values.get(name) == option:
                model.update_value(term, true)
        model.update_value(self.advice.answers[case.answered_by], true)
        model.update_value(self.advice.complete, z3.BoolVal(case.complete))


@cache
def _all_terms() -> _Terms:
    return _Terms(PROTOCOL)


def _terms(case: Case) -> tuple[Verdict, str | None]:
    terms = _all_terms()
    bits = terms.bits(case)
    if bits[0] == "0":
        raise AssertionError("the terms hold the person to be impossible")
    none, levels, rules = bits[1] == "1", bits[2 : 2 + len(DISPOSITIONS)], bits[2 + len(DISPOSITIONS) :]
    must, may = rules[: len(terms.rules)], rules[len(terms.rules) :]
    found = _verdict(
        {name for name, bit in zip(terms.rules, must, strict=True) if bit == "1"},
        {name for name, bit in zip(terms.rules, may, strict=True) if bit == "1"},
    )
    return found, None if none else DISPOSITIONS[levels.count("1") - 1]


INTERPRETERS: Mapping[str, Callable[[Case], Verdict | tuple[Verdict, str | None]]] = {
    "tree": _tree,
    "sets": _smallest_sets,
    "terms": _terms,
}
