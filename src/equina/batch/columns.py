"""The columns interpreter: the rules over millions of rows at once, of the same trees that `triage` asks case by case.

What `settle` and `resolve` do to one case is written here as a program over bit planes, once for the columns that a table has.
Without a `not`, three-valued truth is two planes: where a condition certainly holds, and where it still may. Decisions 0005, 0014.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from equina.batch.planes import ALL, NONE, Bits, Plane, Program, packed, unpacked
from equina.leaves import EXPLAINED
from equina.logic import Connectives, fold
from equina.model import DISPOSITIONS, LONG_STANDING, Finding, Protocol
from equina.triage import CAN_ANSWER, NOT_STATED

__all__ = ["POLICIES", "Columns", "Verdicts", "bits_of"]

# The policies that may be reasons; and where none is.
POLICIES = ("nothing_given", "questions_open", "core_flag_not_known", "nothing_worrying", "")
# The words of a column of a finding, and the planes that they are.
WORDS: Mapping[str, str] = {"true": "true", "false": "false", LONG_STANDING: "old", "unknown": "unknown"}
_COMPARED: Mapping[Callable[[float, float], bool], Callable[..., Any]] = {
    operator.ge: pc.greater_equal,
    operator.gt: pc.greater,
    operator.le: pc.less_equal,
    operator.lt: pc.less,
}


@dataclass(frozen=True, slots=True)
class Stated:
    """Of one finding, where it is stated as true, false, old, or asked and not known."""

    true: Plane = NONE
    false: Plane = NONE
    old: Plane = NONE
    unknown: Plane = NONE
    explained: Plane = NONE  # old, and explained by a baseline: never in a table, only once it is settled


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What follows for each row: levels as places in DISPOSITIONS, -1 for no disposition; whether anything is given, and
    whether anything certain speaks, age and sex apart."""

    low: np.ndarray[Any, np.dtype[np.int8]]
    high: np.ndarray[Any, np.dtype[np.int8]]
    disposition: np.ndarray[Any, np.dtype[np.int8]]
    settled: np.ndarray[Any, np.dtype[np.bool_]]
    given: np.ndarray[Any, np.dtype[np.bool_]]
    speaks: np.ndarray[Any, np.dtype[np.bool_]]

    @property
    def policy(self) -> np.ndarray[Any, np.dtype[np.int8]]:
        """The policy that is a reason of each row, by its place in POLICIES: what `explain.reasons_for` does."""
        raised = np.where(self.disposition > self.low, 2, np.where(self.disposition == 0, 3, 4))
        return np.where(self.given, np.where(self.disposition < 0, 1, raised), 0).astype(np.int8)


