"""What the command line takes: each command with its options and help. `cli.py` runs them."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Mapping

from equina import __version__
from equina.batch.options import add_arguments as screen_arguments
from equina.diff.options import add_arguments as diff_arguments
from equina.evaluation.options import add_arguments as evaluation_arguments
from equina.misspelt import Parser
from equina.proof.command import add_arguments as prove_arguments
from equina.web.options import add_arguments as serve_arguments
from equina.web.options import add_workers
from equina.worklist.options import add_arguments as worklist_arguments

__all__ = ["Run", "parser"]

Run = Callable[[argparse.Namespace], int]
# Adds one command, by its name and what it does.
Add = Callable[[str, str], argparse.ArgumentParser]

# The commands whose answers are read by a patient or a clinician, so that they may be in another language.
TRANSLATED = ("ask", "triage", "handover", "paper", "show", "stories")
# The command that is about two protocols, which it names itself.
OF_TWO_PROTOCOLS = "diff"

NOTICE = (
    "General education and research. Not a medical device; no clinician has reviewed the protocol. "
    "With sudden back pain and new bladder or bowel trouble, get emergency care now."
)
# One for each command, of files that the repository has where it needs one; the first is for all.
EXAMPLES = {
    "": "equina stories --short",
    "ask": "equina ask --save answers.json",
    "handover": "equina handover answers.json --pdf page.pdf",
    "paper": "equina paper checklist --out card.pdf",
    "triage": """echo '{"id": "c1", "findings": {"back_pain": true, "urinary_retention": true}}' | equina triage""",
    "read": """echo "No fever, but I can't pass urine" | equina read --show""",
    "worklist": "equina worklist run-1 --size 20 --context --html list.html",
    "screen": "equina screen examples/public_records examples/notes.jsonl --out run-1",
    "serve": "equina serve --port 8642",
    "mcp": "equina mcp --http",
    "show": "equina show saddle_numbness",
    "stories": "equina stories --full it_was_my_kidneys",
    "export": "equina export --out equina.tgz",
    "diff": "equina diff src/equina/protocols/back_pain my_protocol",
    "evaluate": "equina evaluate --mode patient --html report.html",
    "prove": "equina prove --list",
}

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


class _ReaderVersion(argparse.Action):
    """Tells the version and which reader of notes is in use, which is looked up only when it is asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from equina.notes.native import which

        print(f"equina {__version__}, reader of notes: {which()}")
        parser.exit(0)


