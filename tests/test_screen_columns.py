"""The columns interpreter says of every row what the scalar one says of the same case."""

import json
import os
import random
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from equina.batch.columns import Columns
from equina.batch.outcome import Outcomes
from equina.batch.planes import ALL, NONE, Program, packed, unpacked
from equina.case import Case
from equina.exchange import read_request
from equina.model import DISPOSITIONS
from screening import AS_OF, PROTOCOL, dev_cases

FULL = bool(os.environ.get("EQUINA_FULL"))
ROWS = 100_000 if FULL else 750
WORDS = {"true": True, "false": False, "unknown": None}
FINDINGS = list(PROTOCOL.findings.values())


def of_scalar(outcomes, values, answered_by, complete):
    outcome = outcomes.of(Case(values=values, answered_by=answered_by, complete=complete))
    return outcome.low, outcome.high, outcome.disposition, outcome.settled


def of_columns(verdicts, row):
    advice = verdicts.disposition[row]
    return (
        DISPOSITIONS[verdicts.low[row]],
        DISPOSITIONS[verdicts.high[row]],
        None if advice < 0 else DISPOSITIONS[advice],
        bool(verdicts.settled[row]),
    )


def table_of(rows, names, boolean=()):
    """The rows, dicts of values, as a table; findings whose columns hold booleans are named."""
    kinds = {
        name: pa.float64() if PROTOCOL.findings[name].measured else pa.bool_() if name in boolean else pa.string() for name in names
    }

    def cell(name, row):
        if name not in row:
            return None
        value = row[name]
        if PROTOCOL.findings[name].measured:
            return value
        if name in boolean:
            return value if isinstance(value, bool) else None
        return {True: "true", False: "false", None: "unknown"}.get(value, value)

    return pa.table({name: pa.array([cell(name, row) for row in rows], type=kinds[name]) for name in names})


def random_value(draws, finding, dense):
    """A value, or None for a finding that is not asked."""
    if draws.random() > dense:
        return None
    if finding.measured:
        cuts = [measure.number for measure in PROTOCOL.table.measures[finding.id]] or [finding.low or 0.0]
        value = draws.choice(cuts) + draws.choice((-1, -0.5, 0, 0.5, 1))
        return min(max(value, finding.low or 0.0), finding.high or 0.0)
    if finding.kind == "choice":
        return draws.choice(finding.options)
    return draws.choices(("true", "false", "long_standing", "unknown"), (4, 4, 3, 2))[0]


@pytest.mark.parametrize(
    ("columns", "dense", "answered_by", "complete"),
    [
        (20, 0.3, "self", False),
        (60, 0.1, "record", True),
        (217, 0.05, "clinician", False),
        (217, 0.5, "self", True),
        (217, 0.02, "record", False),
    ],
)
def test_random_rows(columns, dense, answered_by, complete):
    draws = random.Random(columns + int(dense * 100))
    chosen = draws.sample(FINDINGS, min(columns, len(FINDINGS)))
    names = [finding.id for finding in chosen]
    boolean = {f.id for f in chosen if not f.measured and f.kind != "choice" and draws.random() < 0.4}
    rows = []
    for _ in range(ROWS // 5):
        row = {}
        for finding in chosen:
            value = random_value(draws, finding, dense)
            if value is not None and (finding.id not in boolean or value in ("true", "false")):
                row[finding.id] = WORDS.get(value, value) if isinstance(value, str) else value
        rows.append(row)
    worded = [finding.id for finding in chosen if finding.id not in boolean]
    verdicts = Columns(PROTOCOL, names, worded, answered_by, complete=complete).judge(table_of(rows, names, boolean))
    outcomes = Outcomes(PROTOCOL)
    for i, row in enumerate(rows):
        assert of_columns(verdicts, i) == of_scalar(outcomes, row, answered_by, complete), row


def test_every_development_case():
    """All of them as one table, in which most findings of most cases were not asked."""
    lines = [line for line in dev_cases() if "findings" in line]
    now = datetime.fromisoformat(AS_OF)
    cases = [read_request(PROTOCOL, json.dumps(line).encode(), now).case for line in lines]
    names = sorted({name for case in cases for name in case.values})
    verdicts = Columns(PROTOCOL, names, names).judge(table_of([case.values for case in cases], names))
    outcomes = Outcomes(PROTOCOL)
    assert len(cases) >= 60
    for i, case in enumerate(cases):
        assert of_columns(verdicts, i) == of_scalar(outcomes, case.values, "self", False), lines[i]["id"]


def test_a_row_speaks_when_anything_is_certain_of_it_but_its_age():
    names = ["age_years", "back_pain", "fever"]
    rows = [{"age_years": 80.0}, {"back_pain": True}, {"back_pain": False, "fever": None}, {"back_pain": "long_standing"}, {}]
    verdicts = Columns(PROTOCOL, names, names).judge(table_of(rows, names))
    assert verdicts.speaks.tolist() == [False, True, False, True, False]
    assert verdicts.given.tolist() == [False, True, True, True, False]


# --- programs ------------------------------------------------------------------------------------------------------------------


def test_at_least_counts_every_part_once_for_each_time_it_is_given():
    draws = np.random.default_rng(1)
    columns = {name: draws.integers(0, 2, 300).astype(bool) for name in "abcd"}
    program = Program()
    planes = [program.input(name) for name in columns]
    given = {name: packed(pa.array(column))[0] for name, column in columns.items()}
    twice = [*planes, planes[0]]
    counted = sum(column.astype(int) for column in columns.values()) + columns["a"]
    for count in range(1, 6):
        [plane] = program.run(given, [program.at_least(count, twice)], 5)
        assert unpacked(plane, 300).tolist() == (counted >= count).tolist()


def test_what_is_the_same_for_every_row_is_worked_out_before():
    program = Program()
    a = program.input("a")
    assert program.any_of([a, ALL]) == ALL
    assert program.all_of([a, NONE]) == NONE
    assert program.all_of([a, ALL, a]) == a
    assert program.less(ALL, ALL) == NONE
    assert len(program) == 0


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 64 * 5000 + 7])
def test_planes_of_any_length(rows):
    """Also longer than a block, and with bits left over in the last word."""
    draws = np.random.default_rng(rows)
    a, b = (draws.integers(0, 2, rows).astype(bool) for _ in range(2))
    program = Program()
    left, right = program.input("a"), program.input("b")
    wanted = [program.any_of((left, right)), program.all_of((left, right)), program.less(left, right), left, ALL, NONE]
    given = {"a": packed(pa.array(a))[0], "b": packed(pa.array(b))[0]}
    found = [unpacked(plane, rows).tolist() for plane in program.run(given, wanted, -(-rows // 64))]
    assert found == [each.tolist() for each in (a | b, a & b, a & ~b, a, np.ones(rows, bool), np.zeros(rows, bool))]


@pytest.mark.parametrize("start", [0, 1, 8, 64, 77])
def test_a_boolean_column_that_is_a_slice_with_nulls(start):
    values = [True, None, False, True] * 50
    true, known = packed(pa.array(values)[start : start + 101])
    wanted = values[start : start + 101]
    assert unpacked(true, 101).tolist() == [value is True for value in wanted]
    assert unpacked(known, 101).tolist() == [value is not None for value in wanted]
    assert (
        packed(pa.chunked_array([pa.array(values)[:3], pa.array(values)[3:]]))[0].tolist() == packed(pa.array(values))[0].tolist()
    )
