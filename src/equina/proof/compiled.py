"""What was worked out of the rules for speed says what the rules say: tests of sets of leaves, and the smallest sets that hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import combinations

import z3

from equina.case import Case
from equina.implicants import implicants
from equina.leaves import Test
from equina.logic import Condition, Connectives, Leaf, Present, fold, render
from equina.model import Protocol, Rule
from equina.proof.pairs import sides
from equina.proof.patients import Proof, patient, solver_of, stating
from equina.proof.terms import Cases, Term

__all__ = ["compiled_forms", "thresholds"]


def compiled_forms(protocol: Protocol) -> Iterator[Proof]:
    """Each rule against its compiled forms, over every set of leaves, possible or not; and each level against its smallest sets."""
    for rule in protocol.rules.values():
        test, sets = protocol.rule_tests[rule.id], implicants(rule.when, protocol.table.bit)
        yield _same(protocol, f"sets {rule.id}", "its smallest sets are the rule", rule.when, sets)
        yield _tested(protocol, rule.id, rule.when, test)
    for level, of_level in protocol.needs.levels:
        wrong, why = _of_level(protocol, [rule for rule in protocol.rules.values() if rule.disposition == level], of_level)
        patient = None if wrong is None else stating(protocol, wrong)
        yield Proof(f"level {level}", "its smallest sets are those of its rules", patient, why=why)
    ranks = [protocol.rules[name].rank for name in protocol.rule_tests]
    in_order = ranks == sorted(ranks, reverse=True) and protocol.rule_tests.keys() == protocol.rules.keys()
    why = "" if in_order else "the rules are not tried worst first, or not all of them"
    yield Proof("order", "every rule is tried, the worst first", None if in_order else Case(), why=why)


def _same(protocol: Protocol, id: str, sentence: str, when: Condition, sets: Collection[int]) -> Proof:
    """The sets hold exactly when the condition does, and none of them could be smaller."""
    bits = protocol.table.bits
    leaf = {name: z3.Bool(name) for name in bits}
    names = {bit: name for name, bit in bits.items()}
    by = Connectives(lambda one: leaf[_name(one)], z3.And, z3.Or, lambda n, parts: z3.AtLeast(*parts, n))
    condition: Term = fold(when, by)
    some = z3.Or([z3.And([leaf[names[bit]] for bit in _bits(one)]) for one in sets])
    solver = z3.Solver()
    solver.add(condition != some)
    if solver.check() == z3.sat:
        model = solver.model()
        true = sum(bit for name, bit in bits.items() if z3.is_true(model.eval(leaf[name])))
        return Proof(id, sentence, stating(protocol, true), why="with these leaves the rule and its sets disagree")
    holds = protocol.table.test(when).holds
    larger = next((one for one in sets if any(holds(one & ~bit) for bit in _bits(one))), None)
    return Proof(
        id, sentence, None if larger is None else stating(protocol, larger), why="" if larger is None else "one is needless"
    )


def _of_level(protocol: Protocol, rules: Collection[Rule], sets: Collection[int]) -> tuple[int | None, str]:
    """A set that speaks against the sets of a level, and why; or None. The rules are their own smallest sets, as shown apart."""
    kept = frozenset(sets)
    tests = [protocol.table.test(rule.when).holds for rule in rules]
    for one in kept:
        if not any(holds(one) for holds in tests):
            return one, "this set makes no rule of the level hold"
        if any(holds(one & ~bit) for bit in _bits(one) for holds in tests):
            return one, "one of these is needless"
    for rule in rules:
        for one in implicants(rule.when, protocol.table.bit):
            if one not in kept and not any(part in kept for part in _parts(one)):
                return one, f"{rule.id} holds and no set of the level is within this"
    return None, ""


def _parts(leaves: int) -> Iterator[int]:
    """Every set within a set, itself left out."""
    part = (leaves - 1) & leaves
    while part:
        yield part
        part = (part - 1) & leaves


def _tested(protocol: Protocol, id: str, when: Condition, test: Test) -> Proof:
    """The test holds of each smallest set that makes the condition true, and not once one of the sets that it cannot
    do without is missing. A test without `not` that does so is the condition."""
    sentence, every = "its test is the rule", (1 << len(protocol.table.names)) - 1
    missed = next((one for one in implicants(when, protocol.table.bit) if not test.holds(one)), None)
    if missed is not None:
        return Proof(id, sentence, stating(protocol, missed), why="the rule holds and its test does not")
    wrong = next((one for one in _cuts(when, protocol.table.bit) if test.holds(every & ~one)), None)
    if wrong is not None:
        return Proof(id, sentence, stating(protocol, test.leaves & ~wrong), why="the test holds and the rule does not")
    return Proof(id, sentence, None)


def _cuts(condition: Condition, bit: Callable[[Leaf], int]) -> frozenset[int]:
    """Sets of leaves, every smallest one among them, without which the condition cannot hold: one part of an `and`, or every part
    of an `or`, is missing."""

    def any_missing(parts: Sequence[frozenset[int]]) -> frozenset[int]:
        return frozenset(one for part in parts for one in part)

    def all_missing(parts: Sequence[frozenset[int]]) -> frozenset[int]:
        sets = frozenset({0})
        for part in parts:
            sets = frozenset(known | more for known in sets for more in part)
        return sets

    def too_few(count: int, parts: Sequence[frozenset[int]]) -> frozenset[int]:
        return any_missing([all_missing(some) for some in combinations(parts, len(parts) - count + 1)])

    return fold(condition, Connectives(lambda leaf: frozenset({bit(leaf)}), any_missing, all_missing, too_few))


def thresholds(every: Cases) -> Iterator[Proof]:
    """Every value that can be measured is on one side of each threshold, both ends included; none is too low and too high."""
    solver = solver_of(every)
    for name, (below, above) in sides(every.protocol).items():
        known = every.measured[name].known
        pairs = [every.pair(one) for one in (*below, *above)]
        gap = z3.And(known, z3.Or([pair.must != pair.may for pair in pairs]))
        yield Proof(f"settled {name}", "a measured value settles every threshold", patient(every, solver, gap))
        too_low, too_high = (z3.Or([every.pair(one).must for one in side]) for side in (below, above))
        yield Proof(f"apart {name}", "no value is both too low and too high", patient(every, solver, z3.And(too_low, too_high)))


def _bits(leaves: int) -> Iterator[int]:
    while leaves:
        yield leaves & -leaves
        leaves &= leaves - 1


def _name(leaf: Leaf) -> str:
    return leaf.name if isinstance(leaf, Present) else render(leaf)
