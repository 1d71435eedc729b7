"""Dates of records as a run holds them against its limits, each worked out once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta

from equina.fhir.elements import span
from equina.fhir.statements import limits
from equina.model import Protocol

__all__ = ["Dated", "Dates"]

# The class of a date, which tells whether it says a day and where it lies among the limits; its text; its moment, where that is
# within the window.
Dated = tuple[int, str, datetime | None]
_REMEMBERED = 50_000


class Dates:
    """Tells dates of one run apart as far as that decides anything."""

    def __init__(self, protocol: Protocol, as_of: datetime, window_days: int) -> None:
        self._as_of, self._window_start = as_of, as_of - timedelta(days=window_days)
        self._limits = limits(protocol, window_days)
        self._known: dict[str, Dated] = {}

    def of(self, text: str) -> Dated:
        """What there is to know of the date that a record has."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[text] = self._dated(text)
        return found

    def _dated(self, text: str) -> Dated:
        when = span(text)
        if when is None:
            return (-1 if text else -2, text, None)
        first = self._place(when.first)
        last = first if when.last is when.first else self._place(when.last)
        moment = max(min(when.first, self._as_of), self._window_start) if when.last >= self._window_start else None
        return ((first * 1000 + last) * 2 + when.exact, text, moment)

    def _place(self, moment: datetime) -> int:
        """Where a moment lies among the limits."""
        ago = self._as_of - moment
        return bisect_left(self._limits, ago) + bisect_right(self._limits, ago)
