"""The words of a surface that belong to no protocol: titles, buttons, prompts. One file a surface and language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from equina.translation import OF, ORIGINAL, digest

__all__ = ["FOLDER", "wording"]

FOLDER = Path(__file__).parent / "words"


@cache
def wording(surface: str, language: str = ORIGINAL) -> Mapping[str, str]:
    """The words of a surface (`ask`, `result`, `handover`) by id. What is not translated, or stale, is English.

    >>> wording("answers")["not_sure"]
    'Not sure'
    """
    words = _read(surface, ORIGINAL)
    if language != ORIGINAL:
        other = _read(surface, language)
        of = other.pop(OF, {})
        words |= {key: item for key, item in other.items() if key not in words or of.get(key) == digest(words[key])}
    return MappingProxyType(words)


def _read(surface: str, language: str) -> dict[str, Any]:
    path = FOLDER / language / f"{surface}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if language == ORIGINAL or path.exists() else {}
