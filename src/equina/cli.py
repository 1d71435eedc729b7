"""The command line: what runs each command of `arguments.py`.

Exit codes: 0 success, 1 the answer is no, 2 bad input.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from equina.arguments import parser as arguments_of
from equina.extras import lacking
from equina.misspelt import absent, parsed
from equina.proof.command import command as proofs

if TYPE_CHECKING:
    from equina.model import Protocol
    from equina.tables import ProtocolError

__all__ = ["main"]

OK, NO, BAD_INPUT = 0, 1, 2
# As a shell reports a program that ended by SIGINT or SIGPIPE.
INTERRUPTED, PIPE_CLOSED = 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    if sys.stdout is None or sys.stdin is None:  # the shell closed them: <&- or >&-
        return BAD_INPUT if sys.stderr is None else _refuse("standard input and output must be open; use /dev/null for none")
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        _say("stopped by you; what was printed so far is whole")
        return INTERRUPTED
    except BrokenPipeError:
        _say("the output was closed before all was written")
        return _mute(PIPE_CLOSED)
    except OSError as error:
        _say(f"the output could not be written: {(error.strerror or str(error)).lower()}")
        return _mute(BAD_INPUT)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        parser = arguments_of(RUNS)
        options = parsed(parser, arguments)
        if not hasattr(options, "run"):
            parser.print_help(sys.stderr)
            return BAD_INPUT
        if (missing := absent(options)) is not None:
            return _refuse(missing)
        return int(options.run(options))
    finally:
        sys.stdout.flush()


def _mute(code: int) -> int:
    """The exit code, once standard output leads nowhere, so that Python's own flush at exit is quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _refuse(message: str) -> int:
    _say(message)
    return BAD_INPUT


def _say(message: str) -> None:
    print(f"equina: {message}", file=sys.stderr)


def _load(options: argparse.Namespace) -> Protocol | None:
    from equina.locale import localized
    from equina.protocol import SHIPPED, load
    from equina.tables import ProtocolError

    try:
        protocol = load(options.protocol or SHIPPED)
        language = getattr(options, "language", None)
        return protocol if language is None else localized(protocol, language)
    except ProtocolError as error:
        _faults("the protocol", error)
        return None


def _faults(what: str, error: ProtocolError) -> int:
    _say(f"{what} has {len(error.faults)} fault{'s' if len(error.faults) > 1 else ''}:")
    for fault in error.faults:
        print(f"  {fault}", file=sys.stderr)
    return BAD_INPUT


# --- the interview and its page ------------------------------------------------------------------------------------------------


def _ask(options: argparse.Namespace) -> int:
    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    from equina.ask.command import interview, told_answers

    if options.answers is not None:
        return _reading(lambda: told_answers(protocol, _say, answers=options.answers, plain=options.plain))
    return interview(protocol, _say, save=options.save, resume=options.resume, plain=options.plain)


def _handover(options: argparse.Namespace) -> int:
    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    from equina.ask.command import pages
    from equina.lines import lines_of

    if options.pdf is not None:
        return _reading(lambda: _with_lines(options, lambda stream: _print(protocol, options, "desk", stream)))
    markdown = options.format == "markdown"
    return _reading(lambda: _with_lines(options, lambda stream: pages(protocol, _say, lines_of(stream), markdown=markdown)))


def _paper(options: argparse.Namespace) -> int:
    protocol = _load(options)
    return BAD_INPUT if protocol is None else _print(protocol, options, options.sheet)


def _print(protocol: Protocol, options: argparse.Namespace, sheet: str, stream: BinaryIO | None = None) -> int:
    from equina.lines import lines_of

    try:
        from equina.paper.command import print_sheet
    except ModuleNotFoundError as error:
        return _refuse(lacking("printing needs", error.name, "paper"))
    return print_sheet(protocol, _say, sheet, options.pdf, lines_of(stream) if stream else (), letter=options.letter)


def _serve(options: argparse.Namespace) -> int:
    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    try:
        for name in ("uvicorn", "starlette", "jinja2", "itsdangerous", "prometheus_client"):
            _installed(name)
        from equina.locale import languages, localized
        from equina.web.serve import serve

        return serve({language: localized(protocol, language) for language in languages(protocol)}, options, _refuse)
    except ModuleNotFoundError as error:
        return _refuse(lacking("the pages need", error.name, "service"))


def _installed(name: str) -> None:
    """Raise ModuleNotFoundError for what is not installed, so that it is told before a port is opened; nothing is imported yet."""
    from importlib.util import find_spec

    if find_spec(name) is None:
        raise ModuleNotFoundError(name, name=name)


def _mcp(options: argparse.Namespace) -> int:
    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    try:
        from equina.assistant.server import serve
        from equina.locale import languages, localized
    except ModuleNotFoundError as error:
        return _refuse(lacking("the tools for assistants need", error.name, "mcp"))
    return _reading(lambda: serve({language: localized(protocol, language) for language in languages(protocol)}, options, _refuse))


