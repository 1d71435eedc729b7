"""Reading TOML tables strictly: every key is known and of its type, and each fault names file, table, key and the mend."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from equina.logic import Condition, ConditionError, parse

__all__ = ["Fault", "ProtocolError", "Table", "nearest", "read_file"]


# Whole numbers up to here are exact as floats; nothing clinical comes near it.
LARGEST = 2.0**53


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a protocol: where it is, what it is, and how to mend it."""

    file: str
    table: str
    key: str
    problem: str
    mend: str

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, f"[{self.table}]" if self.table else "", self.key) if part)
        return f"{place}: {self.problem}; {self.mend}"


class ProtocolError(ValueError):
    """A protocol that cannot be used. `faults` holds every fault found, in the order of the files."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def nearest(word: str, known: Iterable[str]) -> str:
    """Words that name the known id most like the one given, or say that none is like it.

    >>> nearest("urinary_retension", ["urinary_retention", "fever"])
    'did you mean "urinary_retention"?'
    >>> nearest("nope", ["syncope"])
    'nothing known is like it'
    """
    likely = difflib.get_close_matches(word, list(known), n=3)
    # Few slips are in the first letter: what begins otherwise is nearly the same, or holds the word, or is not meant.
    close = [
        each
        for each in likely
        if each[:1] == word[:1] or f"_{word}" in each or difflib.get_close_matches(word, [each], cutoff=0.75)
    ]
    return f'did you mean "{close[0]}"?' if close else "nothing known is like it"


def read_file(folder: Path, name: str, faults: list[Fault]) -> dict[str, object]:
    """The parsed file of that name in the folder, or nothing and a fault."""
    try:
        return tomllib.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.append(Fault(name, "", "", "the file is missing", f"add {name} to the protocol folder"))
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(name, "", "", f"the file cannot be read: {error}", "save it as UTF-8 text that you may read"))
    except RecursionError:
        faults.append(Fault(name, "", "", "not TOML: nested too deeply", "a protocol needs three levels"))
    except ValueError as error:  # tomllib's own error is one; so is a whole number of thousands of digits
        faults.append(Fault(name, "", "", f"not TOML: {error}", "mend that line"))
    return {}


class Table:
    """One table of a file while it is read: each method takes a key, checks its type and marks it as used."""

    def __init__(self, file: str, path: str, data: object, faults: list[Fault]) -> None:
        self.file, self.path, self.faults = file, path, faults
        self._unread: dict[str, object] = {}
        self._asked: dict[str, None] = {}  # what its reader looked for, whether there or not
        if isinstance(data, dict):
            self._unread = dict(data)
        else:
            self.fault("", f"a table is expected, not {_kind(data)}", f"write [{path}] and its keys below")

    def fault(self, key: str, problem: str, mend: str) -> None:
        self.faults.append(Fault(self.file, self.path, key, problem, mend))

    def __contains__(self, key: str) -> bool:
        self._asked[key] = None
        return key in self._unread

    def keys(self) -> tuple[str, ...]:
        """The keys not read yet, in the order of the file."""
        return tuple(self._unread)

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """The tables below `key`, by name."""
        below = self._pop(key, {})
        if not isinstance(below, dict):
            self.fault(key, f"a table is expected, not {_kind(below)}", f"write [{key}.<id>] tables")
            return
        for name, data in below.items():
            path = f"{self.path}.{key}.{name}" if self.path else f"{key}.{name}"
            yield name, Table(self.file, path, data, self.faults)

    def rows(self, key: str) -> Iterator[Table]:
        """The tables of the array `key`."""
        below = self._pop(key, [])
        path = f"{self.path}.{key}" if self.path else key
        if not isinstance(below, list):
            self.fault(key, f"a list of tables is expected, not {_kind(below)}", f"write [[{path}]]")
            return
        for i, data in enumerate(below, 1):
            yield Table(self.file, f"{path} {i}", data, self.faults)

    def text(self, key: str, *, default: str = "") -> str:
        value = self._take(key, str, "a text in quotes", default or None)
        return value if isinstance(value, str) else default

    def optional(self, key: str) -> str | None:
        return self.text(key) if key in self else None

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        value = self._take(key, list, 'a list of texts, ["…"]', None if required else [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            if required and not value:
                self.fault(key, "the list is empty", "name at least one")
            for item in dict.fromkeys(item for item in value if value.count(item) > 1):
                self.fault(key, f'"{item}" stands twice', "keep one")
            return tuple(value)
        if isinstance(value, list):
            self.fault(key, "not every item is a text", 'write ["…", "…"]')
        return ()

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.text(key)
        if value and value not in allowed:
            self.fault(key, f'"{value}" is not one of {", ".join(allowed)}', nearest(value, allowed))
        return value

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        return self._take(key, bool, "true or false", default) is True

    def number(self, key: str) -> float | None:
        value = self._pop(key, None)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            self.fault(key, f"a number is expected, not {_kind(value)}", "write the bare number, without unit or quotes")
            return None
        if value is not None and not abs(value) < LARGEST:
            self.fault(key, "the number is not finite, or too large", "write the number that is meant")
            return None
        return None if value is None else float(value)

    def day(self, key: str) -> str:
        value = self._take(key, date, "a date", None)
        return value.isoformat() if isinstance(value, date) else ""

    def mapping(self, key: str) -> Mapping[str, object]:
        value = self._take(key, dict, "a table", {})
        return MappingProxyType(value if isinstance(value, dict) else {})

    def words(self, key: str) -> Mapping[str, str]:
        """A table of texts."""
        value = self.mapping(key)
        for name, item in value.items():
            if not isinstance(item, str):
                self.fault(f"{key}.{name}", f"a text is expected, not {_kind(item)}", "put it in quotes")
        return MappingProxyType({name: item for name, item in value.items() if isinstance(item, str)})

    def condition(self, key: str, groups: Mapping[str, Condition]) -> Condition | None:
        line = self.text(key)
        return self.parsed(key, line, groups) if line else None

    def parsed(self, key: str, line: str, groups: Mapping[str, Condition]) -> Condition | None:
        """The condition that the text states, or None and a fault."""
        if not line.strip():
            self.fault(key, "not a condition: the text is empty", "write it or leave it out")
            return None
        try:
            return parse(line, groups)
        except RecursionError:
            self.fault(key, "not a condition: nested too deeply", "name the inner parts as groups")
        except ConditionError as error:
            problem, _, mend = str(error).partition(": ")
            self.fault(key, f"not a condition: {problem}", mend or f'see "{line}"')
        return None

    def take_rest(self) -> dict[str, object]:
        """The keys that nobody read, now read."""
        rest, self._unread = self._unread, {}
        return rest

    def rest(self) -> None:
        """Faults for the keys that nobody read, with the nearest of those that were looked for."""
        for key in self._unread:
            self.fault(key, "the key is not known", nearest(key, self._asked))

    def _pop(self, key: str, default: object) -> object:
        self._asked[key] = None
        return self._unread.pop(key, default)

    def _take(self, key: str, kind: type, wanted: str, default: object) -> object:
        if key not in self:
            if default is None:
                self.fault(key, "the key is missing", f"add {key} = {wanted}")
            return default
        value = self._pop(key, default)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.fault(key, f"{wanted} is expected, not {_kind(value)}", f"write {key} = {wanted}")
            return default
        if value == "" and kind is str:
            self.fault(key, "the text is empty", "write it or leave the key out")
        return value


def _kind(value: object) -> str:
    names = {bool: "true/false", str: "a text", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), type(value).__name__)
