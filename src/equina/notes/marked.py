"""A text with what was read in it marked: plain, in colour, as HTML; for a person to see at a glance what was read, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from equina.model import Protocol
from equina.notes.reading import Mention, Reading
from equina.wording import wording

__all__ = ["in_colour", "in_html", "in_plain", "marked_text", "reasons", "visible"]

WORDS = wording("read")
_COLOURS = {"present": "1;31", "absent": "32", "uncertain": "1;33", "historical": "36", "family": "35", "hypothetical": "34"}


def _regions(mentions: Sequence[Mention]) -> Iterator[tuple[int, int, tuple[Mention, ...]]]:
    """Stretches of text with the mentions in them; mentions that overlap share one."""
    held: list[Mention] = []
    end = -1
    for mention in sorted(mentions, key=lambda mention: (mention.start, -mention.end)):
        if held and mention.start >= end:
            yield held[0].start, end, tuple(held)
            held = []
        held.append(mention)
        end = max(end, mention.end) if len(held) > 1 else mention.end
    if held:
        yield held[0].start, end, tuple(held)


def _label(mention: Mention) -> str:
    onset = f" {mention.onset}" if mention.onset != "unknown" else ""
    return f"{mention.finding} {mention.assertion}{onset}"


def in_plain(text: str, reading: Reading) -> str:
    """The text with each stretch as {words|finding assertion onset; …}: the form in which the tests state what is expected."""
    parts, place = [], 0
    for start, end, mentions in _regions(reading.mentions):
        parts += [text[place:start], "{", text[start:end], "|", "; ".join(map(_label, mentions)), "}"]
        place = end
    return "".join([*parts, text[place:]])


def in_colour(text: str, reading: Reading) -> str:
    """The text for a terminal: each stretch in the colour of its first mention, underlined. Control characters are made visible."""
    parts, place = [], 0
    for start, end, mentions in _regions(reading.mentions):
        colour = _COLOURS[mentions[0].assertion]
        parts += [visible(text[place:start]), f"\x1b[{colour};4m", visible(text[start:end]), "\x1b[0m"]
        place = end
    return "".join([*parts, visible(text[place:])])


def visible(text: str) -> str:
    """The text without what could move the cursor of a terminal or paint over it."""
    return "".join(letter if letter in "\n\t" or letter.isprintable() else "\ufffd" for letter in text)


def in_html(protocol: Protocol, text: str, reading: Reading) -> str:
    """The same as one HTML fragment, every character of the text escaped: a <div> with the text and the list of reasons."""
    lines = "".join(f"<li>{escape(line)}</li>" for line in reasons(protocol, reading))
    note = marked_text(protocol, text, reading)
    return f'<div class="read"><p class="note" style="white-space: pre-wrap">{note}</p><ul>{lines}</ul></div>'


def marked_text(protocol: Protocol, text: str, reading: Reading) -> str:
    """The text as HTML, every character of it escaped, each stretch in a <mark> of its assertion."""
    parts, place = [], 0
    for start, end, mentions in _regions(reading.mentions):
        title = "; ".join(f"{protocol.findings[mention.finding].label}: {WORDS[mention.assertion]}" for mention in mentions)
        mark = f'<mark class="{mentions[0].assertion}" title="{escape(title)}">{escape(text[start:end])}</mark>'
        parts += [escape(text[place:start]), mark]
        place = end
    return "".join([*parts, escape(text[place:])])


def reasons(protocol: Protocol, reading: Reading) -> Iterator[str]:
    """A line for each mention: the finding, what is said of it, the words, and the cue that decided."""
    if reading.refused:
        yield WORDS["refused"].format(why=reading.refused)
        return
    if not reading.mentions:
        yield WORDS["nothing"]
    for mention in reading.mentions:
        said = WORDS[mention.assertion]
        if mention.onset != "unknown":
            said += f", {WORDS[mention.onset]}"
        because = WORDS["because"].format(cue=" ".join(mention.cue.quote.split())) if mention.cue else ""
        because += WORDS["likely"] if mention.likely else ""
        quote = " ".join(mention.quote.split())
        value = f" ({mention.value:g} {protocol.findings[mention.finding].unit_words or ''})" if mention.value is not None else ""
        yield f"{protocol.findings[mention.finding].label}: {said}{value}: “{quote}”{because}".replace(" )", ")")
