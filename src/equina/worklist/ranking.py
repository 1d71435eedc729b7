"""The order of a worklist: by level, then by how recent the sign is, then by how near the nearest open rule is."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import inf

from equina.model import rank
from equina.worklist.patient import Patient

__all__ = ["BANDS", "Dated", "Place", "band", "first", "place"]

# How old a sign is goes by bands: two days, a week, the window, no date, older. Within one, who is nearer to a higher level comes
# first; by the hour, the nearest rule would never count. What has no date ranks before what is older: unknown is not old.
TWO_DAYS, A_WEEK = timedelta(days=2), timedelta(days=7)
BANDS = 5
Place = tuple[float | str, ...]
# A patient with when the newest thing was recorded that the level rests on.
Dated = tuple[Patient, datetime | None]


def first(patients: Iterable[Dated], size: int, window_days: int) -> tuple[Dated, ...]:
    """The first `size` of the patients in the order of a worklist. No more than these are held."""
    return tuple(heapq.nsmallest(size, patients, key=lambda dated: place(dated[0], dated[1], window_days)))


def place(patient: Patient, newest: datetime | None, window_days: int) -> Place:
    """What the patient is ranked by, smallest first. Where all else is alike the id decides, so a run is always ranked alike."""
    where = patient.evidence[0] if patient.evidence else None
    return (
        -rank(patient.level),
        band(newest, patient.as_of, window_days),
        inf if patient.questions_left is None else patient.questions_left,
        -patient.nearest_known,
        -newest.timestamp() if newest else 0.0,
        patient.id or "",
        (where.file or "") if where else "",
        (where.line or 0) if where else 0,
    )


def band(newest: datetime | None, as_of: datetime, window_days: int) -> int:
    """In which band the age of the sign is, 0 for the newest."""
    if newest is None:
        return 3
    age = as_of - newest
    return 0 if age <= TWO_DAYS else 1 if age <= A_WEEK else 2 if age <= timedelta(days=window_days) else 4
