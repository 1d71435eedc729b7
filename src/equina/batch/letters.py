"""Plain letters: their text, read once, and what of it decides. Letters are alike when the same is said in the same order."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from equina.case import Case
from equina.fhir.statements import Gathered
from equina.model import Protocol
from equina.notes.evidence import with_reading
from equina.notes.lexicon import has_lexicon, lexicon
from equina.notes.reading import Mention, Reading, read

__all__ = ["LETTERS", "AlreadyRead", "Letter", "letters_of"]

# The kinds of letters, and the element that holds the text.
LETTERS: Mapping[bytes, str] = {b'"DocumentReference"': "content", b'"Communication"': "payload"}
STAND_IN = 0xE800  # the first of the characters that stand for texts in which nothing was read
_PLAIN = frozenset(("text/plain", "text/plain;charset=utf-8", "text/plain; charset=utf-8"))
_LONGEST = 400_000


class _Attachment(msgspec.Struct, rename="camel", gc=False):
    content_type: str
    data: str


class _Content(msgspec.Struct, gc=False):
    attachment: _Attachment


class _Payload(msgspec.Struct, rename="camel", gc=False):
    content_string: str


_contents = msgspec.json.Decoder(list[_Content]).decode
_payloads = msgspec.json.Decoder(list[_Payload]).decode


class Letter(NamedTuple):
    """A letter's text and what is said in it; `key` is all of it that decides anything."""

    text: str
    mentions: tuple[Mention, ...]
    refused: str | None
    key: tuple[object, ...]

    def stand_in(self) -> Reading:
        """The reading with the place of each mention in it instead of where its words stand."""
        return Reading(tuple(each._replace(start=i, end=i) for i, each in enumerate(self.mentions)), self.refused)


def letters_of(protocol: Protocol) -> Callable[[bytes, bytes], Letter | None]:
    """What reads the text in an element of a letter of this kind; it gives None where the letter is not a plain one."""
    if not has_lexicon(protocol):
        return lambda _, __: None
    words = lexicon(protocol)

    def letter(kind: bytes, element: bytes) -> Letter | None:
        text = _text(kind, element)
        if text is None:
            return None
        found = read(words, text)
        said = tuple([(each[0], each[4], each[5], each[8]) for each in found.mentions])  # finding, assertion, onset, value
        return Letter(text, found.mentions, found.refused, (found.refused, said))

    return letter


def _text(kind: bytes, element: bytes) -> str | None:
    try:
        if kind == b'"Communication"':
            (payload,) = _payloads(element)
            text = payload.content_string
        else:
            (content,) = _contents(element)
            if content.attachment.content_type not in _PLAIN:
                return None
            text = base64.b64decode(content.attachment.data).decode("utf-8")
    except (ValueError, binascii.Error):  # those of msgspec and of Unicode among them
        return None
    return text if len(text) <= _LONGEST and text.strip() else None


@dataclass
class AlreadyRead(Gathered):
    """Statements of records whose texts are read already."""

    letters: Mapping[str, Letter] = field(default_factory=dict)  # by the source of the record

    def read(self, text: str, quote: str) -> None:
        letter = self.letters.get(self.source or "")
        if letter is None or letter.text != text:
            super().read(text, quote)
            return
        told = text if letter.mentions else chr(STAND_IN + int(self.source or 0))
        case = Case(told=told, as_of=self.as_of, answered_by="record")
        self.take_in(with_reading(self.protocol, case, letter.stand_in(), lexicon(self.protocol)), quote)
