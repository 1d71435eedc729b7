"""Scores of a system on vignettes, in one mode: shares, the confusion table, slices, and what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from equina.evaluation.measures import MEASURES, Outcome, share
from equina.evaluation.systems import Answer, Engine, Progress, System, at_fault
from equina.evaluation.vignettes import Request, Vignette
from equina.exchange import BadInput
from equina.model import DISPOSITIONS
from equina.shares import Share

__all__ = ["SLICED", "Scores", "Slice", "asked", "score"]

NO_LEVEL = "none"
# What is worth telling of a part of the cases.
SLICED = ("emergency", "under", "over", "exact", "ok")
AGES = ((18, "under 18"), (40, "18 to 39"), (65, "40 to 64"), (200, "65 and over"))


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the cases that have something in common, such as a tag."""

    by: str
    name: str
    cases: int
    shares: Mapping[str, Share]


@dataclass(frozen=True, slots=True)
class Scores:
    """How a system did in one mode."""

    mode: str
    outcomes: tuple[Outcome, ...]
    shares: Mapping[str, Share]
    confusion: Mapping[str, Mapping[str, int]]  # expected level: given level: cases
    slices: tuple[Slice, ...]

    @property
    def missed(self) -> tuple[Outcome, ...]:
        """True emergencies not answered as one."""
        return tuple(outcome for outcome in self.outcomes if outcome.missed)

    @property
    def wrong(self) -> tuple[Outcome, ...]:
        """Answers outside the acceptable levels, the emergencies first."""
        outside = (outcome for outcome in self.outcomes if outcome.answer.level not in outcome.vignette.acceptable)
        return tuple(sorted(outside, key=lambda outcome: not outcome.missed))


def score(system: System, vignettes: Sequence[Vignette], mode: str, told: Progress) -> Scores:
    """The scores on the vignettes, each of which says something in this mode. Raises BadSystem and BadInput."""
    requests = [vignette.request(mode) for vignette in vignettes]
    answers = asked(system, vignettes, requests, told)
    complete = asked(
        system, vignettes, [vignette.request(mode, complete=True) for vignette in vignettes], lambda n: told(len(requests) + n)
    )
    outcomes = tuple(Outcome(vignette, answers[vignette.id], complete[vignette.id]) for vignette in vignettes)
    return Scores(mode, outcomes, _shares(outcomes), _confusion(outcomes), tuple(_slices(outcomes)))


def asked(system: System, vignettes: Sequence[Vignette], requests: Sequence[Request], told: Progress) -> Mapping[str, Answer]:
    """The answers to the requests. A vignette that this engine cannot judge is told by its file and line."""
    if not isinstance(system, Engine):
        return system.answers(requests, told)
    found: dict[str, Answer] = {}
    for count, (vignette, request) in enumerate(zip(vignettes, requests, strict=True), 1):
        try:
            found |= system.answers([request], lambda _: None)
        except BadInput as error:
            raise at_fault(vignette.file, vignette.line, error) from None
        told(count)
    return found


def _shares(outcomes: Sequence[Outcome]) -> Mapping[str, Share]:
    return {measure.id: share(measure, outcomes) for measure in MEASURES}


def _confusion(outcomes: Iterable[Outcome]) -> Mapping[str, Mapping[str, int]]:
    given = Counter((outcome.vignette.expected, outcome.answer.level or NO_LEVEL) for outcome in outcomes)
    return {
        expected: {level: given[expected, level] for level in (*reversed(DISPOSITIONS), NO_LEVEL)}
        for expected in reversed(DISPOSITIONS)
    }


def _slices(outcomes: Sequence[Outcome]) -> Iterator[Slice]:
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        for by, name in _kinds(outcome.vignette):
            groups.setdefault((by, name), []).append(outcome)
    order = ("level", "file", "provenance", "source", "tag", "answered by", "sex", "age")
    for (by, name), group in sorted(groups.items(), key=lambda item: (order.index(item[0][0]), -len(item[1]), item[0][1])):
        shares = _shares(group)
        yield Slice(by, name, len(group), {id: shares[id] for id in SLICED})


def _kinds(vignette: Vignette) -> Iterator[tuple[str, str]]:
    yield "level", vignette.expected
    yield "file", vignette.file
    yield "answered by", vignette.answered_by or "not said"
    if vignette.provenance:
        yield "provenance", vignette.provenance
    for source in (vignette.source or "").split(", "):
        if source and " " not in source:  # ids of sources, not the title of a publication
            yield "source", source
    for tag in vignette.tags:
        yield "tag", tag
    if vignette.sex:
        yield "sex", vignette.sex
    if vignette.age is not None:
        yield "age", next(words for below, words in AGES if vignette.age < below)
