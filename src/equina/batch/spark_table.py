"""What a table says of each patient, as Spark SQL: one row a patient, a column a finding, and the time course of each statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from equina.batch.spark_sql import FALSE, TRUE, Steps, all_of, any_of, negated, quoted
from equina.leaves import EXPLAINED
from equina.model import LONG_STANDING, Finding, Protocol

__all__ = ["Table", "compared", "settled"]

_NUMBER = "_number_"


@dataclass(frozen=True)
class Table:
    """Which findings the table has a column of, and of which kind: "bool", "text" (true, false, long_standing) or "number".

    A null was not asked. A number has a column of its own, which `measured` makes: one that cannot be counts for nothing.
    """

    kinds: Mapping[str, str]
    answered_by: str = "self"
    complete: str = FALSE  # an expression: whether no more will be asked

    def is_true(self, name: str) -> str:
        """Whether the row states the finding, as true or false."""
        return self._says(name, "true", "IS TRUE")

    def is_false(self, name: str) -> str:
        """Whether the row denies it, as true or false."""
        return self._says(name, "false", "IS FALSE")

    def is_old(self, name: str) -> str:
        """Whether the row states it as long-standing, as true or false."""
        return f"({quoted(name)} <=> '{LONG_STANDING}')" if self.kinds.get(name) == "text" else FALSE

    def is_given(self, name: str) -> str:
        """Whether the row says anything of it."""
        return f"({self.column(name)} IS NOT NULL)" if name in self.kinds else FALSE

    def column(self, name: str) -> str:
        """The column of a finding, as the expressions name it."""
        return quoted(_NUMBER + name if self.kinds[name] == "number" else name)

    def measured(self, protocol: Protocol) -> list[str]:
        """What to select first, beside the table's own columns: each number that can be. SQL holds NaN greater than any limit."""
        found = []
        for name in (name for name, kind in self.kinds.items() if kind == "number"):
            finding = protocol.findings[name]
            possible = f"{quoted(name)} BETWEEN {finding.low!r}D AND {finding.high!r}D"
            found.append(f"CASE WHEN {possible} THEN double({quoted(name)}) END AS {self.column(name)}")
        return found

    def is_known(self, name: str) -> str:
        """Whether the row says that it is so or not so; a text may say that it was asked and is not known."""
        if self.kinds.get(name) == "text":
            return any_of((self.is_true(name), self.is_false(name), self.is_old(name)))
        return self.is_given(name)

    def _says(self, name: str, word: str, test: str) -> str:
        match self.kinds.get(name):
            case "bool":
                return f"({quoted(name)} {test})"
            case "text":
                return f"({quoted(name)} <=> '{word}')"
        return FALSE


Settled = Mapping[tuple[str, object], str]


def settled(protocol: Protocol, table: Table, steps: Steps) -> Settled:
    """For each finding and each value that it may settle at, whether it does: `equina.triage.settle` without onsets."""
    baselines = {b: steps.name(f"b_{b}", any_of((table.is_true(b), table.is_old(b)))) for b in protocol.baseline_facts}
    changed = baselines.get("change_from_baseline", FALSE)
    chronic = steps.name("b_aged", all_of((baselines.get("chronic_urinary_symptoms", FALSE), negated(changed))))
    found: dict[tuple[str, object], str] = {}
    for name in table.kinds:
        finding = protocol.findings[name]
        if not finding.measured and finding.kind != "choice":
            for value, expression in _values(protocol, table, finding, baselines, changed, chronic).items():
                found[name, value] = steps.name(f"s_{name}_{value}", expression)
    return {key: expression for key, expression in found.items() if expression != FALSE}


def _values(
    protocol: Protocol, table: Table, finding: Finding, baselines: Mapping[str, str], changed: str, chronic: str
) -> dict[object, str]:
    name = finding.id
    aged = all_of((chronic, negated(_by_number(protocol, table, finding)))) if name in protocol.chronic_covers else FALSE
    unnamed = negated(any_of(baselines.get(fact, FALSE) for fact in finding.old_only_with)) if finding.old_only_with else FALSE
    anew = any_of((unnamed, TRUE if finding.never_old else FALSE, changed if finding.changeable else FALSE))
    anew = FALSE if finding.lasting else anew
    stated, stated_old = table.is_true(name), table.is_old(name)
    old = any_of((all_of((stated_old, negated(anew))), all_of((stated, aged))))
    why = any_of(
        baselines[fact]
        for fact, covers in protocol.explained_by.items()
        if fact in baselines and not {"*", name}.isdisjoint(covers)
    )
    return {
        True: any_of((all_of((stated_old, anew)), all_of((stated, negated(aged))))),
        LONG_STANDING: all_of((old, negated(why))),
        EXPLAINED: all_of((old, why)),
        False: table.is_false(name),
    }


def _by_number(protocol: Protocol, table: Table, finding: Finding) -> str:
    """Whether a measurement makes it true."""
    rows = ((quantity, row) for quantity, rows in protocol.table.measures.items() for row in rows)
    return any_of(
        compared(protocol, table, quantity, row.bit) for quantity, row in rows if any(name == finding.id for name, _ in row.implied)
    )


def compared(protocol: Protocol, table: Table, quantity: str, bit: int) -> str:
    """Whether the row's measurement meets the comparison that is this leaf, as true or false."""
    if quantity not in table.kinds:
        return FALSE
    _, comparison = protocol.table.names[bit.bit_length() - 1].split(" ", 1)
    return f"coalesce({table.column(quantity)} {comparison}, false)"
