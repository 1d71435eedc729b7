"""Tables of text and level as vignettes: a CSV or TSV file with a header, as others publish their cases."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from equina.evaluation.rows import Row, opened
from equina.exchange import BadInput
from equina.model import DISPOSITIONS
from equina.tables import nearest

__all__ = ["LEVELS", "sheet_rows"]

# What others call the levels, and which of ours would do. The first is the expected one. A scheme of three levels has one word for
# all that is neither an emergency nor self care; of ours both then do.
LEVELS: Mapping[str, tuple[str, ...]] = {
    **{level: (level,) for level in DISPOSITIONS},
    **dict.fromkeys(("emergent", "emergency_care", "emergency_care_required", "immediate", "now", "999", "911"), ("emergency",)),
    **dict.fromkeys(("urgent_care", "same_day", "today", "within_24_hours", "within_one_day", "within_1_day"), ("urgent",)),
    **dict.fromkeys(("routine", "non_urgent", "non_urgent_care", "within_one_week", "within_1_week"), ("scheduled",)),
    **dict.fromkeys(
        ("non_emergency", "non_emergent", "non_emergency_care", "non_emergent_care", "primary_care"), ("scheduled", "urgent")
    ),
    **dict.fromkeys(("selfcare", "self_care_reasonable", "home", "home_care"), ("self_care",)),
}
NEEDED = ("text", "level")
COLUMNS = (*NEEDED, "id", "age", "sex", "mode", "acceptable", "tags", "source", "answered_by")
SPLIT = re.compile(r"\s*[;|,]\s*")


def sheet_rows(path: Path) -> Iterator[Row]:
    """The rows of a table with a header that names `text` and `level`, and whichever other columns it has. Raises BadInput."""
    text = opened(path)
    first = text.partition("\n")[0]
    mark = "\t" if "\t" in first else ";" if first.count(";") > first.count(",") else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        header = [_plain(name) for name in next(lines, [])]
        _check(path, header)
        for number, cells in enumerate(lines, 1):
            if any(cell.strip() for cell in cells):
                yield _row(path, lines.line_num, number, header, cells)
    except csv.Error as error:
        raise BadInput(f"{path}, line {lines.line_num}: not a table: {error}; quote cells that hold the separator") from None


def _check(path: Path, header: list[str]) -> None:
    for name in NEEDED:
        if name not in header:
            raise BadInput(f'{path}, line 1: {name}: the column is missing; name one of the columns "{name}"')
    for name in header:
        if name not in COLUMNS:
            raise BadInput(f'{path}, line 1: "{name}": the column is not known; {nearest(name, COLUMNS)} ({", ".join(COLUMNS)})')
        if header.count(name) > 1:
            raise BadInput(f"{path}, line 1: {name}: the column stands twice; keep one")


def _row(path: Path, line: int, number: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        raise BadInput(
            f"{path}, line {line}: {len(cells)} cells where the header has {len(header)}; quote cells that hold the separator"
        )
    told = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
    row = Row(str(path), line, told)
    expected, *others = _levels(row, "level", told.get("level", ""))
    for word in SPLIT.split(told["acceptable"]) if "acceptable" in told else ():
        others += _levels(row, "acceptable", word)
    mode = told.get("mode", "patient")
    if mode not in ("patient", "clinical"):
        raise row.fault("mode", f'"{mode}" is not one of patient, clinical; {nearest(mode, ("patient", "clinical"))}')
    if "text" not in told:
        raise row.fault("text", "the cell is empty; write what is said of the case, or leave the line out")
    data: dict[str, object] = {key: told[key] for key in ("source", "answered_by") if key in told}
    data["id"] = told.get("id", f"{path.stem} {number}")
    data[f"narrative_{mode}"] = told["text"]
    data["expected_disposition"] = expected
    data["acceptable_dispositions"] = list(dict.fromkeys((expected, *others)))
    if "sex" in told:
        data["sex"] = told["sex"][:1].upper()
    if "age" in told:
        data["age"] = _age(row, told["age"])
    if "tags" in told:
        data["tags"] = [tag for tag in SPLIT.split(told["tags"]) if tag]
    return Row(str(path), line, data)


def _levels(row: Row, key: str, word: str) -> tuple[str, ...]:
    if levels := LEVELS.get(_plain(word)):
        return levels
    raise row.fault(key, f'"{word}" is no level that is known; write one of {", ".join(DISPOSITIONS)}')


def _age(row: Row, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise row.fault("age", f'"{cell}" is no number; write years, or leave the cell empty') from None


def _plain(word: str) -> str:
    return re.sub(r"[\s-]+", "_", word.strip().lower())
