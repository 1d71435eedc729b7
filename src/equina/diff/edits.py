"""What was edited between two versions of a protocol, entry by entry, sorted by what such an edit can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from equina.logic import And, AtLeast, Compare, Condition, Or, Present, render
from equina.model import Protocol

__all__ = ["PARTS", "Edit", "edits"]

# What an edit can do, in the order in which it is told.
PARTS: Mapping[str, str] = {
    "levels": "what decides levels",
    "asking": "what is asked, and how",
    "promises": "what is promised",
    "causes": "causes and kinds of leak",
    "care": "care, tests and medicines",
    "sources": "sources and accuracy",
    "wording": "wording",
}

# The tables of a protocol, with what an edit of a key can do, where that is not said below.
TABLES: Mapping[str, str] = {
    "rules": "wording",
    "findings": "wording",
    "causes": "causes",
    "kinds": "causes",
    "leak_types": "causes",
    "workup": "care",
    "care": "care",
    "medicines": "care",
    "sources": "sources",
    "accuracy": "sources",
    "topics": "asking",
    "handover_topics": "asking",
    "promises": "promises",
    "watch_for": "wording",
    "policies": "wording",
    "stories": "wording",
    "questions": "wording",
    "lines": "wording",
}
# The same of what stands in no table.
ALONE: Mapping[str, str] = {
    "new_within_days": "levels",
    "baseline_facts": "levels",
    "chronic_covers": "levels",
    "explained_by": "levels",
    "core_flags": "levels",
    "groups": "levels",
    "never_unasked": "promises",
    "never_old_alone": "promises",
    "unpromised": "promises",
    "level_care": "care",
    "handover": "asking",
    "handover_medicines": "asking",
    "three_iq": "asking",
    "codes": "wording",
    "say": "wording",
    "opening_when": "wording",
    "disposition_words": "wording",
    "title": "wording",
    "reviewed": "wording",
    "notice": "wording",
}
KEYS: Mapping[str, Mapping[str, str]] = {
    "rules": {"disposition": "levels", "when": "levels", "workup": "care", "accuracy": "sources", "strength": "sources"},
    "findings": dict.fromkeys(
        (
            *("kind", "course", "implies", "true_when", "denies", "old_only_with", "old_measure_stands", "never_old", "onset_of"),
            *("onset_within_days", "not_of_sex", "not_of_age", "low", "high", "options", "unit", "not_covered_by", "presumes"),
        ),
        "levels",
    )
    | dict.fromkeys(("answered_by", "section", "now_only", "not_asked", "unused"), "asking"),
    "leak_types": {"care": "care"},
    "kinds": {"care": "care", "workup": "care"},
    "policies": {"workup": "care"},
}
CONDITIONS = (Present, Compare, And, Or, AtLeast)


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry or key that differs; `key` is None for an entry that only one version has, `old` and `new` then say which.

    Where `old` and `new` are the same line, a group of conditions that it names differs.
    """

    part: str
    table: str
    id: str
    key: str | None
    old: str | None
    new: str | None

    @property
    def place(self) -> str:
        return " ".join(filter(None, (f"{self.table}.{self.id}" if self.id else self.table, self.key)))


def edits(old: Protocol, new: Protocol) -> tuple[Edit, ...]:
    """Every difference that the two versions show, but for the lexicon of texts, which they read when a text is read."""
    found = [edit for table, part in TABLES.items() for edit in _of_table(old, new, table, part)]
    found += _of_what_stands_alone(old, new)
    return tuple(sorted(found, key=lambda edit: list(PARTS).index(edit.part)))


def _of_table(old: Protocol, new: Protocol, table: str, part: str) -> Iterator[Edit]:
    before, after = getattr(old, table), getattr(new, table)
    whole = "levels" if table in ("rules", "findings") else part
    for name in dict.fromkeys((*before, *after)):
        if name not in after or name not in before:
            entry = before.get(name) or after[name]
            said = _title(entry)
            yield Edit(whole, table, name, None, said if name in before else None, said if name in after else None)
            continue
        for field in fields(before[name]):
            if field.name in ("id", "kinds"):  # the kinds of a cause are a table of their own here
                continue
            pair = _shown(old, getattr(before[name], field.name)), _shown(new, getattr(after[name], field.name))
            if getattr(before[name], field.name) == getattr(after[name], field.name):
                continue
            kind = "sources" if field.name == "sources" else KEYS.get(table, {}).get(field.name, part)
            yield Edit(kind, table, name, field.name, *pair)


def _of_what_stands_alone(old: Protocol, new: Protocol) -> Iterator[Edit]:
    for name, part in ALONE.items():
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for key in dict.fromkeys((*before, *after)):
                if before.get(key) != after.get(key):
                    pair = (_shown(None, side[key]) if key in side else None for side in (before, after))
                    yield Edit(part, name, key, None, *pair)
        else:
            yield Edit(part, name, "", None, _shown(old, before), _shown(new, after))


def _title(entry: object) -> str:
    """The words by which a reader knows an entry."""
    for name in ("label", "sentence", "because", "citation", "title", "question", "wording", "says", "words", "condition"):
        if text := getattr(entry, name, None):
            return str(text)
    return ""


def _group_names(protocol: Protocol) -> dict[Condition, str]:
    """The groups by what they stand for; one that stands for a lone finding is no shorter than it."""
    return {condition: name for name, condition in protocol.groups.items() if not isinstance(condition, Present)}


def _shown(protocol: Protocol | None, value: object) -> str:
    """A value as one line; a condition with the names of the protocol's groups, where a protocol is given."""
    if isinstance(value, CONDITIONS):
        names: dict[Condition, str] = _group_names(protocol) if protocol else {}
        return render(value, names)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_shown(protocol, item)}" for key, item in value.items())
    if isinstance(value, tuple | frozenset | list):
        items: Iterable[object] = sorted(value) if isinstance(value, frozenset) else value
        return ", ".join(_shown(protocol, item) for item in items)
    if is_dataclass(value):
        return _title(value)
    return "" if value is None else " ".join(str(value).split())
