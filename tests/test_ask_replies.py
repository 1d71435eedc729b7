"""What people type to `equina ask`, and what it is taken for: answers, marks, numbers, commands, and times."""

from datetime import datetime, timedelta

import pytest

from equina import load
from equina.ask.onset import ago, read_onset
from equina.ask.replies import Misread, choices_of, choose, command, read_marks, read_number
from equina.ask.session import MARKED
from equina.ask.terminal import printable
from equina.case import CODES, Option
from equina.wording import wording

WORDS = wording("ask")
TIMED = Option(finding="weak_stream", wording="Is it weak?", hint=None, answers=CODES)
UNTIMED = Option(finding="diabetes", wording="Do you have diabetes?", hint=None, answers=("yes_new", "no", "not_sure"))
SEX = Option(finding="sex_at_birth", wording="Which?", hint=None, answers=("F", "M", "X", "not_sure"))
FINDINGS = load().findings
NOW = datetime.fromisoformat("2026-11-25T14:30+02:00")  # a Wednesday


# --- one question --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        *[
            (word, "yes_new")
            for word in ("1", "y", "Y", "yes", " YES. ", "new", "worse", "Yes, and it is new or worse", "yes, new")
        ],
        *[
            (word, "long_standing")
            for word in ("2", "old", "always", "SAME", "the same", "same as always", "Yes, the same as always")
        ],
        *[(word, "no") for word in ("3", "n", "No", "no!", "nope")],
        *[(word, "not_sure") for word in ("4", "s", "?", "not sure", "Don't know", "don’t know", "dont know", "not", "maybe")],
    ],
)
def test_a_question_by_name(typed, code):
    assert choose(typed, choices_of(TIMED)) == code


@pytest.mark.parametrize(("typed", "code"), [("1", "yes_new"), ("y", "yes_new"), ("2", "no"), ("3", "not_sure"), ("s", "not_sure")])
def test_a_question_where_old_and_new_are_one(typed, code):
    assert [choice.label for choice in choices_of(UNTIMED)] == ["Yes", "No", "Not sure"]
    assert choose(typed, choices_of(UNTIMED)) == code


@pytest.mark.parametrize(
    ("typed", "code"), [("1", "F"), ("f", "F"), ("Male", "M"), ("x", "X"), ("neither", "X"), ("s", "not_sure")]
)
def test_a_choice(typed, code):
    assert choose(typed, choices_of(SEX)) == code


@pytest.mark.parametrize(
    "typed", ["", "0", "5", "12", "-1", "ye", "ok then", "yes no", "1 2", "1.5", "٤٤٤٤٤", "9" * 5000, "no but"]
)
def test_what_is_no_answer_is_not_guessed_at(typed):
    with pytest.raises(Misread, match="Please") as told:
        choose(typed, choices_of(TIMED))
    assert len(str(told.value)) < 200


def test_the_same_as_always_is_no_answer_to_what_has_no_old():
    with pytest.raises(Misread):
        choose("same", choices_of(UNTIMED))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("b", "back"),
        ("BACK", "back"),
        ("c", "change"),
        ("h", "help"),
        ("r", "repeat"),
        ("q", "quit"),
        ("stop", "quit"),
        ("?", None),
        ("", None),
    ],
)
def test_commands(typed, meant):
    assert command(typed) == meant


@pytest.mark.parametrize("option", [TIMED, UNTIMED, SEX])
def test_no_command_hides_an_answer(option):
    for choice in choices_of(option):
        for word in choice.words:
            assert command(word, choices_of(option)) is None
            assert command(word) is None or len(word) > 1


# --- lists ---------------------------------------------------------------------------------------------------------------------

LIST = (TIMED, UNTIMED, Option(finding="fever", wording="I have a fever.", hint=None, answers=CODES))


@pytest.mark.parametrize(
    ("typed", "marks"),
    [
        ("0", "- - -"),
        ("none", "- - -"),
        ("No", "- - -"),
        ("1", "M - -"),
        ("1 3", "M - M"),
        ("1,3", "M - M"),
        ("3, 1", "M - M"),
        ("1 and 3.", "M - M"),
        ("1-3", "M y M"),
        ("1 - 2", "M y -"),
        ("2?", "- ? -"),
        ("1 2 ?", "M ? -"),
        ("2-3?", "- ? ?"),
        ("1 1", "M - -"),
        ("all", "M y M"),
        ("s", "? ? ?"),
        ("?", "? ? ?"),
        ("not sure", "? ? ?"),
    ],
)
def test_marks_on_a_list(typed, marks):
    codes = {"-": "no", "?": "not_sure", "M": MARKED, "y": "yes_new"}
    assert list(read_marks(typed, LIST).values()) == [codes[mark] for mark in marks.split()]


@pytest.mark.parametrize("typed", ["", "4", "13", "0 1", "3-1", "1-9", "1 1?", "x", "yes", "1 s", "-1", "1--2", "1?2", "9" * 4000])
def test_marks_that_are_none(typed):
    with pytest.raises(Misread, match="Please"):
        read_marks(typed, LIST)


# --- numbers -------------------------------------------------------------------------------------------------------------------

AGE = Option(finding="age_years", wording="How old?", hint=None, answers=("number", "not_sure"), unit="years")
HEAT = Option(finding="temperature_c", wording="How hot?", hint=None, answers=("number", "not_sure"), unit="degrees Celsius")


