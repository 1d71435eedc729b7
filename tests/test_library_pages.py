"""The reading pages: one for everything that the protocol knows, linked, sourced, readable; the address tells nothing."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from equina.locale import languages, localized
from equina.model import DISPOSITIONS
from equina.web.app import create_app
from equina.web.card import READ, address_of
from equina.web.guards import Limits
from equina.web.guide import tables_of
from equina.web.library import library
from equina.web.shelves import SHELVES
from equina.wording import wording
from readability import flesch_kincaid_grade, sentences, words
from seen import Plain, Seen
from strategies import PROTOCOL
from test_wording import REFUSED, found
from test_wording_findings import EASY, HIGHEST_GRADE, MOST_WORDS

WORDS = wording("web")
LIBRARY = library(PROTOCOL)
ADDRESSES = list(LIBRARY.cards)


@pytest.fixture(scope="module")
def client():
    protocols = {language: localized(PROTOCOL, language) for language in languages(PROTOCOL)}
    app = create_app(protocols, "a secret of the tests, long enough", limits=Limits(rate=0))
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="module")
def pages(client):
    """Every page, in the first language."""
    return {address: client.get(address) for address in ADDRESSES}


@pytest.fixture(scope="module")
def seen(pages):
    return {address: Seen(page.text) for address, page in pages.items()}


# --- what is there -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shelf", SHELVES)
def test_everything_has_a_page(shelf, pages):
    for id in tables_of(PROTOCOL)[shelf]:
        page = pages[address_of(shelf, id)]
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"


def test_the_shelves_leave_nothing_out():
    expected = {
        *(("cause", id) for id in PROTOCOL.causes),
        *(("leak", id) for id in PROTOCOL.leak_types),
        *(("test", id) for id in PROTOCOL.workup),
        *(("care", id) for id in PROTOCOL.care),
        *(("question", id) for id in PROTOCOL.questions),
        *(("story", id) for id in PROTOCOL.stories),
        *(("rule", id) for id in PROTOCOL.rules),
        *(("source", id) for id in PROTOCOL.sources),
    }
    assert {address_of(*card) for card in expected} <= set(ADDRESSES)


def test_every_page_is_reached_from_the_first(seen):
    reached, waiting = set(), [READ]
    while waiting:
        address = waiting.pop()
        if address in reached:
            continue
        reached.add(address)
        waiting += [urlsplit(link["href"]).path for link in seen[address].links if urlsplit(link["href"]).path in seen]
    assert reached == set(ADDRESSES)


def test_every_link_leads_somewhere(client, seen):
    own = {urlsplit(link["href"]).path for page in seen.values() for link in page.links if link["href"].startswith("/")}
    assert {path for path in own if client.get(path).status_code != 200} == set()
    assert {link["href"] for page in seen.values() for link in page.links} - {"#main"} == {
        href
        for page in seen.values()
        for href in (link["href"] for link in page.links)
        if href.startswith(("/", "https://", "http://", "tel:"))
    }


@pytest.mark.parametrize(
    "address", ["/card/00000000", "/card/", "/card/cannot_pass_urine", "/card/..%2f..%2fetc%2fpasswd", "/reads"]
)
def test_an_unknown_page_is_told_so(client, address):
    page = client.get(address)
    assert page.status_code == 404
    assert WORDS["wrong_missing"] in page.text


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_are_only_read(client, method):
    assert getattr(client, method)(READ).status_code == 405


def test_the_first_page_and_the_foot_of_every_page_lead_here(client):
    hrefs = [link["href"] for link in Seen(client.get("/").text).links]
    assert hrefs.count(f"{READ}?lang=en") == 2


# --- what each page says -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", PROTOCOL.rules.values(), ids=lambda rule: rule.id)
def test_every_rule_says_what_it_rests_on(rule, pages, seen):
    page, text = seen[address_of("rule", rule.id)], pages[address_of("rule", rule.id)].text
    linked = {urlsplit(link["href"]).path for link in page.links}
    assert {address_of("source", name) for name in rule.sources} <= linked
    assert {address_of("test", name) for name in rule.workup} <= linked
    assert rule.sources
    plain = Plain(text)
    assert PROTOCOL.disposition_words[rule.disposition] in plain
    assert " ".join(rule.timing.split()) in plain
    assert all(sentence in plain for sentence in sentences(rule.because))
    assert (WORDS["card_consensus"] in plain) == (rule.strength == "consensus")
    assert (WORDS["card_accuracy_none"] in plain) == (not rule.accuracy)
    assert rule.id in plain
    for doi in filter(None, (PROTOCOL.sources[name].doi for name in rule.sources)):
        assert f"doi:{doi}" in plain


def test_every_source_says_whether_it_was_read_and_where_it_is(pages, seen):
    for source in PROTOCOL.sources.values():
        plain = Plain(pages[address_of("source", source.id)].text)
        assert source.citation in plain
        assert WORDS["card_read" if source.seen else "card_unread"] in plain
        away = [link for link in seen[address_of("source", source.id)].links if link["href"].startswith("http")]
        assert all("noreferrer" in link["rel"] for link in away)
        assert len(away) - 1 == sum(bool(part) for part in (source.doi, source.pmid, source.url))  # and the way to leave


def test_only_a_web_address_becomes_a_link():
    from dataclasses import replace

    from equina.web.guide import guide_of
    from equina.web.shelves import cards_of

    bad = {id: replace(source, url="javascript:alert(1)", doi=None, pmid=None) for id, source in PROTOCOL.sources.items()}
    cards = cards_of(guide_of(replace(PROTOCOL, sources=bad), WORDS), "source")
    assert [link for card in cards for part in card.parts for link in part.away] == []


def test_no_page_shows_what_a_normal_result_would_calm_with(pages):
    for figure in (str(row.figures[key]) for row in PROTOCOL.accuracy.values() for key in ("npv",) if key in row.figures):
        assert [address for address, page in pages.items() if figure in Plain(page.text)] == [], figure


def test_the_tables_hold_every_rule_once(pages, seen):
    for level in DISPOSITIONS:
        rules = [rule.id for rule in PROTOCOL.rules.values() if rule.disposition == level]
        if not rules:
            continue
        page = seen[address_of("table", level)]
        linked = [urlsplit(link["href"]).path for link in page.links]
        assert [linked.count(address_of("rule", id)) for id in rules] == [1] * len(rules)


def test_the_checks_name_the_promises_and_what_nobody_checked(pages):
    plain = Plain(pages[address_of("about", "checked")].text)
    assert all(promise.sentence in plain for promise in PROTOCOL.promises.values())
    assert "No clinician has checked these rules." in plain
    assert "equina prove" in plain
    assert "equina evaluate" in plain
    assert PROTOCOL.digest in plain


def test_the_commands_that_a_page_names_are_there():
    from equina.arguments import parser
    from equina.cli import RUNS

    assert {"prove", "evaluate"} <= set(parser(RUNS)._subparsers._group_actions[0].choices)


def test_the_intended_use_is_the_notice_of_the_protocol(pages):
    assert " ".join(PROTOCOL.notice.split()) in Plain(pages[address_of("about", "use")].text)


@pytest.mark.parametrize("story", PROTOCOL.stories.values(), ids=lambda story: story.id)
def test_every_story_ends_where_it_should(story, pages):
    assert PROTOCOL.disposition_words[story.expected] in Plain(pages[address_of("story", story.id)].text)


def test_every_page_leads_to_the_questions(pages):
    assert [address for address, page in pages.items() if WORDS["read_advice"] not in Plain(page.text)] == []


# --- how it is said ------------------------------------------------------------------------------------------------------------


def told(page):
    texts = (" ".join(text.split()) for text in page.prose)
    return [text if text[-1] in ".?!:" else f"{text}." for text in texts if any(mark.isalpha() for mark in text)]


# Pages of names and of numbers are graded by the words around them alone.
def graded(shelf):
    return [address_of(shelf, id) for id in tables_of(PROTOCOL)[shelf]]


@pytest.mark.parametrize("shelf", [shelf for shelf in SHELVES if shelf != "source"])
def test_reading_grade(shelf, seen):
    texts = [text for address in graded(shelf) for text in told(seen[address])]
    assert flesch_kincaid_grade(" ".join(texts), EASY) <= HIGHEST_GRADE


@pytest.mark.parametrize("name", ["table", "checked", "use", "wrong_answer"])
def test_reading_grade_of_the_pages_about_the_guide(name, seen):
    assert flesch_kincaid_grade(" ".join(told(seen[address_of("about", name)])), EASY) <= HIGHEST_GRADE


KEYS = [
    key for key in WORDS if key.startswith(("read_", "group_", "when_", "card_", "table_", "checked_", "use_", "wrong_answer_"))
]


@pytest.mark.parametrize("key", KEYS)
def test_words_are_short_and_plain(key):
    assert [sentence for sentence in sentences(WORDS[key]) if len(words(sentence)) > MOST_WORDS] == []
    assert {refused: hits for refused in REFUSED if (hits := found(REFUSED[refused], WORDS[key]))} == {}


def test_sentences_of_every_page_are_short(seen):
    long = [
        sentence
        for shelf in SHELVES
        if shelf != "source"
        for address in graded(shelf)
        for text in told(seen[address])
        for sentence in sentences(text)
        if len(words(sentence)) > MOST_WORDS
    ]
    assert long == []


def test_no_wording_is_left_over():
    from pathlib import Path

    import equina.web

    folder = Path(equina.web.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in (*folder.glob("*.py"), *folder.glob("templates/*.html")))
    built = ("read_", "group_", "soon_", "checked_", "use_", "wrong_answer_", "figure_", "table_", "card_")
    named = [key for key in KEYS if key not in code and not key.startswith(built)]
    assert named == []
    ends = {re.sub(r"_\d+$", "", key) for key in KEYS if key.startswith(("checked_", "use_", "wrong_answer_"))}
    assert [end for end in ends if end not in code and not end.endswith(("_title", "_lead"))] == []


def test_every_named_group_has_its_words():
    assert {key.removeprefix("group_") for key in WORDS if key.startswith("group_")} == set(PROTOCOL.groups)


def test_headings_are_in_order(seen):
    for address, page in seen.items():
        levels = [level for level, _ in page.headings]
        assert levels[0] == 1, address
        assert levels.count(1) == 1, address
        assert all(after <= before + 1 for before, after in pairwise(levels)), address
        assert all(text.strip() for _, text in page.headings), address


def test_tables_have_captions_and_scopes(seen):
    tables = [table for page in seen.values() for table in page.tables]
    assert tables
    assert [table for table in tables if table != {"captions": 1, "unscoped": 0}] == []


# --- what nobody learns --------------------------------------------------------------------------------------------------------


def health_words():
    """The words by which the protocol calls what it is about."""
    items = [item for table in (PROTOCOL.findings, *tables_of(PROTOCOL).values()) for item in table.items()]
    texts = [f"{id} {getattr(item, 'label', '')}" for id, item in items] + [PROTOCOL.id, PROTOCOL.title]
    return {word for text in texts for word in re.findall(r"[a-z]{4,}", text.lower())} - {
        "equina",
        "main",
    }  # the program, and where its pages begin


def test_no_address_or_title_tells_of_health(seen):
    known = health_words()
    assert {"bladder", "pain", "retention", "cauda"} <= known
    for address, page in seen.items():
        assert page.title == "Equina"
        own = [link["href"] for link in page.links if not link["href"].startswith("http")]
        for href in (address, *own, *page.fetched, *page.anchors):
            parts = urlsplit(href)
            assert not set(re.findall("[a-z]{4,}", parts.path.lower())) & known, href
            assert parse_qs(parts.query).keys() <= {"lang"}, href


@pytest.mark.parametrize("id", list(PROTOCOL.rules)[:5])
def test_the_address_is_a_digest(id):
    import hashlib

    assert address_of("rule", id) == "/card/" + hashlib.sha256(f"rule:{id}".encode()).hexdigest()[:8]


def test_nothing_is_fetched_from_elsewhere(seen):
    fetched = {address for page in seen.values() for address in page.fetched}
    assert {address for address in fetched if not address.startswith("/static/")} == set()


# --- other languages, and speed ------------------------------------------------------------------------------------------------


def test_the_same_pages_in_every_language(client):
    for language in languages(PROTOCOL):
        protocol = localized(PROTOCOL, language)
        assert set(library(protocol).cards) == set(ADDRESSES)
        page = client.get(READ, params={"lang": language})
        assert f'<html lang="{language}"' in page.text
        assert next(iter(protocol.causes.values())).label in Plain(page.text)


def test_english_in_another_language_is_marked(client):
    for language in languages(PROTOCOL):
        page = client.get(address_of("about", "checked"), params={"lang": language}).text
        assert ('<ul lang="en" dir="ltr">' in page) == (language != "en")
