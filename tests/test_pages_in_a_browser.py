"""The five stories on the pages in a browser: in own words, by answers, by keyboard, without script, narrow and enlarged."""

from __future__ import annotations

import re

import pytest

from browser import chromium, codes, faults, fill, kind_of, level_of, press, served, wide
from equina.locale import localized
from strategies import FULL, PROTOCOL

STORIES = list(PROTOCOL.stories.values())
MOST_PAGES = 40


def some(way: int):
    """The stories that are told in this way: in full each, else every second, in the next way the others."""
    return STORIES if FULL else STORIES[way % 2 :: 2]


@pytest.fixture(scope="module")
def address():
    with served(PROTOCOL) as where:
        yield where


@pytest.fixture(scope="module")
def engine():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(engine, address):
    """A page on a phone."""
    context = engine.new_context(viewport={"width": 390, "height": 800}, base_url=address)
    said = []
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("console", lambda message: None if "404" in message.text else said.append(message.text))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith(address) else None)
    yield page
    context.close()
    assert not said, "nothing is asked of another machine, and no fault is told to the console"


def begin(page):
    page.goto("/")
    press(page, page.get_by_role("button", name="Start the questions"))


def answer_all(page, story, *, each=lambda page: None, by_hand: bool = False) -> int:
    """Answer until what to do is shown; how many pages of questions that took."""
    answers = codes(story.findings)
    for count in range(MOST_PAGES):
        each(page)
        match kind_of(page):
            case "result":
                return count
            case "check":
                press(page, page.get_by_role("button", name="See what to do"))
            case _:
                fill(page, answers, by_hand=by_hand)
                press(page, page.get_by_role("button", name="Next"))
    raise AssertionError("the questions do not end")


def tell(page, story):
    page.goto("/")
    page.get_by_label("In your own words, what is wrong?").fill(story.story)
    press(page, page.get_by_role("button", name="Read my words"))
    assert page.get_by_role("heading", name="Did we read you right?").is_visible()
    press(page, page.get_by_role("button", name="Go on"))


@pytest.mark.parametrize("story", some(0), ids=lambda story: story.id)
def test_a_story_by_its_answers_ends_in_its_advice_on_a_narrow_phone(page, story):
    page.set_viewport_size({"width": 320, "height": 640})
    begin(page)
    answer_all(page, story, each=lambda page: _fits(page), by_hand=True)
    assert level_of(page) == story.expected
    _fits(page)


def _fits(page):
    assert wide(page) <= 0, f"wider than the window: {page.inner_text('h1')}"


@pytest.mark.parametrize("story", some(1), ids=lambda story: story.id)
def test_a_story_in_own_words_ends_in_its_advice_with_letters_twice_as_large(page, story):
    def twice(page):
        page.evaluate("document.documentElement.style.fontSize = '36px'")
        _fits(page)

    tell(page, story)
    answer_all(page, story, each=twice)
    assert level_of(page) == story.expected


@pytest.mark.parametrize("story", some(2), ids=lambda story: story.id)
def test_a_story_without_script_ends_in_its_advice(engine, address, story):
    context = engine.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.set_default_timeout(60_000)
    begin(page)
    pages = answer_all(page, story)
    assert level_of(page) == story.expected
    if story.expected == "emergency":
        assert pages <= 4, "who, and three steps"
    press(page, page.get_by_role("button", name="See the page to show"))
    assert kind_of(page) == "handover"
    context.close()


def test_an_emergency_by_keyboard_alone(page):
    page.goto("/")
    _to(page, "button", "Start the questions")
    enter(page)
    _to(page, "input", "me")
    page.keyboard.press("Space")
    _to(page, "button", "Next")
    enter(page)
    _to(page, "input", "none")
    page.keyboard.press("Space")
    _to(page, "button", "Next")
    enter(page)
    while kind_of(page) != "result":
        for group in page.query_selector_all("fieldset[role=radiogroup]"):
            first = group.query_selector("input")
            name = first.get_attribute("name")
            _to(page, "input", first.get_attribute("value"), name)
            page.keyboard.press("Space")
            if name != "urinary_retention" and name != "back_pain":
                while page.evaluate("document.activeElement.value") != "no":
                    page.keyboard.press("ArrowDown")
        _to(page, "button", "Next")
        enter(page)
    assert level_of(page) == "emergency"
    assert page.inner_text("h1") == PROTOCOL.disposition_words["emergency"]
    _to(page, "button", "Show these words large")
    page.keyboard.press("Enter")
    assert page.locator("#say.large").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#say.large").count() == 0
    assert page.evaluate("document.activeElement.textContent") == "Show these words large"


