"""The page of a worklist: whole, silent towards the network, a table beside each picture, and readable in a real browser."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import escape
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("pyarrow")

from equina.reports.bars import Bar, Column, bar_plot, column_plot
from equina.reports.flow import Band, Part, Stage, flow_plot
from equina.worklist.listing import worklist
from equina.worklist.page import page
from screened import days, piece, row, run
from seen import Plain, Seen
from strategies import PROTOCOL, TRIES

ODD = "<b>odd & id</b>"
ROWS = [
    row(
        ODD,
        piece("back_pain", date=days(3)),
        piece("urinary_retention", date=days(1), quote="can't <pass> urine"),
        age=52.0,
        sex="F",
    ),
    row("numb", piece("saddle_anesthesia", quote="numb when wiping", origin="text", start=3, end=19)),
    row(
        "near",
        piece("back_pain", date=days(40)),
        piece("urgency", date=days(9)),
        questions_left=1,
        nearest_rule="cannot_pass_urine",
        nearest_needs=["urinary_retention"],
        nearest_known=1,
    ),
    row("old", piece("stress_leak", "long_standing", date=days(9))),
    row("silent"),
]
ASIDE = [{"reason": f"reason {number}"} for number in range(20)] + [{"reason": "reason <0>"}] * 3
PICTURES = ("rates", "flow", "reasons", "set_aside", "not_counted", "time")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return worklist(PROTOCOL, run(tmp_path_factory.mktemp("run"), ROWS, aside=ASIDE), size=2, least="urgent")


def pictures(text):
    """The pictures that stand by themselves; a picture may hold another."""
    return [ET.fromstring(each) for each in re.findall(r"<svg class=.*?\n</svg>", text, re.DOTALL)]


def test_the_page_fetches_nothing_and_runs_nothing(made):
    text = page(made)
    seen = Seen(text)
    assert seen.fetched == []
    assert seen.links == []
    assert "<script" not in text
    assert "url(" not in text
    assert "default-src 'none'" in text
    assert len(seen.anchors) == len(set(seen.anchors))
    assert next(level for level, _ in seen.headings) == 1
    assert all(table == {"captions": 1, "unscoped": 0} for table in seen.tables)


def test_each_picture_has_a_title_a_description_and_its_figures_as_a_table(made):
    text = page(made)
    found = pictures(text)
    assert [each.get("aria-labelledby") for each in found] == [f"{name}-title {name}-desc" for name in PICTURES]
    for each in found:
        assert [part.tag for part in each[:2]] == ["title", "desc"]
        assert all(part.text for part in each[:2])
    assert text.count("<summary>The figures as a table</summary>") == len(PICTURES)


def test_what_to_expect_stands_before_the_patients_and_who_is_left_off_is_said(made):
    text = Plain(page(made))
    places = [text.index(words) for words in ("What to expect of this list", "What this rests on", "LEFT OFF: 1", "The run")]
    assert places == sorted(places)
    assert text.count("EMERGENCY") > 1


def test_words_of_a_record_are_shown_as_words(made):
    text = page(made)
    assert "<b>" not in text
    assert escape(ODD) in text
    assert escape("can't <pass> urine") in text
    assert "reason &lt;0&gt;" in text


def test_the_page_of_counts_names_nobody(made):
    text = page(made, patients=False)
    assert all(id not in text for id in (escape(ODD), "numb when wiping", "HANDOVER"))
    assert "counts alone" in text
    assert len(pictures(text)) == len(PICTURES)


def test_a_run_in_which_nothing_was_found_makes_a_page(tmp_path):
    text = page(worklist(PROTOCOL, run(tmp_path / "run", [row("a")], not_counted={}), size=5, least="urgent"))
    told = Plain(text)
    for words in (
        "No patient of this run is at or above urgent",
        "No rule holds for anyone",
        "Nothing was set aside",
        "has a date",
    ):
        assert words in told
    assert [each.get("aria-labelledby").split("-")[0] for each in pictures(text)] == ["rates", "flow"]


def test_a_run_over_years_has_a_column_a_month(tmp_path):
    rows = [row(f"p{n}", piece("urinary_retention", date=days(30 * n))) for n in range(20)]
    made = worklist(PROTOCOL, run(tmp_path / "run", rows, window_days=700), size=1, least="urgent")
    assert "One column a month." in page(made)


# --- the pictures --------------------------------------------------------------------------------------------------------------

counts = st.integers(0, 10**7)


def percent(part, name):
    return float(part.get(name).removesuffix("%"))


@given(st.lists(st.tuples(counts, st.booleans()), max_size=6))
@TRIES
def test_bars_keep_to_their_scale_and_what_is_not_nothing_is_seen(values):
    bars = [Bar("a <b>", f"{n}", n, interval=(n / 2, n * 1.5) if with_ends else None) for n, with_ends in values]
    svg = ET.fromstring(bar_plot("p", "A & B", "about", bars))
    fills = [part for part in svg.iter("rect") if "fill" in part.get("class")]
    assert len(fills) == sum(n > 0 for n, _ in values)
    assert all(0 < percent(part, "width") <= 100 for part in fills)
    assert all(0 <= percent(part, "x1") <= percent(part, "x2") <= 100 for part in svg.iter("line"))


@given(st.lists(counts, min_size=1, max_size=6), st.lists(counts, min_size=1, max_size=6))
@TRIES
def test_the_parts_of_a_flow_fill_their_bar_and_do_not_overlap(above, below):
    stages = [Stage("s", tuple(Part(f"{n}", count, "kept") for n, count in enumerate(part))) for part in (above, below)]
    svg = ET.fromstring(flow_plot("f", "A", "about", stages, [Band(0, 0, tuple(range(len(below))))]))
    rows = {}
    for part in svg.findall("rect"):
        left = percent(part, "x")
        rows.setdefault(part.get("y"), []).append((left, left + percent(part, "width")))
    assert len(rows) == bool(sum(above)) + bool(sum(below))
    for spans in rows.values():
        assert all(left < right for left, right in spans)
        assert all(one[1] <= other[0] + 0.02 for one, other in pairwise(spans))
        assert (spans[0][0], round(spans[-1][1])) == (0, 100)


def test_columns_stack_from_the_ground():
    svg = ET.fromstring(
        column_plot("c", "A", "about", [Column("1", {"urgent": 2, "emergency": 2}), Column("2")], ("emergency", "urgent"))
    )
    low, high = svg.findall("rect")
    assert (low.get("class"), high.get("class")) == ("fill emergency", "fill urgent")
    assert float(high.get("y")) + float(high.get("height")) == float(low.get("y"))
    assert float(high.get("y")) == 18  # the full height


# --- in a browser --------------------------------------------------------------------------------------------------------------


def test_the_page_in_light_and_dark_wide_and_narrow(made, tmp_path):
    pytest.importorskip("playwright.sync_api")
    pytest.importorskip("uvicorn")
    from browser import chromium, faults, wide

    path = tmp_path / "list.html"
    path.write_text(page(made), encoding="utf-8")
    with chromium() as browser:
        for scheme, width in (("light", 1100), ("dark", 1100), ("light", 320)):
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True)
            shown, fetched = context.new_page(), []
            shown.on("request", lambda request, fetched=fetched: fetched.append(request.url))
            shown.goto(path.as_uri())
            shown.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert fetched == [path.as_uri()]
            assert wide(shown) == 0
            assert faults(shown) == []
            context.close()
