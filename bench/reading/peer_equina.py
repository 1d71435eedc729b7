"""Equina's own reader, asked as its users ask it: `read_note(protocol, text)`. It brings its phrases and needs no lexicon given."""

from __future__ import annotations

import os
import sys
from typing import Any

from lexicon import Lexicon
from peer import Found, PeerMissingError, Reader, serve


def compiled(lexicon: Lexicon) -> Reader:
    """The compiled reader with the shipped protocol."""
    reader = load(lexicon)
    from equina.notes.native import which

    if which() != "compiled":
        raise PeerMissingError(f"equina reads with {which()}")
    return reader


def python(lexicon: Lexicon) -> Reader:
    """The reader without its compiled part."""
    os.environ["EQUINA_READER"] = "python"
    return load(lexicon)


def load(_lexicon: Lexicon) -> Reader:
    """The reader with the shipped protocol."""
    try:
        from equina.notes import read_note
    except ImportError as error:
        raise PeerMissingError(f"equina has no reader of notes here: {error}") from error
    from equina.protocol import load as load_protocol

    protocol = load_protocol()
    read_note(protocol, "No fever.")  # the first reading compiles the phrases: that is loading
    return lambda texts: [mentions(read_note(protocol, text)) for text in texts]


def mentions(read: Any) -> list[Found]:
    """The mentions of a note that was read, whether it is given as such or within a result."""
    return [
        (mention.finding, mention.start, mention.end, str(getattr(mention.assertion, "value", mention.assertion)))
        for mention in getattr(read, "mentions", read)
    ]


if __name__ == "__main__":
    sys.exit(serve({"compiled": compiled, "python": python}, ("equina",)))
