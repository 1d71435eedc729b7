"""Published figures on triage, as data with their sources, and which of our measures each can be held against."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Figure", "Published", "published"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One published share, or the range of several. `seen` is false where it was cited from general knowledge."""

    source: str
    what: str
    measure: str
    seen: bool
    share: float | None = None
    range: tuple[float, float] | None = None  # the lowest and the highest of several
    interval: tuple[float, float] | None = None  # 95 %, as published
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """The figures, the citation and DOI of each source, and why none of them ranks anything."""

    figures: tuple[Figure, ...]
    sources: Mapping[str, tuple[str, str]]
    caveat: str


@cache
def published() -> Published:
    """The figures of published.toml."""
    data = tomllib.loads((Path(__file__).parent / "published.toml").read_text(encoding="utf-8"))
    figures = [
        Figure(
            source=row["source"],
            what=row["what"],
            measure=row["measure"],
            seen=row["seen"],
            share=row.get("share"),
            range=tuple(row["range"]) if "range" in row else None,
            interval=tuple(row["interval"]) if "interval" in row else None,
            of=row.get("of"),
        )
        for row in data["figures"]
    ]
    sources = {name: (row["citation"], row["doi"]) for name, row in data["sources"].items()}
    return Published(tuple(figures), sources, data["caveat"])
