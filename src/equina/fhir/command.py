"""`equina triage --fhir`: the records of one or more patients in, one line of JSON for each patient out; and `equina export`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from equina.exchange import BadInput, Request, answer, failure
from equina.fhir.definitions import definitions, package, write
from equina.fhir.elements import Resource, resources_of, text_of
from equina.fhir.records import cases_of
from equina.lines import moment_of
from equina.locale import languages, localized
from equina.model import Protocol
from equina.triage import assess

__all__ = ["export", "triage_records"]

OK, BAD_INPUT = 0, 2
LARGEST = 512 * 1024 * 1024


def triage_records(
    protocol: Protocol, stream: BinaryIO, out: TextIO, warn: Callable[[str], None], options: argparse.Namespace
) -> int:
    """Answer each patient of the records, as of the moment of the options or of now; the exit code. A fault of the input fails all
    of it: where a part of the records cannot be read, it is not known whose it was."""
    if not options.fhir:
        warn("--as-of goes with --fhir; a case says its own moment as as_of")
        return BAD_INPUT
    try:
        moment = moment_of(options.as_of)
        records = _records(stream.read(LARGEST + 1))
    except BadInput as error:
        out.write(json.dumps(failure(1, error)) + "\n")
        warn("the records could not be judged; the answer says why")
        return BAD_INPUT
    given = 0
    for patient, case in cases_of(protocol, records, moment):
        given += 1
        out.write(json.dumps(answer(protocol, Request(patient, case), assess(protocol, case), given)) + "\n")
        out.flush()
    if not given:
        warn("no record of a patient was given; a Bundle, or FHIR resources one a line, are expected")
        return BAD_INPUT
    return OK


def export(protocol: Protocol, out: str, refuse: Callable[[str], int]) -> int:
    """Write the definitions of the protocol, in every language that it has; the exit code."""
    others = [localized(protocol, language) for language in languages(protocol) if language != protocol.language]
    files = package(protocol, definitions(protocol, others))
    try:
        write(files, Path(out))
    except OSError as error:
        return refuse(f"{out}: {(error.strerror or str(error)).lower()}; give a new name in a folder that can be written")
    print(f"{out}: {len(files)} files")
    return OK


def _records(data: bytes) -> list[Resource]:
    """The resources of a Bundle, of a list, or of one resource a line."""
    if len(data) > LARGEST:
        raise BadInput(f"more than {LARGEST // 1024**2} MiB of records; give fewer patients at a time")
    try:
        text = data.decode("utf-8-sig")
        try:
            found = list(resources_of(json.loads(text)))
        except json.JSONDecodeError as whole:
            found = list(_by_line(text, whole))
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8 text (byte {error.start + 1}); save the file as UTF-8") from None
    except RecursionError:
        raise BadInput("nested too deeply; a FHIR resource is not") from None
    except ValueError as error:
        raise BadInput("a number has too many digits" if not isinstance(error, BadInput) else str(error)) from None
    for resource in found:
        if not text_of(resource, "resourceType"):
            raise BadInput("not FHIR: an object without a resourceType; give a Bundle, or resources one a line")
    return found


def _by_line(text: str, whole: json.JSONDecodeError) -> Iterator[Resource]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield from resources_of(json.loads(line))
        except json.JSONDecodeError as error:
            at, why = (f"line {number}", error) if number > 1 else (f"line {whole.lineno}", whole)
            raise BadInput(f"not JSON: {why.msg.lower()} ({at}); give a Bundle, or resources one a line") from None
