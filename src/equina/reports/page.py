"""One page of HTML that stands alone: no script, nothing fetched, light or dark as the reader has it. What every report shares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

__all__ = ["interval_words", "paragraph", "region", "table", "whole"]

LONG = 50  # a cell of more letters is given room
# Nothing may be fetched, not even by mistake.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def whole(title: str, body: Iterable[str], style: str = "") -> str:
    """The whole page, its body as pieces of HTML; `style` is added to the style that all reports share."""
    shared = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    inside = "\n".join(body)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{shared}{style}</style>\n</head>\n<body>\n<main>\n{inside}\n</main>\n</body>\n</html>\n"
    )


def paragraph(words: str, kind: str = "") -> str:
    """A paragraph of plain words; `kind` is its class."""
    return f"<p{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{escape(words)}</p>"


def region(name: str, inside: str) -> str:
    """What may be wider than the page scrolls by itself, with the keyboard too."""
    return f'<div class="wide" tabindex="0" role="region" aria-label="{escape(name)}">{inside}</div>'


def table(head: Iterable[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """A table of plain words; the first cell of each row names it."""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td{' class=long' if len(cell) > LONG else ''}>{_kept(escape(cell))}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    return region(
        caption,
        f"<table><caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>",
    )


def interval_words(ends: tuple[float, float]) -> str:
    """The two ends of an interval of a share, in percent."""
    low, high = ends
    return f"{100 * low:.1f} – {100 * high:.1f} %"


def _kept(words: str) -> str:
    """Figures stay on one line."""
    return re.sub(r"[\d.]+(?: – [\d.]+)? %(?: \(\d+/\d+\))?", r'<span class="n">\g<0></span>', words)
