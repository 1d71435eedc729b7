"""What was kept of each patient, read back from the spill files in the order of the input."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from equina.batch.spill import Block, read_blocks

__all__ = ["NOT_READ", "Aside", "Item", "Spilled", "by_owner", "loaded", "owners_in"]

NOT_READ = "not JSON: it is not well-formed UTF-8 text"
_values = msgspec.json.Decoder(str | tuple[str | None, int, int, msgspec.Raw]).decode_lines
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


def loaded(data: bytes) -> Any:
    """A kept item, read; msgspec takes no halves of characters, which JSON can name."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError):
        return json.loads(data)


def by_owner(spilled: Sequence[Spilled], wanted: Iterable[int], aside: Aside) -> dict[str | None, list[Item]]:
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
            aside(input, number + before.get(input, 0), "input", NOT_READ, None, None)
