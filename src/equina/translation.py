"""The texts of a protocol in another language: files that mirror the English ones, hold words alone and are laid over them when
a protocol is read.

Each translated table carries `of`, a digest of the English texts that it was made from. When those have changed since, it is stale:
then the English is shown, until a translator has looked at it (equina.locale).
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from equina.tables import Fault, nearest

__all__ = ["OF", "ORIGINAL", "TEXTS", "digest", "gaps", "laid_over", "stamped", "unknown"]

ORIGINAL = "en"  # the language in which a protocol is written

# What a patient or a clinician reads, by file: tables (* is any id, or any row) and their keys. A text is a text, a list or a table
# of texts. Notes, promises and figures are remarks for those who review the protocol itself, and stay as they are.
TEXTS: Mapping[str, Mapping[str, str]] = {
    "protocol": {
        "": "title notice dispositions",
        "say": "opening opening_other old",
        "policies.*": "because",
        "watch_for.*": "words",
    },
    "findings": {"findings.*": "label ask hint check say marked reword examine unit_words"},
    "rules": {"rules.*": "because timing pathway decision stricter"},
    "causes": {"causes.*": "label words", "causes.*.kinds.*": "label"},
    "continence": {"continence.*": "label words because", "three_iq": "window validity_limits", "three_iq.items.*": "ask options"},
    "workup": {"workup.*": "label words how"},
    "care": {"care.*": "label words amount duration"},
    "medicines": {"medicines.*": "label examples effects mechanism"},
    "stories": {"stories.*": "title story lesson"},
    "faq": {"faq.*": "question answer", "faq.*.if.*": "answer"},
    "article": {"lines.*": "says"},
    "interview": {"topics.*": "wording hint"},
    "handover": {"topics.*": "wording hint"},
}
OF = "of"
HEADER = re.compile(r"^\[(\[?)\s*([\w.-]+)\s*\]")


def digest(text: object) -> str:
    """Eight digits that tell whether a text, or a table of them, is still the one that was translated; line ends do not count.

    >>> digest("Be seen today.") == digest("Be seen\\n  today.")
    True
    """
    return hashlib.sha256(json.dumps(_plain(text), sort_keys=True).encode()).hexdigest()[:8]


def _plain(text: object) -> object:
    if isinstance(text, dict):
        return {key: _plain(item) for key, item in text.items()}
    if isinstance(text, list):
        return [_plain(item) for item in text]
    return " ".join(str(text).split())


# --- which tables hold texts ---------------------------------------------------------------------------------------------------


def _tables(file: str, data: object) -> Iterator[tuple[str, dict[str, object], tuple[str, ...]]]:
    """Each table of the file that may hold texts: its path, itself, and the keys of its texts that are there."""
    for pattern, keys in TEXTS.get(Path(file).stem, {}).items():
        for path, table in _matching(data, pattern.split(".") if pattern else []):
            yield path, table, tuple(key for key in keys.split() if key in table)


def _matching(data: object, parts: Sequence[str], path: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    if not parts:
        if isinstance(data, dict):
            yield path, data
        return
    for key, item in _items(data):
        if parts[0] in ("*", key):
            yield from _matching(item, parts[1:], _below(path, key))


def _items(data: object) -> Iterator[tuple[str, object]]:
    """What a table holds by key, and a list of tables by number."""
    if isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list):
        yield from ((str(number), item) for number, item in enumerate(data, 1))


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _digest_of(table: Mapping[str, object], keys: Sequence[str]) -> str:
    return digest({key: table[key] for key in keys})


# --- laid over -----------------------------------------------------------------------------------------------------------------


def laid_over(file: str, english: Mapping[str, object], translated: Mapping[str, object]) -> dict[str, object]:
    """The tables of the file with the texts of the translation in place of the English ones, but for those that are stale."""
    made = copy.deepcopy(dict(english))
    others = {path: table for path, table, _ in _tables(file, translated)}
    for path, table, keys in _tables(file, made):
        other = others.get(path, {})
        if other.get(OF) == _digest_of(table, keys):
            table.update({key: _text(table[key], other[key]) for key in keys if key in other})
    return made


def _text(english: object, other: object) -> object:
    """The translated text; of a table of texts, what is not translated stays."""
    return {**english, **other} if isinstance(english, dict) and isinstance(other, dict) else other


def unknown(file: str, english: Mapping[str, object], translated: Mapping[str, object]) -> Iterator[Fault]:
    """What the translation holds that is no text of the English file, with file, table, key and the mend."""
    texts = {_below(path, key) for path, _, keys in _tables(file, english) for key in keys}
    yield from _unknown(file, "", english, translated, texts)


def _unknown(file: str, path: str, english: object, translated: object, texts: set[str]) -> Iterator[Fault]:
    there = dict(_items(english))
    for key, item in _items(translated):
        at = _below(path, key)
        if key == OF:
            continue
        if key not in there:
            yield Fault(file, path, key, "the original has no such key", nearest(key, there))
        elif at in texts:
            yield from _misshapen(file, path, key, there[key], item)
        elif isinstance(there[key], dict | list) and isinstance(item, dict | list) and not _plain_list(item):
            yield from _unknown(file, at, there[key], item, texts)
        else:
            yield Fault(file, path, key, "it is no text to translate", "leave it out: a translation holds texts alone")


def _plain_list(item: object) -> bool:
    return isinstance(item, list) and not all(isinstance(row, dict) for row in item)


def _misshapen(file: str, path: str, key: str, english: object, item: object) -> Iterator[Fault]:
    """A text where the original has a list, more or fewer items than it has, or a key of a table of texts that it does not have."""
    texts: list[object] = []
    if isinstance(english, dict) and isinstance(item, dict):
        texts = [*item.values()]
        for name in item:
            if name not in english:
                yield Fault(file, path, f"{key}.{name}", "the original has no such key", nearest(name, english))
    elif isinstance(english, list) and isinstance(item, list):
        texts = item
        if len(english) != len(item):
            problem = f"{len(item)} texts are here, and {len(english)} in the original"
            yield Fault(file, path, key, problem, "give one for each, in the same order")
    elif isinstance(english, str):
        texts = [item]
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        yield Fault(
            file, path, key, "its form is another than in the original", "write a text, or a list or table of texts, as there"
        )


# --- what is missing or stale --------------------------------------------------------------------------------------------------


def gaps(file: str, english: Mapping[str, object], translated: Mapping[str, object]) -> Iterator[Fault]:
    """The texts of the English file that are not translated, and the tables of which the English has changed since."""
    others = {path: table for path, table, _ in _tables(file, translated)}
    for path, table, keys in _tables(file, english):
        other = others.get(path, {})
        for key in keys:
            for name in _missing(key, table[key], other.get(key)):
                yield Fault(file, path, name, "it is not translated", "translate it")
        if keys and other and other.get(OF) != (now := _digest_of(table, keys)):
            problem = "the original has changed since" if OF in other else "no translator has said that it fits the original"
            yield Fault(file, path, OF, problem, f'check its texts, then write of = "{now}"')


def _missing(key: str, english: object, other: object) -> Iterator[str]:
    if other is None:
        yield key
    elif isinstance(english, dict) and isinstance(other, dict):
        yield from (f"{key}.{name}" for name in english if name not in other)


def stamped(file: str, english: Mapping[str, object], text: str) -> str:
    """The text of a translated file with an `of` behind the header of each table that has none: it fits the English of today.

    One that is stale stays: whoever has checked its texts takes it out first, so that none is passed over unseen.
    """
    checked = {path for path, table, _ in _tables(file, tomllib.loads(text)) if OF in table}
    digests = {path: _digest_of(table, keys) for path, table, keys in _tables(file, english) if keys and path not in checked}
    lines = text.splitlines()
    made: list[str] = []
    rows: dict[str, int] = {}
    if "" in digests:
        first = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
        made, lines = [*lines[:first], _of(digests[""])], lines[first:]
    for line in lines:
        made.append(line)
        if header := HEADER.match(line):
            path = header[2]
            if header[1]:
                rows[path] = rows.get(path, 0) + 1
                path = f"{path}.{rows[path]}"
            if path in digests:
                made.append(_of(digests[path]))
    return "\n".join(made) + "\n"


def _of(digits: str) -> str:
    return f'{OF} = "{digits}"'
