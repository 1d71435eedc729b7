"""The worklist as a whole: what a run says, whom the list names, and how many it leaves off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from equina.model import Disposition, Protocol
from equina.worklist.context import with_context
from equina.worklist.entry import Entry, entries
from equina.worklist.expected import Expected
from equina.worklist.manifest import Manifest, read_manifest, set_aside_reasons
from equina.worklist.patient import Patient, newest_of
from equina.worklist.ranking import Dated, first

if TYPE_CHECKING:
    from equina.worklist.results import Counts

__all__ = ["Worklist", "worklist"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """The list with all that is said before it. `dates` has for each level how many newest signs are of each day ("" for none)."""

    protocol: Protocol
    manifest: Manifest
    expected: Expected
    size: int
    entries: tuple[Entry, ...]
    rules: Mapping[str, int]  # determining rule: patients
    aside: Mapping[str, int]  # reason: how often
    dates: Mapping[Disposition, Mapping[str, int]]

    @property
    def least(self) -> Disposition:
        return self.expected.least

    @property
    def total(self) -> int:
        """How many patients are at or above the level of the list, whether they fit on it or not."""
        return self.expected.listed.hits

    def shown(self, level: Disposition) -> int:
        """How many of the level are on the list; of whom nothing is known, no level is."""
        return sum(entry.level == level and not entry.patient.nothing_known for entry in self.entries)


def worklist(protocol: Protocol, folder: Path, *, size: int, least: Disposition, context: bool = False) -> Worklist:
    """The first `size` patients of the run at or above the level; with `context`, the words around each quote.

    Raises BadInput; ModuleNotFoundError without pyarrow.
    """
    manifest = read_manifest(protocol, folder)  # first: a folder that holds no run is told before Arrow is loaded
    from equina.worklist.results import Counts, patients

    aside = set_aside_reasons(folder)
    counts = Counts()
    dated = _dated(protocol, patients(protocol, manifest, least, counts), counts)
    ranked = first(dated, size, manifest.window_days)
    if context:
        around = with_context(patient for patient, _ in ranked)
        ranked = tuple(zip(around, (newest for _, newest in ranked), strict=True))
    return Worklist(
        protocol=protocol,
        manifest=manifest,
        expected=Expected(
            patients=counts.rows - counts.deceased,
            nothing_known=counts.nothing_known,
            levels=dict(counts.levels),
            least=least,
            deceased=counts.deceased,
            deceased_at_level=counts.deceased_at_level,
        ),
        size=size,
        entries=tuple(entries(protocol, ranked)),
        rules={name: count for name, count in counts.rules.most_common() if name in protocol.rules},
        aside=aside,
        dates=counts.newest,
    )


def _dated(protocol: Protocol, found: Iterator[Patient], counts: Counts) -> Iterator[Dated]:
    """Each patient with the date of the newest sign, counted by its day."""
    for patient in found:
        newest = newest_of(protocol, patient)
        counts.newest[patient.level][_day(newest)] += 1
        yield patient, newest


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""
