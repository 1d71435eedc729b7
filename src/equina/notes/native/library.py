"""The library of the compiled reader: found, loaded and called. Where there is none, reading is by sentence.py."""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from equina.notes.cues import Find
from equina.notes.lexicon import Lexicon
from equina.notes.looks import ALL
from equina.notes.native.program import UnfitError
from equina.notes.native.tables import Tables, tables
from equina.notes.native.words import Words, latin, page, words
from equina.notes.sentence import ASSERTED, ONSETS, Told
from equina.notes.vocabulary import Vocabulary

__all__ = ["LIBRARY", "UNPACK", "VERDICTS", "Compiled", "Numbers", "Rows", "Seen", "compiled", "rows", "sources", "which"]

LIBRARY = Path(__file__).with_name("reader.so")
CHOICE = "EQUINA_READER"  # "python": the compiled reader is left aside
# Of a mention: start, end, find, verdict, then start and end of the cue and of its number.
Numbers = tuple[int, int, int, int, int, int, int, int]
UNPACK: Callable[[bytes], Iterable[Numbers]] = struct.Struct("8i").iter_unpack
_string_at, _made = ctypes.string_at, tuple.__new__
# As in text.h.
_PLAINLY = 2
_DOUBTS, _ASKS, _ASKS_PAGE = -1, -2, -3
# What the bits of a verdict say: assertion, onset, bare, now, as before.
VERDICTS: list[tuple[str, str, bool, int, bool]] = [
    (
        ASSERTED[min(bits & 7, len(ASSERTED) - 1)],
        ONSETS[min(bits >> 3 & 3, len(ONSETS) - 1)],
        bool(bits & 32),
        2 if bits & 256 else bits >> 6 & 1,
        bool(bits & 128),
    )
    for bits in range(512)
]


@cache
def _library() -> ctypes.CDLL | None:
    """The library, once it is loaded; None when there is none for this machine."""
    try:
        library = ctypes.CDLL(str(LIBRARY))
    except OSError:
        return None
    numbers = ctypes.POINTER(ctypes.c_int32)
    for name, result, takes in (
        ("tables", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int64]),
        ("tables_free", None, [ctypes.c_void_p]),
        ("words", ctypes.c_void_p, [ctypes.c_void_p, *[ctypes.c_void_p, ctypes.c_int64] * 2]),
        ("words_free", None, [ctypes.c_void_p]),
        ("scratch", ctypes.c_void_p, [ctypes.c_void_p] * 2),
        ("scratch_free", None, [ctypes.c_void_p]),
        ("sources", ctypes.c_char_p, []),
        ("page", ctypes.c_int32, [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_char_p]),
        ("latin", ctypes.c_int32, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]),
        ("read", numbers, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int32]),
        ("note", ctypes.c_int64, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64, *[ctypes.c_int32] * 2, ctypes.c_void_p]),
        ("written", ctypes.c_int64, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64, ctypes.c_void_p]),
        ("looks", ctypes.c_uint32, [ctypes.c_char_p, ctypes.c_int64]),
        ("answered", ctypes.c_int64, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int32, ctypes.c_void_p]),
    ):
        function = getattr(library, f"equina_{name}")
        function.restype, function.argtypes = result, takes
    return library


def sources() -> str:
    """The digest of the sources of the library that is in use."""
    library = _library()
    return library.equina_sources().decode() if library else ""


def which() -> str:
    """Which reader is in use: "compiled", or "python" and why."""
    if os.environ.get(CHOICE) == "python":
        return f"python, as {CHOICE} asks"
    if not LIBRARY.exists():
        return "python: the compiled one was not built, for lack of a C compiler"
    return "compiled" if _library() else "python: the compiled one does not fit this machine"


class Rows(NamedTuple):
    """A lexicon as rows of numbers: all that the compiled reader is made of."""

    tables: Tables
    words: Words


class _Handle:
    """Tables and words in the library's memory."""

    def __init__(self, library: ctypes.CDLL, tables: Tables, words: Words | None = None) -> None:
        self._library, self.words = library, None
        self.handle = library.equina_tables(*tables.numbers.buffer_info())
        if self.handle and words is not None:
            self.words = library.equina_words(self.handle, *words.numbers.buffer_info(), *words.ends.buffer_info())

    def __del__(self) -> None:
        self._library.equina_words_free(self.words)
        self._library.equina_tables_free(getattr(self, "handle", None))


class Seen(NamedTuple):
    """What one look over a text as it was written saw.

    `looks`: what there may be in it (looks.py). `heads`: where headings may stand, as sections.py takes it. `numbers`: what it
    says, as `UNPACK` unpacks it, where there was no form to fill in, nor else anything to be asked; as of a message if there are no
    `heads`.
    """

    looks: int
    heads: Sequence[int] | None
    numbers: bytes | None


_UNSEEN = Seen(ALL, None, None)


class _Told(ctypes.Structure):
    """Where the numbers are, as `struct seen` of text.h."""

    _fields_ = (
        ("told", ctypes.c_void_p),
        ("heads", ctypes.c_void_p),
        ("heads_count", ctypes.c_int32),
        ("looks", ctypes.c_uint32),
    )


