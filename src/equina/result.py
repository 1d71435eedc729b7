"""The result in words, as blocks: what to do first, then why, what to say, what to expect, what helps and when to come back."""

from __future__ import annotations

from collections.abc import Iterator

from equina.case import Assessment, Case
from equina.model import Protocol
from equina.prose import Block

__all__ = ["result"]


def result(protocol: Protocol, case: Case, assessment: Assessment) -> tuple[Block, ...]:
    """Every block of the result. In an emergency, action, words and what to bring come first; the rest is marked `more`."""
    return tuple(_blocks(protocol, case, assessment))


def _blocks(protocol: Protocol, case: Case, assessment: Assessment) -> Iterator[Block]:
    headline = protocol.disposition_words[assessment.disposition or "none"]
    timings = dict.fromkeys(reason.timing for reason in assessment.reasons if reason.timing != headline)
    yield Block(id="action", title=headline, lines=tuple(timings), kind="headline")
    yield Block(id="say", title="What to say", lines=(assessment.say,), kind="words")
