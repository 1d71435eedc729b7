"""What a person types in Spanish: answers, commands, numbers and times; and a whole talk in which no English is said."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from equina import Case, load
from equina.ask.asking import Talk
from equina.ask.onset import ago, read_onset
from equina.ask.replies import Misread, choices_of, choose, command, read_marks, read_number
from equina.ask.session import MARKED, Session
from equina.ask.talk import hold, open_new
from equina.ask.terminal import Terminal
from equina.case import CODES, Option
from equina.locale import localized
from equina.wording import wording
from terminal import flat

PROTOCOL = localized(load(), "es")
NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)  # a Wednesday
TIMED = Option(finding="weak_stream", wording="¿Es débil?", hint=None, answers=CODES)
SEX = Option(finding="sex_at_birth", wording="¿Cuál?", hint=None, answers=("F", "M", "X", "not_sure"))
HEAT = Option(finding="temperature_c", wording="¿Qué marca?", hint=None, answers=("number", "not_sure"), unit="grados Celsius")
AGE = Option(finding="age_years", wording="¿Cuántos años?", hint=None, answers=("number", "not_sure"), unit="años")


@pytest.mark.parametrize(
    ("option", "typed", "code"),
    [
        (TIMED, "1", "yes_new"),
        (TIMED, "sí", "yes_new"),
        (TIMED, "Si", "yes_new"),
        (TIMED, "s", "yes_new"),
        (TIMED, "sí desde anoche", "yes_new"),
        (TIMED, "peor", "yes_new"),
        (TIMED, "igual que siempre", "long_standing"),
        (TIMED, "igual", "long_standing"),
        (TIMED, "No.", "no"),
        (TIMED, "no sé", "not_sure"),
        (TIMED, "no se", "not_sure"),
        (TIMED, "No lo sé", "not_sure"),
        (TIMED, "?", "not_sure"),
        (TIMED, "tal vez", "not_sure"),
        (SEX, "mujer", "F"),
        (SEX, "hombre", "M"),
        (SEX, "fem", "F"),
        (SEX, "prefiero no decirlo", "X"),
    ],
)
def test_answers(option, typed, code):
    assert choose(typed, choices_of(option, "es"), "es") == code


@pytest.mark.parametrize("typed", ["no siento nada raro", "a veces", "hola", "no sí", ""])
def test_what_is_no_answer_is_not_guessed_at(typed):
    with pytest.raises(Misread, match="Escriba"):
        choose(typed, choices_of(TIMED, "es"), "es")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("b", "back"), ("atrás", "back"), ("cambiar", "change"), ("ayuda", "help"), ("repetir", "repeat"), ("salir", "quit")],
)
def test_commands(typed, meant):
    assert command(typed, language="es") == meant


@pytest.mark.parametrize("option", [TIMED, SEX])
def test_no_command_hides_an_answer_and_no_word_means_two(option):
    choices = choices_of(option, "es")
    words = [word for choice in choices for word in choice.words]
    assert len(words) == len(set(words))
    assert all(command(word, choices, "es") is None for word in words)


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("1 y 2", [MARKED, MARKED]),
        ("2?", ["no", "not_sure"]),
        ("0", ["no", "no"]),
        ("ninguna", ["no", "no"]),
        ("nada", ["no", "no"]),
        ("?", ["not_sure", "not_sure"]),
        ("no sé", ["not_sure", "not_sure"]),
        ("todas", [MARKED, MARKED]),
    ],
)
def test_marks(typed, codes):
    other = Option(finding="fever", wording="Fiebre", hint=None, answers=CODES)
    assert list(read_marks(typed, (TIMED, other), "es").values()) == codes


@pytest.mark.parametrize(
    ("option", "typed", "number"),
    [
        (HEAT, "38,4", 38.4),
        (HEAT, "38.4 grados", 38.4),
        (HEAT, "101 F", 38.3),
        (HEAT, "no sé", "not_sure"),
        (AGE, "41 años", 41.0),
        (AGE, "?", "not_sure"),
    ],
)
def test_numbers(option, typed, number):
    assert read_number(typed, option, PROTOCOL.findings[option.finding], "es") == number


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("hace 3 horas", NOW - timedelta(hours=3)),
        ("hace tres horas", NOW - timedelta(hours=3)),
        ("desde hace dos días", NOW - timedelta(days=2)),
        ("hace media hora", NOW - timedelta(minutes=30)),
        ("hace una hora y media", NOW - timedelta(minutes=90)),
        ("hace como 2 semanas", NOW - timedelta(weeks=2)),
        ("hace un par de días", NOW - timedelta(days=2)),
        ("hace un mes", NOW - timedelta(days=30)),
        ("hace quince dias", NOW - timedelta(days=15)),
        ("la semana pasada", NOW - timedelta(weeks=1)),
        ("ahora", NOW),
        ("ahorita", NOW),
        ("anoche", datetime(2026, 11, 24, 22, tzinfo=UTC)),
        ("ayer", datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("ayer por la noche", datetime(2026, 11, 24, 22, tzinfo=UTC)),
        ("ayer a las 10 de la noche", datetime(2026, 11, 24, 22, tzinfo=UTC)),
        ("anteayer", NOW - timedelta(days=2)),
        ("hoy por la mañana", datetime(2026, 11, 25, 8, tzinfo=UTC)),
        ("esta mañana", datetime(2026, 11, 25, 8, tzinfo=UTC)),
        ("el lunes", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("desde el lunes por la tarde", datetime(2026, 11, 23, 15, tzinfo=UTC)),
        ("el miércoles pasado", datetime(2026, 11, 18, 12, tzinfo=UTC)),
        ("a las 10 am", datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ("a las 22:30", datetime(2026, 11, 24, 22, 30, tzinfo=UTC)),
        ("22 de noviembre", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("el 22 de noviembre de 2025", datetime(2025, 11, 22, 12, tzinfo=UTC)),
        ("3 hours ago", NOW - timedelta(hours=3)),
        ("hace mucho", None),
        ("mañana", None),
        ("no sé", None),
        ("", None),
    ],
)
def test_times(typed, moment):
    assert read_onset(typed, NOW, "es") == moment


@pytest.mark.parametrize(
    "finding", [finding for finding in PROTOCOL.findings.values() if finding.ask], ids=lambda finding: finding.id
)
def test_no_question_is_put_in_the_negative(finding):
    """To "¿No puede orinar?" a person who can't says "no"."""
    for words in (finding.ask, *finding.reword.values()):
        assert not re.search(r"¿No\b|, ¿?no (?:puede|tiene|siente)", words)


