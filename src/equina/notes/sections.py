"""Sections: the parts of a note under their headings, and how far each reaches.

A heading stands before a colon or a dash, or alone on its line. Where it is in doubt that a part still goes on, it does not: then a
finding is present, and no history or warning hides it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

from equina.notes.cues import Section
from equina.notes.lexicon import Lexicon
from equina.notes.looks import ALL, HISTORY

__all__ = ["Begun", "part_from", "sections"]

Begun = tuple[int, "Section | None"]  # where a part begins, behind its heading; None: one of no account

_place = itemgetter(0)  # of a part begun
_REMEMBERED = 20_000
_LONG = 60  # characters: a longer line is no heading
_LONGEST = 20_000  # characters: a part is no longer
_WRAPPED = 55  # a line this long that ends without a stop goes on in the next
_BEFORE_DASH = -2  # as in written.c
_BEFORE_HEADING = re.compile(r"[.,;\n?!\])]")
_HEADING = re.compile(r"[A-Z][A-Za-z/&'\-]*(?: [A-Za-z/&'\-]+){0,4}$")
_MARKS = re.compile(r"[\s#*=_>•·–—-]*(?:\(?(?:\d{1,2}|[ivx]{1,4})[.):]\)?[\s*_]*)?", re.IGNORECASE)
_MARKS_BEHIND = " \t\r#*=_-–—.:"
_DASH = re.compile(r" ?[-–—]+ ")
_REMARK = re.compile(r" *[(\[][^)\]]{0,30}[)\]]$")  # "Past medical history (from the GP)"
# What says that a part is empty: it ends there.
_EMPTY = re.compile(
    r"[\s:,.*_>•–—-]*"
    r"(?:nil|none|no|n/?a|nkda|nka|nkma|unknown|unremarkable|non-?contributory|negative|nothing|not known"
    r"|(?:(?:fit and|otherwise) )?well"
    r"|reviewed|given|provided|as (?:above|before|below)|see (?:above|below)|unchanged)"
    r"(?: (?:of note|significant|relevant|known|reported|else|recorded|to note|drug|allergies|known drug allergies"
    r"|and (?:discussed|understood|provided)))*"
    r"[ \t]*(?:[.,;\n]|$)",
    re.IGNORECASE,
)
_BLANK = re.compile(r"\n[ \t\r]*+\n[ \t\r\n]*+")
_ITEM = re.compile(r"[-*•·–+>☐☑☒✓\[]|\(?\d{1,2}[.)]|[a-z]")  # of a list, which goes on behind a blank line
_CAPITALS = re.compile(r"\n[ \t#*=_>-]*(?:\d{1,2}[.)] *)?([A-Z][A-Z0-9/&'() -]{5,48})[ \t\r#*=_:.-]*(?=\n)")
_MARKED = re.compile(r"\n[ \t]*(?:#+ [^\n]{3,48}|(\*\*|__)[^\n]{3,48}\1)[ \t\r]*(?=\n)")
_INLINE = re.compile(r"[.,;] *([A-Z][A-Z/&' -]{2,44}[A-Z])(?= *[,.:])")

# "… with a past medical history significant for osteoporosis, who presents with …": a part within a sentence.
_TELLS = (
    r"(?: is| was| has been)?(?: (?:significant|notable|remarkable|positive|pertinent)(?: only)? for| of| includes?| including) "
)
_TOLD = (re.compile(f"istory{_TELLS}"), re.compile(f"PMHx?{_TELLS}"))
_OF_THE_PAST = re.compile(
    r"(?:\b(?:past|previous|prior)|(?:\b(?:past|previous|prior) )?medical(?:(?: and |/)surgical)?) h$", re.IGNORECASE
)
_PAST = "past medical history"
_TOLD_ENDS = re.compile(
    r"[.;:\n]|,? \b(?:who|which|he|she|now|today|and (?:is|was|has|had|now|presents?|comes|came)"
    r"|present(?:s|ed|ing)|here|comes|came|complain\w*|admitted|referred|seen|reports|brought|arriv\w+|attend\w*"
    r"|unable|cannot|can'?t|couldn'?t|not able|no longer|has been|is|since"
    r"|with (?:an? )?(?:\d|one|two|three|four|few|several|new|acute|worsening|sudden|progressive|increasing|severe))\b",
    re.IGNORECASE,
)
_SENTENCE = 400  # characters that such a part is at most

# A list of what is denied.
_ANSWERS = frozenset(
    (
        "denies",
        "denied",
        "absent",
        "negative",
        "neg",
        "nil",
        "excluded",
        "ruled out",
        "not present",
        "not reported",
        "resolved",
        "inactive",
    )
)
_MOST_ITEMS, _SHORT_ITEM = 40, 4  # lines, and words of one that no sign marks
_STOP = re.compile(r"[.;?!](?=\s|$)|\n")


def sections(lexicon: Lexicon, text: str, looks: int = ALL, heads: Sequence[int] | None = None) -> list[Begun]:
    """Where each part of a note begins. A heading that means nothing to the lexicon ends the part before it.

    `looks`: what there may be in the text (looks.py); `heads`: where headings may stand, if the compiled reader has seen it.
    """
    if heads is not None:
        found = _at(lexicon, text, heads)
    else:
        found = _before_colons(lexicon, text) if ":" in text else []
        if "\n" in text and (lines := _on_lines(lexicon, text)):
            found = sorted([*found, *lines], key=_place)
    return _within(lexicon, text, found) if looks & HISTORY and ("istory" in text or "PMH" in text) else found


def part_from(lexicon: Lexicon, begun: Sequence[Begun], number: int, text: str) -> tuple[Section | None, int]:
    """(The part of a note that is the one so numbered, if it asserts something; how far it reaches)."""
    start, section = begun[number]
    if section is None or section.assertion is None:
        return None, start
    end = begun[number + 1][0] if number + 1 < len(begun) else len(text)
    return section, start + _reach(lexicon, text[start : min(end, start + _LONGEST)], section)


def _reach(lexicon: Lexicon, part: str, section: Section) -> int:
    """How many characters of what stands behind its heading belong to a part."""
    if section.assertion == "absent":
        return _listed(part)
    if empty := _EMPTY.match(part):
        return empty.end() - 1
    begin = len(part) - len(part.lstrip(" \t\r\n:-–—*_#,"))
    ends = [len(part)]
    if "\n" not in part[:begin] and section.assertion in ("family", "historical"):
        end = _line_end(part, begin)
        if section.assertion == "family" or part[:end].rstrip().endswith("."):
            ends.append(end)
    if "\n" in part:
        gaps = (gap.start() for gap in _BLANK.finditer(part, begin) if not _ITEM.match(part, gap.end()))
        marked = _MARKED.search(part, begin)
        lines = (line.start() for line in _CAPITALS.finditer(part, begin))
        capitals = (line for line in lines if not part[begin:line].isupper())
        ends += [next(gaps, len(part)), marked.start() if marked else len(part), next(capitals, len(part))]
    others = (other for other in _INLINE.finditer(part, begin) if lexicon.sections.get(other[1].lower(), section) is not section)
    other = next(others, None)
    return min(*ends, other.start() if other else len(part))


def _line_end(part: str, begin: int) -> int:
    """Where the line of a heading ends, if it does not go on: "FH: nil of note", and below it the patient."""
    while (end := part.find("\n", begin)) >= 0:
        if not _goes_on(part[begin:end]):
            return end
        begin = end + 1
    return len(part)


def _listed(part: str) -> int:
    """How many characters behind the heading of what is denied are its list: the rest of its sentence, or the items below it.

    Of those either each has a sign or each is short. What is told in whole sentences is no item.
    """
    line, *below = part.split("\n", _MOST_ITEMS)
    if line.strip(_MARKS_BEHIND):
        stop = _STOP.search(part)
        return stop.start() if stop else len(part)
    reach, marked = len(line), None
    for item in below[: _MOST_ITEMS - 1]:
        is_marked = bool(_ITEM.match(item.lstrip())) and not item.lstrip()[:1].isalpha()
        if (
            not item.strip()
            or (is_marked if marked is None else marked) != is_marked
            or (not is_marked and len(item.split()) > _SHORT_ITEM)
        ):
            break
        marked = is_marked
        reach += 1 + len(item)
    return reach


def _at(lexicon: Lexicon, text: str, heads: Sequence[int]) -> list[Begun]:
    """The headings among what may be one, in threes: a colon, or _BEFORE_DASH for the beginning of a long line, and from where to
    where the words stand; or -1, and a line."""
    found: list[Begun] = []
    headings, lines, dashed = lexicon.headings, lexicon.lines, lexicon.dashed
    in_order = True
    numbers = iter(heads)
    for colon, begin, end in zip(numbers, numbers, numbers, strict=True):
        words = text[begin:end]
        if colon >= 0:
            is_heading, known = headings.get(words) or _heading(lexicon, words)
            if is_heading:
                found.append((colon, known))
        elif colon == _BEFORE_DASH:
            section = dashed[words] if words in dashed else _dashed(lexicon, words)
            if section:
                found.append((end, section))
                in_order = False
        elif line := lines[words] if words in lines else _line(lexicon, words):
            found.append((begin + line[0], line[1]))
            in_order = False
    return found if in_order else sorted(found, key=_place)


def _before_colons(lexicon: Lexicon, text: str) -> list[Begun]:
    found: list[Begun] = []
    colon = text.find(":")
    while colon >= 0:
        before = text[colon - 1 : colon]
        if before.isalpha() or before in (" ", ")", "*"):
            line = _BEFORE_HEADING.split(text[max(0, colon - 50) : colon])[-1].strip()
            heads, known = lexicon.headings.get(line) or _heading(lexicon, line)
            if heads:
                found.append((colon, known))
        colon = text.find(":", colon + 1)
    return found


def _heading(lexicon: Lexicon, line: str) -> tuple[bool, Section | None]:
    """Whether words before a colon are a heading, and of what part; remembered, since headings recur."""
    bare = line[_MARKS.match(line).end() :].rstrip(_MARKS_BEHIND)  # type: ignore[union-attr]  # it matches nothing too
    small = bare.lower()
    known = lexicon.sections.get(small)
    if known is None and small.endswith(lexicon.openings):
        known = lexicon.sections[next(end for end in lexicon.openings if small.endswith(end))]
    if len(lexicon.headings) >= _REMEMBERED:
        lexicon.headings.clear()
    answer = lexicon.headings[line] = (known is not None or bool(_HEADING.match(bare)), known)
    return answer


def _on_lines(lexicon: Lexicon, text: str) -> list[Begun]:
    """The headings that stand alone on their lines, or before a dash at the beginning of a line."""
    found: list[Begun] = []
    place, before = 0, ""
    remembered = lexicon.lines
    for line in text.split("\n"):
        known = remembered[line] if line in remembered else _line(lexicon, line)
        if known is not None and not _goes_on(before):
            length, section = known
            found.append((place + length, section))
        place += len(line) + 1
        before = line
    return found


def _goes_on(line: str) -> bool:
    """Whether a long line goes on in the next."""
    return len(line) >= _WRAPPED and line.rstrip()[-1:] not in ".:;?!)"


def _line(lexicon: Lexicon, line: str) -> tuple[int, Section] | None:
    """Of a line that is a known heading, or begins with one and a dash: how long the heading is, and of what part."""
    marks = _MARKS.match(line[:_LONG]).end()  # type: ignore[union-attr]  # it matches nothing too
    rest = line[marks:]
    found = None
    if rest[:1].isupper() or marks:
        dash = _DASH.search(rest, 0, _LONG)
        if len(line) < _LONG and (known := _known(lexicon, rest)) and not _is_answer(known, rest):
            found = len(line), known
        elif dash and (known := _known(lexicon, rest[: dash.start()])):
            found = marks + dash.start(), known
    if len(lexicon.lines) >= _REMEMBERED:
        lexicon.lines.clear()
    lexicon.lines[line] = found
    return found


def _is_answer(section: Section, line: str) -> bool:
    """Whether a line by itself may as well answer the one above it: "Denied", "Negative", "Resolved"."""
    return section.assertion in ("absent", "historical") and line.rstrip(_MARKS_BEHIND).lower() in _ANSWERS


def _dashed(lexicon: Lexicon, heading: str) -> Section | None:
    """The part of which words before a dash are the heading, if they are one; remembered, since headings recur."""
    if len(lexicon.dashed) >= _REMEMBERED:
        lexicon.dashed.clear()
    found = lexicon.dashed[heading] = _known(lexicon, heading)
    return found


def _known(lexicon: Lexicon, heading: str) -> Section | None:
    bare = _REMARK.sub("", heading.rstrip(_MARKS_BEHIND)).lower()
    return lexicon.sections.get(bare) if bare else None


def _within(lexicon: Lexicon, text: str, begun: list[Begun]) -> list[Begun]:
    """With the past histories that are told within a sentence; behind them what was before goes on."""
    past = lexicon.sections.get(_PAST)
    found: list[Begun] = []
    if past is None:
        return begun
    for told in (told for pattern in _TOLD for told in pattern.finditer(text)):
        if told[0][0] == "i" and not _OF_THE_PAST.search(text[max(0, told.start() - 30) : told.start()]):
            continue
        end = _TOLD_ENDS.search(text, told.end(), told.end() + _SENTENCE)
        if end:
            i = bisect_right(begun, told.start(), key=_place)
            found += [(told.end(), past), (end.start(), begun[i - 1][1] if i else None)]
    return sorted([*begun, *found], key=_place) if found else begun