def enter(page):
    page.evaluate("document.body.dataset.before = 'yes'")
    page.keyboard.press("Enter")
    page.wait_for_selector("body:not([data-before]) main")


def _to(page, tag, words, name=""):
    """Press Tab until that control has the focus, which can be seen."""
    for _ in range(200):
        page.keyboard.press("Tab")
        at = page.evaluate("(e => [e.tagName.toLowerCase(), e.value || '', e.textContent, e.name || ''])(document.activeElement)")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none" or at[0] in (
            "main",
            "body",
            "input",
        )
        if at[0] == tag and words in (at[1], at[2].strip(), at[3]) and name in ("", at[3]):
            return
    raise AssertionError(f"{words} can't be reached by keyboard")


def test_back_change_not_sure_and_another_number(page):
    page.goto("/")
    page.get_by_label("Where are you?").select_option("uk")
    press(page, page.get_by_role("button", name="Show this number"))
    assert "999" in page.inner_text("header")
    assert "911" not in page.inner_text("header")
    press(page, page.get_by_role("button", name="Start the questions"))
    page.get_by_label("Someone I help").check()
    press(page, page.get_by_role("button", name="Next"))
    press(page, page.get_by_role("button", name="Back", exact=True))
    assert page.get_by_role("heading", name="Who are these questions about?").is_visible()
    page.get_by_label("Me", exact=True).check()
    press(page, page.get_by_role("button", name="Next"))
    answer_all(page, PROTOCOL.stories["leaks_after_a_baby"])
    press(page, page.get_by_role("button", name="Change an answer"))
    page.get_by_text("Show all").click()  # what was answered with no is folded away
    page.get_by_role("button", name=re.compile(r"^Change ?: .*unable to pee")).click()
    page.get_by_label("Yes, and it is new or worse").check()
    press(page, page.get_by_role("button", name="Save this answer"))
    assert kind_of(page) == "check"
    press(page, page.get_by_role("button", name="See what to do"))
    assert level_of(page) == "emergency"
    assert page.get_by_role("link", name="Call 999 now").is_visible()


def test_the_browsers_own_way_back_leads_through_the_questions(page):
    begin(page)
    page.get_by_label("Me", exact=True).check()
    press(page, page.get_by_role("button", name="Next"))
    assert page.get_by_role("heading", name="First, are any of these true?").is_visible()
    page.go_back()
    assert page.get_by_role("heading", name="Who are these questions about?").is_visible()
    page.get_by_label("Someone I help").check()
    press(page, page.get_by_role("button", name="Next"))
    page.go_back()
    assert page.get_by_label("Someone I help").is_checked(), "what was chosen is still there"
    page.go_back()
    assert page.get_by_role("button", name="Start the questions").is_visible()


def test_who_presses_twice_has_answered_once(page):
    begin(page)
    page.get_by_label("Me", exact=True).check()
    page.evaluate("document.body.dataset.before = 'yes'")
    page.get_by_role("button", name="Next").dblclick()
    page.wait_for_selector("body:not([data-before]) main")
    page.wait_for_load_state("networkidle")
    assert page.get_by_role("heading", name="First, are any of these true?").is_visible()
    page.go_back()
    assert page.get_by_role("heading", name="Who are these questions about?").is_visible()


def test_the_button_back_shows_what_was_chosen(page):
    begin(page)
    page.get_by_label("Someone I help").check()
    press(page, page.get_by_role("button", name="Next"))
    press(page, page.get_by_role("button", name="Back"))
    assert page.get_by_label("Someone I help").is_checked()


def test_a_page_sent_without_an_answer_says_so_and_the_error_leads_to_its_field(page):
    begin(page)
    press(page, page.get_by_role("button", name="Next"))
    assert page.evaluate("document.activeElement.id") == "errors"
    page.get_by_role("link", name="Please choose one answer.").click()
    assert page.evaluate("document.activeElement.name") == "who"


# --- seen by axe ---------------------------------------------------------------------------------------------------------------


SCHEMES = ("light", "dark")
# One long and one short in light and in dark, in full each in both.
FEW = ((STORIES[0], "light"), (STORIES[1], "dark"), (STORIES[3], "dark"), (STORIES[4], "light"))
SEEN = [(story, scheme) for story in STORIES for scheme in SCHEMES] if FULL else FEW


