"""`equina worklist DIR`: a finished screening run in, the list of whom to call out."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from equina.exchange import BadInput
from equina.extras import lacking
from equina.model import Protocol
from equina.outputs import check_new, write_new
from equina.prose import Block, as_text
from equina.worklist.listing import Worklist, worklist

__all__ = ["run"]

OK, BAD_INPUT = 0, 2
WIDEST = 100


def run(protocol: Protocol, options: argparse.Namespace, warn: Callable[[str], None]) -> int:
    """Print the list and write the files that are asked for; the exit code."""
    files = {name: path for name in ("csv", "fhir", "html") if (path := getattr(options, name)) is not None}
    try:
        if options.counts_only and "html" not in files:
            raise BadInput("--counts-only goes with --html FILE")
        check_new(files.values(), force=options.force)
        made = worklist(protocol, options.folder, size=options.size, least=options.level, context=options.context)
        if options.only is not None and options.only > len(made.entries):
            raise BadInput(f"--only {options.only}: the list has {len(made.entries)} places")
        contents = {path: _content(made, name, patients=not options.counts_only) for name, path in files.items()}
        for path, content in contents.items():
            write_new(path, content, force=options.force)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "pyarrow":
            raise
        warn(lacking("worklists are read with", "pyarrow", "batch"))
        return BAD_INPUT
    except BadInput as error:
        warn(str(error))
        return BAD_INPUT
    _print(made, options, tuple(files.values()))
    return OK


def _content(made: Worklist, name: str, *, patients: bool) -> str:
    if name == "csv":
        from equina.worklist.sheet import as_csv

        return as_csv(made)
    if name == "fhir":
        from equina.worklist.flags import as_fhir

        return as_fhir(made)
    from equina.worklist.page import page

    return page(made, patients=patients)


def _print(made: Worklist, options: argparse.Namespace, files: tuple[Path, ...]) -> None:
    """What was asked for on standard output; with files, only what is said before the list: the patients are in the files."""
    if options.json:
        from equina.worklist.sheet import as_json

        sys.stdout.write(as_json(made))
        return
    width, bold = min(shutil.get_terminal_size().columns, WIDEST), sys.stdout.isatty()
    for blocks in _texts(made, options, files):
        sys.stdout.write(as_text(blocks, width, bold=bold) + "\n")


def _texts(made: Worklist, options: argparse.Namespace, files: tuple[Path, ...]) -> Iterator[tuple[Block, ...]]:
    from equina.worklist.telling import WORDS
    from equina.worklist.text import entry_blocks, head_blocks

    if options.only is not None:
        yield tuple(entry_blocks(made.entries[options.only - 1], handover=True, whole=True))
        return
    yield tuple(head_blocks(made))
    if files:
        told = tuple(WORDS["written"].format(file=path) for path in files)
        yield (Block(id="written", title="", lines=told, kind="text"),)
    if not files or options.handover:
        for entry in made.entries:
            yield tuple(entry_blocks(entry, handover=options.handover))
