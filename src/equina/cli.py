"""The command line: `equina ask`, `triage`, `handover`, `show`, `stories`, `prove`.

Exit codes: 0 success, 1 the answer is no, 2 bad input.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from equina import __version__
from equina.diff.command import add_arguments as diff_arguments
from equina.evaluation.options import add_arguments as evaluation_arguments
from equina.proof.command import add_arguments as prove_arguments
from equina.proof.command import command as proofs
from equina.web.serve import add_arguments

if TYPE_CHECKING:
    from equina.model import Protocol
    from equina.tables import ProtocolError

__all__ = ["main"]

OK, NO, BAD_INPUT = 0, 1, 2
# As a shell reports a program that ended by SIGINT or SIGPIPE.
INTERRUPTED, PIPE_CLOSED = 130, 141
# The commands whose answers are read by a patient or a clinician, so that they may be in another language.
TRANSLATED = ("ask", "triage", "handover", "paper", "show", "stories")

NOTICE = (
    "General education and research. Not a medical device; no clinician has reviewed the protocol. "
    "With sudden back pain and new bladder or bowel trouble, get emergency care now."
)
EXAMPLE = """\
example:
  echo '{"id": "c1", "findings": {"back_pain": true, "urinary_retention": true}}' | equina triage
"""

ASKING = """\
Answer with a number or a word, then Enter. At any time: b goes back, c changes
an answer, h is help, r shows the question again, q stops. NO_COLOR leaves out
bold. A saved file is one line that `equina triage` and `equina handover` take.

exit codes:
  0    advice was given, or an emergency was shown
  1    stopped before any advice
  2    bad input, or the input ended before any advice
  130  Ctrl-C
