"""The lexicon: everything a text is read with, compiled from cues*.toml, context*.toml and points.toml once for each protocol."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from equina.model import Protocol
from equina.notes.around import Around
from equina.notes.cues import Section
from equina.notes.index import Index
from equina.notes.points import Points
from equina.notes.vocabulary import Vocabulary
from equina.remembered import of_each
from equina.tables import Fault, ProtocolError

if TYPE_CHECKING:
    from equina.notes.native import Compiled
    from equina.notes.sentence import Heard

__all__ = ["Indexes", "Lexicon", "compile_patterns", "has_lexicon", "lexicon"]


@dataclass(frozen=True, slots=True)
class Indexes:
    """The patterns, as they are sought by sentence.py."""

    finds: Index
    cues: Index
    persons: Index  # who writes about whom
    before: Index  # "it has been the same", "all denied": said of the sentence before
    stories: Index  # of then, of others, and how it ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Everything a text is read with: the words, the patterns that name findings, the cues around them."""

    vocabulary: Vocabulary
    indexes: Callable[[], Indexes] = field(compare=False)  # where lexicons are kept (cached.py), made when first asked
    points: Points
    around: Around
    ends: re.Pattern[str]
    comma: str
    colon: str
    question: str
    ors: frozenset[str]
    parting: frozenset[str]  # letters of what stands between two statements of a sentence: a comma, a dash, "and"
    end: str
    absences: frozenset[str]  # letters of words with which an absence begins
    light: frozenset[str]  # letters of words that tell of nothing by themselves
    joining: frozenset[str]  # … that join what stands before them to what follows
    own: frozenset[str]  # letters of words by which people tell of themselves
    theirs: frozenset[str]  # … and of others
    at_hand: frozenset[str]  # … and of now
    of_late: frozenset[str]  # … and of these days
    of_the_present: frozenset[str]  # letters of verbs of the present
    of_the_past: frozenset[str]  # … and of the past
    carers: frozenset[str]  # letters of relatives, without which no text is a carer's
    sections: Mapping[str, Section]
    openings: tuple[str, ...]  # ends of headings that tell the part: "come back if:"
    becomes: Mapping[str, str]  # the finding that a mention of no stated age counts as besides
    unless: Mapping[str, frozenset[str]]  # … but not when the text names one of these
    lowest: frozenset[str]  # quantities of which the lowest value is the worst
    english: frozenset[str]
    foreign: frozenset[str]
    compiled: Compiled | None = field(default=None, compare=False)  # reads instead of the indexes, which say the same
    headings: dict[str, tuple[bool, Section | None]] = field(default_factory=dict, compare=False)  # words before a colon, so far
    dashed: dict[str, Section | None] = field(default_factory=dict, compare=False)  # words before a dash, so far
    lines: dict[str, tuple[int, Section] | None] = field(default_factory=dict, compare=False)  # that are headings, so far
    sentences: dict[tuple[str, str, bool, bool, bool], Heard] = field(default_factory=dict, compare=False)  # those read so far

    @property
    def finds(self) -> Index:
        """What names findings."""
        return self.indexes().finds

    @property
    def cues(self) -> Index:
        """What stands around them."""
        return self.indexes().cues

    @property
    def persons(self) -> Index:
        """Who writes about whom."""
        return self.indexes().persons

    @property
    def before(self) -> Index:
        """What is said of the sentence before."""
        return self.indexes().before

    @property
    def stories(self) -> Index:
        """What is told over several sentences."""
        return self.indexes().stories


def lexicon(protocol: Protocol, extra: Path | None = None) -> Lexicon:
    """The lexicon of a protocol, compiled once.

    The tables of the file `extra` are added to it; one of the same name takes the place of the protocol's, and `replaces = true`
    leaves the protocol's own cues out (context*.toml stays). Raises ProtocolError with every fault found.
    """
    if extra is None:
        return _own(protocol)
    return _read(protocol, extra)


@of_each
def _own(protocol: Protocol) -> Lexicon:
    return _read(protocol, None)


def _read(protocol: Protocol, extra: Path | None) -> Lexicon:
    if protocol.folder is None:
        raise ProtocolError([Fault("cues.toml", "", "", "the protocol was not loaded from a folder", "load() it from one")])
    kinds = tuple((name, finding.kind) for name, finding in protocol.findings.items())
    return _compiled(protocol.folder, protocol.digest, kinds, extra)


def compile_patterns(lexicon: Lexicon) -> None:
    """Compile every pattern now, which takes seconds; else each is compiled in the first text that may hold it. Where the compiled
    reader is in use, nothing is left to do."""
    if lexicon.compiled is not None:
        return
    for index in (lexicon.finds, lexicon.cues, lexicon.persons, lexicon.before, lexicon.stories):
        for group in index.groups:
            group.search()


@of_each
def has_lexicon(protocol: Protocol) -> bool:
    """Whether the protocol has the files of a lexicon."""
    return protocol.folder is not None and (Path(protocol.folder) / "context.toml").exists()


@lru_cache(maxsize=4)
def _compiled(folder: str, digest: str, kinds: tuple[tuple[str, str], ...], extra: Path | None) -> Lexicon:  # noqa: ARG001  (a key)
    # These make this module's Lexicon.
    from equina.notes.cached import keep, place, taken
    from equina.notes.lexicon_files import read_lexicon

    def read() -> Lexicon:
        collecting = gc.isenabled()
        gc.disable()  # a hundred thousand small values, all of which stay: to look through them takes as long as making them
        try:
            made = read_lexicon(Path(folder), dict(kinds), extra)
            gc.freeze()  # nor is it worth looking through them each time that reading has made a few
            return made
        finally:
            if collecting:
                gc.enable()

    where = place(Path(folder), kinds) if extra is None else None
    found = taken(where, lambda: read().indexes()) if where else None
    if found is None:
        found = read()
        if where:
            keep(where, found)
    return found
