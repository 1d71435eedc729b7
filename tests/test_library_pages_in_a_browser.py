"""The reading pages in a real browser: beside a result without losing it, small and wide, light and dark, in both languages."""

from __future__ import annotations

import pytest

from browser import chromium, codes, faults, fill, kind_of, press, served, wide
from equina.web.card import READ, address_of
from strategies import FULL, PROTOCOL

SAMPLE = {
    "index": READ,
    "cause": address_of("cause", "other_emergency"),
    "leak": address_of("leak", "overflow"),
    "test": address_of("test", "neuro_exam"),
    "care": address_of("care", "pelvic_floor_training"),
    "question": address_of("question", "kegels"),
    "story": address_of("story", "leaks_after_a_baby"),
    "rule": address_of("rule", "large_residual"),
    "source": address_of("source", "girft_ces_2023"),
    "table": address_of("table", "urgent"),
    "checked": address_of("about", "checked"),
    "wrong_answer": address_of("about", "wrong_answer"),
}
MOST_PAGES = 40


@pytest.fixture(scope="module")
def address():
    with served(PROTOCOL) as where:
        yield where


@pytest.fixture(scope="module")
def engine():
    with chromium() as browser:
        yield browser


WIDTHS = (320, 390, 1280)


@pytest.mark.parametrize(("width", "scheme", "language"), [(320, "dark", "es"), (390, "light", "en"), (1280, "dark", "en")])
def test_no_fault_and_nothing_wider_than_the_window(engine, address, width, scheme, language):
    context = engine.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, base_url=address)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    found = {}
    # In full axe looks at every page in each way, else at each page in one.
    third = [name for i, name in enumerate(SAMPLE) if FULL or i % 3 == WIDTHS.index(width)]
    for name, where in SAMPLE.items():
        page.goto(f"{where}?lang={language}")
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        found[name] = [*(faults(page) if name in third else []), *(["wide"] if wide(page) > 0 else [])]
    context.close()
    assert {name: what for name, what in found.items() if what} == {}
    assert [url for url in asked if not url.startswith(address)] == []


def test_a_card_opens_beside_the_result_and_leaving_it_leaves_both(engine, address):
    context = engine.new_context(viewport={"width": 390, "height": 800}, base_url=address)
    context.route("**/*", lambda route: route.fulfill(body="away") if address not in route.request.url else route.continue_())
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto("/")
    press(page, page.get_by_role("button", name="Start the questions"))
    answers = codes(PROTOCOL.stories["cannot_pee_after_lifting"].findings)
    for _ in range(MOST_PAGES):
        if kind_of(page) == "result":
            break
        fill(page, answers)
        press(page, page.locator("button.go"))
    assert kind_of(page) == "result"
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    link = page.locator(".b-why a").first
    assert "opens in a new tab" in link.text_content()
    with context.expect_page() as opened:
        link.click()
    card = opened.value
    card.wait_for_load_state()
    assert "/card/" in card.url
    assert card.title() == "Equina"
    assert kind_of(page) == "result"
    card.click("#leave")
    page.wait_for_url("https://www.weather.gov/**")
    assert "weather.gov" in card.url
    context.close()