@pytest.mark.parametrize(("story", "scheme"), SEEN, ids=[f"{story.id}-{scheme}" for story, scheme in SEEN])
def test_axe_finds_no_fault_on_any_page_of_a_story(page, story, scheme):
    page.emulate_media(color_scheme=scheme)
    found: dict[str, list[str]] = {}

    def look(page):
        if wrong := faults(page):
            found[page.inner_text("h1")] = wrong

    page.goto("/")
    look(page)
    begin(page)
    press(page, page.get_by_role("button", name="Next"))
    answer_all(page, story, each=look)
    for details in page.query_selector_all("details"):
        details.evaluate("e => e.open = true")
    look(page)
    press(page, page.get_by_role("button", name="See the page to show"))
    look(page)
    tell(page, story)
    page.goto("/nowhere")
    look(page)
    assert not found


# --- the picture and what is printed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["touch", "choices"])
def test_the_picture_says_where_it_is_by_touch_and_by_plain_choices(page, by):
    page.goto("/")
    press(page, page.get_by_role("button", name="Show where it is"))
    assert faults(page) == []
    press(page, page.get_by_role("button", name="Next"))
    assert page.get_by_role("link", name="Please mark a part, or go back.").is_visible()
    for part, across in {"hurts-left_leg": 0.25, "hurts-right_leg": 0.75, "numb-saddle": 0.25}.items():
        if by == "touch":
            page.locator(f"[data-for={part}]").scroll_into_view_if_needed()
            box = page.locator(f"[data-for={part}]").bounding_box()
            page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * 0.5)
        else:
            page.locator(f"label[for={part}]").click()
    assert page.locator(".region.on").count() == 3
    press(page, page.get_by_role("button", name="Next"))
    page.get_by_label("Me", exact=True).check()
    press(page, page.get_by_role("button", name="Next"))
    assert page.get_by_role("heading", name="Is it new?").is_visible()
    for label in page.get_by_label("New or worse").all():
        label.check()
    press(page, page.get_by_role("button", name="Next"))
    answer_all(page, PROTOCOL.stories["cannot_pee_after_lifting"])
    assert level_of(page) == "emergency"
    assert "numb" in page.inner_text("#say")
    assert "both legs" in page.inner_text("#say")


# --- another language -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", STORIES[:3], ids=[story.id for story in STORIES[:3]])
def test_a_story_in_spanish_ends_in_the_same_advice_without_a_fault(page, story):
    found: dict[str, list[str]] = {}

    def look(page):
        _fits(page)
        if wrong := faults(page):
            found[page.inner_text("h1")] = wrong

    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/?lang=es")
    look(page)
    assert page.get_by_label("En sus propias palabras").count() == 0, "the reader knows no Spanish, so no free text is offered"
    press(page, page.locator(".begin button"))
    while kind_of(page) != "result":
        look(page)
        if kind_of(page) == "question":
            fill(page, codes(story.findings))
        press(page, page.locator("main .buttons .go"))
    look(page)
    assert level_of(page) == story.expected
    assert page.get_attribute("html", "lang") == "es"
    spanish = localized(PROTOCOL, "es").disposition_words[story.expected]
    assert page.inner_text("h1") == spanish
    assert not found


def test_the_language_is_switched_without_losing_answers(page):
    begin(page)
    page.get_by_label("Me", exact=True).check()
    press(page, page.get_by_role("button", name="Next"))
    page.get_by_label("I have had shaking chills.").check()
    press(page, page.get_by_role("button", name="Next"))
    press(page, page.get_by_role("button", name="Español"))
    assert page.get_attribute("html", "lang") == "es"
    press(page, page.locator("main .buttons button[value=check]"))
    assert page.locator("dl.answers.yes div").count() == 1
    press(page, page.get_by_role("button", name="English"))
    assert page.get_attribute("html", "lang") == "en"
    press(page, page.locator("main .buttons button[value=check]"))
    assert "chills" in page.inner_text("dl.answers.yes")


def test_the_language_is_switched_without_losing_words_nor_showing_them_in_the_address(page):
    told = "Since today I can't pee."
    page.goto("/")
    page.get_by_label("In your own words, what is wrong?").fill(told)
    press(page, page.get_by_role("button", name="Español"))
    assert page.input_value("#told") == told
    press(page, page.get_by_role("button", name="English"))
    press(page, page.get_by_role("button", name="Read my words"))
    press(page, page.get_by_role("button", name="Español"))
    assert page.get_by_role("heading", name="¿Le entendimos bien?").is_visible()
    assert faults(page) == []
    assert page.url.endswith("/")
    press(page, page.locator("main .buttons .go"))
    assert level_of(page) == "emergency"
