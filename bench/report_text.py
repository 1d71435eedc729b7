"""The figures of all benches as rows with their ratios and limits, as tables in Markdown, and as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from equina.reports.bars import Bar, bar_plot
from figures import ASKED, EQUINA, Figure

__all__ = ["as_text", "compared", "pictures"]

Row = dict[str, Any]
LETTERS = 90  # that a picture of this width has room for
WIDE = 760
STYLE = (
    "text{font:14px system-ui,sans-serif;fill:#222}.figure{font-weight:600}.track{fill:#eee}.fill{fill:#9a9a9a}"
    ".fill.ours{fill:#1f6f8b}.whisker{stroke:#222;stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){text{fill:#eee}.track{fill:#333}.whisker{stroke:#eee}.fill.ours{fill:#5fb3ce}}"
)


def compared(figures: Sequence[Figure], *, judged: bool = True) -> list[Row]:
    """The figures as rows of the report: with the limit of ours and, if judged, whether it is met; of a peer how ours stands to it.

    `ratio` of a peer's row is how many times as good as the peer the best of ours is, among figures of the same name and unit.
    """
    asked = {(each.area, each.what): each for each in ASKED}
    best: dict[tuple[str, str], float] = {}
    for figure in figures:
        if figure.ours and figure.median is not None:
            before = best.get((figure.area, figure.what), figure.median)
            best[figure.area, figure.what] = (max if figure.more_is_better else min)(before, figure.median)
    rows = []
    for figure in figures:
        limit = asked.get((figure.area, figure.what)) if figure.who == EQUINA else None
        met = limit.met(figure.median) if judged and limit and figure.median is not None else None
        ours = best.get((figure.area, figure.what))
        rows.append(asdict(figure) | {"ratio": _ratio(figure, ours), "limit": limit.words if limit else "", "met": met})
    return rows


def _ratio(figure: Figure, ours: float | None) -> float | None:
    if figure.ours or ours is None or not figure.median or not ours:
        return None
    return ours / figure.median if figure.more_is_better else figure.median / ours


# --- tables ----------------------------------------------------------------------------------------------------------------------


def as_text(about: dict[str, Any], rows: Sequence[Row], faults: Sequence[str], drawn: Sequence[str]) -> str:
    """The whole report: where and when, what misses its limit, then a table and the pictures for each area."""
    machine = about["machine"]
    versions = ", ".join(f"{name} {told}" for name, told in about["versions"].items() if told)
    lines = [
        "# Equina beside its peers",
        "",
        f"{about['date']}, size: {about['size']}. {machine['cores']} cores of {machine['processor']}, {machine['memory_gb']} GB, "
        f"{machine['system']}; load when it began: {about['load']}. {versions}.",
        "",
        "A figure is the median, with the least and the most in brackets. Beside a peer stands how many times as good ours is.",
    ]
    if about["size"] == "short":
        lines += ["", "**A short run: it shows that everything runs. Its figures say nothing, and no limit is judged.**"]
    judged = [row for row in rows if row["limit"]]
    missed = [row for row in judged if row["met"] is False]
    absent = [row for row in judged if row["met"] is None]
    lines += [
        "",
        f"{len(judged)} limits: {len(judged) - len(missed) - len(absent)} met, {len(missed)} not, {len(absent)} not judged.",
        "",
    ]
    lines += [f"- Not met: {row['area']}, {row['what']}: {_value(row)}; asked: {row['limit']}" for row in missed]
    lines += [f"- A fault: {fault}" for fault in faults]
    for area, some in groupby(sorted(rows, key=lambda row: _areas(rows).index(row["area"])), key=lambda row: row["area"]):
        lines += ["", f"## {area.capitalize()}", "", *_table(list(some))]
        lines += [line for name in drawn if name.startswith(f"{area}-") for line in ("", f"![{name}]({name}.svg)")]
    return "\n".join(lines) + "\n"


def _areas(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["area"] for row in rows))


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| figure | unit | Equina | peers | asked | met |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for (what, unit), some in _alike(rows).items():
        ours = "<br>".join(_told(row, row["who"].removeprefix(EQUINA).strip(", ")) for row in some if row["ours"])
        peers = "<br>".join(
            _told(row, row["version"] if row["who"] in row["version"] else f"{row['who']} {row['version']}".strip())
            for row in some
            if not row["ours"]
        )
        limit = next((row["limit"] for row in some if row["limit"]), "")
        met = next((row["met"] for row in some if row["limit"]), None)
        told = {True: "yes", False: "**no**", None: "not judged"}[met] if limit else ""
        yield f"| {what} | {unit} | {ours} | {peers} | {limit} | {told} |"


def _alike(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows of the same name and unit, in the order in which they came."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["what"], row["unit"]), []).append(row)
    return found


def _told(row: Row, name: str) -> str:
    value = f"– ({row['why']})" if row["median"] is None else _value(row)
    ratio = f", ours is {_number(row['ratio'])}×" if row["ratio"] else ""
    return f"{name}: {value}{ratio}" if name else value


def _value(row: Row) -> str:
    if row["median"] is None:
        return "–"
    spread = f" ({_number(row['least'])} to {_number(row['most'])})" if row["count"] > 1 else ""
    return f"{_number(row['median'])}{spread}"


def _number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


# --- pictures --------------------------------------------------------------------------------------------------------------------


def pictures(rows: Sequence[Row]) -> dict[str, str]:
    """A picture of each kind of figure (what stands before a colon) that ours and a peer have, by the name of its file."""
    found, drawn = {}, set()
    for area in _areas(rows):
        for number, ((what, unit), some) in enumerate(_alike([row for row in rows if row["area"] == area]).items(), 1):
            there = [row for row in some if row["median"] is not None]
            kind = (area, what.split(":")[0])
            if kind not in drawn and {row["ours"] for row in there} == {True, False}:
                drawn.add(kind)
                there.sort(key=lambda row: row["median"], reverse=bool(there[0]["more_is_better"]))
                found[f"{area}-{number}"] = _picture(f"{area}-{number}", f"{what}, {unit}", there)
    return found


def _picture(name: str, title: str, rows: Sequence[Row]) -> str:
    better = "More" if rows[0]["more_is_better"] else "Less"
    bars = [
        Bar(
            row["who"],
            _value(row),
            row["median"],
            "ours" if row["ours"] else "theirs",
            (row["least"], row["most"]) if row["count"] > 1 else None,
        )
        for row in rows
    ]
    drawn = bar_plot(
        name, title, f"{better} is better. A bar is the median, a line across its end the least and the most.", bars, LETTERS
    )
    alone = drawn.replace('<svg class="fluid"', '<svg xmlns="http://www.w3.org/2000/svg"', 1).replace(
        'width="100%"', f'width="{WIDE}"', 1
    )
    return alone.replace("</desc>", f"</desc><style>{STYLE}</style>", 1) + "\n"
