"""The page for the desk on paper: all that the handover says, on one tagged page, harmless whatever a person wrote."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from command import TINY
from equina import Case, assess, load
from equina.handover import handover
from equina.locale import languages, localized
from equina.paper import handover_pdf
from equina.paper.desk import SMALLEST
from equina.paper.signs import UNPRINTED, printed, right_to_left
from equina.wording import wording
from pdf import colours, pages, reader, smallest_type, squeezed, tags, words
from strategies import FULL, NOW, PROTOCOL, cases

OWN = wording("paper")
STORY = next(iter(PROTOCOL.stories.values()))
CASE = Case(values=STORY.findings, as_of=NOW, complete=True, told=STORY.story)
TO_TELL = [f.id for f in PROTOCOL.findings.values() if f.answered_by == "self" and not f.measured and f.kind != "choice"]


def page(case, **more):
    return handover_pdf(PROTOCOL, case, assess(PROTOCOL, case), **more)


def of_answers(number, seed):
    """A case of so many answers, the lines of the checklist first, with the onset of all that is new, and long words of its own."""
    chance = random.Random(seed)
    names = [name for name in PROTOCOL.handover if name in TO_TELL]
    names += chance.sample([name for name in TO_TELL if name not in names], max(0, number - len(names)))
    values = {name: chance.choice([True, True, False, None, "long_standing"]) for name in names[:number]}
    onset = {name: NOW - timedelta(hours=chance.randint(1, 300)) for name, value in values.items() if value is True}
    return Case(values=values, onset=onset, as_of=NOW, complete=True, told="I can't pee and I am scared. " * 20)


# --- what it says --------------------------------------------------------------------------------------------------------------


def test_every_line_of_the_handover_is_on_the_page():
    told = words(page(CASE))
    for block in handover(PROTOCOL, CASE, assess(PROTOCOL, CASE)):
        for text in (block.title, *block.lines):
            if text != wording("handover")["blank"]:
                assert squeezed(text) in told, text


def test_who_it_is_stays_blank():
    told = words(page(CASE))
    for name in ("name", "date_of_birth", "phone", "arrival"):
        assert squeezed(OWN[name]) in told


def test_the_page_begins_with_how_soon():
    told = words(page(CASE))
    assert told.index("Level:EMERGENCY.") < told.index("Intheirownwords") < told.index("Caudaequinachecklist")


def test_a_protocol_without_a_checklist_still_has_a_page():
    tiny = load(TINY)
    case = Case(values={"back_pain": True})
    assert pages(handover_pdf(tiny, case, assess(tiny, case))) == 1


def test_a_case_in_which_nothing_was_answered_has_its_page():
    assert squeezed("Nothing was answered or read.") in words(page(Case()))


# --- one page ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", PROTOCOL.stories.values(), ids=lambda story: story.id)
def test_a_story_is_one_page(story):
    assert pages(page(Case(values=story.findings, as_of=NOW, complete=True, told=story.story))) == 1


@settings(max_examples=200 if FULL else 15, deadline=None)
@given(cases)
def test_any_case_is_one_page(case):
    assert pages(page(case)) == 1


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
@pytest.mark.parametrize("seed", range(40 if FULL else 5))
def test_forty_answers_are_one_page_that_can_be_read(seed, paper):
    case = of_answers(40, seed)
    pdf = page(case, paper=paper)
    assert pages(pdf) == 1
    assert smallest_type(pdf) >= SMALLEST - 0.01
    told = words(pdf)
    for block in handover(PROTOCOL, case, assess(PROTOCOL, case)):
        assert all(squeezed(line) in told for line in block.lines if block.id != "top")


@pytest.mark.parametrize("language", languages(PROTOCOL)[1:])
@pytest.mark.parametrize("seed", range(3))
def test_forty_answers_are_one_page_in_every_language(seed, language):
    other, case = localized(PROTOCOL, language), of_answers(40, seed)
    pdf = handover_pdf(other, case, assess(other, case))
    assert (pages(pdf), reader(pdf).trailer["/Root"]["/Lang"]) == (1, language)
    assert squeezed(wording("handover", language)["translation"]) in words(pdf)


def test_what_fits_on_no_page_goes_on_overleaf_uncut():
    case = Case(values=dict.fromkeys(TO_TELL, True), as_of=NOW, complete=True)
    pdf = page(case)
    assert pages(pdf) > 1
    told = words(pdf)
    for block in handover(PROTOCOL, case, assess(PROTOCOL, case)):
        if block.id in ("level", "items", "suggested"):
            assert all(squeezed(line.partition(": ")[2]) in told for line in block.lines)


# --- for everyone --------------------------------------------------------------------------------------------------------------


def test_it_is_tagged_and_says_its_language_and_title():
    root = reader(page(CASE)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data().decode()


def test_its_tags_are_headings_and_lists_in_order():
    found = tags(page(CASE))
    headings = [tag for tag in found if tag.startswith("/H")]
    assert headings[0] == "/H1"
    assert set(headings[1:]) == {"/H2"}
    assert {"/L", "/LI", "/LBody", "/P"} <= set(found)


def test_the_title_and_what_else_a_viewer_shows_say_nothing_of_health():
    shown = reader(page(CASE)).metadata
    assert shown.title == OWN["title_desk"] == "Page for the desk"
    assert set(shown) == {"/Title", "/Creator"}


def test_it_is_black_on_white():
    assert colours(page(CASE)) <= {(0.0,), (0.0, 0.0, 0.0), ()}


def test_its_fonts_are_in_it():
    for sheet in reader(page(CASE)).pages:
        for font in sheet["/Resources"]["/Font"].values():
            [inner] = font["/DescendantFonts"]
            assert {"/FontFile2", "/FontFile3"} & set(inner.get_object()["/FontDescriptor"])


def test_the_same_case_gives_the_same_bytes():
    assert page(CASE) == page(replace(CASE))


# --- whatever a person wrote ---------------------------------------------------------------------------------------------------


HOSTILE = {
    "markup": '*bold* _it_ #emph[x] #import "/etc/passwd": * $x^2$ `raw` = heading <label> @ref \\ // /* ~ -- --- ... [ ] { }',
    "code": '#read("/etc/passwd") #sys.inputs #panic("stop") #while true {} #eval("1") "]; )',
    "markup of others": "<script>alert(1)</script> &amp; %PDF-1.7 endobj )Tj (x) Tj \\begin{x} {{7*7}} ${7*7}",
    "what JSON and strings mean": '"quote" \\" \\u0041 \\n back\\slash \'single\' {"a": [1]}',
}


@pytest.mark.parametrize("told", HOSTILE.values(), ids=HOSTILE)
def test_what_a_person_wrote_is_set_as_it_is(told):
    assert squeezed(f"“{printed(told)}”") in words(page(replace(CASE, told=told)))


@pytest.mark.parametrize(
    "told",
    [
        "x" * 10_000,
        "word " * 2_000,
        "I can't pee 😀👩‍👩‍👧🏽🇪🇸",
        "我尿不出来",
        "אני לא יכול להשתין",
        "لا أستطيع التبول",
        "\u202eeep t'nac I\u202c \u2066x\u2069 \u200f\u200e",
        "z" + "\u0334\u0351\u0489" * 400,
        "\x00\x07\x1b[31m\x7f\ufeff\ufffe\U0010ffff\ue000\u2028\u2029\x85",
        "\ud800 alone",
        "\N{NO-BREAK SPACE}" * 50,
        "()[]{}" * 200,
    ],
    ids=[
        "letters",
        "words",
        "emoji",
        "Chinese",
        "Hebrew",
        "Arabic",
        "turned",
        "marks",
        "control",
        "surrogate",
        "spaces",
        "brackets",
    ],
)
def test_whatever_is_written_the_page_stands(told):
    pdf = page(replace(CASE, told=told))
    assert pages(pdf) == 1
    told = words(pdf)
    assert "Level:EMERGENCY." in told
    assert squeezed("PRESENT, new or worse: Urinary retention") in told


def test_what_cannot_be_printed_is_said():
    assert squeezed(OWN["unprinted"].format(mark=UNPRINTED)) in words(page(replace(CASE, told="我 pain")))
    assert squeezed(OWN["unprinted"].format(mark=UNPRINTED)) not in words(page(CASE))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("I  can't\n pee\t", "I can't pee"),
        ("naïve señor Ωμέγα ж", "naïve señor Ωμέγα ж"),
        ("我 pain", f"{UNPRINTED} pain"),
        ("a\u202eb\u2066c\u200dd\x00e\ufe0f", "abcde"),
        ("e\u0301" + "\u0334" * 9, "e\u0301\u0334\u0334"),
        ("\x00 \u200b", ""),
        ("a" * 25, "\N{ZERO WIDTH SPACE}".join("a" * 25)),
    ],
)
def test_signs(text, shown):
    assert printed(text) == shown


@pytest.mark.parametrize(("text", "expected"), [("אני I", True), ("لا", True), ("I אני", False), ("123 לא", True), ("12", False)])
def test_which_way_it_is_written(text, expected):
    assert right_to_left(text) == expected
