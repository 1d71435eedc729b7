"""The peers of screening, on the same bytes and the same columns: a bare parse, SQL by hand, the same rules in other engines."""

from __future__ import annotations

import json
import resource
import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from equina.batch.columns import Columns
from equina.logic import Connectives, fold
from equina.model import DISPOSITIONS, Protocol

__all__ = [
    "bare_msgspec",
    "by_cql_in_fhir4ds",
    "by_hand_in_duckdb",
    "by_hand_in_polars",
    "fhir_resources",
    "rules_in_duckdb",
    "rules_in_polars",
]

BACK, RETENTION = ("M54.50", "M54.9"), ("R33.9",)


# --- records ---------------------------------------------------------------------------------------------------------------------


class _Coding(msgspec.Struct):
    system: str = ""
    code: str = ""


class _Concept(msgspec.Struct):
    coding: list[_Coding] = []
    text: str = ""


class _Reference(msgspec.Struct):
    reference: str = ""


class _Quantity(msgspec.Struct):
    value: float = 0.0
    unit: str = ""


class _Event(msgspec.Struct, rename="camel"):
    """The elements of a coded event that a screening needs."""

    resource_type: str
    id: str = ""
    code: _Concept | None = None
    subject: _Reference | None = None
    clinical_status: _Concept | None = None
    verification_status: _Concept | None = None
    recorded_date: str | None = None
    effective_date_time: str | None = None
    value_quantity: _Quantity | None = None
    birth_date: str | None = None
    gender: str | None = None


def bare_msgspec(files: Sequence[Path]) -> int:
    """Parse every line into a typed record, and do nothing with it; how many."""
    decode, count = msgspec.json.Decoder(_Event).decode, 0
    for path in files:
        with path.open("rb") as file:
            for line in file:
                decode(line)
                count += 1
    return count


def fhir_resources(files: Sequence[Path], lines: int) -> int:
    """Parse some lines of each file into the models of fhir.resources; how many bytes."""
    from fhir.resources.R4B import get_fhir_model_class

    size = 0
    for path in files:
        model = get_fhir_model_class(path.stem)
        with path.open("rb") as file:
            for _, line in zip(range(lines), file, strict=False):
                model.model_validate_json(line)
                size += len(line)
    return size


def by_hand_in_duckdb(files: Sequence[Path], as_of: datetime) -> int:
    """Retention in the window, and back pain at any time, of one patient: how many patients. One rule, and no text, no reasons."""
    import duckdb

    conditions = next(path for path in files if path.stem == "Condition")
    persons = next(path for path in files if path.stem == "Patient")
    since = (as_of - timedelta(days=30)).isoformat()
    con = duckdb.connect()
    con.execute("SET threads=2")
    [found] = con.execute(
        f"""
        WITH c AS (SELECT subject.reference AS patient, code.coding[1].code AS code, recordedDate AS seen
            FROM read_json('{conditions}', format='newline_delimited',
            columns={{subject: 'STRUCT(reference VARCHAR)', recordedDate: 'VARCHAR',
            code: 'STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])'}})),
        p AS (SELECT id FROM read_json('{persons}', format='newline_delimited', columns={{id: 'VARCHAR'}}))
        SELECT count(*) FROM p
            WHERE 'Patient/' || id IN (SELECT patient FROM c WHERE code IN {(*RETENTION, "")} AND seen >= '{since}')
            AND 'Patient/' || id IN (SELECT patient FROM c WHERE code IN {BACK})
        """
    ).fetchall()[0]
    return int(found)


