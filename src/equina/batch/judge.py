"""The second half of a run: the patients of one partition, each joined, judged and written as a row."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from equina.batch.alike import Alike, Pattern, Record, fill, filled, stood_in
from equina.batch.dates import Dates
from equina.batch.joined import join
from equina.batch.letters import Judged, Letters, may_be_letter
from equina.batch.outcome import Outcome, Outcomes
from equina.batch.parts import write_part
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
from equina.notes.lexicon import has_lexicon

__all__ = ["Aside", "Patients", "Spilled", "judge", "owners_in"]

_values = msgspec.json.Decoder(str | tuple[str | None, int, int, msgspec.Raw]).decode_lines
_QUIET, _CASE = f'["{QUIET}"'.encode("ascii"), b'{"case":'
_REMEMBERED = 200_000
_NOT_READ = "not JSON: it is not well-formed UTF-8 text"
_OWNER = re.compile(rb'\[?("(?:[^"\\]|\\.)*")')
_HEAD = re.compile(rb'\[(?:null|"(?:[^"\\]|\\.)*"),(\d+),(\d+),')
Item = tuple[int, int, bytes]  # input, line of it, what was kept
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
        self._dates = Dates(run.protocol, plan.as_of, plan.window_days)
        self._alike = Alike(run.protocol, self._dates)
        self._files = [each.name for each in plan.inputs]
        self._nothing = outcomes.of(Case(as_of=plan.as_of, answered_by="record"))

    @cached_property
    def _letters(self) -> Letters | None:
        """What reads letters, where the protocol has a lexicon."""
        plan = self.plan
        if not has_lexicon(self.run.protocol):
            return None
        return Letters(self.run.protocol, plan.as_of, plan.window_days, self._dates, self.outcomes.together)

    def take(self, rows: Rows, owner: str | None, items: Sequence[Item], aside: Aside) -> None:
        """Add the row of one patient, of whom these items were kept."""
        if not items:
            rows.silent(owner, None, None, self._nothing)
        elif len(items) == 1 and is_quiet(items[0]):
            outcome, age, sex = outcome_of(loaded(items[0][2]))
            rows.silent(owner, age, sex, outcome)
        elif len(items) == 1 and _is_person(items[0]) and (found := self._plain_person(loaded(items[0][2]))):
            rows.silent(owner, *found)
        elif not self._row(rows, owner, items, aside):
            self._join(rows, owner, items, aside)

    def _row(self, rows: Rows, owner: str | None, items: Sequence[Item], aside: Aside) -> bool:
        """Add the row of one of whom there is a letter alone, or whose records say what others' do; whether it is of such."""
        persons = [data for _, _, data in items if data[:1] == b"["]
        person = self._plain_person(loaded(persons[0])) if len(persons) == 1 else None
        if len(persons) > (person is not None):
            return False
        age, sex, _ = person or (None, None, None)
        if len(items) == 1 + len(persons):
            record = next(item for item in items if item[2][:1] != b"[")
            if may_be_letter(record[2]) and self._letter(rows, owner, record, age, sex, aside):
                return True
        return self._like(rows, owner, items, age, sex, aside)

    def _letter(self, rows: Rows, owner: str | None, item: Item, age: float | None, sex: str | None, aside: Aside) -> bool:
        """Add the row of one of whom there is a letter; whether all of it is plain."""
        input, line, data = item
        letters = self._letters
        if letters is None or (letter := letters.letter(data)) is None or (asides := letters.take(letter, age, sex)) is None:
            return False
        rows.add_letter(owner, sex, letter, self._files[input], line, len(asides))
        for why, quote in asides:
            aside(input, line, "value", why, owner, rows.quote(quote, "text"))
        return True

    def judged(self) -> Judged:
        """What the letters say of which rows were added."""
        assert self._letters is not None
        return self._letters.judged()

    def _like(self, rows: Rows, owner: str | None, items: Sequence[Item], age: float | None, sex: str | None, aside: Aside) -> bool:
        """Add the row of one whose records say what others' do; whether they are of kinds that recur."""
        records = self._alike.records(items)
        if records is None:
            return False
        key = self._alike.of(records, age, sex)
        patterns = self._alike.patterns
        pattern = patterns[key] if key in patterns else patterns.setdefault(key, self._pattern(items, records))
        if pattern is None:
            return False
        if pattern.not_counted:
            self.not_counted.update(pattern.not_counted)
        names = self._files
        outcome = self._alike.outcome(self.outcomes, pattern, age, sex)
        fill(rows, owner, pattern, outcome, records, [(names[input], line) for input, line, _ in items], age, sex)
        for at, why, quote, origin in pattern.asides:
            record = records[at]
            input, line, _ = items[at]
            aside(input, line, "value", why, owner, rows.quote(filled(quote, record), origin))
        return True

    def _pattern(self, items: Sequence[Item], own: Sequence[Record | None]) -> Pattern | None:
        """What follows of all who are like the one with these items."""
        if not self._alike.fits(own):
            return None
        self._forget()
        try:
            given = [loaded(data) for _, _, data in items]
        except (ValueError, RecursionError):
            return None
        records = [stood_in(at, _person(each, None) if isinstance(each, list) else each) for at, each in enumerate(given)]
        medicines = self._medicines(records)
        joined = join(self.run.protocol, self.plan.as_of, self.plan.window_days, records, (), medicines, self._named)
        return self._alike.pattern(joined, records)

    def _forget(self) -> None:
        if len(self._named) > _REMEMBERED:
            self._named.clear()

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
        self._forget()
        records: list[Resource] = []
        answers: list[tuple[str, Mapping[str, object]]] = []
        places: dict[str | None, Place] = {}
        for input, line, kept in items:
            source, file = f"{input}:{line}", self._files[input]
            try:
                data = loaded(kept)
            except (ValueError, RecursionError):
                aside(input, line, "input", _NOT_READ, None, None)
                continue
            if kept.startswith(_CASE):
                answers.append((source, data["case"]))
                places[source] = Place(file, line, None, _text(data["case"].get("as_of")))
            else:
                record = _person(data, owner) if isinstance(data, list) else data
                records.append({**record, "meta": {"source": source}})
                places[source] = Place(file, line, record)
        if not places:
            rows.silent(owner, None, None, self._nothing)
            return
        if len(places) == 1:
            places[None] = next(iter(places.values()))
        joined = join(
            self.run.protocol, self.plan.as_of, self.plan.window_days, records, answers, self._medicines(records), self._named
        )
        self.not_counted.update(joined.not_counted)
        for source, why in joined.refused:
            input, line = map(int, source.split(":"))
            aside(input, line, "input", why, owner, None)
        for each in joined.case.set_aside:
            input, line = map(int, (each.source or f"{items[0][0]}:{items[0][1]}").split(":"))
            aside(input, line, "value", each.why, owner, rows.quote(each.quote, each.origin))
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
    table = rows.table(patients.judged() if rows.has_letters else None)
    write_part(folder, number, table)
    return {**_counts(table), "not_counted": dict(patients.not_counted), "asides": asides, "inputs": dict(inputs)}


def is_quiet(item: Item) -> bool:
    """Whether an item is the outcome of a row in which nothing speaks."""
    return item[2].startswith(_QUIET) and len(loaded(item[2])) > len(("birth date", "gender", "sex"))


def _is_person(item: Item) -> bool:
    """Whether an item is a plain Patient."""
    return item[2][:1] == b"[" and not is_quiet(item)


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
            (
                input,
                line,
                json.dumps({"case": found[input][line]}, default=str).encode("ascii") if is_quiet((input, line, kept)) else kept,
            )
            for input, line, kept in owners[owner]
        ]


def _is_case(item: Item) -> bool:
    return item[2].startswith(_CASE)


def loaded(data: bytes) -> Any:
    """A kept item, read; msgspec takes no halves of characters, which JSON can name."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError):
        return json.loads(data)


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
                        found = owners.get(owner)
                        item = (input, line + before.get(input, 0), bytes(record))
                        if found is None:
                            owners[owner] = [item]
                        else:
                            found.append(item)
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
            row = json.loads(line)
            yield row if isinstance(row, str) else (*row[:3], json.dumps(row[3]).encode("ascii"))
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
