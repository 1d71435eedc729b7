"""What someone who mistyped a command, an option, a word or the name of a file may have meant. Needs argparse alone."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn

__all__ = ["Parser", "absent", "parsed"]

BAD_INPUT = 2
# Options and arguments that name something that must be there before any work begins.
READ = ("file", "files", "inputs", "folder", "answers", "resume", "cases", "accept", "cues", "old", "new", "protocol")
# Those that have words of their own when nothing is there and nothing is like it.
OWN_WORDS = ("folder", "answers", "resume", "cues", "old", "new", "protocol")

CHOICE = re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)\Z", re.DOTALL)
COMMAND = re.compile(r"argument COMMAND: invalid choice: '(.*)' \(choose from (.*)\)\Z", re.DOTALL)
STRANGE = re.compile(r"unrecognized arguments: (.*)\Z", re.DOTALL)
OPTION = re.compile(r"--[a-z][a-z-]*")


class Parser(argparse.ArgumentParser):
    """A parser whose faults name the nearest of what it takes.

    >>> Parser(prog="equina")._mended("argument COMMAND: invalid choice: 'stroies' (choose from 'show', 'stories')")
    '"stroies" is no command; did you mean "stories"?'
    """

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(BAD_INPUT, f"{self.prog}: {self._mended(message)}\n`{self.prog} --help` tells more.\n")

    def _mended(self, message: str) -> str:
        if found := COMMAND.search(message):
            known = _words(found[2])
            return f'"{found[1]}" is no command; {_meant(found[1], known) or "the commands are " + ", ".join(known)}'
        if found := CHOICE.search(message):
            return "; ".join(filter(None, (message, _meant(found[1], _words(found[2])))))
        if found := STRANGE.search(message):
            return "; ".join(filter(None, (message, self._option(found[1].split()))))
        return message

    def _option(self, words: Sequence[str]) -> str | None:
        """The options that are most like the ones that it does not know."""
        known = OPTION.findall(self.format_help())
        given = [word.partition("=")[0] for word in words if word.startswith("-")]
        meant = [close for word in given if (close := _close(word, known, 0.7))]
        return f"did you mean {' '.join(dict.fromkeys(meant))}?" if meant else None


def parsed(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options. What is left over is told by the command that it was given to (`parser` of the options), not by the whole."""
    options, rest = parser.parse_known_args(arguments)
    if rest:
        getattr(options, "parser", parser).error(f"unrecognized arguments: {' '.join(rest)}")
    return options


def absent(options: argparse.Namespace) -> str | None:
    """What to say of the first file or folder that is to be read and is not there; None when all are.

    It is looked for before anything is loaded, so that a slip of the finger costs no second.
    """
    english = getattr(options, "language", None) in (None, "en")
    for name in READ if english else (name for name in READ if name not in OWN_WORDS):
        given = getattr(options, name, None)
        for path in given if isinstance(given, list) else [given]:
            if not isinstance(path, str | os.PathLike) or str(path) == "-" or _is_there(str(path)):
                continue
            if like := _beside(str(path)):
                return f"{path}: no such file or directory; did you mean {like}?"
            if name == "inputs":
                return f"{path}: no such file or folder; give files or folders that can be read"
            if name not in OWN_WORDS:
                return f"{path}: no such file or directory; give a file that can be read"
    return None


def _is_there(path: str) -> bool:
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError:
        return True  # there or not, it can't be read: whoever opens it says why
    return True


def _beside(path: str) -> str | None:
    """What stands in the same folder under the name most like it."""
    from pathlib import Path

    missing = Path(path)
    try:
        names = [one.name for one in missing.parent.iterdir()]
    except OSError:
        return None
    like = _close(missing.name, names, 0.75)
    return str(missing.with_name(like)) if like else None


def _meant(word: str, known: Iterable[str]) -> str | None:
    close = _close(word, list(known))
    return f'did you mean "{close}"?' if close else None


def _close(word: str, known: Sequence[str], likeness: float = 0.6) -> str | None:
    """The one of the known words that is most like this one, if any is so much alike."""
    import difflib  # only where something is misspelt

    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=likeness)), None)


def _words(choices: str) -> list[str]:
    return re.findall(r"[\w-]+", choices)