class _Scratch:
    """What one thread works with; freed with the thread."""

    def __init__(self, library: ctypes.CDLL, tables: _Handle) -> None:
        self._free, self._tables = library.equina_scratch_free, tables  # the tables must outlive it
        self.handle = library.equina_scratch(tables.handle, tables.words)
        if not self.handle or not library.equina_latin(self.handle, page(0), latin()):
            raise MemoryError
        self.seen = _Told()
        self.into = ctypes.addressof(self.seen)

    def __del__(self) -> None:
        self._free(getattr(self, "handle", None))


class Compiled:
    """Reads with the compiled reader. Any number of threads may, at once."""

    def __init__(self, library: ctypes.CDLL, tables: _Handle, rows: Rows, vocabulary: Vocabulary) -> None:
        self.finds: tuple[Find, ...] = rows.tables.finds
        self.rows = rows
        self._vocabulary = vocabulary
        self._end = vocabulary.letters["\n"] + chr(1) + chr(1)
        self._library, self._tables = library, tables
        self._note, self._written = library.equina_note, library.equina_written
        self._threads = threading.local()

    def _scratch(self) -> _Scratch:
        try:
            return self._threads.scratch  # type: ignore[no-any-return]
        except AttributeError:
            scratch = self._threads.scratch = _Scratch(self._library, self._tables)
            return scratch

    def read(self, small: str, *, message: bool, plainly: bool = False) -> bytes | None:
        """What a text in small letters says, as `UNPACK` unpacks it, its places in characters. None: it is in doubt that it is
        English; `plainly`: it is not."""
        try:
            scratch = self._threads.scratch
        except AttributeError:
            scratch = self._scratch()
        how = message + _PLAINLY * plainly
        given, width = (small.encode(), 1) if small.isascii() else (small.encode("utf-32-le", "surrogatepass"), 4)
        count = self._note(scratch.handle, given, len(small), width, how, scratch.into)
        while count == _ASKS_PAGE:
            self._tell_page(scratch)
            count = self._note(scratch.handle, given, len(small), width, how, scratch.into)
        if count < 0:
            if count == _DOUBTS:
                return None
            count = self._answered(scratch, small, how) if count == _ASKS else count
            if count < 0:
                raise MemoryError("a text too long for this machine")
        return _string_at(scratch.seen.told or 0, 4 * count)

    def see(self, text: str) -> Seen:
        """Look over a text as it was written, and read it if no more is to be known for that."""
        try:
            given = text.encode("latin-1")
        except UnicodeEncodeError:
            return _UNSEEN
        try:
            scratch = self._threads.scratch
        except AttributeError:
            scratch = self._scratch()
        count = self._written(scratch.handle, given, len(text), scratch.into)
        seen = scratch.seen
        heads = memoryview(_string_at(seen.heads or 0, 4 * seen.heads_count)).cast("i").tolist()
        numbers = _string_at(seen.told or 0, 4 * count) if count >= 0 else None
        return _made(Seen, (seen.looks, heads, numbers))

    def looks(self, text: str) -> int:
        """What there may be in a text, as in looks.py."""
        return int(self._library.equina_looks(text.encode(), len(text))) if text.isascii() else ALL

    def _tell_page(self, scratch: _Scratch) -> None:
        number = ctypes.c_int32.from_address(scratch.seen.told or 0).value
        if not self._library.equina_page(scratch.handle, number, page(number)):
            raise MemoryError

    def _answered(self, scratch: _Scratch, small: str, how: int) -> int:
        """Answers for words that are left to Python: numbers of very many digits, or of other scripts."""
        count = ctypes.c_int32.from_address(scratch.seen.told or 0).value
        numbers = struct.unpack(f"{1 + count}i", ctypes.string_at(scratch.seen.told or 0, 4 + 4 * count))[1:]
        letters = "".join(
            self._vocabulary.letter(small[start:end]) for start, end in zip(numbers[1::3], numbers[2::3], strict=True)
        )
        return int(self._library.equina_answered(scratch.handle, letters.encode("utf-16-le"), len(letters), how, scratch.into))

    def told(self, spelled: str, *, message: bool) -> list[Told]:
        """The same of a text that is letters already, each with how many characters its word takes and how many are its own."""
        spelled += self._end
        given = self._library.equina_read(self._scratch().handle, spelled.encode("utf-16-le"), len(spelled), message)
        if not given:
            raise MemoryError("a text too long for this machine")
        numbers = UNPACK(struct.pack(f"{given[0]}i", *given[1 : 1 + given[0]]))
        return [Told(start, end, self.finds[find], *VERDICTS[bits], *places) for start, end, find, bits, *places in numbers]


def rows(lexicon: Lexicon, letters: Callable[[str], str], stops: tuple[str, str]) -> Rows | None:
    """A lexicon as rows of numbers (the rest as for `tables`), if the compiled reader is in use and takes that lexicon."""
    if not which().startswith("compiled"):
        return None
    try:
        return Rows(tables(lexicon, letters, lexicon.vocabulary.last, stops), words(lexicon))
    except UnfitError:
        return None


def compiled(rows: Rows | None, vocabulary: Vocabulary) -> Compiled | None:
    """The compiled reader of a lexicon of these rows and that vocabulary; without rows there is none."""
    library = _library() if rows else None
    if rows is None or library is None:
        return None
    handle = _Handle(library, *rows)
    return Compiled(library, handle, rows, vocabulary) if handle.words else None
