"""The second half of a run: the patients of one partition, each joined, judged and written as a row."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from equina.batch.joined import join
from equina.batch.outcome import Outcome, Outcomes
from equina.batch.plan import Plan
from equina.batch.quiet import QUIET, outcome_of
from equina.batch.rows import Place, Rows, Run
from equina.batch.spill import Block, put, read_blocks, written
from equina.batch.tables import rows_at
from equina.case import Case
from equina.crosscheck import misfit
from equina.fhir.elements import Resource, part, reference_id
from equina.fhir.records import BIRTH_SEX, OF_NOBODY, SEX_OF_GENDER, age_on
from equina.model import Value

__all__ = ["Aside", "Patients", "Spilled", "judge", "owners_in"]

_values = msgspec.json.Decoder().decode_lines
_REMEMBERED = 200_000
_NOT_READ = "not JSON: it is not well-formed UTF-8 text"
_OWNER = re.compile(rb'\[?("(?:[^"\\]|\\.)*")')
_HEAD = re.compile(rb'\[(?:null|"(?:[^"\\]|\\.)*"),(\d+),(\d+),')
Item = tuple[int, int, Any]  # input, line of it, record
Aside = Callable[[int, int | None, str, str, str | None, str | None], None]  # input, line, what, reason, id, quote


@dataclass(frozen=True, slots=True)
class Spilled:
    """One spill file: its blocks, and for each input how many lines of it were read before."""

    path: Path
    blocks: Sequence[Block]
    before: Mapping[int, int]


class Patients:
    """Judges the patients of one run."""

    def __init__(self, run: Run, plan: Plan, outcomes: Outcomes, medicines: Mapping[str, Resource]) -> None:
        self.run, self.plan, self.outcomes, self.medicines = run, plan, outcomes, medicines
        self.not_counted: Counter[str] = Counter()
        self._ages: dict[str, float | None] = {}  # by birth date; below nought where it cannot be
        self._plain: dict[tuple[float | None, str], tuple[float | None, str | None, Outcome]] = {}
        self._named: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        self._nothing = outcomes.of(Case(as_of=plan.as_of, answered_by="record"))

    def take(self, rows: Rows, owner: str | None, items: Sequence[Item], aside: Aside) -> None:
        """Add the row of one patient, of whom these items were kept."""
        if not items:
            rows.silent(owner, None, None, self._nothing)
        elif len(items) == 1 and is_quiet(items[0]):
            outcome, age, sex = outcome_of(items[0][2])
            rows.silent(owner, age, sex, outcome)
        elif len(items) == 1 and isinstance(items[0][2], list) and (found := self._plain_person(items[0][2])):
            rows.silent(owner, *found)
        else:
            self._join(rows, owner, items, aside)

    def _plain_person(self, plain: list[str]) -> tuple[float | None, str | None, Outcome] | None:
        """Age, sex and outcome of one of whom nothing else is known; None where something of it cannot be."""
        birth, gender, sex = plain
        if birth not in self._ages:
            age = age_on(birth, self.plan.as_of)
            impossible = age is not None and misfit(self.run.protocol.findings["age_years"], age)
            self._ages[birth] = -1.0 if impossible else age
        age, sex = self._ages[birth], sex or SEX_OF_GENDER.get(gender, "")
        if age is not None and age < 0:
            return None
        found = self._plain.get((age, sex))
        if found is None:
            known = sex if sex in self.run.protocol.findings["sex_at_birth"].options else None
            values: dict[str, Value] = {} if age is None else {"age_years": age}
            values |= {} if known is None else {"sex_at_birth": known}
            case = Case(values=values, as_of=self.plan.as_of, answered_by="record")
            found = self._plain[age, sex] = (age, known, self.outcomes.of(case))
        return found

    def _join(self, rows: Rows, owner: str | None, items: Sequence[Item], aside: Aside) -> None:
        if len(self._named) > _REMEMBERED:
            self._named.clear()
        records: list[Resource] = []
        answers: list[tuple[str, Mapping[str, object]]] = []
        places: dict[str | None, Place] = {}
        for input, line, data in items:
            source, file = f"{input}:{line}", self.plan.inputs[input].name
            if isinstance(data, dict) and "case" in data:
                answers.append((source, data["case"]))
                places[source] = Place(file, line, None, _text(data["case"].get("as_of")))
            else:
                record = _person(data, owner) if isinstance(data, list) else data
                records.append({**record, "meta": {"source": source}})
                places[source] = Place(file, line, record)
        if len(places) == 1:
            places[None] = next(iter(places.values()))
        joined = join(
            self.run.protocol, self.plan.as_of, self.plan.window_days, records, answers, self._medicines(records), self._named
        )
        self.not_counted.update(joined.not_counted)
        for source, why in joined.refused:
            input, line = map(int, source.split(":"))
            aside(input, line, "input", why, owner, None)
        for item in joined.case.set_aside:
            input, line = map(int, (item.source or f"{items[0][0]}:{items[0][1]}").split(":"))
            aside(input, line, "value", item.why, owner, rows.quote(item.quote, item.origin))
        if joined.judged:
            outcome = self.outcomes.of(joined.case)
            rows.add(owner, joined.case, outcome, places.get, len(joined.case.set_aside) + len(joined.refused), joined.deceased)

    def _medicines(self, records: Iterable[Resource]) -> dict[str, Resource]:
        """The Medications that the records refer to."""
        if not self.medicines:
            return {}
        wanted = (reference_id(part(record, "medicationReference")) for record in records)
        return {id: self.medicines[id] for id in wanted if id is not None and id in self.medicines}


def _person(plain: Sequence[str], owner: str | None) -> dict[str, object]:
    """A plain Patient as the record that it was."""
    birth, gender, sex = plain
    extension = [{"url": BIRTH_SEX, "valueCode": sex}] if sex else []
    id = {"id": owner} if owner else {}
    return {"resourceType": "Patient", **id, "birthDate": birth, "gender": gender, "extension": extension}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


# --- a partition ---------------------------------------------------------------------------------------------------------------


def judge(patients: Patients, number: int, spilled: Sequence[Spilled], folder: Path, *, only_one: bool) -> dict[str, object]:
    """Write the rows of a partition and what was set aside of it into the folder; what was found, as JSON.

    `only_one`: there is one patient at the most in the whole run, who then owns what names nobody.
    """
    name = f"part-{number:06d}"
    partitions = patients.plan.partitions
    rows, asides = Rows(patients.run), 0
    patients.not_counted.clear()
    inputs: Counter[int] = Counter()
    with written(folder / f"{name}.asides") as file:

        def aside(input: int, line: int | None, what: str, why: str, id: str | None, quote: str | None) -> None:
            nonlocal asides
            asides += 1
            inputs[input] += 1
            put(file, msgspec.json.encode((input, line, what, why, id, quote)) + b"\n")

        wanted = range(partitions + 1) if only_one else (number,)
        owners = _by_owner(spilled, wanted, aside)
        _as_cases(patients, owners)
        nobody = owners.pop(None, [])
        if only_one:
            cases = [item for item in nobody if _is_case(item)]
            records = [item for item in nobody if not _is_case(item)]
            if records or owners or (not cases):
                owner = next(iter(owners), None)
                owners = {owner: [*owners.get(owner, ()), *records]}
            nobody = cases
        for owner in sorted(owners, key=lambda id: (id is not None, id or "")):
            patients.take(rows, owner, owners[owner], aside)
        for item in nobody:
            if _is_case(item):
                patients.take(rows, None, [item], aside)
            else:
                patients.not_counted[OF_NOBODY] += 1
                aside(item[0], item[1], "input", OF_NOBODY, None, None)
    table = rows.table()
    with written(folder / f"{name}.parquet") as file:
        pq.write_table(table, file, compression="zstd")
    return {**_counts(table), "not_counted": dict(patients.not_counted), "asides": asides, "inputs": dict(inputs)}


def is_quiet(item: Item) -> bool:
    """Whether an item is the outcome of a row in which nothing speaks."""
    return isinstance(item[2], list) and item[2][0] == QUIET and len(item[2]) > len(("birth date", "gender", "sex"))


def _as_cases(patients: Patients, owners: dict[str | None, list[Item]]) -> None:
    """Put back the rows in which nothing speaks where the patient has others beside: together something may."""
    wanted: dict[int, set[int]] = {}
    several = [owner for owner, items in owners.items() if len(items) > 1 and any(map(is_quiet, items))]
    for owner in several:
        for input, line, _ in filter(is_quiet, owners[owner]):
            wanted.setdefault(input, set()).add(line)
    found = {input: rows_at(patients.run.protocol, patients.plan.inputs[input], lines) for input, lines in wanted.items()}
    for owner in several:
        owners[owner] = [
            (input, line, {"case": found[input][line]} if is_quiet((input, line, kept)) else kept)
            for input, line, kept in owners[owner]
        ]


def _is_case(item: Item) -> bool:
    return isinstance(item[2], dict) and "case" in item[2]


def _by_owner(spilled: Sequence[Spilled], wanted: Iterable[int], aside: Aside) -> dict[str | None, list[Item]]:
    """What was kept of each patient, in the order of the input."""
    owners: dict[str | None, list[Item]] = {}
    for number in wanted:
        for each in spilled:
            before = each.before
            for block in read_blocks(each.path, each.blocks, number):
                for row in _decoded(block, before, aside):
                    if isinstance(row, str):
                        owners.setdefault(row, [])
                    else:
                        owner, input, line, record = row
                        owners.setdefault(owner, []).append((input, line + before.get(input, 0), record))
    return owners


def owners_in(each: Spilled) -> Iterator[str]:
    """Of whom a spill file holds something, again and again."""
    for number in {number for number, _, _ in each.blocks}:
        for block in read_blocks(each.path, each.blocks, number):
            for line in block.splitlines():
                found = _OWNER.match(line)
                if found is not None:
                    yield json.loads(found[1])


def _decoded(block: bytes, before: Mapping[int, int], aside: Aside) -> Iterator[Any]:
    try:
        yield from _values(block)
        return
    except (msgspec.MsgspecError, UnicodeError):
        pass  # some line of it is not what it seemed: each by itself
    for line in block.splitlines():
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            found = _HEAD.match(line)
            assert found is not None
            input, number = int(found[1]), int(found[2])
            aside(input, number + before.get(input, 0), "input", _NOT_READ, None, None)


def _counts(table: pa.Table) -> dict[str, object]:
    """The patients by level, advice and reason."""
    reasons: Counter[str] = Counter(table["reasons"].combine_chunks().flatten().to_pylist())
    return {
        "patients": table.num_rows,
        "low": dict(Counter(table["low"].to_pylist())),
        "high": dict(Counter(table["high"].to_pylist())),
        "disposition": dict(Counter(each or "none" for each in table["disposition"].to_pylist())),
        "reasons": dict(reasons),
    }
