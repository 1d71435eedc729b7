"""The worklist as one page: what to expect, the patients, and how the run came to them. No script, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from equina.prose import as_text
from equina.reports.page import paragraph, table, whole
from equina.worklist.entry import Entry
from equina.worklist.listing import Worklist
from equina.worklist.pictures import flow, over_time, rate_bars, reason_bars, tallies
from equina.worklist.telling import WORDS, about, asked, beside, counted, fact_lines, level, made_from, newest, rates, reasons, who

__all__ = ["page"]

WIDTH = 90  # of the page to hand over, in letters


def page(made: Worklist, *, patients: bool = True) -> str:
    """The whole page; without patients it holds counts alone."""
    style = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    return whole(f"{WORDS['title']}: {made.protocol.title}", _body(made, patients=patients), style)


def _body(made: Worklist, *, patients: bool) -> Iterator[str]:
    yield f"<h1>{escape(WORDS['title'])}</h1>"
    yield from (paragraph(line, "fine") for line in made_from(made))
    yield paragraph(" ".join(made.protocol.notice.split()), "caveat")
    yield from _expected(made)
    if patients:
        yield from _list(made)
    else:
        yield paragraph(WORDS["counts_only"], "fine")
    yield from _run(made)
    if patients and made.entries:
        yield from _sources(made)


def _expected(made: Worklist) -> Iterator[str]:
    yield f"<h2>{escape(WORDS['expected'])}</h2>"
    *_, listed = rates(made)
    yield paragraph(listed, "lead")
    yield rate_bars(made)
    yield f"<h3>{escape(WORDS['rests'])}</h3>"
    yield _items(made.expected.rests_on(made.manifest))


# --- the patients --------------------------------------------------------------------------------------------------------------


def _list(made: Worklist) -> Iterator[str]:
    yield f"<h2>{escape(WORDS['page_list'])}</h2>"
    first, *rest = counted(made)
    short = made.total > len(made.entries) or not made.total
    yield f'<div class="verdict {"bad" if short else "good"}"><p>{escape(first)}</p>{_items(rest)}</div>'
    if made.entries:
        yield paragraph(WORDS["page_note"], "fine")
        yield f'<ol class="calls">{"".join(_entry(entry) for entry in made.entries)}</ol>'


def _entry(entry: Entry) -> str:
    head = (
        f'<span>{entry.place}.</span><span class="badge">{escape(level(entry))}</span>'
        f'<span class="id">{escape(who(entry))}</span><span>{escape(about(entry))}</span><span>{escape(newest(entry))}</span>'
        f'<span class="because">{escape(entry.why[0].because if entry.why else "")}</span>'
    )
    parts = "".join(_inside(entry))
    return f'<li class="key-{entry.level}"><details><summary>{head}</summary><div class="inside">{parts}</div></details></li>'


def _inside(entry: Entry) -> Iterator[str]:
    if entry.patient.set_aside:
        yield paragraph(WORDS["also_count"].format(n=entry.patient.set_aside), "fine")
    counting = (line for fact in entry.facts if fact.counts for line in fact_lines(fact))
    yield _part(WORDS["found"], (*counting, *beside(entry)))
    every = tuple(line for fact in entry.facts for line in fact_lines(fact, whole=True))
    yield f"<details><summary>{escape(WORDS['all_evidence'])}</summary>{_items(every)}</details>"
    yield _part(WORDS["why"], reasons(entry))
    yield f"<h3>{escape(WORDS['ask'])}</h3>"
    for words, questions in asked(entry):
        yield paragraph(words, "" if questions else "tell")
        yield _items(questions) if questions else ""
    yield f"<details><summary>{escape(WORDS['handover'])}</summary><pre>{escape(as_text(entry.handover, WIDTH))}</pre></details>"


def _part(title: str, lines: Iterable[str]) -> str:
    return f"<h3>{escape(title)}</h3>{_items(lines)}"


def _items(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


# --- the run -------------------------------------------------------------------------------------------------------------------


def _run(made: Worklist) -> Iterator[str]:
    manifest = made.manifest
    yield f"<h2>{escape(WORDS['summary'])}</h2>"
    told = {"n": f"{len(manifest.inputs):,}", "records": f"{manifest.read:,}", "bytes": f"{manifest.bytes / 1e6:,.1f}"}
    started, finished = (moment[:16].replace("T", " ") for moment in (manifest.started, manifest.finished))
    yield paragraph(WORDS["inputs_told"].format(**told, started=started, finished=finished, engine=manifest.engine), "fine")
    yield from _section("flow", flow(made))
    yield from _section("reasons", reason_bars(made))
    yield from _section("set_aside", tallies(made.aside, "set_aside"))
    if manifest.not_counted:
        yield from _section("not_counted", tallies(manifest.not_counted, "not_counted"))
    yield from _section("over_time", over_time(made))


def _section(name: str, pieces: Iterable[str]) -> Iterator[str]:
    yield f"<h3>{escape(WORDS[name])}</h3>"
    yield from pieces


def _sources(made: Worklist) -> Iterator[str]:
    cited = dict.fromkeys(source for entry in made.entries for why in entry.why for source in why.sources)
    known: Sequence[tuple[str, str]] = [
        (name, source.citation) for name in cited if (source := made.protocol.sources.get(name)) is not None
    ]
    yield f"<details><summary>{escape(WORDS['sources'])} ({len(known)})</summary>"
    yield paragraph(WORDS["sources_note"], "fine")
    yield table(("id", WORDS["sources"]), known, WORDS["sources"])
    yield "</details>"
