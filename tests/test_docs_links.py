"""The pages as files: every link leads somewhere, every command that a page shows is one that the command line takes."""

import re
import shlex
from pathlib import Path

import pytest

from equina.arguments import parser
from equina.cli import RUNS

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
BLOCK = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[|&;(] *)(?:\.venv/bin/|\$ )?equina ([^|&;<>)#\n]*)", re.MULTILINE)


def pages(pattern):
    return [page for page in PAGES if pattern.search(page.read_text("utf-8"))]


@pytest.mark.parametrize("page", pages(LINK), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page):
    places = [ROOT if page.is_relative_to(ROOT / "docs/about") else page.parent]
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not any((place / link).exists() for place in places)] == []


def shown(page):
    """The command lines of a page, each as its words."""
    for block in BLOCK.findall(page.read_text("utf-8")):
        for words in COMMAND.findall(block.replace("\\\n", " ")):
            yield shlex.split(words)


@pytest.mark.parametrize(
    "page", [page for page in pages(BLOCK) if any(True for _ in shown(page))], ids=lambda p: str(p.relative_to(ROOT))
)
def test_every_command_is_one_that_the_command_line_takes(page, capsys):
    refused = []
    for words in shown(page):
        try:
            parser(RUNS).parse_args(words)
        except SystemExit as end:
            if end.code:
                refused.append((words, capsys.readouterr().err.splitlines()[-1]))
    assert refused == []


def test_every_page_of_the_site_is_in_its_index():
    docs = ROOT / "docs"
    listed = set(re.findall(r"^([a-z/-]+)$", (docs / "index.md").read_text("utf-8"), re.MULTILINE))
    pages = {str(page.relative_to(docs).with_suffix("")) for page in docs.rglob("*.md") if page.parent.name != "decisions"} - {
        "index"
    }
    assert pages <= listed
    assert "decisions/index" in listed


def test_every_package_is_in_the_picture_of_the_house():
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    packages = [folder.name for folder in (ROOT / "src/equina").iterdir() if (folder / "__init__.py").exists()]
    assert [name for name in packages if f"`{name}`" not in text] == []
