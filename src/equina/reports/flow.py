"""How many go where: bars one below the other, each cut into its parts, and bands from part to part. As wide as the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from equina.reports.bars import opened

__all__ = ["Band", "Part", "Stage", "flow_plot"]

WORDS, BAR, BETWEEN = 20, 22, 46  # the height of a stage's title, of its bar, and of the bands below it
LEAST = 1.2  # percent of the width: what is not nothing is seen, and the rest gives way
GAP = 0.6


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a stage. `kind` names its color."""

    label: str
    count: int
    kind: str


@dataclass(frozen=True, slots=True)
class Stage:
    """All that is counted at one point, in parts from left to right."""

    title: str
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        return sum(part.count for part in self.parts)


@dataclass(frozen=True, slots=True)
class Band:
    """Of a stage's part (by place), to which parts of the next stage it goes: the whole of it, to the whole of them."""

    stage: int
    part: int
    to: tuple[int, ...]


def flow_plot(id: str, title: str, about: str, stages: Sequence[Stage], bands: Sequence[Band]) -> str:
    """The stages from top to bottom. Widths go by count within a stage; those of two stages are not of one measure."""
    step = WORDS + BAR + BETWEEN
    spans = [tuple(_spans(stage)) for stage in stages]
    pieces = [opened(id, title, about, step * len(stages) - BETWEEN + 4)]
    pieces += [_band(stages, spans, band, step) for band in bands]
    for number, (stage, places) in enumerate(zip(stages, spans, strict=True)):
        top = step * number
        pieces.append(
            f'<text x="0" y="{top + WORDS - 6}"><tspan class="figure">{stage.total:,}</tspan>  {escape(stage.title)}</text>'
        )
        for part, (left, right) in zip(stage.parts, places, strict=True):
            if part.count:
                wide = f'x="{left:.2f}%" y="{top + WORDS}" width="{right - left:.2f}%" height="{BAR}"'
                pieces.append(f'<rect class="fill {part.kind}" {wide}/>')
    return "\n".join((*pieces, "</svg>"))


def _spans(stage: Stage) -> Iterator[tuple[float, float]]:
    """From where to where each part goes, in percent of the width."""
    there = [part for part in stage.parts if part.count]
    room = 100 - GAP * max(len(there) - 1, 0)
    wide = {part.label: max(room * part.count / stage.total, LEAST) for part in there}
    over = sum(wide.values()) - room
    largest = max(wide, key=lambda label: wide[label], default=None)
    if largest is not None:
        wide[largest] -= over
    left = 0.0
    for part in stage.parts:
        right = left + wide.get(part.label, 0.0)
        yield left, right
        left = right + (GAP if part.count else 0)


def _band(stages: Sequence[Stage], spans: Sequence[Sequence[tuple[float, float]]], band: Band, step: int) -> str:
    """The band as a shape of its own picture, which is stretched to the width that there is."""
    to = [spans[band.stage + 1][place] for place in band.to if stages[band.stage + 1].parts[place].count]
    part = stages[band.stage].parts[band.part]
    if not to or not part.count:
        return ""
    left, right = (10 * end for end in spans[band.stage][band.part])
    below_left, below_right = 10 * to[0][0], 10 * to[-1][1]
    top, half = step * band.stage + WORDS + BAR, BETWEEN / 2 + WORDS / 2
    high = BETWEEN + WORDS
    path = (
        f"M{left:.1f} 0C{left:.1f} {half} {below_left:.1f} {half} {below_left:.1f} {high}"
        f"L{below_right:.1f} {high}C{below_right:.1f} {half} {right:.1f} {half} {right:.1f} 0Z"
    )
    box = f'x="0" y="{top}" width="100%" height="{high}" viewBox="0 0 1000 {high}" preserveAspectRatio="none"'
    return f'<svg {box} aria-hidden="true"><path class="band {part.kind}" d="{path}"/></svg>'
