"""What is made of a protocol once, and remembered as long as the protocol is in use."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from equina.model import Protocol

__all__ = ["of_each"]

_MOST = 8  # a protocol in its languages, and a second one beside it
Made = TypeVar("Made")


def of_each(make: Callable[[Protocol], Made]) -> Callable[[Protocol], Made]:
    """`make`, called once for each protocol. A protocol never changes, so that the very same one is the same for good."""
    known: dict[int, tuple[Protocol, Made]] = {}

    @wraps(make)
    def made(protocol: Protocol) -> Made:
        found = known.get(id(protocol))
        if found is None or found[0] is not protocol:
            if len(known) >= _MOST:
                known.clear()
            found = known[id(protocol)] = (protocol, make(protocol))
        return found[1]

    return made