def parser(runs: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The parser of the command line; `runs` has for each command what runs it."""
    whole = Parser(
        prog="equina",
        description="Red-flag triage for back pain with bladder or bowel symptoms.",
        epilog=_example("") + "\n\n" + textwrap.fill(NOTICE, 78),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"equina {__version__}")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
        if name != OF_TWO_PROTOCOLS:
            command.add_argument("--protocol", metavar="DIR", help="another protocol (default: the one shipped)")
        if name in TRANSLATED:
            command.add_argument("--language", metavar="CODE", help="of the texts, such as es (default: English)")
        command.set_defaults(run=runs[name], parser=command)
        return command

    for group in (_people, _records, _populations, _servers, _cards, _proofs):
        group(add)
    for name, command in commands.choices.items():
        command.epilog = "\n".join(filter(None, (_example(name) + "\n", command.epilog)))
        command.formatter_class = argparse.RawDescriptionHelpFormatter  # which fills no lines
        about = command.description or ""
        command.description = about if "\n" in about else textwrap.fill(about, 78)
    return whole


def _example(name: str) -> str:
    return f"for example:\n  {EXAMPLES[name]}"


def _people(add: Add) -> None:
    """The interview and what is printed of it."""
    ask = add("ask", "questions one by one, and what to do; nothing is stored unless asked")
    ask.formatter_class = argparse.RawDescriptionHelpFormatter
    ask.epilog = ASKING
    files = ask.add_mutually_exclusive_group()
    files.add_argument("--save", metavar="FILE", help="keep the answers in this new file, which only you can read")
    files.add_argument("--resume", metavar="FILE", help="go on from a saved file, and keep it up to date")
    files.add_argument(
        "--answers", metavar="FILE", help="ask nothing: the result of the answers in this file (- for standard input)"
    )
    ask.add_argument("--plain", action="store_true", help="no bold, no lines across, one answer a line: for a screen reader")

    page = add("handover", "the page of a case, to show a clinician")
    page.add_argument("file", nargs="?", default="-", metavar="FILE", help="saved by ask, or JSON Lines (default: standard input)")
    written = page.add_mutually_exclusive_group()
    written.add_argument("--format", choices=("text", "markdown"), default="text", help="how the page is written (default: text)")
    written.add_argument("--pdf", metavar="FILE", help="print one case on one page, into this new file (extra: paper)")
    page.add_argument("--letter", action="store_true", help="with --pdf: on US Letter (default: A4)")

    paper = add("paper", "a card of the signs that can't wait, or a blank form, to print (extra: paper)")
    paper.add_argument("sheet", choices=("checklist", "form"), help="the card (A6), or the form (A4)")
    paper.add_argument("--out", dest="pdf", metavar="FILE", required=True, help="the new PDF file")
    paper.add_argument("--letter", action="store_true", help="the form on US Letter")


def _records(add: Add) -> None:
    """Cases, texts and records in; answers out."""
    triage = add("triage", "cases in, what to do and why out (JSON Lines)")
    triage.add_argument("file", nargs="?", default="-", metavar="FILE", help="JSON Lines, a case a line (default: standard input)")
    triage.add_argument("--fhir", action="store_true", help="the input is FHIR R4 records: a Bundle, or resources one a line")
    triage.add_argument("--as-of", metavar="MOMENT", help="with --fhir: the moment to judge by (default: now)")

    reader = add("read", "text in, the findings it mentions out (JSON Lines), each with its words")
    reader.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help='a text, or JSON Lines with "id" and "text" (default: standard input)'
    )
    reader.add_argument("--show", action="store_true", help="print the text with the findings marked, and why")
    reader.add_argument("--plain", action="store_true", help="with --show: no colour, the marks as signs")
    reader.add_argument("--html", action="store_true", help="the same as one HTML page")
    reader.add_argument(
        "--cues", metavar="FILE", help="a lexicon file of your own, besides the protocol's or (replaces = true) instead"
    )
    reader.add_argument(
        "--version", nargs=0, action=_ReaderVersion, help="tell which reader is in use, the compiled one or Python's"
    )


def _populations(add: Add) -> None:
    """Whole populations."""
    worklist_arguments(
        add("worklist", "whom to call first after a screening run, why, what to ask, the page to hand over (extra: batch)")
    )

    screen_arguments(add("screen", "a whole population: records, tables and texts in, a row for each patient out (extra: batch)"))


def _servers(add: Add) -> None:
    served = add("serve", "the interview, the result and the handover as pages, and doors for programs, on this machine")
    serve_arguments(served)
    add_workers(served)

    tools = add("mcp", "tools for chat assistants (MCP), on standard input and output (extra: mcp)")
    tools.add_argument("--http", action="store_true", help="as streamable HTTP at /mcp; the options below are for it")
    serve_arguments(tools)
    tools.set_defaults(port=8643)


def _cards(add: Add) -> None:
    """What the protocol says, for a reader or another system."""
    show = add("show", "the card of a rule, finding, cause, test, care, medicine or source")
    show.add_argument("ids", nargs="*", metavar="ID", help="an id of the protocol, such as cannot_pass_urine (default: list them)")

    stories = add("stories", "triage the shipped stories, of invented people, and print one result in full")
    stories.add_argument("--short", action="store_true", help="a line for each story, and no more")
    stories.add_argument("--full", metavar="STORY", help="the story to print in full, by its id (default: the first)")

    add("export", "the questions, codes and rules as definitions in FHIR R4").add_argument(
        "--out", metavar="PATH", required=True, help="a new FHIR package, as FILE.tgz, or a folder"
    )


def _proofs(add: Add) -> None:
    diff_arguments(add("diff", "whom a change of the protocol moves, between two versions of it (extra: proofs)"))
    evaluation_arguments(add("evaluate", "how well vignettes are triaged, here or by another command"))
    prove_arguments(add("prove", "prove the safety properties over every case (needs the extra: proofs)"))
