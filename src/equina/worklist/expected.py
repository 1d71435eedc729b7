"""How many alerts to expect of such a list, per 10,000 patients, and what the figure rests on. Said before the list, every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from equina.model import DISPOSITIONS, Disposition, rank
from equina.shares import Share
from equina.wording import wording
from equina.worklist.manifest import Manifest

__all__ = ["Expected", "PER", "per_10000"]

PER = 10_000
WORDS = wording("worklist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What was counted of a run, as shares of its patients."""

    patients: int  # the living
    nothing_known: int
    levels: Mapping[Disposition, int]  # of those of whom something is known
    least: Disposition  # of the list
    deceased: int = 0
    deceased_at_level: int = 0  # of them, at or above the level of the list

    @property
    def rates(self) -> Mapping[Disposition, Share]:
        """For each level that calls for someone to act, worst first, the share of patients whose level it is."""
        acted_on = (level for level in reversed(DISPOSITIONS) if level != "self_care")
        return {level: Share(self.levels.get(level, 0), self.patients) for level in acted_on}

    @property
    def listed(self) -> Share:
        """The share of patients at or above the level of the list; a list of everybody has those too of whom nothing is known."""
        if self.least == "self_care":
            return Share(self.patients, self.patients)
        return Share(sum(n for level, n in self.levels.items() if rank(level) >= rank(self.least)), self.patients)

    @property
    def unknown(self) -> Share:
        """The share of patients of whom nothing is known."""
        return Share(self.nothing_known, self.patients)

    def rests_on(self, manifest: Manifest) -> Iterator[str]:
        """What the figures rest on, and whom the list misses, in sentences."""
        yield WORDS["rests_run"].format(patients=_number(self.patients))
        share = f"{100 * (self.unknown.value or 0):.1f} %"
        told = WORDS["rests_nothing" if self.nothing_known else "rests_something"]
        yield told.format(nothing=_number(self.nothing_known), share=share)
        if self.deceased:
            yield WORDS["rests_deceased"].format(deceased=_number(self.deceased), at_level=_number(self.deceased_at_level))
        aside = manifest.set_aside
        yield WORDS["rests_aside"].format(aside=_number(aside)) if aside else WORDS["rests_aside_none"]
        if manifest.refused:
            yield WORDS["rests_refused"].format(refused=_number(manifest.refused))
        yield WORDS["rests_missed"]
        yield WORDS["rests_review"]


def per_10000(share: Share) -> tuple[str, str, str]:
    """The share and the ends of its interval, each per 10,000, as they are told: small ones to a tenth.

    >>> per_10000(Share(2, 13))
    ('1,538', '433', '4,223')
    """
    low, high = share.interval
    return tuple(_rate(part) for part in (share.value or 0.0, low, high))  # type: ignore[return-value]


def _rate(part: float) -> str:
    rate = PER * part
    return f"{rate:.1f}" if 0 < rate < 10 else f"{rate:,.0f}"


def _number(count: int) -> str:
    return f"{count:,}"
