"""What is counted: strict measures of our own, and the lenient ones of the literature."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from equina.evaluation.systems import Answer
from equina.evaluation.vignettes import Vignette
from equina.model import Disposition, rank
from equina.shares import Share

__all__ = ["MEASURES", "Measure", "Outcome", "share"]

NOT_JUDGED = ("other", "other_emergency")  # causes that no protocol could name
FIRST_CAUSES = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """A vignette with the answer that it got, and the answer to the same case once no more will be asked."""

    vignette: Vignette
    answer: Answer
    complete: Answer

    @property
    def rank(self) -> int:
        """The place of the level that was given; below every other where none was."""
        return _rank(self.answer.level)

    @property
    def least(self) -> int:
        return rank(self.vignette.acceptable[0])

    @property
    def most(self) -> int:
        return rank(self.vignette.acceptable[-1])

    @property
    def missed(self) -> bool:
        """A true emergency that was not answered with one: one level too low is a miss."""
        return self.vignette.emergency and self.answer.level != "emergency"


@dataclass(frozen=True, slots=True)
class Measure:
    """One share. `counts` says of an outcome whether it is a hit, or None where it is not counted."""

    id: str
    scoring: str  # strict | lenient | further
    wanted: str  # high | low | either
    counts: Callable[[Outcome], bool | None]


def share(measure: Measure, outcomes: Iterable[Outcome]) -> Share:
    """The share of the outcomes that the measure counts."""
    counted = [hit for outcome in outcomes if (hit := measure.counts(outcome)) is not None]
    return Share(sum(counted), len(counted))


def _rank(level: Disposition | None) -> int:
    return -1 if level is None else rank(level)


def _above(outcome: Outcome) -> bool | None:
    return None if outcome.vignette.emergency else outcome.rank > outcome.most


def _advised_above(outcome: Outcome) -> bool | None:
    return None if outcome.vignette.emergency else _rank(outcome.complete.advice) > outcome.most


def _found(outcome: Outcome) -> bool | None:
    return outcome.answer.level == "emergency" if outcome.vignette.emergency else None


def _cause(first: int) -> Callable[[Outcome], bool | None]:
    def among(outcome: Outcome) -> bool | None:
        wanted = outcome.vignette.causes[:1]
        return None if not wanted or wanted[0] in NOT_JUDGED else wanted[0] in outcome.answer.causes[:first]

    return among


def _kinds(answer: Answer) -> frozenset[str]:
    return answer.leaks - {"mixed"} | {"stress", "urge"} if "mixed" in answer.leaks else answer.leaks


def _leak(outcome: Outcome) -> bool | None:
    wanted = outcome.vignette.leaks
    return None if not wanted or "unclassified" in wanted else _kinds(outcome.answer) == wanted


def _leak_made_up(outcome: Outcome) -> bool | None:
    return bool(outcome.answer.leaks) if outcome.vignette.leaks == frozenset() else None


def _of_three(level: Disposition) -> str:
    return "between" if level in ("urgent", "scheduled") else level


def _three(outcome: Outcome) -> bool:
    return outcome.answer.level is not None and _of_three(outcome.answer.level) == _of_three(outcome.vignette.expected)


def _told_apart(least: Disposition) -> Callable[[Outcome], bool]:
    """Whether answer and truth are on the same side of the level."""
    return lambda outcome: (
        outcome.answer.level is not None and (outcome.rank >= rank(least)) == (rank(outcome.vignette.expected) >= rank(least))
    )


def _cautious(outcome: Outcome) -> bool | None:
    """Of the answers that were wrong, those that were too high."""
    expected = rank(outcome.vignette.expected)
    return None if outcome.rank == expected else outcome.rank > expected


MEASURES: tuple[Measure, ...] = (
    Measure("emergency", "strict", "high", _found),
    Measure("under", "strict", "low", lambda outcome: outcome.rank < outcome.least),
    Measure("over", "strict", "low", _above),
    Measure("exact", "strict", "high", lambda outcome: outcome.answer.level == outcome.vignette.expected),
    Measure("ok", "strict", "high", lambda outcome: outcome.answer.level in outcome.vignette.acceptable),
    Measure("advice_under", "strict", "low", lambda outcome: _rank(outcome.complete.advice) < outcome.least),
    Measure("advice_over", "strict", "low", _advised_above),
    Measure("safe", "lenient", "high", lambda outcome: outcome.rank >= rank(outcome.vignette.expected)),
    Measure("nearly_safe", "lenient", "high", lambda o: o.answer.level is not None and o.rank >= rank(o.vignette.expected) - 1),
    Measure("three_levels", "lenient", "high", _three),
    Measure("emergency_or_not", "lenient", "high", _told_apart("emergency")),
    Measure("today_or_later", "lenient", "high", _told_apart("urgent")),
    Measure("care_or_self_care", "lenient", "high", _told_apart("scheduled")),
    Measure("too_high_of_wrong", "lenient", "either", _cautious),
    Measure("answered", "further", "high", lambda outcome: outcome.answer.level is not None),
    Measure("cause", "further", "high", _cause(FIRST_CAUSES)),
    Measure("cause_first", "further", "high", _cause(1)),
    Measure("leak", "further", "high", _leak),
    Measure("leak_made_up", "further", "low", _leak_made_up),
)