@pytest.mark.parametrize(
    ("option", "typed", "number"),
    [
        (AGE, "41", 41.0),
        (AGE, "41 years", 41.0),
        (AGE, "41y", 41.0),
        (AGE, "41 years old", 41.0),
        (AGE, "0", 0.0),
        (AGE, "s", "not_sure"),
        (AGE, "don't know", "not_sure"),
        (HEAT, "38.3", 38.3),
        (HEAT, "38,3", 38.3),
        (HEAT, "38.3 C", 38.3),
        (HEAT, "38.3°C", 38.3),
        (HEAT, "38 degrees", 38.0),
        (HEAT, "101 F", 38.3),
        (HEAT, "100.4°F", 38.0),
        (HEAT, "101 Fahrenheit", 38.3),
        (HEAT, "no", "not_sure"),
    ],
)
def test_numbers_with_their_units(option, typed, number):
    assert read_number(typed, option, FINDINGS[option.finding]) == number


@pytest.mark.parametrize(
    ("option", "typed", "told"),
    [
        (AGE, "", "number in years"),
        (AGE, "old", "number in years"),
        (AGE, "-4", "from 0 to 125 years"),
        (AGE, "410", "You typed 410. It has to be from 0 to 125 years."),
        (AGE, "41 kg", '"kg"'),
        (AGE, "41 F", '"f"'),
        (AGE, "nan", "number in years"),
        (AGE, "1e9", "e9"),
        (AGE, "9" * 400, "number in years"),
        (HEAT, "101", "If you meant Fahrenheit"),
        (HEAT, "50 F", "You typed 50 f. It has to be from 25 to 45 degrees Celsius."),
        (HEAT, "38 K", '"k"'),
    ],
)
def test_numbers_that_cannot_be(option, typed, told):
    with pytest.raises(Misread) as error:
        read_number(typed, option, FINDINGS[option.finding])
    assert told in str(error.value)


# --- when it began -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("now", "2026-11-25T14:30"),
        ("3 hours ago", "2026-11-25T11:30"),
        ("3h", "2026-11-25T11:30"),
        ("about 3 hours", "2026-11-25T11:30"),
        ("an hour ago", "2026-11-25T13:30"),
        ("half an hour ago", "2026-11-25T14:00"),
        ("an hour and a half ago", "2026-11-25T13:00"),
        ("1.5 hours", "2026-11-25T13:00"),
        ("20 min ago", "2026-11-25T14:10"),
        ("two days ago", "2026-11-23T14:30"),
        ("a few days", "2026-11-22T14:30"),
        ("a couple of weeks ago", "2026-11-11T14:30"),
        ("last week", "2026-11-18T14:30"),
        ("the past month", "2026-10-26T14:30"),
        ("5 months ago", "2026-06-28T14:30"),
        ("a year ago", "2025-11-25T14:30"),
        ("today", "2026-11-25T00:00"),
        ("this morning", "2026-11-25T08:00"),
        ("Yesterday", "2026-11-24T12:00"),
        ("yesterday evening", "2026-11-24T19:00"),
        ("last night", "2026-11-24T22:00"),
        ("yesterday at 10 pm", "2026-11-24T22:00"),
        ("10 pm", "2026-11-24T22:00"),
        ("9:15", "2026-11-25T09:15"),
        ("12 am", "2026-11-25T00:00"),
        ("noon", "2026-11-25T12:00"),
        ("since Monday", "2026-11-23T12:00"),
        ("on monday morning", "2026-11-23T08:00"),
        ("last wednesday", "2026-11-18T12:00"),
        ("Nov 20", "2026-11-20T12:00"),
        ("20th of November", "2026-11-20T12:00"),
        ("December 24", "2025-12-24T12:00"),
        ("24 Dec 2024", "2024-12-24T12:00"),
        ("2026-11-20", "2026-11-20T00:00"),
        ("2026-11-20 20:15", "2026-11-20T20:15"),
    ],
)
def test_when_it_began(typed, moment):
    assert read_onset(typed, NOW) == datetime.fromisoformat(moment + "+02:00")


@pytest.mark.parametrize(
    "typed",
    [
        *("", "dunno", "soon", "tomorrow", "in 3 hours time", "3", "hours", "2027-01-01", "2026-11-26", "Nov 31", "25:00", "13 pm"),
        *("9999999999 years ago", "900 years", "1" * 300 + " days", "monday tuesday x", "2026-13-45", "a fortnight hence"),
    ],
)
def test_when_it_began_is_not_guessed(typed):
    assert read_onset(typed, NOW) is None


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=5), "less than an hour ago"),
        (timedelta(minutes=65), "about an hour ago"),
        (timedelta(hours=47), "47 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=150), "about 5 months ago"),
        (timedelta(days=1000), "about 3 years ago"),
    ],
)
def test_how_long_ago(span, words):
    assert ago(span) == words


# --- what a terminal must not be given -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1b[Db", "ab"),
        ("a\x1bOAb", "ab"),
        ("a\x07\x00b\tc\r\n", "ab c"),
        ("\u202egnp", "gnp"),
        ("Zoë, 腰が痛い 👍🏽", "Zoë, 腰が痛い 👍🏽"),
    ],
)
def test_only_words_are_left(typed, left):
    assert printable(typed).strip() == left


def test_every_accepted_word_means_one_thing_at_a_question():
    for option in (TIMED, UNTIMED, SEX):
        words = [word for choice in choices_of(option) for word in choice.words]
        assert len(words) == len(set(words))
    assert all(value.strip() for value in WORDS.values())
