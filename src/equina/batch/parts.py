"""The rows of one part of the results, on disk between judging and the end: as Arrow has them, since they are read once."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from equina.batch.rows import schema
from equina.batch.spill import written

__all__ = ["read_part", "write_part"]

_PACKED = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


def _name(number: int) -> str:
    return f"part-{number:06d}.arrow"


def write_part(folder: Path, number: int, table: pa.Table) -> None:
    """Keep the rows of a part, whole or not at all."""
    with written(folder / _name(number)) as file, pa.ipc.new_file(file, table.schema, options=_PACKED) as rows:
        rows.write_table(table)


def read_part(folder: Path, number: int) -> pa.Table:
    """The rows of a part."""
    with pa.ipc.open_file(folder / _name(number), options=pa.ipc.IpcReadOptions(use_threads=False)) as rows:
        return rows.read_all().cast(schema())
