"""The library of the compiled reader: found, loaded and called. Where there is none, reading is by sentence.py."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from equina.notes.cues import Find
from equina.notes.lexicon import Lexicon
from equina.notes.native.program import UnfitError
from equina.notes.native.spelled import BLANK, Spelled
from equina.notes.native.tables import Tables, tables
from equina.notes.sentence import ASSERTED, ONSETS, Told
from equina.notes.vocabulary import Vocabulary

__all__ = ["LIBRARY", "Compiled", "compiled", "sources", "which"]

LIBRARY = Path(__file__).with_name("reader.so")
CHOICE = "EQUINA_READER"  # "python": the compiled reader is left aside
_NUMBERS = 8  # of a mention
# What the bits of a verdict say: assertion, onset, bare, now, as before.
_VERDICTS: list[tuple[str, str, bool, int, bool]] = [
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
        ("scratch", ctypes.c_void_p, [ctypes.c_void_p]),
        ("scratch_free", None, [ctypes.c_void_p]),
        ("sources", ctypes.c_char_p, []),
        ("read", numbers, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int32]),
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


class _Scratch:
    """What one thread works with; freed with the thread."""

    def __init__(self, library: ctypes.CDLL, tables: _Handle) -> None:
        self._free, self._tables = library.equina_scratch_free, tables  # the tables must outlive it
        self.handle = library.equina_scratch(tables.handle)
        if not self.handle:
            raise MemoryError

    def __del__(self) -> None:
        self._free(getattr(self, "handle", None))


class _Handle:
    """Tables in the library's memory."""

    def __init__(self, library: ctypes.CDLL, tables: Tables) -> None:
        self._free = library.equina_tables_free
        address, count = tables.numbers.buffer_info()
        self.handle = library.equina_tables(address, count)

    def __del__(self) -> None:
        self._free(getattr(self, "handle", None))


class Compiled:
    """Reads with the compiled reader. Any number of threads may, at once."""

    def __init__(self, library: ctypes.CDLL, tables: _Handle, finds: tuple[Find, ...], vocabulary: Vocabulary) -> None:
        self.spelled = Spelled(vocabulary)
        self._end = vocabulary.letters["\n"] + chr(1) + chr(1)
        self._library, self._tables, self._finds = library, tables, finds
        self._read = library.equina_read
        self._threads = threading.local()

    def read(self, chunks: Iterable[str], *, may_be_carer: bool) -> list[Told]:
        """What a text in chunks between blanks says, its places in characters; else as sentence.told."""
        return self.told(BLANK.join(map(self.spelled.__getitem__, chunks)), may_be_carer=may_be_carer)

    def told(self, spelled: str, *, may_be_carer: bool) -> list[Told]:
        """The same of a text that is spelled."""
        try:
            scratch = self._threads.scratch
        except AttributeError:
            scratch = self._threads.scratch = _Scratch(self._library, self._tables)
        spelled += self._end
        given = self._read(scratch.handle, spelled.encode("utf-16-le"), len(spelled), may_be_carer)
        if not given:
            raise MemoryError("a text too long for this machine")
        if not (count := given[0]):
            return []
        numbers = iter(given[1 : 1 + count])
        finds, verdicts, make = self._finds, _VERDICTS, Told._make
        return [
            make((start, end, finds[find], *verdicts[bits], *places))
            for start, end, find, bits, *places in zip(*[numbers] * _NUMBERS, strict=True)
        ]


def compiled(lexicon: Lexicon, letters: Callable[[str], str], last: str, stops: tuple[str, str]) -> Compiled | None:
    """The compiled reader of a lexicon (the rest as for `tables`), if it is to be had and takes that lexicon."""
    library = None if os.environ.get(CHOICE) == "python" else _library()
    if library is None:
        return None
    try:
        made = tables(lexicon, letters, last, stops)
    except UnfitError:
        return None
    handle = _Handle(library, made)
    return Compiled(library, handle, made.finds, lexicon.vocabulary) if handle.handle else None
