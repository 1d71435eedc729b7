"""The card and the form: what cannot wait is marked by the rules themselves, and the words are plain."""

import pytest

from command import TINY
from equina import Case, assess, load
from equina.interview import option_of
from equina.locale import languages, localized
from equina.model import rank
from equina.paper import checklist_pdf, form_pdf
from equina.paper.form import EMERGENCY, KEY
from equina.wording import wording
from pdf import colours, pages, reader, smallest_type, squeezed, tags, words
from readability import flesch_kincaid_grade, sentences
from readability import words as words_of
from strategies import PROTOCOL
from test_wording import REFUSED, found
from test_wording_findings import EASY, HIGHEST_GRADE, MOST_WORDS

OWN = wording("paper")
CARD, FORM = checklist_pdf(PROTOCOL), form_pdf(PROTOCOL)
SHEETS = {"card": CARD, "form": FORM}
ASKED = (*PROTOCOL.topics.values(), *PROTOCOL.handover_topics.values())


@pytest.mark.parametrize("pdf", SHEETS.values(), ids=SHEETS)
def test_a_sheet_is_tagged_black_on_white_and_can_be_read(pdf):
    root = reader(pdf).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert tags(pdf)[:3].count("/H1") == 1
    assert smallest_type(pdf) >= 7.99
    assert colours(pdf) <= {(0.0,), (0.0, 0.0, 0.0), ()}
    assert set(reader(pdf).metadata) == {"/Title", "/Creator"}


@pytest.mark.parametrize("make", [checklist_pdf, form_pdf])
def test_the_same_protocol_gives_the_same_bytes(make):
    assert make(PROTOCOL) == make(load()) == SHEETS["card" if make is checklist_pdf else "form"]


# --- the card ------------------------------------------------------------------------------------------------------------------


def test_the_card_has_the_size_of_a_postcard():
    assert pages(CARD) == 1
    assert [round(float(side) / 72 * 25.4) for side in reader(CARD).pages[0].mediabox[2:]] == [105, 148]


def test_the_card_has_every_sign_the_numbers_and_the_sentence():
    told = words(CARD)
    for sign in PROTOCOL.watch_for.values():
        assert "☐" + squeezed(sign.words) in told
    for text in (PROTOCOL.say["opening"], PROTOCOL.care["emergency_number"].words, PROTOCOL.notice):
        assert squeezed(text) in told


def test_no_core_flag_is_missing_on_the_card():
    """Each stands there itself, or as part of a wider sign that does."""
    signs = {name for sign in PROTOCOL.watch_for.values() for name in sign.findings}
    assert [
        name for name in PROTOCOL.core_flags if name not in signs and not signs.intersection(PROTOCOL.findings[name].implies)
    ] == []


# --- the form ------------------------------------------------------------------------------------------------------------------


def test_the_form_asks_everything_once():
    told = words(FORM)
    asked = {}
    for topic in ASKED:
        for name in topic.findings:
            if PROTOCOL.findings[name].answered_by != "record" and not PROTOCOL.findings[name].not_asked:
                asked.setdefault(name, squeezed(option_of(PROTOCOL, Case(), PROTOCOL.findings[name], topic.kind).wording))
    for number in range(1, len(asked) + 1):
        assert f"{number}." in told
    assert [wording for wording in asked.values() if wording not in told] == []
    assert f"{len(asked) + 1}." not in told


def test_the_form_is_made_of_tables_with_heads():
    found = tags(FORM)
    assert {"/Table", "/TR", "/TH", "/TD"} <= set(found)
    assert pages(FORM) <= 8


def test_what_is_an_emergency_by_itself_is_marked_at_its_box():
    """In the text a question is followed by its boxes, in the order of the columns."""
    told = words(FORM)
    for name, boxes in (
        ("urinary_retention", f"☐{EMERGENCY}☐{EMERGENCY}☐☐"),
        ("sciatica_bilateral", f"☐{EMERGENCY}☐☐☐"),
        ("leg_weakness", "☐☐☐☐"),
        ("syncope", f"☐Yes{EMERGENCY}☐☐"),
    ):
        finding = PROTOCOL.findings[name]
        kind = next(topic.kind for topic in ASKED if name in topic.findings)
        asked = squeezed(option_of(PROTOCOL, Case(), finding, kind).wording + (finding.hint or ""))
        assert told.partition(asked)[2].startswith(boxes), name


@pytest.mark.parametrize("name", PROTOCOL.core_flags)
def test_a_key_question_is_marked_and_its_new_sign_is_for_today_at_least(name):
    assert KEY + squeezed(PROTOCOL.findings[name].ask) in words(FORM)
    for beside in ({}, {"back_pain": True}):
        assert rank(assess(PROTOCOL, Case(values={**beside, name: None}, complete=True)).disposition) >= rank("urgent")
    assert rank(assess(PROTOCOL, Case(values={"back_pain": True, name: True})).low) >= rank("urgent")


@pytest.mark.parametrize("language", languages(PROTOCOL)[1:])
def test_the_sheets_in_another_language_say_that_they_are_translated(language):
    other = localized(PROTOCOL, language)
    for pdf in (checklist_pdf(other), form_pdf(other)):
        assert reader(pdf).trailer["/Root"]["/Lang"] == language
        assert squeezed(wording("result", language)["translation"]) in words(pdf)
    assert pages(checklist_pdf(other)) == 1


def test_a_protocol_without_topics_has_its_sheets():
    tiny = load(TINY)
    assert pages(checklist_pdf(tiny)) == 1
    assert pages(form_pdf(tiny)) >= 1


# --- the words -----------------------------------------------------------------------------------------------------------------

READ = {
    id: text.format(**dict.fromkeys(("mark", "emergency", "number", "urgent", "said", "words", "topic"), "1"))
    for id, text in OWN.items()
    if not id.startswith(("file_", "one_case", "made_by", "title_")) and any(mark.isalpha() for mark in text)
}


def test_reading_grade():
    assert (
        flesch_kincaid_grade(" ".join(text if text[-1] in ".?!" else f"{text}." for text in READ.values()), EASY) <= HIGHEST_GRADE
    )


@pytest.mark.parametrize("id", READ)
def test_the_words_are_plain_and_short(id):
    assert [sentence for sentence in sentences(READ[id]) if len(words_of(sentence)) > MOST_WORDS] == []
    assert not any(found(pattern, READ[id]) for pattern in REFUSED.values())
