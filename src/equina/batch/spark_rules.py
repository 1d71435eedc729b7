"""The protocol as Spark SQL over a table with one row a patient and a column a finding: no Python runs beside the rows.

The statements of a row settle leaves, and rules see leaves alone, as in `equina.triage.assess`, whose levels these are
(tests/test_spark_rules.py holds the two together). Leaves are the bits of a few whole numbers, so that "any of these" is one test
(docs/decisions says why not a column a leaf). What no column of the table can change is worked out here and never reaches Spark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from equina.batch.spark_sql import FALSE, TRUE, Steps, all_of, any_of, at_least, negated, quoted, selections, text
from equina.batch.spark_table import Settled, Table, compared, settled
from equina.leaves import EXPLAINED
from equina.logic import Condition, Connectives, fold
from equina.model import DISPOSITIONS, LONG_STANDING, Disposition, Finding, Protocol
from equina.triage import CAN_ANSWER, NOT_STATED

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["OUTCOME", "outcome_steps", "with_levels"]

# The columns that the steps end with. `anything`: whether something is true of which a rule could come nearer.
OUTCOME = ("low", "high", "disposition", "settled", "reasons", "anything")

_WORD = 62  # leaves in one number of 64 bits: none is the sign
_Part = int | str
_BELOW_URGENT = "(`low` IN ('self_care', 'scheduled'))"


_KINDS = {"boolean": "bool", "string": "text", "double": "number", "float": "number", "int": "number", "bigint": "number"}


def with_levels(frame: DataFrame, protocol: Protocol, answered_by: str = "self") -> DataFrame:
    """The frame with the columns of OUTCOME: what `equina triage` says of each row, worked out by Spark alone.

    A column that has the id of a finding is read as it: a boolean, or a text of true, false, long_standing and unknown; of a
    quantity a number; of a choice one of its words. A null was not asked. Raises ValueError for a column of another kind.
    """
    table = Table(_kinds(frame, protocol), answered_by)
    steps = outcome_steps(protocol, table)
    query = "{frame}"
    kept = [quoted(name) for name in frame.columns]
    for select in ([*kept, *table.measured(protocol)], *selections(steps, [*frame.columns, *OUTCOME])):
        query = f"SELECT {', '.join(select)} FROM {query if query == '{frame}' else f'({query})'}"
    return frame.sparkSession.sql(query, frame=frame)  # one text, since Spark looks through a frame anew at every step


def _kinds(frame: DataFrame, protocol: Protocol) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for name, type in frame.dtypes:
        finding = protocol.findings.get(name)
        if finding is not None:
            kind = "number" if type.startswith("decimal") else _KINDS.get(type, type)
            wanted = ("number",) if finding.measured else ("text",) if finding.kind == "choice" else ("bool", "text")
            if kind not in wanted:
                raise ValueError(f"{name}: a column of {' or '.join(wanted)} is expected, not {type}; cast it")
            kinds[name] = kind
        elif name in OUTCOME:
            raise ValueError(f"{name}: the table has such a column already; rename it")
    return kinds


def outcome_steps(protocol: Protocol, table: Table) -> list[dict[str, str]]:
    """The projections, in order: for each the names of new columns and their expressions over the columns before."""
    return _Judge(protocol, table).steps()


@dataclass(frozen=True)
class _Leaves:
    """A set of leaves that differs from row to row: the columns of its words, what is in it always, and what is sometimes."""

    prefix: str
    always: int
    ever: int

    def word(self, number: int) -> str:
        """The column of one of its words."""
        return quoted(f"{self.prefix}{number}")


class _Judge:
    def __init__(self, protocol: Protocol, table: Table) -> None:
        self.protocol, self.table = protocol, table
        self._steps = Steps()
        self._place = {bit: i for i, bit in enumerate(_bits(self.wanted))}

    def steps(self) -> list[dict[str, str]]:
        """See `outcome_steps`."""
        settled_at = settled(self.protocol, self.table, self._steps)
        must, may = self._truth(settled_at)
        could = self._could(must, may)
        self._levels(must, may, could)
        self._advice(settled_at, must, may)
        return self._steps.done

    @cached_property
    def wanted(self) -> int:
        """The leaves that matter: those of rules, questions and umbrellas, and those by which what is denied stays open."""
        table, findings = self.protocol.table, self.protocol.findings
        mask = 0
        for test in self.protocol.rule_tests.values():
            mask |= test.leaves
        for name, could in table.could.items():
            if could & mask or name in self.protocol.core_flags:
                mask |= table.about[name]
        for member in {member for finding in findings.values() for member in finding.denies}:
            mask |= table.about[member] & table.plain
        for own, below in reversed(table.below):  # the widest first
            mask |= below if own & mask else 0
        return mask

    # --- sets of leaves ----------------------------------------------------------------------------------------------------------

    def _words(self, leaves: int) -> dict[int, int]:
        """The leaves as (number of a word: bits in it)."""
        words: dict[int, int] = defaultdict(int)
        for bit in _bits(leaves & self.wanted):
            number, place = divmod(self._place[bit], _WORD)
            words[number] |= 1 << place
        return words

    @property
    def _numbers(self) -> range:
        return range(-(-len(self._place) // _WORD))

    def _gathered(self, prefix: str, rows: Iterable[tuple[str, int]]) -> _Leaves:
        """The set that holds the leaves of each row (condition, leaves) whose condition holds."""
        terms: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        always = ever = 0
        for condition, leaves in rows:
            if condition == FALSE:
                continue
            ever |= leaves & self.wanted
            always |= leaves & self.wanted if condition == TRUE else 0
            for number, mask in self._words(leaves).items():
                terms[number][mask].append(condition)
        for number in self._numbers:
            parts = [f"IF({any_of(conditions)}, {mask}L, 0L)" for mask, conditions in terms[number].items()]
            self._steps.column(f"{prefix}{number}", _or(parts))
        return _Leaves(prefix, always, ever)

    def _any(self, leaves: _Leaves, asked: int) -> str:
        """Whether the set holds one of those asked for, as true or false."""
        if asked & leaves.always:
            return TRUE
        words = self._words(asked & leaves.ever).items()
        return any_of(f"(({leaves.word(number)} & {mask}L) != 0L)" for number, mask in words)

    def _holds(self, condition: Condition, leaves: _Leaves) -> str:
        """Whether the condition holds of the set: the fold of `equina.logic`, where a number stands for "any of these leaves"."""

        def test(part: _Part) -> str:
            return self._any(leaves, part) if isinstance(part, int) else part

        def any_part(parts: Sequence[_Part]) -> _Part:
            mask = 0
            for part in parts:
                mask |= part if isinstance(part, int) else 0
            tests = [part for part in parts if isinstance(part, str)]
            return any_of((test(mask), *tests)) if tests else mask

        by: Connectives[_Part] = Connectives(
            self.protocol.table.bit,
            lambda parts: all_of(map(test, parts)),
            any_part,
            lambda count, parts: at_least(count, [test(part) for part in parts]),
        )
        return test(fold(condition, by))

    # --- what is true and what is excluded: equina.leaves.resolve ----------------------------------------------------------------

    def _truth(self, settled_at: Settled) -> tuple[_Leaves, _Leaves]:
        """The leaves that are true, and those that are not excluded."""
        effects = self.protocol.table.effects
        rows = [(expression, effects[key]) for key, expression in settled_at.items()]  # type: ignore[index]
        measured, ruled_out = self._measured(settled_at)
        must = self._gathered("must", [*((holds, effect.true) for holds, effect in rows), *measured])
        hard = self._gathered("hard", [*((holds, effect.excluded) for holds, effect in rows), *ruled_out])
        soft = self._gathered("soft", [(holds, effect.unless) for holds, effect in rows])
        open_again = self._open_again(hard, soft)
        for number in self._numbers:
            denied, again = soft.word(number), _or(f"IF({still}, {mask}L, 0L)" for still, mask in open_again[number])
            gone = f"(({hard.word(number)} | {denied}) & ~({denied} & {again}))"
            self._steps.column(f"may{number}", f"(~{gone} | {must.word(number)})")
        return must, _Leaves("may", self.wanted & ~(hard.ever | soft.ever), self.wanted)

    def _measured(self, settled_at: Settled) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """The leaves that measurements and choices make true, and those that they exclude, each with its condition."""
        table = self.protocol.table
        true, excluded = [], []
        for quantity, row in ((q, row) for q, rows in table.measures.items() if q in self.table.kinds for row in rows):
            met = compared(self.protocol, self.table, quantity, row.bit)
            true.append((met, row.bit))
            excluded.append((all_of((self.table.is_given(quantity), negated(met))), row.bit))
            excluded.append((met, row.excluded))
            for implied, leaves in row.implied:
                old = (
                    settled_at.get((name, value), FALSE)
                    for name in sorted(table.old_measures.get(implied, ()))
                    for value in (LONG_STANDING, EXPLAINED)
                )
                true.append((all_of((met, negated(any_of(old)))), leaves))
        options = ((name, option) for name in self.table.kinds for option in self.protocol.findings[name].options)
        excluded += [(f"({quoted(name)} <=> {text(option)})", table.effects[name, option].excluded) for name, option in options]
        return true, excluded

    def _open_again(self, hard: _Leaves, soft: _Leaves) -> Mapping[int, list[tuple[str, int]]]:
        """Of each word: the conditions on which leaves that were denied are open all the same, through something narrower that
        was not denied with them; each with those leaves."""
        found: dict[int, list[tuple[str, int]]] = defaultdict(list)
        before: list[tuple[int, str]] = []  # (leaves, whether they are open again), the narrowest first
        for i, (own, below) in enumerate(self.protocol.table.below):
            if not own & soft.ever:
                continue
            parts = [self._open(below, hard, soft)]
            parts += [all_of((still, self._any(soft, wider & below))) for wider, still in before if wider & below & soft.ever]
            still = self._steps.name(f"open{i}", any_of(parts))
            before.append((own, still))
            for number, mask in self._words(own & soft.ever).items():
                if still != FALSE:
                    found[number].append((still, mask))
        return found

    def _open(self, leaves: int, hard: _Leaves, soft: _Leaves) -> str:
        """Whether one of the leaves is not excluded."""
        if leaves & self.wanted & ~(hard.ever | soft.ever):
            return TRUE
        words = self._words(leaves).items()
        return any_of(f"((~({hard.word(number)} | {soft.word(number)}) & {mask}L) != 0L)" for number, mask in words)

    # --- what could still be asked: equina.triage.reach --------------------------------------------------------------------------

    def _could(self, must: _Leaves, may: _Leaves) -> _Leaves:
        """The leaves that are true, or could become so by asking the one who answers."""
        protocol, answered = self.protocol, CAN_ANSWER[self.table.answered_by]
        rows = []
        for name, leaves in protocol.table.could.items():
            finding = protocol.findings[name]
            if finding.answered_by in answered and not finding.not_asked:
                still = self._any(may, protocol.table.about[name])
                told = any_of(self._any(must, mask) for mask in self._telling(finding))
                rows.append((all_of((still, negated(self.table.is_given(name)), negated(told))), leaves))
        asked = self._gathered("asked", rows)
        for number in self._numbers:
            self._steps.column(f"could{number}", f"({asked.word(number)} & {may.word(number)} | {must.word(number)})")
        return _Leaves("could", asked.always & may.always, asked.ever | must.ever)

    def _telling(self, finding: Finding) -> Iterator[int]:
        """The leaves that, when true, have answered the question about the finding."""
        table = self.protocol.table
        for umbrella in (finding, *(self.protocol.findings[presumed] for presumed in finding.presumes)):
            for member in umbrella.denies:
                yield table.about[member] & table.plain
        if finding.id not in self.protocol.core_flags:
            yield table.bits.get(f"{finding.id}_long_standing", 0)

    # --- rules, levels, advice ---------------------------------------------------------------------------------------------------

    @cached_property
    def _at(self) -> Mapping[Disposition, list[str]]:
        """The rules of each level, in the order in which reasons are given."""
        rules = self.protocol.rules
        return {level: [name for name in self.protocol.rule_tests if rules[name].disposition == level] for level in DISPOSITIONS}

    def _levels(self, must: _Leaves, may: _Leaves, could: _Leaves) -> None:
        """The levels that are certain, not excluded, and within reach of the one answering, with the rules that hold."""
        conditions = {name: rule.when for name, rule in self.protocol.rules.items()}
        fired = {
            level: [self._steps.name(f"r_{name}", self._holds(conditions[name], must)) for name in names]
            for level, names in self._at.items()
        }
        for prefix, leaves in (("high", may), ("reach", could)):
            arms = {level: any_of(self._holds(conditions[name], leaves) for name in names) for level, names in self._at.items()}
            self._steps.column(prefix, _highest(arms))
        counts = self.wanted & ~self.protocol.table.about["age_years"] & ~self.protocol.table.about.get("sex_at_birth", 0)
        self._steps.column("anything", self._any(must, counts))
        self._steps.column("low", _highest({level: any_of(tests) for level, tests in fired.items()}))
        of_level = {level: ", ".join(map(_if, tests, self._at[level])) for level, tests in fired.items() if tests}
        held = "".join(f" WHEN `low` = '{level}' THEN array({tests})" for level, tests in of_level.items())
        self._fired = f"CASE{held} ELSE array() END" if held else "array()"

    def _advice(self, settled_at: Settled, must: _Leaves, may: _Leaves) -> None:
        """The advice, and why: equina.triage.advice, equina.explain.reasons_for."""
        unknown = list(self._core_not_known(must, may))
        given = any_of(self.table.is_given(name) for name in self.table.kinds if name not in NOT_STATED)
        unsure = any_of((*(expression for _, expression in unknown), self._change_not_known(settled_at)))
        never_asked = any_of(all_of((expression, negated(self.table.is_given(name)))) for name, expression in unknown)
        waiting = all_of((negated(self.table.complete), never_asked))
        said = (
            (negated(given), "null", "'nothing_given'"),
            ("`low` = 'emergency'", "`low`", "null"),
            (waiting, "null", "'questions_open'"),
            (all_of((unsure, _BELOW_URGENT)), "'urgent'", "'core_flag_not_known'"),
            ("`low` = 'self_care'", "`low`", "'nothing_worrying'"),
        )
        disposition = "".join(f" WHEN {when} THEN {advice}" for when, advice, _ in said)
        policy = "".join(f" WHEN {when} THEN {why}" for when, _, why in said)
        self._steps.column("disposition", f"CASE{disposition} ELSE `low` END")
        self._steps.column("settled", "(`low` = `high` OR `reach` = `low`)")
        rules = f"IF({given}, {self._fired}, array())"
        self._steps.column("reasons", f"array_compact(concat(array(CASE{policy} END), {rules}))")

    def _core_not_known(self, must: _Leaves, may: _Leaves) -> Iterator[tuple[str, str]]:
        """The core flags that the one answering can answer, and for each whether it is neither present nor denied by name."""
        answered = CAN_ANSWER[self.table.answered_by]
        for name in self.protocol.core_flags:
            if self.protocol.findings[name].answered_by in answered:
                leaves = self.protocol.table.about[name]
                silent = negated(self.table.is_known(name))
                yield name, all_of((silent, negated(self._any(must, leaves)), self._any(may, leaves)))

    def _change_not_known(self, settled_at: Settled) -> str:
        """Whether something counts as old although it was asked if it has changed, and that is not known."""
        fact = "change_from_baseline"
        asked = all_of((self.table.is_given(fact), negated(self.table.is_known(fact))))
        old = (expression for (_, value), expression in settled_at.items() if value in (LONG_STANDING, EXPLAINED))
        return all_of((asked, any_of((settled_at.get(("chronic_urinary_symptoms", True), FALSE), *old))))


def _highest(holds: Mapping[Disposition, str]) -> str:
    """The highest level of which it is true."""
    arms = "".join(f" WHEN {holds[level]} THEN '{level}'" for level in reversed(DISPOSITIONS[1:]) if holds[level] != FALSE)
    return f"CASE{arms} ELSE 'self_care' END" if arms else "'self_care'"


def _if(holds: str, name: str) -> str:
    return text(name) if holds == TRUE else f"IF({holds}, {text(name)}, null)"


def _or(words: Iterable[str]) -> str:
    return f"({' | '.join(words)})" if (words := list(words)) else "0L"


def _bits(leaves: int) -> Iterator[int]:
    while leaves:
        yield leaves & -leaves
        leaves &= leaves - 1