class Columns:
    """The protocol as a program for tables with these columns: a finding is a boolean, a quantity a number, a choice a word.

    `worded` are the findings whose columns hold words: true, false, long_standing, unknown. A null was not asked. `answered_by` is
    whose answers the table holds.
    """

    def __init__(
        self,
        protocol: Protocol,
        names: Iterable[str],
        worded: Collection[str] = (),
        answered_by: str = "self",
        *,
        complete: bool = False,
    ) -> None:
        self.protocol = protocol
        self.names = tuple(name for name in names if name in protocol.findings)
        self._worded, self._answered, self._complete = frozenset(worded), CAN_ANSWER[answered_by], complete
        self.program = Program()
        self._asked: dict[str, Plane] = {}
        self._met: dict[tuple[str, int], tuple[Plane, Plane]] = {}  # of a comparison, where it is met and where not
        self._chosen: dict[tuple[str, str], Plane] = {}
        stated = {name: each for name in self.names if (each := self._inputs(protocol.findings[name])) is not None}
        self._settled = self._settle(stated)
        self.must, self.may = self._resolve()
        self.could = self._reach()
        self.rules = self._rules(self.must)
        self.low, self.high = self._levels(self.rules), self._levels(self._rules(self.may))
        could = self._levels(self._rules(self.could))
        age = {bit for name in NOT_STATED for bit in bits_of(protocol.table.about.get(name, 0))}
        speaks = self.program.any_of(plane for bit, plane in self.must.items() if bit not in age)
        # The planes of which the verdicts are made.
        self.decisive = (*self.low[1:], *self.high[1:], *could[1:], *self._advice(), speaks, self._given())

    # --- what a table gives ------------------------------------------------------------------------------------------------------

    def _inputs(self, finding: Finding) -> Stated | None:
        program, name = self.program, finding.id
        asked = self._asked[name] = program.input(f"{name} asked")
        if finding.measured:
            for i, _ in enumerate(self.protocol.table.measures[name]):
                met = program.input(f"{name} met {i}")
                self._met[name, i] = (met, program.less(asked, met))
            return None
        if finding.kind == "choice":
            for option in finding.options:
                self._chosen[name, option] = program.input(f"{name} {option}")
            return None
        true = program.input(f"{name} true")
        if name not in self._worded:
            return Stated(true, program.less(asked, true))
        return Stated(true, *(program.input(f"{name} {value}") for value in ("false", "old", "unknown")))

    def planes(self, table: pa.Table | pa.RecordBatch) -> dict[str, Bits]:
        """The planes of a table's columns; NaN must not be in them. Raises pyarrow errors when a column is of another kind."""
        given: dict[str, Bits] = {}
        for name in self.names:
            finding, column = self.protocol.findings[name], table.column(name)
            if finding.measured:
                given[f"{name} asked"] = packed(pc.is_valid(column))[0]
                for i, measure in enumerate(self.protocol.table.measures[name]):
                    given[f"{name} met {i}"] = packed(_COMPARED[measure.relation](column, measure.number))[0]
            elif finding.kind == "choice" or name in self._worded:
                given[f"{name} asked"] = packed(pc.is_valid(column))[0]
                for word in finding.options or WORDS:
                    given[f"{name} {WORDS.get(word, word)}"] = packed(pc.equal(column, word))[0]
            else:
                given[f"{name} true"], given[f"{name} asked"] = packed(column)
        return given

    # --- time course: what `triage.settle` does ----------------------------------------------------------------------------------

    def _settle(self, stated: Mapping[str, Stated]) -> dict[str, Stated]:
        program, protocol = self.program, self.protocol
        baseline = {fact: program.any_of((each.true, each.old)) for fact in protocol.baseline_facts if (each := stated.get(fact))}
        changed = baseline.get("change_from_baseline", NONE)
        chronic = program.less(baseline.get("chronic_urinary_symptoms", NONE), changed)
        settled = {}
        for name, each in stated.items():
            finding = protocol.findings[name]
            unnamed = NONE
            if finding.old_only_with:
                unnamed = program.less(ALL, program.any_of(baseline.get(fact, NONE) for fact in finding.old_only_with))
            anew = [unnamed, ALL if finding.never_old else NONE, changed if finding.changeable else NONE]
            renewed = NONE if finding.lasting else program.all_of((each.old, program.any_of(anew)))
            aged = (
                program.less(program.all_of((each.true, chronic)), self._measured(name))
                if name in protocol.chronic_covers
                else NONE
            )
            old = program.any_of((program.less(each.old, renewed), aged))
            facts = (fact for fact, names in protocol.explained_by.items() if "*" in names or name in names)
            explained = program.all_of((old, program.any_of(baseline.get(fact, NONE) for fact in facts)))
            true = program.any_of((program.less(each.true, aged), renewed))
            settled[name] = Stated(true, each.false, program.less(old, explained), each.unknown, explained)
        return settled

    def _measured(self, finding: str) -> Plane:
        """Where a measurement makes the finding true."""
        rows = (
            self._met[quantity, i][0]
            for quantity, measures in self.protocol.table.measures.items()
            for i, measure in enumerate(measures)
            if (quantity, i) in self._met and any(implied == finding for implied, _ in measure.implied)
        )
        return self.program.any_of(rows)

    # --- what follows: what `leaves.resolve` does --------------------------------------------------------------------------------

    def _resolve(self) -> tuple[dict[int, Plane], dict[int, Plane]]:
        """(Where each leaf is certain, where it is not excluded), by the bit of the leaf. One that is not there is nowhere certain,
        and nowhere excluded."""
        program, table = self.program, self.protocol.table
        true, excluded, unless = _Gathered(), _Gathered(), _Gathered()
        for name, each in self._settled.items():
            values = ((True, each.true), (False, each.false), (LONG_STANDING, each.old), (EXPLAINED, each.explained))
            for value, plane in values:
                effect = table.effects.get((name, value))
                if effect is not None and plane != NONE:
                    true.add(effect.true, plane)
                    excluded.add(effect.excluded, plane)
                    unless.add(effect.unless, plane)
        for (name, option), plane in self._chosen.items():
            excluded.add(table.effects[name, option].excluded, plane)
        for (name, i), (met, unmet) in self._met.items():
            measure = table.measures[name][i]
            true.add(measure.bit, met)
            excluded.add(measure.bit, unmet)
            excluded.add(measure.excluded, met)
            for implied, bits in measure.implied:
                old = (self._settled.get(other, Stated()) for other in table.old_measures.get(implied, ()))
                kept = program.any_of(plane for each in old for plane in (each.old, each.explained))
                true.add(bits, program.less(met, kept))
        must = true.joined(program)
        hard, soft = excluded.joined(program), unless.joined(program)
        gone = {bit: program.any_of((hard.get(bit, NONE), soft.get(bit, NONE))) for bit in {**hard, **soft}}
        for own, below in table.below:  # the narrowest first, as there
            denied = [bit for bit in bits_of(own) if soft.get(bit, NONE) != NONE]
            if denied:
                still = program.any_of(program.less(ALL, gone.get(bit, NONE)) for bit in bits_of(below))
                for bit in denied:
                    gone[bit] = program.less(gone[bit], program.all_of((soft[bit], still)))
        may = {bit: program.any_of((program.less(ALL, plane), must.get(bit, NONE))) for bit, plane in gone.items()}
        return must, may

    def _is(self, leaves: Mapping[int, Plane], mask: int, otherwise: Plane) -> Plane:
        """Where any of these leaves is set."""
        return self.program.any_of(leaves.get(bit, otherwise) for bit in bits_of(mask))

    # --- what could still be asked: what `triage.reach` does ---------------------------------------------------------------------

    def _reach(self) -> dict[int, Plane]:
        program, protocol = self.program, self.protocol
        asked: dict[int, list[Plane]] = {}
        for name, could in protocol.table.could.items():
            finding = protocol.findings[name]
            if finding.not_asked or finding.answered_by not in self._answered:
                continue
            told = [self._told(protocol.findings[umbrella]) for umbrella in (name, *finding.presumes)]
            silent = program.less(ALL, program.any_of((self._asked.get(name, NONE), self._old(finding), *told)))
            plane = program.all_of((silent, self._is(self.may, protocol.table.about[name], ALL)))
            for bit in bits_of(could):
                asked.setdefault(bit, []).append(plane)
        return {
            bit: program.any_of(
                (program.all_of((program.any_of(asked.get(bit, ())), self.may.get(bit, ALL))), self.must.get(bit, NONE))
            )
            for bit in map((1).__lshift__, range(len(protocol.table.names)))
        }

    def _told(self, umbrella: Finding) -> Plane:
        """Where a present member has answered an umbrella."""
        table = self.protocol.table
        return self.program.any_of(self._is(self.must, table.about[member] & table.plain, NONE) for member in umbrella.denies)

    def _old(self, finding: Finding) -> Plane:
        """Where something narrower that is old has answered it; a core flag is asked all the same."""
        old = self.protocol.table.bits.get(f"{finding.id}_long_standing", 0)
        return NONE if finding.id in self.protocol.core_flags or not old else self.must.get(old, NONE)

    # --- the rules and the advice ------------------------------------------------------------------------------------------------

    def _rules(self, leaves: Mapping[int, Plane]) -> dict[str, Plane]:
        """Where each rule holds: the one fold, with the connectives of planes."""
        otherwise = ALL if leaves is self.may else NONE
        program, bit = self.program, self.protocol.table.bit
        by: Connectives[Plane] = Connectives(
            lambda leaf: leaves.get(bit(leaf), otherwise), program.all_of, program.any_of, program.at_least
        )
        return {name: fold(rule.when, by) for name, rule in self.protocol.rules.items()}

    def _levels(self, rules: Mapping[str, Plane]) -> tuple[Plane, ...]:
        """Where some rule of each level holds, by the order of DISPOSITIONS; the lowest level needs none."""
        wanted = (
            [plane for name, plane in rules.items() if self.protocol.rules[name].disposition == level] for level in DISPOSITIONS
        )
        return tuple(self.program.any_of(planes) for planes in wanted)

    def _advice(self) -> tuple[Plane, Plane]:
        """(Where there is no advice below an emergency, where what is not known raises it to urgent): what `triage.advice` does."""
        program, protocol = self.program, self.protocol
        given = program.any_of(plane for name, plane in self._asked.items() if name not in NOT_STATED)
        waits, unsure = [], []
        for name in protocol.core_flags:
            if protocol.findings[name].answered_by not in self._answered:
                continue
            about, asked = protocol.table.about[name], self._asked.get(name, NONE)
            valued = program.less(asked, self._settled[name].unknown) if name in self._settled else asked
            known = program.any_of((valued, self._is(self.must, about, NONE)))
            open_still = program.less(self._is(self.may, about, ALL), known)
            unsure.append(open_still)
            waits.append(program.less(open_still, asked))
        changed = self._settled.get("change_from_baseline", Stated()).unknown
        chronic = self._settled.get("chronic_urinary_symptoms", Stated()).true
        old = (plane for each in self._settled.values() for plane in (each.old, each.explained))
        unsure.append(program.all_of((changed, program.any_of((chronic, *old)))))
        waiting = NONE if self._complete else program.any_of(waits)
        return program.any_of((waiting, program.less(ALL, given))), program.any_of(unsure)

    def judge(self, table: pa.Table | pa.RecordBatch) -> Verdicts:
        """What follows for each row of the table."""
        rows = table.num_rows
        planes = self.program.run(self.planes(table), self.decisive, -(-rows // 64))
        return self.verdicts([unpacked(plane, rows) for plane in planes])

    def verdicts(self, bits: Sequence[np.ndarray[Any, np.dtype[np.bool_]]]) -> Verdicts:
        """What follows for each row, of the decisive planes as booleans."""
        low, high, could = (_highest(bits[start : start + 3]) for start in (0, 3, 6))
        none, raised, speaks, given = bits[9:]
        urgent = DISPOSITIONS.index("urgent")
        advice = np.where(none, np.int8(-1), np.where(raised, np.maximum(low, np.int8(urgent)), low))
        emergency = (low == len(DISPOSITIONS) - 1) & given
        return Verdicts(
            low=low,
            high=high,
            disposition=np.where(emergency, low, advice).astype(np.int8),
            settled=(low == high) | (np.maximum(could, low) == low),
            given=given,
            speaks=speaks,
        )

    def _given(self) -> Plane:
        return self.program.any_of(plane for name, plane in self._asked.items() if name not in NOT_STATED)


class _Gathered:
    """The planes of which each leaf is joined."""

    def __init__(self) -> None:
        self._planes: dict[int, list[Plane]] = {}

    def add(self, mask: int, plane: Plane) -> None:
        for bit in bits_of(mask):
            self._planes.setdefault(bit, []).append(plane)

    def joined(self, program: Program) -> dict[int, Plane]:
        return {bit: program.any_of(planes) for bit, planes in self._planes.items()}


def bits_of(mask: int) -> Iterator[int]:
    """Each bit of a set of leaves."""
    while mask:
        yield mask & -mask
        mask &= mask - 1


def _highest(levels: Sequence[np.ndarray[Any, np.dtype[np.bool_]]]) -> np.ndarray[Any, np.dtype[np.int8]]:
    """The highest level that holds, by its place in DISPOSITIONS."""
    found = np.zeros(len(levels[0]), np.int8)
    for place, holds in enumerate(levels, 1):
        found[holds] = place
    return found
