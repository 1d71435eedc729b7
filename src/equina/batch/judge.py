"""The second half of a run: the patients of one partition, each joined, judged and written as a row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import msgspec
import pyarrow as pa

from equina.batch.alike import Alike, Pattern, Record, fill, filled, stood_in
from equina.batch.dates import Dates
from equina.batch.joined import join
from equina.batch.kept import NOT_READ, Aside, Item, Spilled, by_owner, loaded
from equina.batch.letters import Judged, Letter, Letters, may_be_letter
from equina.batch.outcome import Outcome, Outcomes
from equina.batch.parts import write_part
from equina.batch.plan import Plan
from equina.batch.quiet import QUIET, outcome_of
from equina.batch.rows import Place, Rows, Run
from equina.batch.spill import put, written
from equina.batch.tables import rows_at
from equina.case import Case
from equina.crosscheck import misfit
from equina.fhir.elements import Resource, part, reference_id
from equina.fhir.records import BIRTH_SEX, OF_NOBODY, SEX_OF_GENDER, age_on
from equina.model import Value
from equina.notes.lexicon import has_lexicon
from equina.notes.reading import Found, Reading

__all__ = ["Patients", "judge"]

_QUIET, _CASE = f'["{QUIET}"'.encode("ascii"), b'{"case":'
_REMEMBERED = 200_000
_AHEAD = 512  # patients whose letters are read one after the other


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
        # By the identity of what was kept, which is its own as long as it is here.
        self._ahead: dict[int, tuple[bytes, tuple[Letter, Found | Reading]]] = {}
        self._files = [each.name for each in plan.inputs]
        self._nothing = outcomes.of(Case(as_of=plan.as_of, answered_by="record"))

    @cached_property
    def _letters(self) -> Letters | None:
        """What reads letters, where the protocol has a lexicon."""
        plan = self.plan
        if not has_lexicon(self.run.protocol):
            return None
        return Letters(self.run.protocol, plan.as_of, plan.window_days, self._dates, self.outcomes.together)

    def read_ahead(self, patients: Iterable[Sequence[Item]]) -> None:
        """Read the letters of those of whom nothing else is kept but a plain Patient, before their rows are added.

        One letter behind the other: a reader that is left for other work after each takes a fifth more time.
        """
        records = [data for items in patients if (data := _alone(items)) is not None and may_be_letter(data)]
        read = self._letters.read(records) if records and self._letters is not None else ()
        self._ahead = {id(data): (data, each) for data, each in zip(records, read, strict=False) if each is not None}

    def take(self, rows: Rows, owner: str | None, items: Sequence[Item], aside: Aside) -> None:
        """Add the row of one patient, of whom these items were kept."""
        if not items:
            rows.silent(owner, None, None, self._nothing)
        elif not (self._told_already(rows, owner, items) or self._row(rows, owner, items, aside)):
            self._join(rows, owner, items, aside)

    def _told_already(self, rows: Rows, owner: str | None, items: Sequence[Item]) -> bool:
        """Add the row of one of whom nothing is kept but an outcome or a plain Patient; whether it is of such."""
        data = items[0][2]
        if len(items) > 1 or data[:1] != b"[":
            return False
        if is_quiet(items[0]):
            outcome, age, sex = outcome_of(loaded(data))
            rows.silent(owner, age, sex, outcome)
        elif found := self._plain_person(loaded(data)):
            rows.silent(owner, *found)
        else:
            return False
        return True

    def _row(self, rows: Rows, owner: str | None, items: Sequence[Item], aside: Aside) -> bool:
        """Add the row of one of whom there is a letter alone, or whose records say what others' do; whether it is of such."""
        records = [item for item in items if item[2][:1] != b"["]
        age = sex = None
        if len(records) < len(items):
            persons = [data for _, _, data in items if data[:1] == b"["]
            person = self._plain_person(loaded(persons[0])) if len(persons) == 1 else None
            if person is None:
                return False
            age, sex, _ = person
        if len(records) == 1 and self._letter(rows, owner, records[0], age, sex, aside):
            return True
        return self._like(rows, owner, items, age, sex, aside)

    def _letter(self, rows: Rows, owner: str | None, item: Item, age: float | None, sex: str | None, aside: Aside) -> bool:
        """Add the row of one of whom there is a letter that was read ahead; whether all of it is plain."""
        input, line, data = item
        if id(data) not in self._ahead or self._letters is None:
            return False
        _, (letter, found) = self._ahead[id(data)]
        asides = self._letters.take(letter, found, age, sex)
        if asides is None:
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
            impossible = birth if age is None else misfit(self.run.protocol.findings["age_years"], age)
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
                aside(input, line, "input", NOT_READ, None, None)
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
        owners = by_owner(spilled, wanted, aside)
        _as_cases(patients, owners)
        nobody = owners.pop(None, [])
        if only_one:
            cases = [item for item in nobody if _is_case(item)]
            records = [item for item in nobody if not _is_case(item)]
            if records or owners or (not cases):
                owner = next(iter(owners), None)
                owners = {owner: [*owners.get(owner, ()), *records]}
            nobody = cases
        named = sorted(owner for owner in owners if owner is not None)
        order = [None, *named] if None in owners else named
        for start in range(0, len(order), _AHEAD):
            some = order[start : start + _AHEAD]
            patients.read_ahead(owners[owner] for owner in some)
            for owner in some:
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


def _alone(items: Sequence[Item]) -> bytes | None:
    """The record that is all that is kept of one, but for a plain Patient."""
    if len(items) > len(("letter", "Patient")) or not items:
        return None
    data = items[-1][2] if items[0][2][:1] == b"[" else items[0][2]
    return None if data[:1] == b"[" else data


def is_quiet(item: Item) -> bool:
    """Whether an item is the outcome of a row in which nothing speaks."""
    return item[2].startswith(_QUIET) and len(loaded(item[2])) > len(("birth date", "gender", "sex"))


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