# --- triage --------------------------------------------------------------------------------------------------------------------


def _triage(options: argparse.Namespace) -> int:
    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    if options.fhir or options.as_of:
        from equina.fhir.command import triage_records

        return _reading(lambda: _with_lines(options, lambda stream: triage_records(protocol, stream, sys.stdout, _say, options)))
    from equina.lines import triage

    return _reading(lambda: _with_lines(options, lambda stream: triage(protocol, stream, sys.stdout, _say)))


def _screen(options: argparse.Namespace) -> int:
    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    from equina.batch.command import run

    try:
        return _reading(lambda: run(protocol, options, _say))
    except ModuleNotFoundError as error:
        extra = "spark" if error.name in ("pyspark", "pandas") else "batch"
        return _refuse(lacking("screening needs", error.name, extra))


def _with_lines(options: argparse.Namespace, run: Callable[[BinaryIO], int]) -> int:
    """What `run` returns for the file of the options, or for standard input."""
    if options.file == "-":
        if sys.stdin.isatty():
            _say("type one case a line, as JSON; end with Ctrl-D")
        return run(sys.stdin.buffer)
    try:
        stream = open(options.file, "rb")  # noqa: PTH123, SIM115  (closed below; an error of opening is told apart from one of writing)
    except OSError as error:
        return _refuse(f"{options.file}: {(error.strerror or str(error)).lower()}; give a file that can be read")
    with stream:
        return run(stream)


def _read(options: argparse.Namespace) -> int:
    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    from equina.notes.command import run, tone

    show = "html" if options.html else tone(sys.stdout, plain=options.plain) if options.show else None
    read = partial(run, protocol, _say, out=sys.stdout, show=show, cues=options.cues)
    return _reading(lambda: _with_lines(options, lambda stream: read(stream)))


def _reading(run: Callable[[], int]) -> int:
    """What `run` returns; the faults of the lexicon, which is opened when the first text is read, are told like the protocol's."""
    from equina.tables import ProtocolError

    try:
        return run()
    except ProtocolError as error:
        return _faults("the lexicon", error)


# --- the other commands --------------------------------------------------------------------------------------------------------


def _worklist(options: argparse.Namespace) -> int:
    from equina.worklist.command import run

    protocol = _load(options)
    return BAD_INPUT if protocol is None else _reading(lambda: run(protocol, options, _say))


def _show(options: argparse.Namespace) -> int:
    from equina.cards import cards, every_id, listing
    from equina.tables import nearest

    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    if not options.ids:
        print(listing(protocol))
    missing = 0
    for i, name in enumerate(options.ids):
        found = cards(protocol, name)
        if not found:
            missing += 1
            _say(f'"{name}" is no id of the protocol; {nearest(name, every_id(protocol))}')
            if like := listing(protocol, name):
                print(like, file=sys.stderr)
        for j, card in enumerate(found):
            print(("\n" if i or j else "") + card)
    return BAD_INPUT if missing else OK


def _stories(options: argparse.Namespace) -> int:
    from equina.cards import story_in_full, story_line
    from equina.tables import nearest

    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    chosen = options.full or next(iter(protocol.stories), "")
    if chosen not in protocol.stories:
        return _refuse(f'"{chosen}" is no story; {nearest(chosen, protocol.stories)}')
    for story in protocol.stories.values():
        print(story_line(protocol, story))
    if not options.short:
        print("\n" + story_in_full(protocol, protocol.stories[chosen]))
    return OK


def _diff(options: argparse.Namespace) -> int:
    from equina.diff.command import diff
    from equina.lines import lines_of

    return diff(options, sys.stdout, _say, lines_of)


def _evaluate(options: argparse.Namespace) -> int:
    from equina.evaluation.command import run

    protocol = _load(options)
    return BAD_INPUT if protocol is None else _reading(lambda: run(protocol, options, _say))


def _export(options: argparse.Namespace) -> int:
    from equina.fhir.command import export

    protocol = _load(options)
    return BAD_INPUT if protocol is None else export(protocol, options.out, _refuse)


def _prove(options: argparse.Namespace) -> int:
    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    try:
        return proofs(protocol, options, sys.stdout, _refuse)
    except ModuleNotFoundError as error:
        if error.name != "z3":
            raise
        return _refuse(lacking("proofs need", "z3", "proofs"))


RUNS = {
    "ask": _ask,
    "triage": _triage,
    "handover": _handover,
    "paper": _paper,
    "read": _read,
    "screen": _screen,
    "worklist": _worklist,
    "serve": _serve,
    "mcp": _mcp,
    "show": _show,
    "stories": _stories,
    "diff": _diff,
    "evaluate": _evaluate,
    "export": _export,
    "prove": _prove,
}
