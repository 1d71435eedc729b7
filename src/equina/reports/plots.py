"""Plots of shares as SVG of our own: nothing is fetched, colors come from the page, each plot has a title and a description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Dot", "share_plot"]

WIDTH, LEFT, RIGHT = 720, 12, 708  # of the picture, and of the scale from 0 to 100 %
TOP, ROW, LABEL, MARK = 26, 40, 14, 26  # of the first row; the height of a row, and where in it the label and the mark are
TICKS = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Dot:
    """One row: a share with its interval, or a range alone. `kind` names its color: ours, theirs or bad."""

    label: str
    value: float | None
    interval: tuple[float, float] | None
    kind: str = "ours"
    told: str = ""  # the figure in words, at the right of the label


def share_plot(id: str, title: str, about: str, dots: Sequence[Dot]) -> str:
    """Dots with their intervals on a scale from 0 to 100 %, one below the other."""
    height = TOP + ROW * len(dots) + 8
    parts = [
        f'<svg class="plot" role="img" aria-labelledby="{id}-title {id}-desc" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}">',
        f'<title id="{id}-title">{escape(title)}</title><desc id="{id}-desc">{escape(about)}</desc>',
    ]
    for tick in TICKS:
        x = _x(tick / 100)
        anchor = "start" if tick == 0 else "end" if tick == 100 else "middle"
        parts.append(f'<line class="grid" x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{height - 4}"/>')
        parts.append(f'<text class="tick" x="{x}" y="13" text-anchor="{anchor}">{tick} %</text>')
    for row, dot in enumerate(dots):
        parts += _row(TOP + ROW * row, dot)
    return "\n".join((*parts, "</svg>"))


def _row(top: int, dot: Dot) -> list[str]:
    y = top + MARK + 4
    parts = [
        f'<text class="label" x="{LEFT}" y="{top + LABEL}">{escape(dot.label)}</text>',
        f'<text class="figure" x="{RIGHT}" y="{top + LABEL}" text-anchor="end">{escape(dot.told)}</text>',
    ]
    if dot.interval is not None:
        low, high = map(_x, dot.interval)
        parts.append(f'<line class="bar {dot.kind}" x1="{low}" y1="{y}" x2="{high}" y2="{y}"/>')
        parts += [f'<line class="end {dot.kind}" x1="{x}" y1="{y - 5}" x2="{x}" y2="{y + 5}"/>' for x in (low, high)]
    if dot.value is not None:
        parts.append(f'<circle class="dot {dot.kind}" cx="{_x(dot.value)}" cy="{y}" r="5"/>')
    return parts


def _x(share: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * share, 1)
