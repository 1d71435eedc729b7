"""A share of what was counted, with its interval: no figure is shown without one."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Share", "wilson"]

NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """Hits among all that were counted, with the 95 % Wilson interval."""

    hits: int
    total: int

    @property
    def value(self) -> float | None:
        return self.hits / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hits, self.total)


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share (Wilson 1927): it stays within 0 and 1, and is no point at either end.

    >>> [round(end, 3) for end in wilson(29, 29)]
    [0.883, 1.0]
    """
    if not total:
        return 0.0, 1.0
    z, p = NORMAL_95, hits / total
    middle = p + z * z / (2 * total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    low = 0.0 if not hits else (middle - half) / scale
    return low, 1.0 if hits == total else (middle + half) / scale
