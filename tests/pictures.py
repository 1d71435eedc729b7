"""The pictures of README.md, taken of the real pages: python tests/pictures.py (make pictures)."""

from __future__ import annotations

from pathlib import Path

from browser import chromium, codes, fill, kind_of, press, served
from strategies import PROTOCOL

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
PHONE = {"width": 390, "height": 780}
STORY = PROTOCOL.stories["cannot_pee_after_lifting"]


def main() -> None:
    """Take them anew."""
    FOLDER.mkdir(exist_ok=True)
    with served(PROTOCOL) as address, chromium() as browser:
        page = browser.new_context(viewport=PHONE, base_url=address).new_page()
        page.goto("/")
        page.screenshot(path=FOLDER / "start.png")
        page.get_by_label("In your own words, what is wrong?").fill(STORY.story)
        press(page, page.get_by_role("button", name="Read my words"))
        page.screenshot(path=FOLDER / "words.png")
        page.goto("/")
        press(page, page.get_by_role("button", name="Start the questions"))
        for _ in range(2):
            fill(page, codes(STORY.findings))
            press(page, page.get_by_role("button", name="Next"))
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=FOLDER / "question.png")
        while kind_of(page) != "result":
            fill(page, codes(STORY.findings))
            press(page, page.get_by_role("button", name="Next"))
        page.screenshot(path=FOLDER / "emergency.png")


if __name__ == "__main__":
    main()
