"""The words around a quote: the inputs of a run read once more, at the lines of the patients on the list alone.

A quote that does not stand where the results say it does (the input was changed since) is shown without them.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from equina.fhir.elements import Resource, part, parts, text_of
from equina.worklist.patient import Patient, Piece

__all__ = ["AROUND", "with_context"]

AROUND = 70  # characters on either side, to the nearest word
LINES = (".ndjson", ".jsonl", ".json")
Texts = Mapping[tuple[str, int], tuple[str, ...]]  # file and line: the texts that the line holds


def with_context(patients: Iterable[Patient]) -> tuple[Patient, ...]:
    """The patients with the words around each quote of a text, where its input can still be read."""
    patients = tuple(patients)
    wanted: dict[str, set[int]] = {}
    for patient in patients:
        for piece in patient.evidence:
            if piece.origin == "text" and piece.file and piece.line and piece.start is not None:
                wanted.setdefault(piece.file, set()).add(piece.line)
    texts: dict[tuple[str, int], tuple[str, ...]] = {}
    for file, lines in wanted.items():
        texts |= {(file, number): found for number, found in _texts(Path(file), lines)}
    return tuple(replace(each, evidence=tuple(_around(piece, texts) for piece in each.evidence)) for each in patients)


def _around(piece: Piece, texts: Texts) -> Piece:
    """The piece with the words around it, from the first text of its line in which the quote stands where it should."""
    if piece.file is None or piece.line is None or piece.start is None or piece.end is None:
        return piece
    for text in texts.get((piece.file, piece.line), ()):
        if piece.quote and text[piece.start : piece.end] == piece.quote:
            before, after = text[: piece.start], text[piece.end :]
            return replace(piece, before=_last(before), after=_first(after))
    return piece


def _first(text: str) -> str:
    """The first words of what follows."""
    return text if len(text) <= AROUND else text[:AROUND].rsplit(maxsplit=1)[0] + " …"


def _last(text: str) -> str:
    """The last words of what comes before."""
    return text if len(text) <= AROUND else "… " + text[-AROUND:].split(maxsplit=1)[-1]


# --- the texts of a line -------------------------------------------------------------------------------------------------------


def _texts(path: Path, lines: set[int]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The texts of these lines. What cannot be read any more, or is no file of lines, gives none."""
    plain = path.with_suffix("") if path.suffix in (".gz", ".zst") else path
    if plain.suffix not in LINES:
        return
    try:
        with _opened(path) as file:
            for number, line in enumerate(islice(file, max(lines)), 1):
                if number in lines:
                    yield number, tuple(_texts_of(json.loads(line)))
    except (OSError, EOFError, zlib.error, ValueError):
        return


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if path.suffix == ".zst":
        from io import BufferedReader

        from pyarrow import input_stream

        return BufferedReader(input_stream(str(path), compression="zstd"))
    return path.open("rb")


def _texts_of(record: object) -> Iterator[str]:
    """The texts of a case, a DocumentReference or a Communication."""
    if not isinstance(record, dict):
        return
    if text := text_of(record, "text"):
        yield text
    for content in parts(record, "content"):
        yield from _decoded(part(content, "attachment"))
    for payload in parts(record, "payload"):
        if plain := text_of(payload, "contentString"):
            yield plain
        yield from _decoded(part(payload, "contentAttachment"))


def _decoded(attachment: Resource) -> Iterator[str]:
    charset = text_of(attachment, "contentType").partition("charset=")[2].strip(' "') or "utf-8"
    try:
        yield base64.b64decode(text_of(attachment, "data"), validate=False).decode(charset)
    except (binascii.Error, ValueError, LookupError):
        return
