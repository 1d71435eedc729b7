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
from equina.web.app import create_app  # noqa: E402
from equina.web.guards import Limits  # noqa: E402

AXE = next(Path(axe.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]


@contextmanager
def served(protocol) -> Iterator[str]:
    """The address of the pages, served from a thread."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
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
    """Chromium as Debian has it; `make setup` installs it."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium on this machine; `make setup` installs it")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def press(page, button) -> None:
    """Press a button, and wait for the page that it leads to."""
    page.evaluate("document.body.dataset.before = 'yes'")
    button.first.click()
    page.wait_for_selector("body:not([data-before]) main")


def faults(page) -> list[str]:
    """What axe finds wrong with the page as it stands."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def wide(page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def codes(findings: Mapping[str, object]) -> dict[str, str]:
    """What a person with these findings answers."""
    words = {True: "yes_new", False: "no", None: "not_sure", "long_standing": "long_standing"}
    return {name: words.get(value, str(value)) for name, value in findings.items()}


def fill(page, answers: Mapping[str, str]) -> None:
    """Answer the page by what is said of each finding: what is not said is no, or not sure where there is no "no"."""
    marked = False
    for box in page.query_selector_all(".marks input[type=checkbox]"):
        name = box.get_attribute("name")
        if answers.get(name) in ("yes_new", "long_standing"):
            box.check()
            marked = True
    if page.query_selector("#none") and not marked:
        page.check("#none")
    for group in page.query_selector_all("fieldset[role=radiogroup]"):
        buttons = {button.get_attribute("value"): button for button in group.query_selector_all("input[type=radio]")}
        name = next(iter(buttons.values())).get_attribute("name")
        wanted = answers.get(name, "me" if name == "who" else "no")
        (buttons.get(wanted) or buttons.get("yes_new" if wanted == "long_standing" else "not_sure")).check()
    for box in page.query_selector_all("input[name$='.unsure']"):
        name = box.get_attribute("name").removesuffix(".unsure")
        if name in answers:
            page.fill(f"input[name='{name}']", answers[name])
        else:
            box.check()


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
