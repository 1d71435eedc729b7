"""The doors: every way in which a case gets in and an answer comes out, each opened as its user would open it."""

from __future__ import annotations

from collections.abc import Mapping

from surfaces.door import Door
from surfaces.here import HERE
from surfaces.services import NETWORK

__all__ = ["DOORS", "HERE", "NETWORK"]

DOORS: Mapping[str, Door] = {**HERE, **NETWORK}
