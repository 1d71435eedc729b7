"""`equina diff OLD NEW`: the words of the command line, and the way from two folders to an exit code."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from equina.extras import lacking

if TYPE_CHECKING:
    from equina.tables import ProtocolError

__all__ = ["diff"]

OK, NO, BAD_INPUT = 0, 1, 2

Lines = Callable[[BinaryIO], Iterable[tuple[int, bytes | None]]]


def diff(options: argparse.Namespace, out: TextIO, say: Callable[[str], None], lines: Lines) -> int:
    """Compare the two folders of the options and print what came of it. Returns the exit code."""
    from equina.protocol import load
    from equina.tables import ProtocolError

    protocols, refused = [], False
    for which, folder in (("older", options.old), ("newer", options.new)):
        try:
            protocols.append(load(folder))
        except ProtocolError as error:
            refused = True
            say(f"the {which} protocol, {folder}, cannot be used:{_listed(error)}")
    if refused:
        return BAD_INPUT
    try:
        from equina.diff.difference import difference
    except ModuleNotFoundError as error:
        if error.name != "z3":
            raise
        say(lacking("diff needs", "z3", "proofs"))
        return BAD_INPUT
    from equina.diff.counts import given_cases, shipped_vignettes
    from equina.diff.patients import Both
    from equina.diff.report import as_json, in_words
    from equina.diff.signed import accepted

    both = Both(*protocols)
    try:
        signed = accepted(options.accept, both) if options.accept else ()
        now = datetime.now(UTC).replace(microsecond=0)
        counts = [shipped_vignettes(both, now)]
        for file in options.cases:
            with Path(file).open("rb") as stream:
                counts.append(given_cases(both, file, lines(stream), now))
    except ProtocolError as error:
        say(f"the signed reasons cannot be used:{_listed(error)}")
        return BAD_INPUT
    except OSError as error:
        say(f"{error.filename}: {(error.strerror or str(error)).lower()}; give a file that can be read")
        return BAD_INPUT
    found = difference(both, signed, counts, seconds=options.seconds)
    if options.json:
        print(json.dumps(as_json(found), indent=1), file=out)
    else:
        for line in in_words(found):
            print(line, file=out)
    if any(count.unread for count in counts):
        say("some lines could not be judged; the report says why")
        return BAD_INPUT if found.passes else NO
    return OK if found.passes else NO


def _listed(error: ProtocolError) -> str:
    return "".join(f"\n  {fault}" for fault in error.faults)
