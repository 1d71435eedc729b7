"""What a person types, understood: a command, one of some choices, a number, or the marks on a list.

What is not understood is said with what can be typed, kindly, and never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from equina.ask.session import MARKED
from equina.case import Option
from equina.crosscheck import misfit
from equina.model import Finding
from equina.translation import ORIGINAL
from equina.wording import wording

__all__ = ["Choice", "Command", "Misread", "choice", "choices_of", "choose", "command", "read_marks", "read_number"]

Command = Literal["back", "change", "help", "repeat", "quit"]
# The least letters by which the beginning of an answer stands for it.
PREFIX = 3
LONGEST_SHOWN = 20


class Misread(ValueError):  # noqa: N818  (what it is, not how it is told)
    """Typed words that are no answer; the message says what can be typed."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose: its value, how it is shown, and the words that stand for it beside its number."""

    value: str
    label: str
    words: frozenset[str]


def choice(value: str, label: str, language: str = ORIGINAL) -> Choice:
    """The choice with the words that ask.toml accepts for it."""
    return Choice(value, label, frozenset({_loose(label), *_listed(f"accept_{value}", language)}))


def choices_of(option: Option, language: str = ORIGINAL) -> tuple[Choice, ...]:
    """The answers that are offered to a finding asked by name: its codes in words."""
    answers = wording("answers", language)
    labels = {} if "long_standing" in option.answers else {"yes_new": answers["yes"]}
    codes = (code for code in option.answers if code != "number")
    return tuple(choice(code, labels.get(code) or answers.get(code, code), language) for code in codes)


def command(text: str, choices: Iterable[Choice] = (), language: str = ORIGINAL) -> Command | None:
    """The command that is typed, unless the word is an answer here."""
    typed = _plain(text)
    if any(typed in choice.words for choice in choices):
        return None
    return next((cast(Command, name) for name in get_args(Command) if typed in _listed(f"command_{name}", language)), None)


def choose(text: str, choices: Sequence[Choice], language: str = ORIGINAL) -> str:
    """The value of the choice that is typed by its number, a word for it, or the beginning of its own words. Raises Misread."""
    typed, words = _plain(text), wording("ask", language)
    if typed.isdecimal():
        number = int(typed) if len(typed) < 4 else 0
        if 1 <= number <= len(choices):
            return choices[number - 1].value
        raise Misread(words["no_such_number"].format(typed=_cut(typed), most=len(choices)))
    typed = _loose(typed)
    exact = [choice.value for choice in choices if typed and typed in choice.words]
    begun = [choice.value for choice in choices if len(typed) >= PREFIX and _loose(choice.label).startswith(typed)]
    for found in (exact, begun):
        if len(found) == 1:
            return found[0]
    yes_no = any(choice.value == "no" for choice in choices)
    # "yes since this evening" is a yes, and is said back. A sentence is never taken for a no.
    first, *rest = typed.split() or [""]
    yes = [choice.value for choice in choices if first in choice.words]
    if yes_no and yes == ["yes_new"] and not set(rest) & set(_listed("accept_no", language)):
        return yes[0]
    raise Misread(words["choose_yes_no" if yes_no else "choose"].format(numbers=_numbers(len(choices), words)))


def _numbers(most: int, words: Mapping[str, str]) -> str:
    return words["or"].format(first=", ".join(map(str, range(1, most))), last=most)


# --- lists ---------------------------------------------------------------------------------------------------------------------


def read_marks(text: str, options: Sequence[Option], language: str = ORIGINAL) -> dict[str, str | float]:
    """The answer to each item of a list: the numbers of what is true, "2?" for not sure, 0 for none, s for not sure of any.

    What is not marked is "no"; a marked item that has an "as always" is `MARKED` until that is asked. Raises Misread.
    """
    typed = _plain(text)
    if typed in _listed("accept_not_sure", language):
        return dict.fromkeys((option.finding for option in options), "not_sure")
    if typed in ("0", *_listed("accept_none", language), *_listed("accept_no", language)):
        return dict.fromkeys((option.finding for option in options), "no")
    if typed in _listed("accept_all", language):
        typed = f"1-{len(options)}"
    marks = _marks(typed, len(options), language)
    return {option.finding: _marked(option, marks.get(number)) for number, option in enumerate(options, 1)}


