"""The command `equina` as a person or a script would call it: another process, bytes in, bytes out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import equina

SCRIPT = Path(sys.executable).with_name("equina")
COMMAND = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-c", "import sys; from equina.cli import main; sys.exit(main())"]
# The package that the tests import is the one that the command runs, and no setting of the one who tests changes its streams.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
ENVIRONMENT["PYTHONPATH"] = str(Path(equina.__file__).parents[1])
PATIENCE = 120  # seconds after which a command that hangs fails its test

TINY = Path(__file__).parent / "bad_protocols" / "valid"


def start(*arguments, **streams):
    """The command running, with a pipe for each stream unless told otherwise."""
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": ENVIRONMENT} | streams
    return subprocess.Popen([*COMMAND, *map(str, arguments)], **streams)


def run(*arguments, given=b"", before=(), patience=PATIENCE, **more):
    """The exit code, the output and what was said on standard error, which never shows a Python error."""
    if "stdin" not in more:
        more["input"] = given
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": ENVIRONMENT} | more
    done = subprocess.run([*(before or COMMAND), *map(str, arguments)], timeout=patience, check=False, **more)
    return done.returncode, done.stdout or b"", readable(done.stderr)


def readable(said):
    """Standard error as text, once it is sure that it holds nothing but words for a person."""
    words = said.decode("utf-8")
    assert "Traceback" not in words, words
    assert "Exception ignored" not in words, words
    return words


def triage(*arguments, given=b"", protocol=TINY, **more):
    """The exit code, the answers and what was said."""
    code, output, said = run("triage", "--protocol", protocol, *arguments, given=given, **more)
    return code, answers_in(output), said


def answers_in(output):
    """Each line of the output, every one whole and strict JSON in ASCII."""
    assert output == b"" or output.endswith(b"\n")
    return [json.loads(line, parse_constant=pytest.fail) for line in output.decode("ascii").splitlines()]
