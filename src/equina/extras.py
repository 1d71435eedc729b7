"""What to say where a package is missing that one of the extras brings."""

from __future__ import annotations

__all__ = ["lacking"]


def lacking(what: str, package: str | None, extra: str) -> str:
    """What needs the package, and how to get it.

    >>> lacking("screening needs", "msgspec", "batch")
    "screening needs msgspec, of the extra batch; in the folder of Equina: pip install '.[batch]' (or make setup)"
    """
    return f"{what} {package}, of the extra {extra}; in the folder of Equina: pip install '.[{extra}]' (or make setup)"
