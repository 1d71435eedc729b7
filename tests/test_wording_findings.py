"""The questions that patients read: short, plain, and there whenever a patient is to answer."""

import tomllib
from pathlib import Path

import pytest

from readability import flesch_kincaid_grade, sentences, words

TESTS = Path(__file__).parent
PROTOCOL = TESTS.parent / "src" / "equina" / "protocols" / "back_pain"
FINDINGS = tomllib.loads((PROTOCOL / "findings.toml").read_text(encoding="utf-8"))["findings"]
EASY = frozenset(
    line.strip()
    for line in (TESTS / "easy_words.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
)
SECTIONS = dict.fromkeys(finding["section"] for finding in FINDINGS.values())
SHOWN = ("ask", "hint", "say")  # what a patient reads
MOST_WORDS = 20
HIGHEST_GRADE = 6.0


def shown(section, *keys):
    """The wording of a section, one text for each finding and key."""
    own = (finding for finding in FINDINGS.values() if finding["section"] == section)
    return [finding[key] for finding in own for key in keys if key in finding]


def test_the_list_of_easy_words_is_short():
    assert 1 <= len(EASY) <= 15
    assert all(word == word.lower() for word in EASY)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("keys", [("ask", "hint"), ("say",)])
def test_reading_grade(section, keys):
    texts = shown(section, *keys)
    if not texts:
        assert (section, keys) == ("measurement", ("say",)), "only measurements have nothing to say"
        return
    assert flesch_kincaid_grade(" ".join(texts), EASY) <= HIGHEST_GRADE


@pytest.mark.parametrize("name", FINDINGS)
def test_sentences_are_short(name):
    for key in SHOWN:
        for sentence in sentences(FINDINGS[name].get(key, "")):
            assert len(words(sentence)) <= MOST_WORDS, sentence


@pytest.mark.parametrize("name", FINDINGS)
def test_who_answers_is_asked(name):
    finding = FINDINGS[name]
    if finding["answered_by"] == "self":
        assert finding["ask"].count("?") == 1
        assert finding["ask"].endswith("?")
    else:
        assert finding["examine"]


@pytest.mark.parametrize("name", FINDINGS)
def test_what_a_patient_reports_can_be_said(name):
    finding = FINDINGS[name]
    if finding["answered_by"] == "self" and finding["kind"] not in ("quantity", "choice"):
        assert finding["say"].endswith(".")


@pytest.mark.parametrize("key", SHOWN)
def test_wording_is_ours_to_read_aloud(key):
    """No jargon, no blame, no British word for what the pages call pee and poop."""
    refused = (
        "urine output",
        "void ",
        "faec",
        "fecal",
        "stool",
        "defecat",
        "micturi",
        "should have",
        "your fault",
        "wee ",
        " poo ",
    )
    for name, finding in FINDINGS.items():
        assert not [word for word in refused if word in finding.get(key, "").lower()], name


def test_every_id_that_a_finding_names_is_a_finding():
    for name, finding in FINDINGS.items():
        for key in ("implies", "denies", "old_only_with"):
            assert set(finding.get(key, ())) <= FINDINGS.keys(), f"{name}.{key}"


def test_every_id_of_the_case_vocabulary_is_a_finding():
    vocabulary = (TESTS / "cases" / "VOCABULARY.md").read_text(encoding="utf-8")
    text, _, _ = vocabulary.partition("## How the records were made")
    listed = [line.split("`")[1] for line in text.splitlines() if line.startswith("- `") and "`:" in line]
    assert len(listed) > 100
    assert [name for name in listed if name not in FINDINGS] == []
