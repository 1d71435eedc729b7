"""A process that has the package and its protocol ready, and forks a child for each command, which so starts at once.

Standard input: a line of JSON for each command, with its arguments and the files of its streams. Standard output: its exit code.
"""

from __future__ import annotations

import json
import os
import sys

from equina import protocol as protocols
from equina.cli import main
from equina.notes.lexicon import lexicon

READY = protocols.load()
_load = protocols.load


def _ready_or_read(folder=protocols.SHIPPED, *language):
    """As `load`; the shipped protocol is not read again."""
    return READY if str(folder) == str(protocols.SHIPPED) and not language else _load(folder, *language)


def serve() -> None:
    protocols.load = _ready_or_read
    lexicon(READY)
    while line := sys.stdin.readline():
        asked = json.loads(line)
        if not (child := os.fork()):
            _run(asked)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(asked: dict[str, object]) -> None:
    """The command, in the child: with streams of its own, as Python would have opened them."""
    code = 1
    try:
        for number, name in enumerate(asked["streams"]):
            os.dup2(os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY), number)
        sys.stdin = open(0, encoding=sys.__stdin__.encoding, errors=sys.__stdin__.errors)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding=sys.__stdout__.encoding, errors=sys.__stdout__.errors)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
        try:
            code = main(asked["arguments"])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        sys.stdout.flush()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
