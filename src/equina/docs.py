"""The pages that are made: docs/coverage.md and docs/protocol.md of the protocol, the hazards in docs/safety.md of the hazard log,
docs/reference/commands.md of the command line.
`python -m equina.docs` writes them, `--check` compares.

They are what a clinician reviews, so they say everything the rules do and nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from equina.arguments import EXAMPLES, parser
from equina.cli import RUNS
from equina.hazards import faults, filled, read_log
from equina.model import Line, Protocol
from equina.protocol import load
from equina.review import protocol_page
from equina.tables import ProtocolError

__all__ = ["commands_page", "coverage_page", "main"]

ROWS = {
    "A1": "why the combination matters; time matters",
    "A2": "five back-pain signs",
    "A3": "four kinds of leak, and mixed",
    "A4": "six emergency red flags",
    "A5": "seven groups of causes with their sub-causes",
    "A6": "the clinician's seven questions",
    "A7": "exams and tests",
    "A8": "treatment by cause",
    "A9": "what should I do right now, every line",
    "A10": "three questions often asked",
    "A11": "five experiences",
    "A12": "the sentence to say",
    "A13": "use the checklist, get evaluated, help is available",
    "A14": "general education, said once",
}
# Rows that no line of a list carries, and what does.
CARRIED_OTHERWISE = {
    "A1": "the policy `waiting_harms`, on every emergency result; the opening of `equina ask`; the start page is to come",
    "A6": "asked in the interview where they bear on the advice, and written out answered in the result and the handover",
    "A10": "answered against the person's own answers in every result with advice",
    "A11": '`equina stories`, and "stories like yours" in the result',
    "A12": "`what to say` in every result, and the handover page",
    "A13": "the signs to come back for, on every result below an emergency; the checklist card of `equina paper`",
    "A14": "`notice` of protocol.toml, on every result and in every `--help`",
}


# --- coverage.md ---------------------------------------------------------------------------------------------------------------


def coverage_page(protocol: Protocol) -> str:
    """Each row of what is owed, and each line of the source article's lists, with what serves it."""
    lines = [
        "# Coverage of the source article",
        "",
        "Generated from the protocol (`make docs`); do not edit. Each line of the article's lists, in its order, with the",
        "findings, rules and other parts of the protocol that serve it.",
    ]
    serving: dict[str, list[str]] = {}
    for rule in protocol.rules.values():
        for line in rule.serves:
            serving.setdefault(line, []).append(rule.id)
    for row, title in ROWS.items():
        lines += ["", f"## {row}: {title}", ""]
        own = [line for line in protocol.lines.values() if line.row == row]
        if own:
            lines += ["| line | part | findings | rules | other |", "| --- | --- | --- | --- | --- |"]
            lines += [_coverage_row(line, serving.get(line.id, [])) for line in own]
        if row in CARRIED_OTHERWISE:
            lines += [f"Carried by: {CARRIED_OTHERWISE[row]}."]
    return "\n".join(lines) + "\n"


def _coverage_row(line: Line, rules: Sequence[str]) -> str:
    other = "; ".join(f"{key}: {_codes(ids)}" for key, ids in line.serves.items() if key not in ("findings", "rules") and ids)
    named = dict.fromkeys((*rules, *line.serves.get("rules", ())))
    return f"| {line.says} | {line.part} | {_codes(line.serves.get('findings', ()))} | {_codes(named)} | {other} |"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# --- reference/commands.md -------------------------------------------------------------------------------------------------------


def commands_page() -> str:
    """Every command with its options, from the parser of the command line."""
    lines = [
        "# Commands",
        "",
        "Generated from the command line (`make docs`); do not edit. Exit codes: 0 success, 1 the answer is no (a proof fails, an",
        "evaluation misses its bar), 2 bad input.",
    ]
    commands = next(action for action in parser(RUNS)._actions if isinstance(action, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        lines += ["", f"## equina {name}", "", command.description or "", "", "| | |", "| --- | --- |"]
        lines += [_option(action) for action in command._actions if action.help is not argparse.SUPPRESS and action.dest != "help"]
        lines += ["", f"For example: `{EXAMPLES[name]}`"]
    return "\n".join(lines) + "\n"


def _option(action: argparse.Action) -> str:
    names = ", ".join(action.option_strings)
    takes = "" if action.nargs == 0 else str(action.metavar or "")
    if not takes and action.choices:
        takes = "{" + ",".join(map(str, action.choices)) + "}"
    elif not takes and action.nargs != 0:
        takes = action.dest.upper()
    words = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%").replace("|", "\\|")
    return f"| `{' '.join(filter(None, (names, takes)))}` | {words} |"


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with --check compare them and say which is stale. 1 if one is, or if a hazard names what is not there."""
    protocol = load()
    folder = Path("docs")
    try:
        log = read_log(folder)
    except ProtocolError as error:
        print(error, file=sys.stderr)
        return 1
    if missing := faults(log, Path()):
        print("\n".join(missing), file=sys.stderr)
        return 1
    safety = filled((folder / "safety.md").read_text(encoding="utf-8"), log)
    pages: Mapping[str, str] = {
        "coverage.md": coverage_page(protocol),
        "protocol.md": protocol_page(protocol),
        "safety.md": safety,
    } | {"reference/commands.md": commands_page()}
    stale = []
    for name, text in pages.items():
        path = folder / name
        if "--check" in arguments:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(str(path))
        else:
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"stale: {', '.join(stale)}; run make docs", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