def by_hand_in_polars(files: Sequence[Path], as_of: datetime) -> int:
    """As `by_hand_in_duckdb`."""
    import polars as pl

    conditions = next(path for path in files if path.stem == "Condition")
    kinds = {
        "subject": pl.Struct({"reference": pl.String}),
        "code": pl.Struct({"coding": pl.List(pl.Struct({"system": pl.String, "code": pl.String}))}),
        "recordedDate": pl.String,
    }
    rows = pl.scan_ndjson(conditions, schema=kinds, ignore_errors=True).select(
        patient=pl.col("subject").struct.field("reference"),
        code=pl.col("code").struct.field("coding").list.get(0).struct.field("code"),
        at=pl.col("recordedDate"),
    )
    since = (as_of - timedelta(days=30)).isoformat()
    kept = rows.filter(pl.col("code").is_in([*BACK, *RETENTION])).collect()
    new = kept.filter(pl.col("code").is_in(RETENTION) & (pl.col("at") >= since))
    return (
        new.select("patient").unique().join(kept.filter(pl.col("code").is_in(BACK)).select("patient").unique(), on="patient").height
    )


def by_cql_in_fhir4ds(python: Path, folder: Path, as_of: datetime) -> dict[str, Any]:
    """As `by_hand_in_duckdb`, in CQL, by the interpreter of an environment that has fhir4ds-v2: what peer_fhir4ds.py tells."""
    command = [python, Path(__file__).with_name("peer_fhir4ds.py"), folder, as_of.isoformat()]
    done = subprocess.run([*map(str, command)], check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


# --- rules -----------------------------------------------------------------------------------------------------------------------


def _sources(protocol: Protocol, columns: Columns) -> dict[int, tuple[str, ...]]:
    """Of each leaf that a true column makes certain, the columns."""
    found: dict[int, list[str]] = {}
    for name in columns.names:
        true = protocol.table.effects[name, True].true
        while true:
            found.setdefault(true & -true, []).append(name)
            true &= true - 1
    return {bit: tuple(names) for bit, names in found.items()}


def _processors() -> float:
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def rules_in_polars(protocol: Protocol, columns: Columns, table: pa.Table) -> tuple[float, list[int]]:
    """(Processor seconds; rows at which some rule of each level above self care is certain). Unknown counts as not certain."""
    import polars as pl

    sources, false = _sources(protocol, columns), pl.lit(value=False)

    def count(least: int, parts: Sequence[Any]) -> Any:
        return pl.sum_horizontal(part.cast(pl.UInt8) for part in parts) >= least

    by: Connectives[Any] = Connectives(
        lambda leaf: pl.any_horizontal(sources[bit]) if (bit := protocol.table.bit(leaf)) in sources else false,
        lambda parts: pl.all_horizontal(parts),
        lambda parts: pl.any_horizontal(parts),
        count,
    )
    levels = {
        level: [fold(rule.when, by) for rule in protocol.rules.values() if rule.disposition == level] for level in DISPOSITIONS[1:]
    }
    frame = pl.from_arrow(table).fill_null(value=False)
    began = _processors()
    found = frame.lazy().select(**{level: pl.any_horizontal(tests).sum() for level, tests in levels.items()}).collect()
    return _processors() - began, [int(found[level][0]) for level in levels]


def rules_in_duckdb(protocol: Protocol, columns: Columns, table: pa.Table) -> tuple[float, list[int]]:
    """As `rules_in_polars`, in one SQL statement."""
    import duckdb

    sources = _sources(protocol, columns)

    def joined(word: str, empty: str) -> Any:
        return lambda parts: f"({word.join(parts)})" if parts else empty

    by: Connectives[str] = Connectives(
        lambda leaf: joined(" OR ", "false")(sources.get(protocol.table.bit(leaf), ())),
        joined(" AND ", "true"),
        joined(" OR ", "false"),
        lambda least, parts: f"(({'+'.join(f'({part})::TINYINT' for part in parts)}) >= {least})",
    )

    def tests(level: str) -> str:
        return " OR ".join(fold(rule.when, by) for rule in protocol.rules.values() if rule.disposition == level)

    con = duckdb.connect()
    con.execute("SET threads=2")
    known = ", ".join(f"coalesce({name}, false) AS {name}" for name in columns.names)
    con.register("given", table)
    con.execute(f"CREATE TABLE cases AS SELECT {known} FROM given")
    began = _processors()
    [found] = con.execute(
        f"SELECT {', '.join(f'count(*) FILTER ({tests(level)})' for level in DISPOSITIONS[1:])} FROM cases"
    ).fetchall()
    return _processors() - began, [int(each) for each in found]
