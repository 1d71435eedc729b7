"""A real browser on the real pages: a server of this process, Chromium, and how a person answers a page."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python")

from equina.locale import languages, localized  # noqa: E402
from equina.notes.lexicon import lexicon  # noqa: E402
from equina.web.app import create_app  # noqa: E402
from equina.web.guards import Limits  # noqa: E402
from strategies import FULL  # noqa: E402

AXE = next(Path(axe.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]


@contextmanager
def served(protocol) -> Iterator[str]:
    """The address of the pages, served from a thread."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lexicon(protocol)  # as the command does, so that the first page does not wait for it
    protocols = {language: localized(protocol, language) for language in languages(protocol)}
    app = create_app(protocols, "a secret of the tests, long enough", limits=Limits(rate=0))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(5)


@contextmanager
def chromium() -> Iterator[object]:
    """Chromium as Debian has it; `make browser` installs it."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium on this machine; `make browser` installs it")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def press(page, button) -> None:
    """Press a button, and wait for the page that it leads to."""
    page.evaluate("document.body.dataset.before = 'yes'")
    button.first.click()
    page.wait_for_selector("body:not([data-before]) main")


# What is alike to axe: the elements of a page in their order, whatever they say; the style that colors them; how wide they stand.
ALIKE = """() => JSON.stringify([
  innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, document.documentElement.lang,
  ...Array.from(document.querySelectorAll('body, body *'), e => [e.tagName, e.getAttribute('class'), e.type, e.checked, e.open])
])"""
_faultless: set[str] = set()


def faults(page) -> list[str]:
    """What axe finds wrong with the page as it stands. Without EQUINA_FULL one page of those that are alike is enough."""
    alike = page.evaluate(ALIKE)
    if alike in _faultless and not FULL:
        return []
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    if not found:
        _faultless.add(alike)
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def wide(page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def codes(findings: Mapping[str, object]) -> dict[str, str]:
    """What a person with these findings answers."""
    words = {True: "yes_new", False: "no", None: "not_sure", "long_standing": "long_standing"}
    return {name: words.get(value, str(value)) for name, value in findings.items()}


def fill(page, answers: Mapping[str, str], *, by_hand: bool = False) -> None:
    """Answer the page by what is said of each finding: what is not said is no, or not sure where there is no "no".

    By hand each control is pressed where it is seen; else all at once.
    """
    pressed = [*_marks(page, answers), *_radios(page, answers)]
    for name in page.eval_on_selector_all("input[name$='.unsure']", "all => all.map(e => e.name)"):
        if (number := name.removesuffix(".unsure")) in answers:
            page.fill(f"input[name='{number}']", answers[number])
        else:
            pressed.append(f"input[name='{name}']")
    if by_hand:
        for control in pressed:
            page.check(control)
    else:
        page.evaluate("all => all.forEach(one => document.querySelector(one).click())", pressed)


def _marks(page, answers: Mapping[str, str]) -> list[str]:
    """What to mark of a list."""
    boxes = page.eval_on_selector_all(".marks input[type=checkbox]", "all => all.map(e => e.name)")
    marked = [name for name in boxes if answers.get(name) in ("yes_new", "long_standing")]
    return [f"input[name='{name}']" for name in marked] or (["#none"] if "none" in boxes else [])


def _radios(page, answers: Mapping[str, str]) -> Iterator[str]:
    """Which button to press of each question."""
    groups: dict[str, list[str]] = {}
    for name, value in page.eval_on_selector_all("input[type=radio]", "all => all.map(e => [e.name, e.value])"):
        groups.setdefault(name, []).append(value)
    for name, values in groups.items():
        wanted = answers.get(name, "me" if name == "who" else "no")
        chosen = wanted if wanted in values else "yes_new" if wanted == "long_standing" else "not_sure"
        yield f"input[name='{name}'][value='{chosen}']"


def kind_of(page) -> str:
    """Which page this is: a question, the check, what to do, or the page to show."""
    for kind, sign in (
        ("result", ".headline h1"),
        ("check", "dl.answers"),
        ("handover", "article.page"),
        ("question", "form .buttons"),
    ):
        if page.query_selector(f"main {sign}"):
            return kind
    return "start"


def level_of(page) -> str:
    """The level that the page of what to do shows."""
    return page.get_attribute("body", "class").removeprefix("level-")
