"""Reading files of vignettes strictly: every key is known and of its type, and each fault names file, line, key and the mend."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from equina.exchange import BadInput
from equina.model import DISPOSITIONS, Disposition
from equina.tables import nearest

__all__ = ["Row", "json_rows", "opened"]

MOST_SHOWN = 60


class Row:
    """One vignette while it is read: each method takes a key, checks its type and marks it as used."""

    def __init__(self, file: str, line: int, data: Mapping[str, object]) -> None:
        self.file, self.line = file, line
        self._unread = dict(data)
        self._asked: dict[str, None] = {}

    def fault(self, key: str, problem: str) -> BadInput:
        """The error of this line and key; `problem` ends with the mend."""
        return BadInput(": ".join(part for part in (f"{self.file}, line {self.line}", key, problem) if part))

    def take(self, key: str) -> object:
        self._asked[key] = None
        return self._unread.pop(key, None)

    def text(self, key: str) -> str | None:
        value = self.take(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        raise self.fault(key, "a text is expected; write it in quotes, or leave the key out")

    def needed(self, key: str) -> str:
        value = self.text(key)
        if value is None:
            raise self.fault(key, f'the key is missing; add "{key}": "…"')
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise self.fault(key, 'a list of texts is expected; write ["…", "…"]')

    def number(self, key: str) -> float | None:
        value = self.take(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise self.fault(key, "a number is expected; write it without quotes")

    def object(self, key: str) -> Mapping[str, object] | None:
        value = self.take(key)
        if value is None or isinstance(value, dict):
            return value
        raise self.fault(key, 'an object is expected; write {"back_pain": true}')

    def level(self, key: str, value: str) -> Disposition:
        for known in DISPOSITIONS:
            if value == known:
                return known
        raise self.fault(key, f"{_cut(value)} is no level; write one of {', '.join(DISPOSITIONS)}")

    def ignore(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self.take(key)

    def rest(self) -> None:
        """Refuse the keys that nobody read."""
        for key in self._unread:
            raise self.fault(_cut(key), f"the key is not known; {nearest(key, self._asked)}")


def opened(path: Path) -> str:
    """The text of the file. Raises BadInput."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 text (byte {error.start + 1}); save the file as UTF-8") from None
    except OSError as error:
        raise BadInput(f"{path}: {(error.strerror or str(error)).lower()}; give a file that can be read") from None


def json_rows(path: Path) -> Iterator[Row]:
    """The rows of a file of JSON Lines. Raises BadInput."""
    for number, line in enumerate(opened(path).split("\n"), 1):
        if line.strip():
            yield Row(str(path), number, _object(f"{path}, line {number}", line))


def _object(place: str, line: str) -> dict[str, object]:
    def no_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise BadInput(f"{place}: {_cut(key)}: the key is given twice; keep one")
        return dict(pairs)

    def no_constant(name: str) -> object:
        raise BadInput(f"{place}: {name} is no number; write null, or leave the key out")

    try:
        data = json.loads(line, object_pairs_hook=no_repeats, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{place}: not JSON: {error.msg.lower()} (character {error.pos + 1}); each line is one JSON object"
        ) from None
    except RecursionError:
        raise BadInput(f"{place}: nested too deeply; a vignette has two levels") from None
    except BadInput:
        raise
    except ValueError:  # a whole number of thousands of digits
        raise BadInput(f"{place}: a number has too many digits; write the number that is meant") from None
    if not isinstance(data, dict):
        raise BadInput(f"{place}: a JSON object is expected; write {{…}}")
    return data


def _cut(text: str) -> str:
    shown = json.dumps(text, ensure_ascii=False)
    return shown if len(shown) <= MOST_SHOWN else shown[: MOST_SHOWN - 3] + "..."
