"""How the documentation site is built (Sphinx with MyST): `make site`."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

project = "Equina"
author = "the Equina contributors"
copyright = "the Equina contributors, Apache-2.0"
try:
    release = installed("equina")
except PackageNotFoundError:  # the site can be built beside an uninstalled checkout
    release = "unreleased"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # generated pages go from ## to ####, as their source does
nitpicky = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_mock_imports: list[str] = []

html_theme = "furo"
html_title = "Equina"
html_static_path: list[str] = []
html_show_sourcelink = False
# Fonts, scripts and pictures come with the site: opening it asks no third party for anything.
html_theme_options = {"top_of_page_buttons": []}

# Pages that stand at the root of the repository have a place in the site too.
ROOTED = {
    "CONTRIBUTING": "contributing",
    "CHANGELOG": "changelog",
    "SECURITY": "security",
    "GLOSSARY": "glossary",
    "README": "readme",
}
_LINK = re.compile(r"\]\((?:\.\./)+(" + "|".join(ROOTED) + r")\.md")
_OWN = re.compile(r"\]\((docs/)?([A-Za-z_./-]+\.md)")

_FILE = re.compile(r"\[([^\]]*)\]\((?!https?:|#|\.\./)(?![^)\s]*\.md)[^)\s]+\)")  # files that are no pages of the site


def linked(_app: Any, name: str, source: list[str]) -> None:
    """Let links to the pages of the repository's root lead to their place in the site."""
    up = "../" * name.count("/")
    source[0] = _LINK.sub(lambda found: f"]({up}about/{ROOTED[found[1]]}.md", source[0])


def included(_app: Any, _path: Any, _name: str, source: list[str]) -> None:
    """The same for the links inside a page of the root, which stand as seen from there."""
    source[0] = _OWN.sub(
        lambda found: f"](../{found[2]}" if found[1] else f"]({ROOTED.get(found[2].removesuffix('.md'), found[2])}.md", source[0]
    )
    source[0] = _FILE.sub(r"\1", source[0])


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", linked)
    app.connect("include-read", included)
