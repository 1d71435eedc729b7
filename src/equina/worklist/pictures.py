"""The pictures of a run, each with its figures as a table: rates, the flow from records to levels, reasons, tallies, time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from html import escape

from equina.model import DISPOSITIONS, rank
from equina.reports.bars import Bar, Column, bar_plot, column_plot
from equina.reports.flow import Band, Part, Stage, flow_plot
from equina.reports.page import paragraph, table
from equina.worklist.expected import PER, per_10000
from equina.worklist.listing import Worklist
from equina.worklist.telling import WORDS

__all__ = ["flow", "over_time", "rate_bars", "reason_bars", "tallies"]

MOST_BARS = 12
MOST_COLUMNS = 40


def _figures(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str, *, shown: bool = False) -> str:
    """The figures of a picture as a table, folded away unless the picture cannot hold all of its words."""
    opened = " open" if shown else ""
    return f"<details{opened}><summary>{escape(WORDS['figures'])}</summary>{table(head, rows, caption)}</details>"


def _legend(kinds: Mapping[str, str]) -> str:
    items = "".join(f'<li class="key-{kind}">{escape(words)}</li>' for kind, words in kinds.items())
    return f'<ul class="legend" aria-label="{escape(WORDS["legend"])}">{items}</ul>'


def rate_bars(made: Worklist) -> str:
    """How many of 10,000 patients reach each level that calls for someone to act."""
    bars, rows = [], []
    for level, share in made.expected.rates.items():
        rate, low, high = per_10000(share)
        name = WORDS[f"rate_level_{level}"]
        ends = (PER * share.interval[0], PER * share.interval[1])
        bars.append(Bar(f"{name} ({low} – {high})", rate, PER * (share.value or 0.0), level, ends))
        rows.append((name, rate, f"{low} – {high}", f"{share.hits:,} / {share.total:,}"))
    title = f"{WORDS['expected']} ({WORDS['per_10000']})"
    head = (WORDS["level_column"], WORDS["rate_column"], WORDS["interval_column"], WORDS["counts_column"])
    return bar_plot("rates", title, WORDS["rates_about"], bars) + _figures(head, rows, title)


# --- from records to levels ----------------------------------------------------------------------------------------------------


def flow(made: Worklist) -> Iterator[str]:
    """From records to patients to levels."""
    manifest, expected = made.manifest, made.expected
    dropped = max(manifest.read - manifest.kept, 0)
    levels = tuple(reversed(DISPOSITIONS))
    reached = tuple(Part(WORDS[f"flow_{level}"], expected.levels.get(level, 0), level) for level in levels)
    nothing = expected.nothing_known
    known = expected.patients - nothing
    stages = (
        Stage(
            WORDS["flow_records"],
            (Part(WORDS["flow_kept"], manifest.kept, "kept"), Part(WORDS["flow_dropped"], dropped, "dropped")),
        ),
        Stage(WORDS["flow_patients"], (Part(WORDS["flow_known"], known, "kept"), Part(WORDS["flow_nothing"], nothing, "unknown"))),
        Stage(WORDS["flow_levels"], (*reached, Part(WORDS["flow_not_known"], nothing, "unknown"))),
    )
    bands = (Band(0, 0, (0,)), Band(1, 0, tuple(range(len(levels)))), Band(1, 1, (len(levels),)))
    yield paragraph(WORDS["flow_about"], "fine")
    yield flow_plot("flow", WORDS["flow"], WORDS["flow_about"], stages, bands)
    for stage in stages:
        yield _legend({part.kind: f"{part.label}: {part.count:,}" for part in stage.parts})
    rows = [(stage.title, part.label, f"{part.count:,}") for stage in stages for part in stage.parts]
    yield _figures((WORDS["stage"], WORDS["part"], WORDS["count"]), rows, WORDS["flow"])


# --- why, and what was not judged ----------------------------------------------------------------------------------------------


def reason_bars(made: Worklist) -> Iterator[str]:
    """How many patients each rule speaks of, the worst level first."""
    worst = sorted(made.rules, key=lambda name: (-rank(made.protocol.rules[name].disposition), -made.rules[name], name))
    rules = {name: made.rules[name] for name in worst}
    if not rules:
        yield paragraph(WORDS["reasons_none"])
        return
    yield paragraph(WORDS["reasons_about"], "fine")
    top = tuple(rules.items())[:MOST_BARS]
    bars = [Bar(name, f"{count:,}", count, made.protocol.rules[name].disposition) for name, count in top]
    if more := len(rules) - len(top):
        yield paragraph(WORDS["reasons_more"].format(n=more), "fine")
    yield bar_plot("reasons", WORDS["reasons"], WORDS["reasons_about"], bars)
    yield _legend({level: WORDS[f"flow_{level}"] for level in dict.fromkeys(bar.kind for bar in bars)})
    rows = [(name, f"{count:,}", made.protocol.rules[name].because) for name, count in rules.items()]
    yield _figures((WORDS["rule"], WORDS["patients"], WORDS["because"]), rows, WORDS["reasons"])


def tallies(counts: Mapping[str, int], name: str) -> Iterator[str]:
    """How often each reason, most often first; `name` is that of the section."""
    if not counts:
        yield paragraph(WORDS[f"{name}_none"])
        return
    yield paragraph(WORDS[f"{name}_about"], "fine")
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    bars = [Bar(why, f"{count:,}", count, "aside") for why, count in ordered[:MOST_BARS]]
    if rest := ordered[MOST_BARS:]:
        others = sum(count for _, count in rest)
        bars.append(Bar(WORDS["other_reasons"].format(n=len(rest)), f"{others:,}", others, "aside"))
    yield bar_plot(name, WORDS[name], WORDS[f"{name}_about"], bars)
    rows = [(why, f"{count:,}") for why, count in ordered]
    yield _figures((WORDS["reason_column"], WORDS["count"]), rows, WORDS[name], shown=True)


# --- over time -----------------------------------------------------------------------------------------------------------------


def over_time(made: Worklist) -> Iterator[str]:
    """Patients at or above the level of the list, by the date of their newest sign."""
    undated = sum(days.get("", 0) for days in made.dates.values())
    first = min((day for days in made.dates.values() for day in days if day), default=None)
    if first is None:
        yield paragraph(WORDS["over_time_none"])
        return
    yield paragraph(WORDS["over_time_about"], "fine")
    period, columns = _columns(made, date.fromisoformat(first), made.manifest.as_of.date())
    kinds = [level for level in reversed(DISPOSITIONS) if made.dates.get(level)]
    yield column_plot("time", WORDS["over_time"], WORDS["over_time_about"], columns, kinds)
    yield _legend({level: WORDS[f"flow_{level}"] for level in kinds})
    more = [WORDS[period].capitalize() + "."] + ([WORDS["undated"].format(n=f"{undated:,}")] if undated else [])
    yield paragraph(" ".join(more), "fine")
    rows = [(column.label, *(f"{column.parts.get(level, 0):,}" for level in kinds)) for column in columns if column.total]
    yield _figures((WORDS["when"], *(WORDS[f"flow_{level}"] for level in kinds)), rows, WORDS["over_time"])


def _columns(made: Worklist, first: date, last: date) -> tuple[str, tuple[Column, ...]]:
    """The columns from the first day to the last, by the day if they are few, else by the week or the month; with which it is."""
    days = (last - first).days + 1
    period = "period_days" if days <= MOST_COLUMNS else "period_weeks" if days <= 7 * MOST_COLUMNS else "period_months"
    labels = dict.fromkeys(_label(first + timedelta(days=n), period) for n in range(days))
    parts: dict[str, dict[str, int]] = {label: {} for label in labels}
    for level, counted in made.dates.items():
        for day, count in counted.items():
            if day:
                here = parts.setdefault(_label(date.fromisoformat(day), period), {})
                here[level] = here.get(level, 0) + count
    return period, tuple(Column(label, parts[label]) for label in sorted(parts))


def _label(day: date, period: str) -> str:
    if period == "period_days":
        return day.isoformat()
    return (day - timedelta(days=day.weekday())).isoformat() if period == "period_weeks" else day.isoformat()[:7]
