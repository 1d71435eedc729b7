"""The smallest sets of leaves that raise a level, and which of them are open. The plain statement here is the specification.

1. A set of leaves makes a condition hold exactly when it holds one of the condition's implicants; of them none holds another.
2. Open is what could still come true, with what is true struck out, but for what holds a smaller such set of its level or higher.
"""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from equina.implicants import Needs, implicants
from equina.leaves import resolve
from equina.logic import And, AtLeast, Or, Present, predicate
from equina.model import DISPOSITIONS, rank
from equina.triage import level, reach, settle
from plain_interview import parts
from strategies import FULL, PROTOCOL, cases

TRIES = settings(max_examples=5000 if FULL else 200, deadline=None)
FEWER = settings(max_examples=400 if FULL else 25, deadline=None)
NAMES = "abcdefg"
BITS = {name: 1 << i for i, name in enumerate(NAMES)}
ALL = (1 << len(NAMES)) - 1
ANY_RULE = next(iter(PROTOCOL.rules.values()))

leaves = st.integers(0, ALL)


def joined(parts):
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    counted = several.flatmap(lambda chosen: st.integers(1, len(chosen)).map(lambda count: AtLeast(count, chosen)))
    return several.map(And) | several.map(Or) | counted


conditions = st.recursive(st.sampled_from(NAMES).map(Present), joined, max_leaves=7)
rules = st.lists(st.tuples(st.sampled_from(DISPOSITIONS[1:]), conditions), max_size=6).map(
    lambda drawn: {
        str(i): replace(ANY_RULE, id=str(i), disposition=disposition, when=when) for i, (disposition, when) in enumerate(drawn)
    }
)


def bit(leaf):
    return BITS[leaf.name]


def each(bits):
    return [place for place in range(bits.bit_length()) if bits >> place & 1]


@TRIES
@given(conditions)
def test_the_implicants_of_a_condition_are_the_smallest_sets_that_make_it_hold(condition):
    found, holds = implicants(condition, bit), predicate(condition, bit)
    assert all(bool(holds(true)) == any(one & true == one for one in found) for true in range(ALL + 1))
    assert not any(one & other == one for one in found for other in found if one != other)


def open_sets(levels, low, must, may):
    """By level above `low`, worst first: what is open, said plainly."""
    found, known = {}, set()
    for grade, sets in levels:
        if rank(grade) > rank(low):
            left = {one & ~must for one in sets if one & ~may == 0}
            known |= left
            found[grade] = {one for one in left if known.isdisjoint(parts(one))}
    return found


def agree(needs, low, must, may):
    """The open sets as `Needs` tells them are those of the plain statement."""
    plain, found = open_sets(needs.levels, low, must, may), needs.open(low, must, may)
    every = set().union(*plain.values())
    wanted = [found.among.sets[place] & ~must for place in each(found.sets)]
    assert sorted(wanted) == sorted(every), "each once"
    emergencies = {size: {found.among.sets[place] & ~must for place in each(sets)} for size, sets in found.emergencies.items()}
    assert set().union(*emergencies.values()) == plain.get("emergency", set())
    assert all(one.bit_count() == size for size, sets in emergencies.items() for one in sets)
    assert sum(sets.bit_count() for sets in found.emergencies.values()) == len(plain.get("emergency", ()))
    return found, every


@TRIES
@given(rules, leaves, leaves, leaves)
def test_what_is_open_is_what_the_plain_statement_says(drawn, must, more, asked):
    needs = Needs(drawn, bit)
    reached = [grade for grade, sets in needs.levels if any(one & must == one for one in sets)]
    found, every = agree(needs, reached[0] if reached else "self_care", must, must | more)
    assert each(found.holding(asked)) == [place for place in each(found.sets) if found.among.sets[place] & ~must & asked]
    assert found.held(ALL, found.sets) == sum(one for one in BITS.values() if any(one & wanted for wanted in every))
    first = found.sets & -found.sets
    assert found.held(ALL, first) == sum(found.among.sets[place] & ~must for place in each(first))


@FEWER
@given(cases)
def test_so_it_is_for_the_rules_of_the_protocol(case):
    truth = resolve(PROTOCOL.table, settle(PROTOCOL, case)[0])
    low = level(PROTOCOL, truth.must)
    found, _ = agree(PROTOCOL.needs, low, truth.must, reach(PROTOCOL, case, truth))
    assert low != "emergency" or not found.sets


def test_without_rules_nothing_is_open():
    found = Needs({}, bit).open("self_care", 0, ALL)
    assert (found.sets, found.holding(ALL), found.held(ALL, 0), dict(found.emergencies)) == (0, 0, 0, {})
