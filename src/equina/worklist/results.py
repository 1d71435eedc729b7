"""The rows of a run: counted as they stream by, and those on the list read in full. Needs pyarrow (extra: batch)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import and_
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from equina.batch.contract import EVIDENCE, RESULT_COLUMNS, RESULTS
from equina.exchange import BadInput
from equina.model import DISPOSITIONS, Disposition, Protocol, rank
from equina.worklist.manifest import AGAIN, Manifest
from equina.worklist.patient import NOTHING, Patient, Piece

__all__ = ["Counts", "patients"]

ROWS = 20_000  # read at a time: a patient's row is about a kilobyte
# Nothing is read ahead of what is counted, so that memory does not grow with the population.
FORMAT = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(pre_buffer=False, use_buffered_stream=True)
)
PARTS = tuple(part.name for part in EVIDENCE)
COLUMNS = (
    "id",
    "low",
    "high",
    "disposition",
    "reasons",
    "questions_left",
    "nearest_rule",
    "nearest_needs",
    "nearest_known",
    "latest",
    "age_years",
    "sex",
    "window_end",
    "evidence",
    "conflicts",
    "set_aside",
    "deceased",
    "protocol_digest",
)


@dataclass(slots=True)
class Counts:
    """What is counted of all rows while they stream by. Only `rows` and `deceased` count those who have died."""

    rows: int = 0
    deceased: int = 0
    deceased_at_level: int = 0  # of them, those at or above the level of the list
    nothing_known: int = 0
    levels: Counter[Disposition] = field(default_factory=Counter)  # of those of whom something is known
    rules: Counter[str] = field(default_factory=Counter)
    newest: dict[Disposition, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))  # level: day of the newest sign


def patients(protocol: Protocol, manifest: Manifest, least: Disposition, counts: Counts) -> Iterator[Patient]:
    """The living patients at or above the level, in no order; `counts` is filled by all rows on the way. Raises BadInput."""
    path = manifest.folder / RESULTS
    try:
        rows = ds.dataset(path, format=FORMAT)
        if missing := [name for name in COLUMNS if name not in rows.schema.names]:
            raise BadInput(f"{path}: {missing[0]}: the column is missing; {AGAIN}")
        for batch in rows.to_batches(
            columns=list(COLUMNS), batch_size=ROWS, batch_readahead=1, fragment_readahead=1, use_threads=False
        ):
            yield from _at_least(protocol, manifest, batch, least, counts)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path}: not Parquet as a run writes it ({str(error).splitlines()[0][:100]}); {AGAIN}") from None
    if counts.rows != manifest.patients:
        raise BadInput(f"{path}: {counts.rows} rows, where manifest.json counts {manifest.patients} patients; {AGAIN}")


def _at_least(
    protocol: Protocol, manifest: Manifest, batch: pa.RecordBatch, least: Disposition, counts: Counts
) -> Iterator[Patient]:
    for digest in pc.unique(batch["protocol_digest"]).to_pylist():
        if digest != manifest.protocol_digest:
            raise BadInput(
                f"{manifest.folder / RESULTS}: protocol_digest: a row is of another protocol than manifest.json; {AGAIN}"
            )
    levels = _levels(batch, manifest)
    known = [NOTHING not in reasons for reasons in batch["reasons"].to_pylist()]  # what is denied is known, and has no evidence
    died = batch["deceased"].to_pylist()
    counts.rows += batch.num_rows
    counts.deceased += sum(died)
    at_level = [rank(level) >= rank(least) for level in levels]
    counts.deceased_at_level += sum(map(and_, at_level, died))
    for level, something, dead in zip(levels, known, died, strict=True):
        if something and not dead:
            counts.levels[level] += 1
        elif not dead:
            counts.nothing_known += 1
    living = pc.invert(batch["deceased"])
    counts.rules.update(pc.list_flatten(batch.filter(living)["reasons"]).to_pylist())
    wanted = [above and not dead for above, dead in zip(at_level, died, strict=True)]
    for row in batch.filter(pa.array(wanted, pa.bool_())).to_pylist():
        yield _patient(protocol, manifest, row)


def _levels(batch: pa.RecordBatch, manifest: Manifest) -> list[Disposition]:
    """The level of each row: what is certain, or the advice where that is higher."""
    pairs = zip(batch["low"].to_pylist(), batch["disposition"].to_pylist(), strict=True)
    made = []
    for low, advice in pairs:
        if low not in DISPOSITIONS or (advice is not None and advice not in DISPOSITIONS):
            raise BadInput(f"{manifest.folder / RESULTS}: low or disposition: not a level; {AGAIN}")
        made.append(max(low, advice or low, key=rank))
    return made


def _patient(protocol: Protocol, manifest: Manifest, row: Mapping[str, Any]) -> Patient:
    names = manifest.names
    evidence = tuple(
        Piece(**{name: piece.get(name) for name in PARTS}, name=names.get(piece.get("file"), piece.get("file")))
        for piece in row["evidence"]
    )
    for piece in evidence:
        if piece.finding not in protocol.findings:
            raise BadInput(f"{manifest.folder / RESULTS}: evidence: a finding that the protocol does not know; {AGAIN}")
    return Patient(
        id=row["id"],
        low=row["low"],
        high=row["high"],
        disposition=row["disposition"],
        reasons=tuple(row["reasons"]),
        questions_left=row["questions_left"],
        nearest_rule=row["nearest_rule"],
        nearest_needs=tuple(row["nearest_needs"]),
        nearest_known=row["nearest_known"],
        latest=_moment(row["latest"]),
        age_years=row["age_years"],
        sex=row["sex"],
        as_of=cast(datetime, _moment(row["window_end"])),
        evidence=evidence,
        conflicts=tuple(row["conflicts"]),
        set_aside=row["set_aside"],
    )


def _moment(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


assert {column.name for column in RESULT_COLUMNS} >= set(COLUMNS)
