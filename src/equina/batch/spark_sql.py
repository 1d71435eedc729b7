"""Conditions as Spark SQL: the fold of equina.logic with the connectives of SQL, whose three-valued logic is Kleene's.

What is already certain is worked out here and never reaches Spark: a table without a column about fever has an unknown fever in
every row, and the rules that need one shrink accordingly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from equina.logic import Condition, Connectives, Leaf, fold

__all__ = [
    "FALSE",
    "NULL",
    "TRUE",
    "all_of",
    "any_of",
    "at_least",
    "certain",
    "condition_sql",
    "negated",
    "possible",
    "quoted",
    "text",
]

TRUE, FALSE, NULL = "true", "false", "null"
_SHORT = 48
_COLUMN = re.compile("`([^`]+)`")


def condition_sql(condition: Condition, leaf: Callable[[Leaf], str]) -> str:
    """The condition as an expression of SQL that is true, false or null; `leaf` gives the expression of each leaf."""
    return fold(condition, Connectives(leaf, all_of, any_of, at_least))


def all_of(parts: Iterable[str]) -> str:
    """All of them, in Kleene's logic: false as soon as one is, though others are not known."""
    return _joined(parts, " AND ", nothing=TRUE, decides=FALSE)


def any_of(parts: Iterable[str]) -> str:
    """At least one of them, in Kleene's logic: true as soon as one is, though others are not known."""
    return _joined(parts, " OR ", nothing=FALSE, decides=TRUE)


def at_least(count: int, parts: Sequence[str]) -> str:
    """At least `count` of them. What is not known may still be true, so a sum that passes over nulls would not be this."""
    open_parts = [part for part in parts if part not in (TRUE, FALSE)]
    count -= parts.count(TRUE)
    if count <= 0:
        return TRUE
    if count > len(open_parts):
        return FALSE
    sure = " + ".join(f"int({certain(part)})" for part in open_parts)
    may = " + ".join(f"int({possible(part)})" for part in open_parts)
    return f"(CASE WHEN {sure} >= {count} THEN true WHEN {may} < {count} THEN false END)"


def certain(expression: str) -> str:
    """Whether it is true, as true or false."""
    return _known(expression, TRUE, f"({expression} IS TRUE)", unknown=FALSE)


def possible(expression: str) -> str:
    """Whether it is not false, as true or false."""
    return _known(expression, TRUE, f"({expression} IS NOT FALSE)", unknown=TRUE)


def negated(expression: str) -> str:
    """The contrary of what is true or false. Conditions have none; what a denial excludes does."""
    return {TRUE: FALSE, FALSE: TRUE}.get(expression) or f"(NOT {expression})"


def quoted(name: str) -> str:
    """The name of a column as SQL writes it."""
    return "`" + name.replace("`", "``") + "`"


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _known(expression: str, yes: str, asked: str, *, unknown: str) -> str:
    if expression == NULL:
        return unknown
    return expression if expression in (yes, FALSE) else asked


def _joined(parts: Iterable[str], word: str, *, nothing: str, decides: str) -> str:
    kept = dict.fromkeys(part for part in parts if part != nothing)
    if decides in kept:
        return decides
    if len(kept) <= 1:
        return next(iter(kept), nothing)
    return "(" + word.join(kept) + ")"


class Steps:
    """Projections, one on the other: a column that uses another one of the same step begins the next."""

    def __init__(self) -> None:
        self.done: list[dict[str, str]] = [{}]

    def name(self, column: str, expression: str) -> str:
        """The expression by the name of a new column, unless it is certain or short enough to be said again."""
        if expression in (TRUE, FALSE, NULL) or len(expression) < _SHORT:
            return expression
        return self.column(column, expression)

    def column(self, column: str, expression: str) -> str:
        """The expression by the name of a new column."""
        if not self.done[-1].keys().isdisjoint(_COLUMN.findall(expression)):
            self.done.append({})
        self.done[-1][column] = expression
        return quoted(column)


def selections(steps: Sequence[Mapping[str, str]], keep: Sequence[str]) -> list[list[str]]:
    """What each step selects: its own columns, and of those before it what is still used. `keep` is what is wanted at last."""
    wanted = set(keep)
    found: list[list[str]] = []
    for step in reversed(steps):
        new = {name: expression for name, expression in step.items() if name in wanted}
        wanted -= new.keys()
        found.append([*map(quoted, sorted(wanted)), *(f"{expression} AS {quoted(name)}" for name, expression in new.items())])
        for expression in new.values():
            wanted.update(_COLUMN.findall(expression))
    return found[::-1]
