"""A sheet: a template and the words that fill it, set by Typst as a tagged PDF.

The words go in as data and are set as they are, so nothing that a person wrote is ever read as markup. The fonts are our own, no
package and no network is used, and no time stands in the file: the same words give the same bytes.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

from equina.model import Protocol
from equina.paper.signs import FONTS, printed
from equina.translation import ORIGINAL
from equina.wording import wording

__all__ = ["Paper", "Sheet", "first_on_one_page", "small_print"]

FOLDER = Path(__file__).parent
Paper = Literal["a4", "us-letter"]
STANDARD: Literal["ua-1"] = "ua-1"  # PDF/UA-1, the standard of accessible PDF: without tags, title or language nothing is made


def first_on_one_page(template: str, words: Mapping[str, Any], layouts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The first of the layouts in which the words are one page. Each takes less room than the one before, so few are tried."""
    found = bisect_left(layouts, True, key=lambda layout: Sheet(template, {**words, **layout}).pages() == 1)
    return layouts[found] if found < len(layouts) else None


class Sheet:
    """A template filled with words, laid out when it is asked for."""

    def __init__(self, template: str, words: Mapping[str, Any]) -> None:
        self._compiler = typst.Compiler(
            FOLDER / f"{template}.typ", root=FOLDER, font_paths=_fonts(), sys_inputs={"data": json.dumps(words)}
        )

    def pages(self) -> int:
        """How many pages it takes."""
        return int(self._compiler.query("<pages>", field="value", one=True))

    def pdf(self) -> bytes:
        """The sheet as PDF/UA-1."""
        made = self._compiler.compile(format="pdf", pdf_standards=STANDARD)
        assert isinstance(made, bytes)
        return made


def small_print(protocol: Protocol) -> str:
    """What a sheet is for, and by which protocol; in another language, that it is a translation."""
    words = wording("paper", protocol.language)
    made_by = words["made_by"].format(id=protocol.id, version=protocol.version, reviewed=protocol.reviewed)
    translated = [wording("result", protocol.language)["translation"]] if protocol.language != ORIGINAL else []
    return printed(" ".join([*translated, protocol.notice, made_by]))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
