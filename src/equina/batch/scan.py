"""The first half of a run: every line is read once; what may state something is kept by patient, the rest is counted."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from equina.batch.blocks import Ends, kind_of, line_at, lines_in
from equina.batch.inputs import Input, Piece, Task
from equina.batch.lines import LONGEST, Damaged, chunks_of, opened, split
from equina.batch.sift import Person, Sieve, Sifted
from equina.batch.spill import NotWritten, Spill, put, written
from equina.exchange import BadInput, id_of, read_object
from equina.fhir.elements import Resource, part, reference_id, resources_of, text_of
from equina.fhir.records import BIRTH_SEX, READ
from equina.lines import LONGEST_LINE
from equina.model import Protocol

if TYPE_CHECKING:
    from pyarrow import Schema

    from equina.batch.quiet import Quiet

__all__ = ["CASE", "Scan", "digest", "scan"]

_ONE_BY_ONE = frozenset(("", "Bundle", "Medication"))  # kinds whose lines are always looked at one by one
_SIFTED = frozenset(READ) - {"Patient"}
CASE = "case"  # the kind of what is a case, as `equina triage` takes it
_CONDENSED = b'{"case":%b}'


@dataclass
class Scan:
    """What one task found, beside what it spilled."""

    lines: dict[int, int] = field(default_factory=dict)  # input: how many lines of it this task has read
    read: Counter[str] = field(default_factory=Counter)  # kind: records
    kept: Counter[str] = field(default_factory=Counter)
    not_counted: Counter[str] = field(default_factory=Counter)
    records: Counter[int] = field(default_factory=Counter)  # input: records
    medicines: list[tuple[str, Resource]] = field(default_factory=list)
    asides: int = 0


def digest(path: str) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:  # noqa: PTH123
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Reader:
    """Reads the pieces of one task."""

    def __init__(
        self,
        sieve: Sieve,
        spill: Spill,
        aside: Callable[[int, int | None, str], None],
        heed: Callable[[int], None],
        *,
        tables_alone: bool,
    ) -> None:
        self.sieve, self.spill, self.heed = sieve, spill, heed
        self.found = Scan()
        self._aside = aside
        self._owners: set[str | None] = set()  # of whom something was read, as the references say it
        self._input = self.number = 0
        self._tables_alone = tables_alone
        self._quiet: dict[str, Quiet | None] = {}

    @property
    def protocol(self) -> Protocol:
        """The protocol by which is told what may state something."""
        return self.sieve.protocol

    def begin(self, input: int) -> None:
        """Turn to the next piece."""
        self._input, self.number = input, 0

    def aside(self, line: int | None, why: str) -> None:
        self.found.asides += 1
        self._aside(self._input, line, why)

    # --- lines ------------------------------------------------------------------------------------------------------------------

    def read_lines(self, each: Input, piece: Piece) -> None:
        """Take in the lines of a piece. Raises OSError when the file cannot be opened or read."""
        if each.name.endswith(".json") and piece.end is None and self._whole(each):
            return
        try:
            with opened(each) as file:
                self._take(chunks_of(file, piece, self.heed), first=piece.start == 0)
        except Damaged as damage:
            self.aside(None, str(damage))

    def _whole(self, each: Input) -> bool:
        """Take in a file that is one JSON value over many lines, such as a Bundle for people to read; whether it was."""
        data = Path(each.path).read_bytes()
        try:
            found = json.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return False
        if not isinstance(found, list) and not text_of(found, "resourceType"):
            return False
        self.heed(len(data))
        self.number = 1
        for resource in resources_of(found):
            self._resource(1, resource)
        return True

    def _take(self, chunks: Iterator[bytes | None], *, first: bool) -> None:
        """Take in lines that are of one kind together, and any others one by one."""
        for chunk in chunks:
            if chunk is None:
                self.number += 1
                why = f"longer than {LONGEST // 1024**2} MiB: no record is, and it was not read; split the file by lines"
                self.aside(self.number, why)
                continue
            if first and self.number == 0:
                chunk = chunk.removeprefix(b"\xef\xbb\xbf")
            if not self._take_block(chunk):
                self._take_lines(split(chunk))

    def _take_block(self, chunk: bytes) -> bool:
        """Take in lines that are records of one kind, each of its plain shape; whether they are."""
        kind, sieve = kind_of(chunk[: chunk.find(b"\n")])[0], self.sieve
        if kind in _ONE_BY_ONE or (lines := lines_in(chunk)) is None:
            return False
        try:
            if not chunk.isascii():
                chunk.decode("utf-8")  # what is let go unread is looked at too
            if kind == "Patient":
                persons = sieve.persons(chunk)
                if (count := len(persons)) == len(lines):
                    self._persons(persons, chunk, lines)
            elif kind in _SIFTED:
                sifted = sieve.block(chunk, kind)
                if (count := sifted.lines) == len(lines):
                    self._sifted(kind, sifted, chunk, lines)
            else:
                count = sieve.others(chunk, kind)
        except (ValueError, RecursionError):  # those of msgspec and of Unicode among them
            return False
        if count != len(lines):
            return False
        self.found.read[kind] += count
        self.number += count
        return True

    def _sifted(self, kind: str, sifted: Sifted, chunk: bytes, lines: Ends) -> None:
        """Keep what is to be kept of a block, and that there are those of whom it is."""
        owners, keep, ends = sifted.owners, self.spill.keep, lines.tolist()
        self._owners.update(owners)
        self.found.kept[kind] += len(sifted.kept)
        for at in sifted.kept:
            owner = owners[at]
            id = None if owner is None else _id_in(owner)
            keep(id, self._input, self.number + at + 1, line_at(chunk, ends, at).strip())

    def _take_lines(self, lines: Iterable[bytes]) -> None:
        """Take in each line, by the kind that it seems to be of."""
        found, sift, owners = self.found, self.sieve.sift, self._owners
        kind, start, length = "", b"\0", 1
        for line in lines:
            self.number = number = self.number + 1
            if line[:length] != start:  # of another kind than the line before
                kind, start = kind_of(line)
                length = len(start)
                if not kind and line.isspace() | (not line):
                    continue
            try:
                if not line.isascii():
                    line.decode("utf-8")
                if kind in _SIFTED:
                    owner, keep = sift(line, kind)
                    owners.add(owner)
                    if keep:
                        self._keep(kind, None if owner is None else _id_in(owner), number, line)
                else:
                    self._other(number, kind, line)
                found.read[kind] += 1
            except ValueError:
                self._odd(number, line)

    def _other(self, number: int, kind: str, line: bytes) -> None:
        """Take in a line of a kind that states nothing by itself. Raises ValueError when it is none."""
        if kind == "Patient":
            self.number -= 1  # as the lines of a block are counted
            self._persons(self.sieve.persons(line), line, np.array([len(line)]))
            self.number = number
        elif kind == "Medication":
            self._medication(line)
        elif kind in ("", "Bundle"):
            raise ValueError(kind)
        else:
            self.sieve.other(line, kind)

    def _persons(self, persons: Iterable[Person], chunk: bytes, lines: Ends) -> None:
        """Keep each Patient of a block: the plain ones as birth date, gender and recorded sex."""
        number, found, input = self.number, list[tuple[str, int, int, tuple[str, ...]]](), self._input
        for at, person in enumerate(persons):
            id, extensions = person.id, person.extension
            if id and not person.deceased_boolean and not person.deceased_date_time:
                sex = next((each.value_code for each in extensions if each.url == BIRTH_SEX), None) if extensions else None
                found.append((id, input, number + at + 1, (person.birth_date or "", person.gender or "", sex or "")))
            else:
                self._plain(found)
                found = []
                self._keep("Patient", id or None, number + at + 1, line_at(chunk, lines, at))
        self._plain(found)

    def _plain(self, found: list[tuple[str, int, int, tuple[str, ...]]]) -> None:
        self.found.kept["Patient"] += len(found)
        self.spill.keep_plain(found)

    def _medication(self, line: bytes) -> None:
        id, keep = self.sieve.medication(line)
        if keep:
            self.found.kept["Medication"] += 1
            self.found.medicines.append((id, json.loads(line)))

    def _keep(self, kind: str, owner: str | None, number: int, line: bytes) -> None:
        self.found.kept[kind] += 1
        self.spill.keep(owner, self._input, number, line.strip())

    # --- what is not as it seems -----------------------------------------------------------------------------------------------

    def _odd(self, number: int, line: bytes) -> None:
        """Take in a line that has not the plain shape of its kind: a case, a Bundle, lone carriage returns; or set it aside."""
        if line.isspace() or not line:
            return
        try:
            data = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            self.aside(number, f"not UTF-8 text (byte {error.start + 1} of the line); save the file as UTF-8")
            return
        except RecursionError:
            self.aside(number, "nested too deeply; no record is")
            return
        except ValueError as error:
            pieces = [piece for piece in line.split(b"\r") if piece.strip()]
            if len(pieces) > 1:
                for piece in pieces:
                    self._odd(number, piece)
            else:
                why = error.msg.lower() if isinstance(error, json.JSONDecodeError) else "a number has too many digits"
                self.aside(number, f"not JSON: {why}; each line is one JSON object")
            return
        if isinstance(data, dict) and not text_of(data, "resourceType"):
            self._case(number, line)
        elif isinstance(data, dict | list):
            for resource in resources_of(data):
                self._resource(number, resource)
        else:
            self.aside(number, "a JSON object is expected; each line is one record or one case")

    def _resource(self, number: int, resource: Resource) -> None:
        """Take in a record whole."""
        kind = text_of(resource, "resourceType")
        if not kind:
            self.aside(number, "not FHIR: an object without a resourceType within a Bundle or a list")
            return
        self.found.read[kind] += 1
        if kind == "Medication":
            self.found.medicines.append((text_of(resource, "id"), resource))
            return
        if kind not in READ:
            return
        owner = text_of(resource, "id") if kind == "Patient" else _owner(resource)
        self._keep(kind, owner or None, number, json.dumps(resource).encode("ascii"))

    def _case(self, number: int, line: bytes) -> None:
        """Take in a case, as `equina triage` takes it; its values are judged when it is joined."""
        try:
            if len(line) > LONGEST_LINE:
                raise BadInput(f"longer than {LONGEST_LINE // 1024**2} MiB; a case is one line of JSON")
            data = read_object(line.removeprefix(b"\xef\xbb\xbf"))
            self.row(number, id_of(data), json.dumps(data).encode("ascii"))
        except BadInput as error:
            self.aside(number, str(error))

    def row(self, number: int, id: str | None, data: bytes) -> None:
        """Keep a case, a JSON object already read."""
        self.found.read[CASE] += 1
        self._keep(CASE, id or None, number, _CONDENSED % data)

    def quiet(self, schema: Schema) -> Quiet | None:
        """What tells the rows in which nothing speaks, where they are kept as their outcome."""
        if not self._tables_alone:
            return None
        from equina.batch.quiet import Quiet

        key = schema.to_string(show_field_metadata=False, show_schema_metadata=False)
        if key not in self._quiet:
            self._quiet[key] = Quiet.of(self.protocol, schema)
        return self._quiet[key]

    def outcome(self, number: int, id: str, kept: bytes) -> None:
        """Keep a row in which nothing speaks."""
        self.found.read[CASE] += 1
        self.found.kept[CASE] += 1
        self.spill.keep(id, self._input, number, kept)

    def close(self) -> None:
        """Spill that there are those of whom something was read."""
        self._owners.discard(None)
        self.spill.count(list(_ids_in(self._owners)))
        self.spill.flush()


def _ids_in(references: Collection[str | None]) -> set[str]:
    """The ids that references end in."""
    together = "\n".join(filter(None, references))
    if any(mark in together for mark in (":", "#", "/_history/")):
        return {id for each in references if each and (id := _id_in(each))}
    return {each.rpartition("/")[2] for each in together.split("\n")} - {""}


def _id_in(reference: str) -> str | None:
    """The id that a reference ends in, as `reference_id` has it; the plain ones at once."""
    if ":" in reference or "#" in reference or "/_history/" in reference:
        return reference_id({"reference": reference})
    return reference.rpartition("/")[2] or None


def _owner(resource: Resource) -> str | None:
    return reference_id(part(resource, "subject")) or reference_id(part(resource, "patient"))


def scan(
    task: Task, inputs: list[Input], sieve: Sieve, partitions: int, folder: Path, heed: Callable[[int], None]
) -> dict[str, object]:
    """Read a task: write its spill file and what it set aside into the folder. What it found, as JSON."""
    name = f"task-{task.number:06d}"
    digests: dict[int, str] = {}
    with written(folder / f"{name}.asides") as asides, written(folder / f"{name}.spill") as file:

        def aside(input: int, line: int | None, why: str) -> None:
            put(asides, msgspec.json.encode((input, line, why)) + b"\n")

        sieve.not_counted.clear()
        spill = Spill(file, partitions)
        reader = _Reader(sieve, spill, aside, heed, tables_alone=all(each.kind == "parquet" for each in inputs))
        for piece in task.pieces:
            each, before = inputs[piece.input], reader.found.read.total()
            reader.begin(piece.input)
            try:
                if piece.start == 0:
                    digests[piece.input] = digest(each.path)
                _read(reader, each, piece)
            except NotWritten:
                raise
            except OSError as error:
                reader.aside(None, f"it could not be read: {(error.strerror or str(error)).lower()}")
            reader.found.lines[piece.input] = reader.number
            reader.found.records[piece.input] += reader.found.read.total() - before
        reader.close()
    found = reader.found
    found.not_counted = sieve.not_counted
    found.read.pop("", None)
    return {
        "blocks": spill.blocks,
        "lines": found.lines,
        "read": +found.read,
        "kept": found.kept,
        "not_counted": dict(found.not_counted),
        "records": found.records,
        "medicines": found.medicines,
        "asides": found.asides,
        "digests": digests,
    }


def _read(reader: _Reader, each: Input, piece: Piece) -> None:
    if each.kind == "lines":
        reader.read_lines(each, piece)
    else:
        from equina.batch.tables import read_table

        read_table(reader, each, piece)
