"""Tables of findings, CSV and Parquet: each row is a case, with a column for each key of a case and for each finding.

An empty cell was not asked. `unknown` was asked and is not known. Whatever else a cell may hold is what a case may hold there.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from typing import Protocol as Shape

from equina.batch.inputs import Input, Piece
from equina.batch.lines import LONGEST, Damaged, lines_of, opened
from equina.model import Finding, Protocol
from equina.tables import nearest

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Schema

    from equina.batch.quiet import Quiet

__all__ = ["Taker", "case_in", "cell", "columns_of", "read_table", "rows_at"]

KEYS = ("id", "age", "sex", "text", "complete", "answered_by", "carer", "as_of")
_WORDS: Mapping[str, bool | None] = {
    "true": True, "yes": True, "t": True, "y": True, "1": True,
    "false": False, "no": False, "f": False, "n": False, "0": False,
    "unknown": None, "not known": None, "null": None,
}  # fmt: skip
_BATCH = 20_000


class Taker(Shape):
    """What takes in the rows: a reader of `scan`."""

    number: int

    @property
    def protocol(self) -> Protocol: ...
    def aside(self, line: int | None, why: str) -> None: ...
    def row(self, number: int, id: str | None, data: bytes) -> None: ...
    def outcome(self, number: int, id: str, kept: bytes) -> None: ...
    def quiet(self, schema: Schema) -> Quiet | None: ...
    def heed(self, amount: int) -> None: ...


def read_table(reader: Taker, each: Input, piece: Piece) -> None:
    """Take in the rows of a file. Raises OSError when it cannot be read."""
    if each.kind == "csv":
        _read_csv(reader, each, piece)
    else:
        _read_parquet(reader, each, piece)


def columns_of(protocol: Protocol, names: Sequence[str]) -> tuple[dict[str, str | None], list[str]]:
    """(Of each column that is taken, its finding, or None for a key of a case; what is wrong with the others)."""
    taken: dict[str, str | None] = {}
    wrong = []
    for name in names:
        if name in KEYS:
            taken[name] = None
        elif name in protocol.findings:
            taken[name] = name
        else:
            wrong.append(f'the column "{name[:60]}" was not read: {nearest(name[:60], [*protocol.findings, *KEYS])}')
    return taken, wrong


def cell(finding: Finding | None, key: str, value: object) -> object:
    """What a cell says, as a case says it; what is no value anywhere, in words, for `request_around` to set aside."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if not isinstance(value, str):
        return value
    word = value.strip()
    if finding is not None and not finding.measured and finding.kind != "choice":
        return _WORDS.get(word.lower(), word)
    if key in ("complete", "carer") and word.lower() in _WORDS:
        return _WORDS[word.lower()]
    if key == "age" or (finding is not None and finding.measured):
        return None if _WORDS.get(word.lower(), 0) is None else _number(word)
    if finding is not None and word.lower() in ("unknown", "null"):
        return None
    return value


def _number(word: str) -> object:
    try:
        number = float(word)
    except ValueError:
        return word
    return number if math.isfinite(number) else word


class _Row:
    """Makes cases of the rows of one table."""

    def __init__(self, reader: Taker, names: Sequence[str], *, tell: bool = True) -> None:
        self._reader = reader
        taken, wrong = columns_of(reader.protocol, names)
        self.taken = taken
        for why in wrong if tell else ():
            reader.aside(None, why)
        if "id" not in taken and tell:
            reader.aside(None, 'there is no column "id": its rows cannot be joined with anything')

    def take(self, number: int, cells: Iterable[tuple[str, object]]) -> None:
        """Take in one row; cells of columns that are not taken are left out by the one who gives them."""
        try:
            case = case_in(self._reader.protocol, self.taken, cells)
            id = case.get("id")
            self._reader.row(
                number, id if isinstance(id, str) else None, json.dumps(case, allow_nan=False, default=str).encode("ascii")
            )
        except ValueError as error:
            self._reader.aside(number, str(error) if "Out of range" not in str(error) else "an infinite number is no measurement")


def case_in(protocol: Protocol, taken: Mapping[str, str | None], cells: Iterable[tuple[str, object]]) -> dict[str, object]:
    """The case that the cells of one row state, as `equina triage` takes it. Raises ValueError."""
    case: dict[str, object] = {}
    findings: dict[str, object] = {}
    for name, value in cells:
        if value is None or (isinstance(value, str) and not value.strip()) or (name == "id" and value != value):  # NaN
            continue
        finding = taken[name]
        if finding is None:
            case[name] = cell(None, name, value)
        else:
            findings[name] = cell(protocol.findings[finding], name, value)
    id = case.get("id")
    if id is not None and not isinstance(id, str):
        case["id"] = json.dumps(id, default=str)
    if findings or "text" not in case:  # a row of text alone is a record, as a case of text alone is
        case["findings"] = findings
    return case