def test_how_long_ago_is_said_in_the_language():
    assert ago(timedelta(hours=3), "es") == "hace 3 horas"
    assert ago(timedelta(hours=3)) == "3 hours ago"


@pytest.mark.parametrize(
    "lines",
    [
        ["yo", "0", "h", "sí", "no", "no", "1", "más", "1", "anoche", "", "c", "", "q"],
        ["mi madre", "?", *["no"] * 12, "c", "q"],
        ["yo", "0", "9", "hola", "b", "0", *["no"] * 30, "41", "mujer", "38,4", *["0"] * 40, "2", "3", "3"],
    ],
)
def test_a_talk_says_no_english(lines):
    left, shown, warned = iter(lines), [], []
    terminal = Terminal(read=lambda: next(left, None), write=shown.append, width=lambda: 4000, plain=True, echoes=False)
    talk = Talk(protocol=PROTOCOL, terminal=terminal, now=lambda: NOW, warn=warned.append)
    open_new(talk)
    hold(talk, Session(start=Case(as_of=NOW)))
    said = flat("".join([*shown, *warned]))
    for surface in ("ask", "answers"):
        for key, text in wording(surface).items():
            for piece in re.split(r"{\w*}", text):
                if len(piece.split()) > 2 and not key.startswith(("accept", "command")):
                    assert flat(piece) not in said