"""


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
        parser = _parser()
        options = parser.parse_args(arguments)
        if not hasattr(options, "run"):
            parser.print_help(sys.stderr)
            return BAD_INPUT
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="equina", description="Red-flag triage for back pain with bladder or bowel symptoms.", epilog=NOTICE
    )
    parser.add_argument("--version", action="version", version=f"equina {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    ask = _command(commands, "ask", _ask, "questions one by one, and what to do; nothing is stored unless asked")
    ask.formatter_class = argparse.RawDescriptionHelpFormatter
    ask.epilog = ASKING
    files = ask.add_mutually_exclusive_group()
    files.add_argument("--save", metavar="FILE", help="keep the answers in this new file, which only you can read")
    files.add_argument("--resume", metavar="FILE", help="go on from a saved file, and keep it up to date")
    files.add_argument(
        "--answers", metavar="FILE", help="ask nothing: the result of the answers in this file (- for standard input)"
    )
    ask.add_argument("--plain", action="store_true", help="no bold, no lines across, one answer a line: for a screen reader")

    triage = _command(commands, "triage", _triage, "cases in, what to do and why out (JSON Lines)")
    triage.formatter_class, triage.epilog = argparse.RawDescriptionHelpFormatter, EXAMPLE
    triage.add_argument("file", nargs="?", default="-", metavar="FILE", help="JSON Lines, a case a line (default: standard input)")
    triage.add_argument("--fhir", action="store_true", help="the input is FHIR R4 records: a Bundle, or resources one a line")
    triage.add_argument("--as-of", metavar="MOMENT", help="with --fhir: the moment to judge by (default: now)")

    page = _command(commands, "handover", _handover, "the page of a case, to show a clinician")
    page.add_argument("file", nargs="?", default="-", metavar="FILE", help="saved by ask, or JSON Lines (default: standard input)")
    written = page.add_mutually_exclusive_group()
    written.add_argument("--format", choices=("text", "markdown"), default="text", help="how the page is written (default: text)")
    written.add_argument("--pdf", metavar="FILE", help="print one case on one page, into this new file (extra: paper)")
    page.add_argument("--letter", action="store_true", help="with --pdf: on US Letter (default: A4)")

    paper = _command(commands, "paper", _paper, "a card of the signs that can't wait, or a blank form, to print (extra: paper)")
    paper.add_argument("sheet", choices=("checklist", "form"), help="the card (A6), or the form (A4)")
    paper.add_argument("--out", dest="pdf", metavar="FILE", required=True, help="the new PDF file")
    paper.add_argument("--letter", action="store_true", help="the form on US Letter")

    reader = _command(commands, "read", _read, "text in, the findings it mentions out (JSON Lines), each with its words")
    reader.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help='a text, or JSON Lines with "id" and "text" (default: standard input)'
    )
    reader.add_argument("--show", action="store_true", help="print the text with the findings marked, and why")
    reader.add_argument("--plain", action="store_true", help="with --show: no colour, the marks as signs")
    reader.add_argument("--html", action="store_true", help="the same as one HTML page")
    reader.add_argument(
        "--cues", metavar="FILE", help="a lexicon file of your own, besides the protocol's or (replaces = true) instead"
    )

    serve = _command(commands, "serve", _serve, "the interview, the result and the handover as pages, on this machine")
    add_arguments(serve)

    tools = _command(commands, "mcp", _mcp, "tools for chat assistants (MCP), on standard input and output (extra: mcp)")
    tools.add_argument("--http", action="store_true", help="as streamable HTTP at /mcp; the options below are for it")
    add_arguments(tools)
    tools.set_defaults(port=8643)

    show = _command(commands, "show", _show, "the card of a rule, finding, cause, test, care, medicine or source")
    show.add_argument("ids", nargs="*", metavar="ID", help="an id of the protocol, such as cannot_pass_urine (default: list them)")

    stories = _command(commands, "stories", _stories, "triage the shipped stories and print one result in full")
    stories.add_argument("--full", metavar="STORY", help="the story to print in full, by its id (default: the first)")

    difference = commands.add_parser("diff", help="whom a change of the protocol moves, between two versions of it (extra: proofs)")
    difference.set_defaults(run=_diff)
    diff_arguments(difference)

    evaluation = _command(commands, "evaluate", _evaluate, "how well vignettes are triaged, here or by another command")
    evaluation_arguments(evaluation)

    _command(commands, "export", _export, "the questions, codes and rules as definitions in FHIR R4").add_argument(
        "--out", metavar="PATH", required=True, help="a new FHIR package, as FILE.tgz, or a folder"
    )

    prove = _command(commands, "prove", _prove, "prove the safety properties over every case (needs the extra: proofs)")
    prove_arguments(prove)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: Callable[[argparse.Namespace], int], about: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
    command.add_argument("--protocol", metavar="DIR", help="another protocol (default: the one shipped)")
    if name in TRANSLATED:
        command.add_argument("--language", metavar="CODE", help="of the texts, such as es (default: English)")
    command.set_defaults(run=run)
    return command


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
        return _refuse(f"printing needs {error.name}; install the extra: pip install 'equina[paper]'")
    return print_sheet(protocol, _say, sheet, options.pdf, lines_of(stream) if stream else (), letter=options.letter)


def _serve(options: argparse.Namespace) -> int:
    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    try:
        from equina.locale import languages, localized
        from equina.web.serve import serve

        return serve({language: localized(protocol, language) for language in languages(protocol)}, options, _refuse)
    except ModuleNotFoundError as error:
        return _refuse(f"the pages need {error.name}; install the extra: pip install 'equina[service]'")


def _mcp(options: argparse.Namespace) -> int:
    protocol = _load(options)
    if protocol is None:
        return BAD_INPUT
    try:
        from equina.assistant.server import serve
        from equina.locale import languages, localized
    except ModuleNotFoundError as error:
        return _refuse(f"the tools for assistants need {error.name}; install the extra: pip install 'equina[mcp]'")
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
        return _refuse("proofs need the solver z3: pip install z3-solver, or make setup in the repository")
