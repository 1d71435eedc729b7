"""Bars and columns as SVG of our own, as wide as the page: places go by percent, so that letters keep their size on a telephone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

__all__ = ["Bar", "Column", "bar_plot", "column_plot", "opened"]

ROW, LABEL, BAR = 44, 16, 12  # of bars: the height of a row, of its words, and of the bar below them
TOP, HIGH, FOOT = 18, 150, 24  # of columns: above them, their height, below them
LEAST = 0.4  # percent: what is not nothing is seen
MOST_LETTERS = 38  # of a figure and its label: as many as a telephone of 320 pixels has room for


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: a figure in words, what it is of, and the bar. `kind` names its color; `interval` is a line across its end."""

    label: str
    told: str
    value: float
    kind: str = "ours"
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its label, and how many of each kind, from the bottom."""

    label: str
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.parts.values())


def opened(id: str, title: str, about: str, height: int) -> str:
    """The beginning of a picture as wide as its place, with its title and description."""
    return (
        f'<svg class="fluid" role="img" aria-labelledby="{id}-title {id}-desc" width="100%" height="{height}">\n'
        f'<title id="{id}-title">{escape(title)}</title><desc id="{id}-desc">{escape(about)}</desc>'
    )


# --- bars ----------------------------------------------------------------------------------------------------------------------


def bar_plot(id: str, title: str, about: str, bars: Sequence[Bar], letters: int = MOST_LETTERS) -> str:
    """Bars from the left, one below the other, on one scale from nothing to the largest figure or end of an interval.

    A figure and its label have so many letters at most; the rest of the label is cut.
    """
    most = max((end for bar in bars for end in (bar.value, *(bar.interval or ()))), default=0) or 1
    parts = [opened(id, title, about, ROW * len(bars))]
    for row, bar in enumerate(bars):
        parts += _bar(ROW * row, bar, most, letters)
    return "\n".join((*parts, "</svg>"))


def _bar(top: int, bar: Bar, most: float, letters: int) -> list[str]:
    y = top + LABEL + 6
    room = letters - len(bar.told)
    label = bar.label if len(bar.label) <= room else bar.label[: room - 1].rstrip() + "…"
    parts = [
        f'<text x="0" y="{top + LABEL}"><tspan class="figure">{escape(bar.told)}</tspan>  {escape(label)}</text>',
        f'<rect class="track" x="0" y="{y}" width="100%" height="{BAR}"/>',
    ]
    if bar.value:
        parts.append(f'<rect class="fill {bar.kind}" x="0" y="{y}" width="{_wide(bar.value, most)}%" height="{BAR}"/>')
    if bar.interval is not None:
        low, high = (_percent(end, most) for end in bar.interval)
        middle = y + BAR / 2
        parts.append(f'<line class="whisker" x1="{low}%" y1="{middle}" x2="{high}%" y2="{middle}"/>')
        parts += [f'<line class="whisker" x1="{x}%" y1="{y + 1}" x2="{x}%" y2="{y + BAR - 1}"/>' for x in (low, high)]
    return parts


# --- columns -------------------------------------------------------------------------------------------------------------------


def column_plot(id: str, title: str, about: str, columns: Sequence[Column], kinds: Sequence[str]) -> str:
    """Columns over time, the kinds one on the other in the order given from the bottom."""
    most = max((column.total for column in columns), default=0) or 1
    wide = 100 / max(len(columns), 1)
    ground = TOP + HIGH
    parts = [
        opened(id, title, about, ground + FOOT),
        f'<line class="grid" x1="0" y1="{TOP}" x2="100%" y2="{TOP}"/><text class="tick" x="0" y="{TOP - 5}">{most:,}</text>',
    ]
    for place, column in enumerate(columns):
        bottom = float(ground)
        for kind in kinds:
            if count := column.parts.get(kind, 0):
                high = max(HIGH * count / most, 2)
                bottom -= high
                x, across = f"{place * wide + wide * 0.1:.2f}%", f"{wide * 0.8:.2f}%"
                parts.append(f'<rect class="fill {kind}" x="{x}" y="{bottom:.1f}" width="{across}" height="{high:.1f}"/>')
    parts.append(f'<line class="ground" x1="0" y1="{ground}" x2="100%" y2="{ground}"/>')
    parts += _ends(columns, ground + 16)
    return "\n".join((*parts, "</svg>"))


def _ends(columns: Sequence[Column], y: int) -> list[str]:
    """The labels of the first and the last column; more of them would run together on a telephone."""
    if not columns:
        return []
    first = f'<text class="tick" x="0" y="{y}">{escape(columns[0].label)}</text>'
    last = f'<text class="tick" x="100%" y="{y}" text-anchor="end">{escape(columns[-1].label)}</text>'
    return [first] if len(columns) == 1 else [first, last]


def _percent(value: float, most: float) -> float:
    return round(min(max(100 * value / most, 0.3), 99.7), 2)


def _wide(value: float, most: float) -> float:
    return round(max(100 * value / most, LEAST), 2)
