"""Forms: answers in columns, behind rows of dots, on lines of their own. Signs are put where a sentence would have them.

Every sign takes the place of another, so that the text stays as long as it was, and places in it stay what they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from equina.notes.looks import ALL, ALONE, BLANKS, CAPITALS, DOTS, SIGNS, TABS, YES

__all__ = ["filled_in"]

_VALUES = ("y", "n", "yes", "no", "nil", "neg", "pos", "none")
_VALUE = r"(?:yes|no|nil|none|neg|pos|negative|positive|present|absent|y|n)\b"
# "Fever: N  Rigors: Y": an answer of a form, and the blank before the next field.
_ANSWERED = re.compile(r"([:=?] ?(?:[yn]|yes|no|nil|neg|pos|none))(?: (?=[ \t]+\w)|\t(?=[ \t]*\w))")
_DOTS = re.compile(rf"(?<![.…_·])[.…_·]{{4,}}+[ \t]*+(?={_VALUE})")  # "Fever ...... no"
_TAB = re.compile(rf"(?<=[a-z)])\t+(?={_VALUE})")
_ALONE = re.compile(  # "Fever", and in the next line "no"
    r"(?<=[\w):])[ \t]*+\n[ \t]*(?=(?:yes|no|nil|y|n|none|never|denied|denies|absent|negative|present|positive)[ \t]*(?:\n|$))"
)
_CAPITAL = re.compile(r"(?<=[a-z)])[ =:]{1,2}[YN] (?=[A-Z])")  # "Fever N Rigors Y"
_SPELLED = re.compile(r"(?<=[a-z)])[ =:]{1,2}(?:Yes|No|YES|NO) (?=[A-Z])")  # "Fever No Rigors Yes"
_FIRST = re.compile(r"(?:^|(?<=\n))[ \t]*[YN]( )(?=[A-Za-z])")  # "N fever"
_PLUS, _MINUS = (re.compile(rf"(?:^|(?<=\n)){sign} ") for sign in (r"[ \t]*\+", "-"))
_COLUMNS = (re.compile(r"yes[ \t|,;/]+no[ \t|]*\n"), re.compile(r"no[ \t|,;/]+yes[ \t|]*\n"))  # of what a table says
_MARK = re.compile(r"(?<!\w)[x✓✔☑☒*](?!\w)")
_CLEARLY = 2  # columns nearer to one head than to the other
_ROWS, _WIDE = 60, 200  # of a table at most, and of how many characters
_LISTED = 2  # lines that begin so: then it is no chance


def filled_in(small: str, text: str, looks: int = ALL) -> str:
    """A text in small letters with the answers of its forms told as sentences tell them; `text` is the same as it was written.

    `looks`: what there may be in it (looks.py).
    """
    if looks & (ALONE | CAPITALS | SIGNS | YES) and "\n" in small:
        told = _lines(small, text)
        small, looks = told, looks if told is small else ALL
    if looks & TABS and "\t" in small:
        small = _TAB.sub(_colon, small)
    if looks & (TABS | BLANKS) and ("\t" in small or _may_answer(small)):
        small = _ANSWERED.sub(r"\1,", small)
    if looks & DOTS and ("...." in small or "____" in small or "……" in small):
        small = _DOTS.sub(_colon, small)
    if looks & CAPITALS and (" N " in text or " Y " in text or "=N " in text or "=Y " in text):
        spots = [answer.end() - 1 for answer in _CAPITAL.finditer(text)]
        small = _with(small, dict.fromkeys(spots, ",")) if len(spots) >= _LISTED or ("=" in text and spots) else small
    if looks & YES and ("Yes " in text or "YES " in text):
        words = list(_SPELLED.finditer(text))
        if len(words) >= _LISTED and any("y" in word[0].lower() for word in words):
            small = _with(small, {word.end() - 1: "," for word in words})
    return small


def _lines(small: str, text: str) -> str:
    """The same of answers that are told by lines."""
    small = _ALONE.sub(_joined, small)
    if "\nN " in text or "\nY " in text:
        firsts = [first.start(1) for first in _FIRST.finditer(text)]
        small = _with(small, dict.fromkeys(firsts, ":")) if len(firsts) >= _LISTED else small
    if "\n+ " in small and "\n- " in small and len(_PLUS.findall(small)) >= _LISTED:
        small = _MINUS.sub("n:", small)
    if "yes" in small:
        signs: dict[int, str] = {}
        for yes_is_first, heads in zip((True, False), _COLUMNS, strict=True):
            for head in heads.finditer(small):
                signs.update(_marks(small, head, yes_is_first=yes_is_first))
        small = _with(small, signs) if signs else small
    return small


def _joined(gap: re.Match[str]) -> str:
    """An answer in a line of its own is joined to a question that ends in a letter, or in a colon."""
    before = gap.string[gap.start() - 1 : gap.start()]
    if before == ":":
        return " " * len(gap[0])
    return _colon(gap) if before.isalpha() or before == ")" else gap[0]


def _colon(gap: re.Match[str]) -> str:
    return ":" + " " * (len(gap[0]) - 1)


def _with(small: str, signs: Mapping[int, str]) -> str:
    """The text with these signs at their places."""
    parts: list[str] = []
    last = 0
    for place in sorted(signs):
        parts += (small[last:place], signs[place])
        last = place + 1
    return "".join((*parts, small[last:]))


def _marks(small: str, head: re.Match[str], *, yes_is_first: bool) -> Iterator[tuple[int, str]]:
    """Under the heads of two columns, where each row is marked, and which answer that is."""
    begin = small.rfind("\n", 0, head.start()) + 1
    line = small[begin : head.end() - 1]
    columns = head.start() - begin + 1, line.rfind("no" if yes_is_first else "yes") + 1
    cells = [line[:column].count("|") for column in columns]
    place = head.end()
    for _ in range(_ROWS):
        end = small.find("\n", place)
        row = small[place:end] if end >= 0 else small[place:]
        if not row.strip() or len(row) > _WIDE or "yes" in row:
            return
        marks = list(_MARK.finditer(row))
        if len(marks) == 1:
            column = marks[0].start()
            cell = row[:column].count("|")
            nearer = abs(columns[0] - column) - abs(columns[1] - column)
            in_cells = cells[1] > cells[0]
            if cell in cells if in_cells else abs(nearer) >= _CLEARLY:
                second = cell == cells[1] if in_cells else nearer > 0
                yield place + column, "n" if yes_is_first == second else "y"
        place = end + 1
        if not place:
            return


def _may_answer(small: str) -> bool:
    """Whether an answer stands before two blanks: the quick look before the thorough one."""
    place = small.find("  ")
    while place >= 0:
        if small.endswith(_VALUES, 0, place):
            return True
        place = small.find("  ", place + 1)
    return False