def rows_at(protocol: Protocol, each: Input, numbers: Collection[int]) -> dict[int, dict[str, object]]:
    """The cases of some rows of a Parquet file, which were once read as such; by their numbers, from 1."""
    from pyarrow.parquet import ParquetFile

    found: dict[int, dict[str, object]] = {}
    with ParquetFile(each.path) as file:
        taken = columns_of(protocol, file.schema_arrow.names)[0]
        before = 0
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            wanted = sorted(number for number in numbers if before < number <= before + size)
            if wanted:
                rows = file.read_row_group(group, columns=list(taken)).take([number - before - 1 for number in wanted])
                cells = zip(*(column.to_pylist() for column in rows.columns), strict=True)
                found |= {
                    number: case_in(protocol, taken, zip(taken, row, strict=True))
                    for number, row in zip(wanted, cells, strict=True)
                }
            before += size
    return found


def _read_csv(reader: Taker, each: Input, piece: Piece) -> None:
    """A CSV of UTF-8 with its names in the first line; the number of a row is that of the line on which it ends."""
    try:
        with opened(each) as file:
            rows = csv.reader(_texts(reader, lines_of(file, piece, reader.heed)), strict=True)
            try:
                names = [name.strip() for name in next(rows, [])]
            except csv.Error as error:
                reader.aside(rows.line_num, f"its names of columns are no CSV: {_why(error)}; none of its rows was read")
                return
            row = _Row(reader, names)
            while True:
                try:
                    cells = next(rows, None)
                except csv.Error as error:
                    reader.aside(rows.line_num, f"not CSV: {_why(error)}")
                    continue
                if cells is None:
                    break
                reader.number = rows.line_num
                if not any(cells):
                    continue
                if len(cells) != len(names):
                    reader.aside(
                        rows.line_num, f"it has {len(cells)} cells, and the table {len(names)} columns; mend its quotes or commas"
                    )
                    continue
                row.take(rows.line_num, ((name, value) for name, value in zip(names, cells, strict=True) if name in row.taken))
    except Damaged as damage:
        reader.aside(None, str(damage))


def _why(error: csv.Error) -> str:
    """What is wrong with a row, in words for one who did not write the reader."""
    alone = "a carriage return stands alone in it; end each line with a line feed, or quote the cell"
    return alone if "new-line character" in str(error) else str(error)


def _texts(reader: Taker, lines: Iterator[bytes | None]) -> Iterator[str]:
    """The lines as text; one that is none is set aside, and stands as a blank line so that the others keep their numbers."""
    for number, line in enumerate(lines, 1):
        try:
            if line is None:
                reader.aside(number, f"longer than {LONGEST // 1024**2} MiB: no row is, and it was not read")
            else:
                yield (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).decode("utf-8").removesuffix("\r") + "\n"
                continue
        except UnicodeDecodeError as error:
            reader.aside(number, f"not UTF-8 text (byte {error.start + 1} of the line); save the file as UTF-8")
        yield "\n"


def _read_parquet(reader: Taker, each: Input, piece: Piece) -> None:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(each.path) as file:
            groups = range(piece.start, file.num_row_groups if piece.end is None else piece.end)
            number = sum(file.metadata.row_group(group).num_rows for group in range(piece.start))
            row = _Row(reader, file.schema_arrow.names, tell=piece.start == 0)
            names = list(row.taken)
            quiet = reader.quiet(file.schema_arrow)
            for batch in file.iter_batches(_BATCH, row_groups=list(groups), columns=names):
                reader.heed(batch.nbytes)
                size = len(batch)
                loud = range(size) if quiet is None else _quiet_rows(reader, quiet, batch, number)
                cells = zip(
                    *(column.to_pylist() for column in (batch if len(loud) == size else batch.take(loud)).columns), strict=True
                )
                for at, values in zip(loud, cells, strict=True):
                    row.take(number + at + 1, zip(names, values, strict=True))
                number += size
    except (ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reader.aside(None, "it is no Parquet file, or a damaged one; write it again")


def _quiet_rows(reader: Taker, quiet: Quiet, batch: RecordBatch, before: int) -> list[int]:
    """Keep the rows in which nothing speaks; which the others are."""
    silent, kept = quiet.rows(batch)
    at = silent.nonzero()[0]
    ids = batch.column("id").take(at).to_pylist()
    for row, id, what in zip(at.tolist(), ids, kept, strict=True):
        reader.outcome(before + row + 1, id, what)
    return [int(row) for row in (~silent).nonzero()[0]]
