"""Blocks as plain text and as Markdown: no line too wide, nothing that a terminal or a page would obey."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equina.prose import Block, as_markdown, as_text

PAGE = (
    Block(id="a", title="Go now.", lines=("Call 112.",), kind="headline"),
    Block(id="b", title="Why", lines=("One reason.", "Another one."), kind="list"),
    Block(id="c", title="Say", lines=("I can't pee.",), kind="words"),
    Block(id="d", title="", lines=("Small print.", "More of it."), kind="fine"),
)


def test_as_text():
    assert as_text(PAGE, 80) == (
        'GO NOW.\nCall 112.\n\nWhy\n  - One reason.\n  - Another one.\n\nSay\n  "I can\'t pee."\n\nSmall print.\nMore of it.\n'
    )


def test_as_markdown():
    assert as_markdown(PAGE).splitlines() == [
        *("# Go now.", "", "Call 112.", ""),
        *("## Why", "", "- One reason.", "- Another one.", ""),
        *("## Say", "", "> I can't pee.", ""),
        *("Small print.", "", "More of it."),
    ]


def test_bold_changes_no_word_and_no_wrap():
    bold = as_text(PAGE, 30, bold=True)
    assert "\x1b[1mGO NOW.\x1b[0m" in bold
    assert "\x1b[1mWhy\x1b[0m" in bold
    assert bold.replace("\x1b[1m", "").replace("\x1b[0m", "") == as_text(PAGE, 30)


@pytest.mark.parametrize("width", [0, 20, 40, 80])
def test_no_line_is_wider_than_asked(width):
    lines = as_text([Block(id="a", title="A title of some length", lines=("word " * 40,))], width).splitlines()
    assert max(map(len, lines)) <= max(width, 20)


def test_an_address_is_never_broken():
    address = "https://example.org/" + "a" * 60
    assert address in as_text([Block(id="a", title="", lines=(f"See {address} for more.",))], 40)


@given(st.text(max_size=60), st.sampled_from(["headline", "words", "list", "text", "fine"]))
def test_a_persons_own_words_are_never_obeyed_by_a_terminal(told, kind):
    text = as_text([Block(id="a", title=told, lines=(told,), kind=kind)])
    assert all(mark.isprintable() or mark == "\n" for mark in text)


@pytest.mark.parametrize(
    ("told", "written"),
    [
        ("# not a title", "\\# not a title"),
        ("- no item", "\\- no item"),
        ("1. no item", "1\\. no item"),
        ("38.5 and *more*", "38\\.5 and \\*more\\*"),
        ("<b>&amp;[x](y)", "\\<b\\>\\&amp;\\[x\\](y)"),
        ("two\n# lines", "two \\# lines"),
    ],
)
def test_markdown_takes_no_word_for_its_own_mark(told, written):
    assert as_markdown([Block(id="a", title="", lines=(told,), kind="text")]) == f"{written}\n"
