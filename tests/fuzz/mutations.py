"""Input broken at random: JSON as JSON, by its values and keys, and anything by its bytes."""

from __future__ import annotations

import json
import random
from copy import deepcopy

__all__ = ["as_json", "broken"]

ODD = (
    None,
    True,
    False,
    0,
    -1,
    1e308,
    10**30,
    "",
    "x",
    "\ud800",
    "\0",
    "2026-13-45",
    "9999-12-31",
    "0001-01-01",
    [],
    {},
    [[]],
    [None],
)
BYTES = (
    b"",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b'"',
    b"\\",
    b"{",
    b"[[[[",
    b"\r\n",
    b",",
    b"1e999",
    b"-",
    b" " * 300,
    "\u202e\u0301\U0001f6bd".encode(),
)


def broken(data: bytes, chance: random.Random, *, structured: bool) -> bytes:
    """The input, broken in one to three places."""
    made = as_json(data, chance) if structured and chance.random() < 0.7 else None
    if made is not None:
        return made
    for _ in range(chance.randint(1, 3)):
        start = chance.randint(0, len(data))
        end = start + chance.choice((0, 0, 1, 1, 2, 8, 50))
        data = data[:start] + chance.choice((*BYTES, data[chance.randint(0, len(data)) :][:40])) + data[end:]
    return data


def as_json(data: bytes, chance: random.Random) -> bytes | None:
    """The input with one to three of its values or keys exchanged, left out, doubled or moved; None when it is no JSON."""
    try:
        value = json.loads(data)
        for _ in range(chance.randint(1, 3)):
            value = _changed(value, chance)
        return json.dumps(value, ensure_ascii=chance.random() < 0.7).encode("utf-8", errors="surrogatepass")
    except (ValueError, RecursionError, OverflowError):
        return None


def _changed(value: object, chance: random.Random) -> object:
    """The value with one place in it changed."""
    places = _places(value)
    if not places:
        return deepcopy(chance.choice(ODD))
    where, key = chance.choice(places)
    other, from_there = chance.choice(places)
    act = chance.randrange(5)
    if act == 0:
        where[key] = deepcopy(chance.choice(ODD))
    elif act == 1:
        del where[key]
    elif act == 2:
        where[key] = deepcopy(other[from_there])
    elif act == 3 and isinstance(where, dict):
        where[chance.choice(["", "x", str(from_there), "resourceType", "id"])] = where.pop(key)
    elif isinstance(where, list):
        where.append(deepcopy(where[key]))
    return value


def _places(value: object) -> list[tuple[dict | list, object]]:
    """Each place in the value: what holds it, and under which key or number."""
    places: list[tuple[dict | list, object]] = []
    left = [value]
    while left:
        at = left.pop()
        inside = at.items() if isinstance(at, dict) else enumerate(at) if isinstance(at, list) else ()
        for key, item in inside:
            places.append((at, key))
            left.append(item)
    return places
