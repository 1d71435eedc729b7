"""The truth of conditions when some facts are not known. The tables are the specification: T true, F false, . not known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equina.logic import And, AtLeast, Compare, ConditionError, Or, Present, findings_in, leaves, parse, predicate, render, stem

TABLES = {
    "a and b": """
        a b | is
        T T | T
        T F | F
        T . | .
        F T | F
        F F | F
        F . | F
        . T | .
        . F | F
        . . | .
    """,
    "a or b": """
        a b | is
        T T | T
        T F | T
        T . | T
        F T | T
        F F | F
        F . | .
        . T | T
        . F | .
        . . | .
    """,
    "at_least(2, a, b, c)": """
        a b c | is
        T T T | T
        T T F | T
        T T . | T
        T F F | F
        T F . | .
        T . . | .
        F F F | F
        F F . | F
        F . . | .
        . . . | .
    """,
    "a and (b or q >= 5)": """
        a b q | is
        T F T | T
        T F F | F
        T F . | .
        T T . | T
        . T T | .
        F . T | F
    """,
}
ROWS = [(line, *row.replace("|", "").split()) for line, table in TABLES.items() for row in table.strip().splitlines()[1:]]
BITS = {"a": 1, "b": 2, "c": 4, "q": 8}
SIGN = {(True, True): "T", (False, True): ".", (False, False): "F"}


def bit(leaf):
    return BITS[leaf.quantity if isinstance(leaf, Compare) else leaf.name]


@pytest.mark.parametrize(("line", "cells"), [(row[0], row[1:]) for row in ROWS])
def test_truth_table(line, cells):
    names = TABLES[line].split("|")[0].split()
    *given_cells, expected = cells
    must = sum(BITS[name] for name, cell in zip(names, given_cells, strict=True) if cell == "T")
    may = must + sum(BITS[name] for name, cell in zip(names, given_cells, strict=True) if cell == ".")
    holds = predicate(parse(line), bit)
    assert SIGN[bool(holds(must)), bool(holds(may))] == expected


names = st.sampled_from(["a", "b", "c"]).map(Present)
compares = st.builds(Compare, st.just("q"), st.sampled_from([">=", ">", "<=", "<"]), st.integers(-50, 500).map(float))


def _joined(children):
    parts = st.lists(children, min_size=2, max_size=4).map(tuple)
    counted = parts.flatmap(lambda p: st.integers(1, len(p)).map(lambda n: AtLeast(n, p)))
    return st.one_of(parts.map(And), parts.map(Or), counted)


conditions = st.recursive(names | compares, _joined, max_leaves=8)


@given(conditions)
def test_what_is_written_reads_back_the_same(condition):
    assert parse(render(condition)) == condition


@given(conditions, st.integers(0, 15), st.integers(0, 15))
def test_more_true_facts_never_make_a_condition_false(condition, some, more):
    holds = predicate(condition, bit)
    assert not holds(some) or holds(some | more)


@given(conditions, st.integers(0, 15))
def test_the_compiled_test_means_what_the_tree_says(condition, true):
    def means(node):
        match node:
            case And(parts):
                return all(map(means, parts))
            case Or(parts):
                return any(map(means, parts))
            case AtLeast(count, parts):
                return sum(map(means, parts)) >= count
            case leaf:
                return bool(bit(leaf) & true)

    assert bool(predicate(condition, bit)(true)) == means(condition)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("not a", "there is no `not`"),
        ("a and b or c", "put parentheses"),
        ("a or b and c", "put parentheses"),
        ("a and", "a finding is expected, not the end"),
        ("", "a finding is expected, not the end"),
        ("a and or b", "a finding is expected, not 'or'"),
        ("(a or b", "')' is missing"),
        ("a b", "'b' is not expected"),
        ("a & b", "'&' has no meaning"),
        ("q >= many", "a number is expected after '>='"),
        ("q >=", "a number is expected after '>='"),
        ("at_least(a, b)", "at_least begins with how many"),
        ("at_least(3, a, b)", "needs at least that many"),
        ("at_least(0, a, b)", "needs at least that many"),
        ("at_least(1, a", "')' is missing"),
        ("at_least 1", "'(' is missing"),
        ("5 > q", "a finding is expected, not '5'"),
    ],
)
def test_a_condition_that_cannot_be_read_says_where_and_why(line, says):
    with pytest.raises(ConditionError, match=r"at character \d+") as error:
        parse(line)
    assert says in str(error.value)


def test_a_group_stands_for_its_condition():
    pain = parse("a or b")
    assert parse("pain and c", {"pain": pain}) == And((pain, Present("c")))
    assert parse("pain or c", {"pain": pain}) == parse("(a or b) or c")
    assert render(parse("(pain or c) and at_least(1, pain)", {"pain": pain}), {pain: "pain"}) == "(pain or c) and at_least(1, pain)"


def test_the_findings_of_a_condition_are_named_once_without_their_time_course():
    known = {"a": 0, "b": 0, "q": 0}
    assert findings_in(parse("a_long_standing and (b or a or q > 2)"), known) == ("a", "b", "q")
    assert stem("unknown_new", known) == "unknown_new"
    assert len(list(leaves(parse("a and (b or a)")))) == 3
