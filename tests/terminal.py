"""A terminal with a person at it: the command in a real pseudo-terminal, and a patient who answers whatever is asked."""

import codecs
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from command import ENVIRONMENT
from equina.ask.session import MARKED, Given, with_given
from equina.model import LONG_STANDING

PATIENCE = 30  # seconds after which a command that says nothing fails its test
# The command takes the pseudo-terminal for its own, so that Ctrl-C reaches it as it would at a desk.
# It takes Ctrl-C though the tests themselves were started in the background, where a shell has it ignored.
START = (
    "import fcntl, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "signal.signal(signal.SIGINT, signal.default_int_handler); from equina.cli import main; sys.exit(main())"
)
CLEAN = {name: value for name, value in ENVIRONMENT.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
PROMPT = re.compile(r"(?:^|\n)(?:Answer(?:, then Enter)?(?: \([^)]*\))?|Number, or Enter to leave them): \Z")
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CTRL_C, CTRL_D = "\x03", "\x04"


class Window:
    """The command in a pseudo-terminal of some width; `seen` is all that it has shown."""

    def __init__(self, *arguments, columns=80, env=None):
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self.child = subprocess.Popen(
            [sys.executable, "-c", START, *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**CLEAN, "TERM": "xterm-256color", **(env or {})},
            start_new_session=True,
        )
        self.ours, self.theirs = ours, theirs
        self.raw = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        os.close(self.ours)
        os.close(self.theirs)

    @property
    def seen(self):
        return CODES.sub("", self.raw).replace("\r\n", "\n").replace("\r", "\n")

    def type(self, text, *, enter=True):
        """Type a line; what is shown up to the next prompt, or to the end."""
        os.write(self.ours, (text + "\n" * enter).encode())
        return self.read()

    def read(self):
        """What is shown from here to the next prompt, or to the end of the command."""
        start, until = len(self.seen), time.monotonic() + PATIENCE
        while True:
            ready, _, _ = select.select([self.ours], [], [], 0.02)
            if ready:
                self.raw += self.decoder.decode(os.read(self.ours, 65536))
            elif self.child.poll() is not None:
                break
            if PROMPT.search(self.seen) and len(self.seen) > start:
                break
            assert time.monotonic() < until, f"no prompt within {PATIENCE} seconds:\n{self.seen[-2000:]}"
        assert "Traceback" not in self.seen, self.seen
        return self.seen[start:]

    def ended(self):
        """The exit code, once the command has ended; the terminal is as it was found."""
        code = self.child.wait(PATIENCE)
        assert termios.tcgetattr(self.theirs) == self.before
        return code

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()


def flat(text):
    return " ".join(text.split())


# --- a patient -------------------------------------------------------------------------------------------------------------------


def answer(protocol, session, prompt, truth, carer=False):
    """What a person types at the prompt, of whom `truth` is so and nothing else; and the session that it leads to."""
    if prompt.kind == "who":
        return ("2" if carer else "me"), with_given(session, Given(prompt=prompt, carer=carer))
    if prompt.kind in ("onset", "told"):
        return "", with_given(session, Given(prompt=prompt, told="" if prompt.kind == "told" else None))
    codes = {option.finding: code_for(protocol, option, truth) for option in prompt.options}
    if prompt.kind == "list":
        marks = [str(n) for n, code in enumerate(codes.values(), 1) if code not in ("no", "not_sure")]
        marks += [f"{n}?" for n, code in enumerate(codes.values(), 1) if code == "not_sure"]
        timed = {option.finding for option in prompt.options if "long_standing" in option.answers}
        codes = {name: MARKED if name in timed and code in ("yes_new", "long_standing") else code for name, code in codes.items()}
        return " ".join(marks) or "0", with_given(session, Given(prompt=prompt, answers=codes))
    option, [code] = prompt.options[0], codes.values()
    session = with_given(session, Given(prompt=prompt, answers=codes))
    if prompt.kind == "timing":
        return {"yes_new": "new", "long_standing": "same"}[code], session
    if isinstance(code, float):
        return f"{code:g}", session
    if code in ("no", "not_sure"):
        return {"no": "n", "not_sure": "s"}[code], session
    return str(option.answers.index(code) + 1), session


def code_for(protocol, option, truth):
    value = truth.get(option.finding, None if "no" not in option.answers else False)
    if isinstance(value, float):
        return value
    if value is None:
        return "not_sure"
    if value is True or (value == LONG_STANDING and LONG_STANDING not in option.answers):
        return "yes_new"
    return "no" if value is False else value
