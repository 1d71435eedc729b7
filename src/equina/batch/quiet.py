"""Rows of a table in which nothing speaks: judged in columns, and kept as their outcome alone.

In most rows of a population's table everything is denied or not known. Such a row has no reasons of its own, no evidence and no
rule near, so what is left of its outcome are two levels, the advice and which policy speaks. The others take the way of every case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from equina.batch.columns import POLICIES, WORDS, Columns, Verdicts
from equina.batch.outcome import Outcome
from equina.batch.tables import columns_of
from equina.model import DISPOSITIONS, Protocol

__all__ = ["QUIET", "Quiet", "outcome_of"]

QUIET = "quiet"  # the first part of what is kept of such a row
_AS_FINDINGS = {"age": "age_years", "sex": "sex_at_birth"}
Bools = np.ndarray[Any, np.dtype[np.bool_]]


class Quiet:
    """Tells the quiet rows of tables with one schema."""

    def __init__(self, protocol: Protocol, columns: Columns, names: Mapping[str, str]) -> None:
        self._protocol, self._columns, self._names = protocol, columns, names  # of each finding, its column

    @staticmethod
    def of(protocol: Protocol, schema: pa.Schema) -> Quiet | None:
        """What tells the quiet rows of such a table; None when it has columns that want each row to be looked at."""
        names: dict[str, str] = {}
        worded = []
        for name in columns_of(protocol, schema.names)[0]:
            if name == "id":
                if not pa.types.is_string(schema.field(name).type):
                    return None
                continue
            finding = protocol.findings.get(_AS_FINDINGS.get(name, name))
            kind = schema.field(name).type
            words = pa.types.is_string(kind)
            if finding is None or finding.id in names or "id" not in schema.names:
                return None
            if finding.measured:
                fits = pa.types.is_floating(kind) or pa.types.is_integer(kind)
            else:
                fits = words or (pa.types.is_boolean(kind) and finding.kind != "choice")
            if not fits:
                return None
            names[finding.id] = name
            worded += [finding.id] if words and finding.kind != "choice" else []
        return Quiet(protocol, Columns(protocol, names, worded), names)

    def rows(self, batch: pa.RecordBatch) -> tuple[Bools, list[bytes]]:
        """(Which rows are quiet, and of each quiet row what is kept of it, in order)."""
        table = pa.table({finding: batch.column(name) for finding, name in self._names.items()})
        verdicts = self._columns.judge(table)
        quiet = ~verdicts.speaks & (verdicts.low == 0) & self._plain(batch, table)
        return quiet, list(self._kept(verdicts, quiet, table))

    def _plain(self, batch: pa.RecordBatch, table: pa.Table) -> Bools:
        """Where every cell is one that its column may hold, and there is an id."""
        plain = pc.and_(pc.is_valid(batch.column("id")), pc.not_equal(pc.fill_null(batch.column("id"), ""), ""))
        for name in table.column_names:
            finding, column = self._protocol.findings[name], table.column(name).combine_chunks()
            if finding.measured:
                number = column.cast(pa.float64())
                within = pc.and_(pc.greater_equal(number, finding.low or 0.0), pc.less_equal(number, finding.high or 0.0))
                plain = pc.and_(plain, pc.fill_null(within, True))  # NaN is not within
            elif pa.types.is_string(column.type):
                words = pa.array(finding.options or list(WORDS))
                plain = pc.and_(plain, pc.or_(pc.is_null(column), pc.is_in(column, words)))
        return np.asarray(plain.to_numpy(zero_copy_only=False), np.bool_)

    def _kept(self, verdicts: Verdicts, quiet: Bools, table: pa.Table) -> Iterator[bytes]:
        """Of each quiet row, `["quiet", high, advice, settled, policy, age, sex]` as JSON: few are different, and made once."""
        at = np.flatnonzero(quiet)
        age, sex = (self._cells(table, name, at) for name in ("age_years", "sex_at_birth"))
        made: dict[tuple[Any, ...], bytes] = {}
        parts = (verdicts.high, verdicts.disposition, verdicts.settled, verdicts.policy)
        for key in zip(*(part[at].tolist() for part in parts), age, sex, strict=True):
            found = made.get(key)
            if found is None:
                found = made[key] = json.dumps([QUIET, *key]).encode("ascii")
            yield found

    def _cells(self, table: pa.Table, name: str, at: np.ndarray[Any, Any]) -> list[Any]:
        if name not in table.column_names:
            return [None] * len(at)
        found: list[Any] = table.column(name).combine_chunks().take(pa.array(at)).to_pylist()
        return [float(value) if isinstance(value, int) else value for value in found]


def outcome_of(kept: list[Any]) -> tuple[Outcome, float | None, str | None]:
    """The outcome, age and sex that was kept of a quiet row."""
    _, high, advice, settled, policy, age, sex = kept
    level = None if advice < 0 else DISPOSITIONS[advice]
    outcome = Outcome("self_care", DISPOSITIONS[high], level, settled, (POLICIES[policy],), None, None, (), 0)
    return outcome, age, sex
