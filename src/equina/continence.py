"""Which kinds of leak fit, and why: stress, urge, both (mixed), overflow, functional. The conditions are data (continence.toml)."""

from __future__ import annotations

from collections.abc import Iterable

from equina.case import Leak
from equina.model import LeakType

__all__ = ["leak_kinds"]


def leak_kinds(leaks: Iterable[LeakType]) -> tuple[Leak, ...]:
    """The kinds to name: mixed stands for stress and urge together."""
    fitting = {leak.id: leak for leak in leaks}
    if "mixed" in fitting:
        fitting = {name: leak for name, leak in fitting.items() if name not in ("stress", "urge")}
    return tuple(Leak(id=leak.id, because=leak.because) for leak in fitting.values())
