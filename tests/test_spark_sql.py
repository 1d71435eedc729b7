"""Conditions as SQL, as far as it can be told without Spark: what is certain is worked out beforehand."""

import pytest

from equina.batch.spark_rules import OUTCOME, outcome_steps
from equina.batch.spark_sql import all_of, any_of, at_least, certain, negated, possible, selections, text
from equina.batch.spark_table import Table
from strategies import PROTOCOL


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (all_of([]), "true"),
        (all_of(["a", "true", "a"]), "a"),
        (all_of(["a", "false", "null"]), "false"),
        (all_of(["a", "b"]), "(a AND b)"),
        (any_of([]), "false"),
        (any_of(["a", "false"]), "a"),
        (any_of(["a", "null", "true"]), "true"),
        (any_of(["a", "null"]), "(a OR null)"),  # not known, or true: nothing to be left out
        (at_least(2, ["true", "a", "true"]), "true"),
        (at_least(2, ["a", "false", "false"]), "false"),
        (
            at_least(1, ["null", "null"]),
            "(CASE WHEN int(false) + int(false) >= 1 THEN true WHEN int(true) + int(true) < 1 THEN false END)",
        ),
        (certain("null"), "false"),
        (possible("null"), "true"),
        (negated("true"), "false"),
        (negated("a"), "(NOT a)"),
        (text("it's \\ so"), "'it\\'s \\\\ so'"),
    ],
)
def test_what_is_certain_never_reaches_spark(made, wanted):
    assert made == wanted


def test_a_step_carries_on_what_is_used_later_and_no_more():
    steps = [{"a": "`x` + 1", "unused": "`y`"}, {"b": "`a` * 2"}]
    assert selections(steps, ["id", "b"]) == [["`id`", "`x` + 1 AS `a`"], ["`id`", "`a` * 2 AS `b`"]]


@pytest.mark.parametrize("columns", [{}, {"back_pain": "bool"}, {"pvr_ml": "number", "sex_at_birth": "text"}])
def test_every_step_uses_only_what_is_there(columns):
    """Of any table, one without a column of a finding among them."""
    table = Table(columns)
    there = {*columns, *(select.rsplit("`", 2)[1] for select in table.measured(PROTOCOL))}
    for select in selections(outcome_steps(PROTOCOL, table), OUTCOME):
        used = {name for part in select for name in part.rsplit(" AS ", 1)[0].split("`")[1::2]}
        assert used <= there
        there = {part.rsplit("`", 2)[1] for part in select}
    assert there == {*OUTCOME}
