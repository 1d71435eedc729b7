"""When something began, as people say it: "3 hours ago", "yesterday evening", "10 pm", "2026-11-22".

Another language is read in English words: words/<language>/onset.toml says what each of its own means.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from equina.translation import ORIGINAL
from equina.wording import wording

__all__ = ["ago", "read_onset"]

NUMBERS = {
    word: number
    for number, words in enumerate(
        ("", "a an one the", "two couple", "three few", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    )
    for word in words.split()
}
UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "night": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
SHORT = {
    "min": "minute",
    "mins": "minute",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "d": "day",
    "w": "week",
    "wk": "week",
    "wks": "week",
}
# When a part of the day begins, roughly: a clinician asks for the hour, a person often knows the part of the day.
PARTS = {
    "morning": 8,
    "noon": 12,
    "midday": 12,
    "lunch": 12,
    "lunchtime": 12,
    "afternoon": 15,
    "evening": 19,
    "night": 22,
    "midnight": 0,
}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FILLERS = re.compile(
    r"\b(?:about|around|roughly|maybe|since|ago|at|on|in|of|from|it|started|began|or so|for|nearly|almost|over)\b|[,.~](?!\d)"
)
LONGEST = timedelta(days=130 * 365)


def read_onset(text: str, now: datetime, language: str = ORIGINAL) -> datetime | None:
    """The moment that the words mean, seen from `now` (which has its offset from UTC), or None when they are not understood.

    Never later than `now`; what only lies in the future is not understood.

    >>> read_onset("3 hours ago", datetime.fromisoformat("2026-11-23T02:10+00:00")).isoformat()
    '2026-11-22T23:10:00+00:00'
    """
    words = " ".join(FILLERS.sub(" ", _in_english(text.casefold(), language)).split())
    if not words:
        return None
    for reading in (_moment_of, _span_of, _date_of, _day_of):
        moment = reading(words, now)
        if moment is not None:
            return moment if now - LONGEST < moment <= now else None
    return None


def _in_english(text: str, language: str) -> str:
    """The text with the words that the language has for times in English, the longest first: "de la noche" before "de"."""
    meant = wording("onset", language)
    if not meant:
        return text
    longest_first = sorted(map(re.escape, meant), key=len, reverse=True)
    return re.sub(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", lambda found: meant[found[0]], text)


def ago(span: timedelta, language: str = ORIGINAL) -> str:
    """How long it is since, in the unit that one would say.

    >>> ago(timedelta(minutes=70)), ago(timedelta(days=3))
    ('about an hour ago', '3 days ago')
    """
    words = wording("ask", language)
    hours, days = round(span / timedelta(hours=1)), round(span / timedelta(days=1))
    if hours < 1:
        return words["ago_minutes"]
    if hours == 1:
        return words["ago_hour"]
    if hours < 48:
        return words["ago_hours"].format(n=hours)
    for unit, least in (("years", 730), ("months", 60)):
        if days >= least:
            return words[f"ago_{unit}"].format(n=round(days / (365 if unit == "years" else 30.4)))
    return words["ago_days"].format(n=days)


def _moment_of(words: str, now: datetime) -> datetime | None:
    """As a computer writes it: 2026-11-22, 2026-11-22 20:00."""
    try:
        moment = datetime.fromisoformat(words.upper())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def _span_of(words: str, now: datetime) -> datetime | None:
    """A time before now: 3 hours, half an hour, an hour and a half, a few days."""
    if words in ("now", "just now", "right now", "moment", "a moment", "this minute"):
        return now
    half = 0.0
    if found := re.fullmatch(r"(.*?)\b(?:and a half)\b(.*)", words):
        half, words = 0.5, " ".join((found[1] + found[2]).split())
    if found := re.fullmatch(r"half an? (\w+)", words):
        return _before(now, 0.5, found[1])
    if found := re.fullmatch(r"(?:the )?(?:last|past) (week|month|year)", words):
        return _before(now, 1, found[1])
    if found := re.fullmatch(r"(?:(?:the )?(?:last|past) )?(?:an? )?(\d+(?:\.\d+)?(?= ?[a-z])|[a-z]+(?= )) ?([a-z]+)", words):
        number = NUMBERS.get(found[1]) if found[1].isalpha() else float(found[1])
        return None if number is None else _before(now, number + half, found[2])
    return None


def _before(now: datetime, number: float, unit: str) -> datetime | None:
    name = SHORT.get(unit, unit)
    span = UNITS.get(name, UNITS.get(name.removesuffix("s")))
    try:
        return None if span is None else (now - number * span).replace(second=0, microsecond=0)
    except OverflowError:
        return None


def _date_of(words: str, now: datetime) -> datetime | None:
    """A day of the year: Nov 22, 22 November, November 22 2025; without a year, the last such day."""
    month = rf"({'|'.join(MONTHS)})[a-z]*"
    found = re.fullmatch(rf"{month} (\d{{1,2}})(?:st|nd|rd|th)?(?: (\d{{4}}))?", words)
    day_first = re.fullmatch(rf"(\d{{1,2}})(?:st|nd|rd|th)? {month}(?: (\d{{4}}))?", words)
    if found:
        name, day, year = found[1], found[2], found[3]
    elif day_first:
        day, name, year = day_first[1], day_first[2], day_first[3]
    else:
        return None
    for each in (int(year),) if year else (now.year, now.year - 1):
        try:
            moment = datetime(each, MONTHS.index(name) + 1, int(day), 12, tzinfo=now.tzinfo)
        except ValueError:
            continue
        if moment.date() <= now.date():
            return min(moment, now)
    return None


def _day_of(words: str, now: datetime) -> datetime | None:
    """A day with a part of it or an hour: this morning, last night, yesterday at 10 pm, Monday, 22:30."""
    hour = re.search(r"\b(?:(\d{1,2})(?::(\d\d))? ?(am|pm|a\.m|p\.m)|(\d{1,2}):(\d\d))(?![\w:])", words)
    at: time | None = None
    if hour:
        at = _hour(hour)
        words = " ".join((words[: hour.start()] + words[hour.end() :]).split())
        if at is None:
            return None
    back = 0
    left = [word for word in words.split() if word not in ("this", "the")]
    last = "last" in left
    left = [word for word in left if word != "last"]
    named = False
    for word in tuple(left):
        weekday = next((i for i, day in enumerate(DAYS) if word in (day, day[:3])), None)
        if word in ("today", "tonight", "yesterday"):
            back, named = int(word == "yesterday"), True
        elif weekday is not None:
            back, named = (now.weekday() - weekday) % 7 or 7 * last, True
        elif word in PARTS and at is None:
            at = time(PARTS[word])
            back = back or int(last and word in PARTS)
            continue
        else:
            return None
        left.remove(word)
    if not named and at is None:
        return None
    moment = datetime.combine(now.date() - timedelta(days=back), at or time(12 if back else 0), now.tzinfo)
    if moment > now and not named:  # 22:30, said at two in the morning, was last night
        moment -= timedelta(days=1)
    return min(moment, now) if named else moment


def _hour(found: re.Match[str]) -> time | None:
    half, hours, minutes = found[3], int(found[1] or found[4]), int(found[2] or found[5] or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + 12 * half.startswith("p")
    return time(hours, minutes) if hours < 24 and minutes < 60 else None