def _marked(option: Option, sure: bool | None) -> str:
    if sure is None:
        return "no"
    return "not_sure" if not sure else MARKED if "long_standing" in option.answers else "yes_new"


def _marks(typed: str, most: int, language: str) -> dict[int, bool]:
    """Whether each number that is typed is sure."""
    words = wording("ask", language)
    between = rf"\b(?:{'|'.join(_listed('accept_and', language))})\b|[,;.+&]"
    joined = re.sub(r"(\d)\s+\?", r"\1?", re.sub(r"\s*-\s*", "-", re.sub(between, " ", typed)))
    marks: dict[int, bool] = {}
    for part in joined.split():
        found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?(\??)", part)
        if not found:
            raise Misread(words["mark"])
        first, last = int(found[1]), int(found[2] or found[1])
        if first == 0:
            raise Misread(words["mark_none"])
        if not 1 <= first <= last <= most:
            raise Misread(words["mark_range"].format(typed=part, most=most))
        for number in range(first, last + 1):
            if marks.setdefault(number, not found[3]) == bool(found[3]):
                raise Misread(words["mark_twice"].format(number=number))
    if not marks:
        raise Misread(words["mark"])
    return marks


# --- numbers -------------------------------------------------------------------------------------------------------------------


def read_number(text: str, option: Option, finding: Finding, language: str = ORIGINAL, surface: str = "ask") -> str | float:
    """The number in the finding's unit, or "not_sure". A temperature may be in Fahrenheit when it says so.

    Raises Misread in the words of the surface.
    """
    typed, words = _plain(text), wording(surface, language)
    if typed in (word for key in ("not_sure", "none", "no") for word in _listed(f"accept_{key}", language)):
        return "not_sure"
    unit = option.unit or ""
    found = re.fullmatch(r"(-?\d{1,6}(?:[.,]\d{1,4})?) ?(.*)", typed)
    if not found:
        raise Misread(words["number"].format(unit=unit))
    number = float(found[1].replace(",", "."))
    fahrenheit = finding.unit == "Cel" and found[2] in _listed("accept_fahrenheit", language)
    if fahrenheit:
        number = round((number - 32) * 5 / 9, 1)
    elif not _is_unit(found[2], unit, finding, language):
        raise Misread(words["other_unit"].format(unit=unit, typed=_cut(found[2])))
    if misfit(finding, number):
        told = words["range"].format(
            typed=_cut(f"{found[1]} {found[2]}".strip()), low=f"{finding.low:g}", high=f"{finding.high:g}", unit=unit
        )
        raise Misread(told + (" " + words["say_fahrenheit"] if finding.unit == "Cel" and not found[2] else ""))
    return number


def _is_unit(typed: str, unit: str, finding: Finding, language: str) -> bool:
    """Whether what stands behind a number is nothing, or the unit in full or in part."""
    full = unit.casefold()
    whole = typed in ("", *_listed(f"accept_unit_{finding.unit}", language))
    return whole or any(part.startswith(typed) for part in (full, *full.split()))


# --- words ---------------------------------------------------------------------------------------------------------------------


def _listed(key: str, language: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in wording("ask", language).get(key, "").split(",") if word.strip())


def _loose(text: str) -> str:
    """The plain text without commas: "yes, new" is "yes new"."""
    return " ".join(_plain(text).replace(",", " ").split())


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def _plain(text: str) -> str:
    """The text in lower case with straight quotes and single spaces, without marks at its ends; a lone question mark stays."""
    typed = " ".join(text.casefold().replace("’", "'").replace("°", " ").split())
    return typed.strip(" .!,;:'\"()") or typed
