"""`equina ask` and `equina handover` behind their options: files, the terminal, the time."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from equina.ask import files
from equina.ask.asking import Talk
from equina.ask.session import Session, known
from equina.ask.talk import BAD_INPUT, hold, open_new, open_resumed, tell
from equina.ask.terminal import printable, standard, width
from equina.case import Case
from equina.exchange import BadInput, NotJson, read_request
from equina.handover import handover
from equina.model import Protocol
from equina.notes.evidence import with_text
from equina.prose import as_markdown, as_text
from equina.triage import assess
from equina.wording import wording

__all__ = ["interview", "pages", "told_answers"]

OK = 0
MOST_BAD = 3  # lines that are no JSON, at the head of a file: then it is another kind of file


def now() -> datetime:
    """This moment, to the second, with the offset from UTC of where the person is."""
    return datetime.now(UTC).astimezone().replace(microsecond=0)


def interview(
    protocol: Protocol, warn: Callable[[str], None], *, save: str | None = None, resume: str | None = None, plain: bool = False
) -> int:
    """Hold an interview in this process's terminal; the exit code. With `save` or `resume` the answers are kept in that file."""
    terminal = standard(plain=plain)
    moment = now()
    talk = Talk(protocol=protocol, terminal=terminal, now=now, warn=warn)
    try:
        if resume is not None:
            return _resume(talk, Path(resume), moment)
        session = Session(start=Case(as_of=moment))
        if save is not None:
            files.create(Path(save), files.line_of(protocol, known(protocol, session)), protocol.language)
            talk = _keeping(talk, Path(save), None)
    except BadInput as error:
        warn(str(error))
        return BAD_INPUT
    open_new(talk)
    return hold(talk, session)


def _resume(talk: Talk, given: Path, moment: datetime) -> int:
    path = given.resolve()  # a link stays a link, and what it leads to is kept up to date
    saved = files.read_saved(talk.protocol, path, moment)
    case = replace(files.resumed(saved, moment), told=printable(saved.request.case.told))
    try:
        files.write(path, files.line_of(talk.protocol, case, saved.request.id))
    except OSError as error:
        raise BadInput(talk.words["file_unwritable"].format(file=given, why=files.why(error))) from None
    talk = _keeping(talk, path, saved.request.id)
    open_resumed(talk, case, saved.request.case.as_of, same_questions=saved.same_questions)
    return hold(talk, Session(start=case, complete=case.complete))


def _keeping(talk: Talk, path: Path, id: str | None) -> Talk:
    """The talk with its answers kept in the file. When that fails, the person is told and the talk goes on.

    A file that has changed meanwhile is left alone: another window goes on with the same interview, and its answers would be lost.
    """
    latest = files.read_bytes(path, talk.protocol.language)

    def keep(case: Case) -> None:
        nonlocal latest
        line = files.line_of(talk.protocol, case, id)
        try:
            if path.exists() and path.read_bytes() != latest:
                talk.terminal.say(talk.words["kept_elsewhere"].format(file=path))
                return
            files.write(path, line)
            latest = line.encode("ascii")
        except OSError as error:
            talk.terminal.say(talk.words["not_kept"].format(file=path, why=files.why(error)))

    return replace(talk, file=shlex.quote(str(path)), keep=keep)


def told_answers(protocol: Protocol, warn: Callable[[str], None], *, answers: str, plain: bool = False) -> int:
    """Print the result of the answers in a file, or of standard input for "-"; the exit code."""
    talk = Talk(protocol=protocol, terminal=standard(plain=plain), now=now, warn=warn)
    try:
        data = sys.stdin.buffer.read(files.LARGEST) if answers == "-" else files.read_bytes(Path(answers), protocol.language)
        name = "standard input" if answers == "-" else answers
        request = files.read_case(protocol, name, data, now())
        if request.case.answered_by == "record":
            raise BadInput(talk.words["file_of_record"].format(file=name))
    except BadInput as error:
        warn(str(error))
        return BAD_INPUT
    return tell(talk, with_text(protocol, request.case))


def pages(protocol: Protocol, warn: Callable[[str], None], lines: Iterable[tuple[int, bytes | None]], *, markdown: bool) -> int:
    """Print the handover of each case, with a line across between two; the exit code. A bad line is told and left out; a file
    that begins with lines of another kind is left."""
    terminal, words = standard(), wording("ask", protocol.language)
    given = faulty = 0
    for number, line in lines:
        given += 1
        try:
            if line is None:
                raise BadInput(words["line_too_long"])
            case = with_text(protocol, read_request(protocol, line, now()).case)
        except BadInput as error:
            faulty += 1
            warn(words["bad_line"].format(n=number, why=error))
            if faulty == given == MOST_BAD and isinstance(error, NotJson):
                warn(words["no_saved"])
                return BAD_INPUT
            continue
        if given - faulty > 1:
            terminal.write("\n---\n\n" if markdown else f"\n{'-' * width()}\n\n")
        case = replace(case, told=printable(case.told))
        blocks = handover(protocol, case, assess(protocol, case))
        terminal.write(as_markdown(blocks) if markdown else as_text(blocks, width(), bold=terminal.bold))
    if not given:
        warn(words["no_case"])
    return BAD_INPUT if faulty or not given else OK
