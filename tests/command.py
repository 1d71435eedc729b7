"""The command `equina` as a person or a script would call it: another process, bytes in, bytes out."""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

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
    """The exit code, the output and what was said on standard error, which never shows a Python error.

    A command that needs nothing of its own, such as an environment, is a child of a process that is ready to run it (warm.py).
    """
    if not before and not more and hasattr(os, "fork"):
        code, output, said = _warm().run(arguments, given, patience)
        return code, output, readable(said)
    if "stdin" not in more:
        more["input"] = given
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": ENVIRONMENT} | more
    done = subprocess.run([*(before or COMMAND), *map(str, arguments)], timeout=patience, check=False, **more)
    return done.returncode, done.stdout or b"", readable(done.stderr)


class _Warm:
    """The process that is ready, while the tests run."""

    def __init__(self):
        script = Path(__file__).with_name("warm.py")
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            text=True,
            start_new_session=True,
        )
        atexit.register(self._end)

    def run(self, arguments, given, patience):
        with self._lock, TemporaryDirectory() as folder:
            streams = [Path(folder, name) for name in ("in", "out", "err")]
            for stream, content in zip(streams, (given, b"", b""), strict=True):
                stream.write_bytes(content)
            asked = {"arguments": [str(each) for each in arguments], "streams": [str(stream) for stream in streams]}
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            late = threading.Timer(patience, self._end)
            late.start()
            code = self._process.stdout.readline()
            late.cancel()
            if not code:
                _warm.cache_clear()
                raise subprocess.TimeoutExpired(asked["arguments"], patience)
            return int(code), streams[1].read_bytes(), streams[2].read_bytes()

    def _end(self):
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # with the command that it waits for
        self._process.wait()


@cache
def _warm():
    return _Warm()


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
