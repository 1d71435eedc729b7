"""The words of a surface that belong to no protocol: titles, buttons, prompts. One file a surface and language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

__all__ = ["wording"]

FOLDER = Path(__file__).parent / "words"


@cache
def wording(surface: str, language: str = "en") -> Mapping[str, str]:
    """The words of a surface (`ask`, `result`, `handover`) by id.

    >>> wording("answers")["not_sure"]
    'Not sure'
    """
    with (FOLDER / language / f"{surface}.toml").open("rb") as file:
        return MappingProxyType(tomllib.load(file))
