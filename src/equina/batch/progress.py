"""How far a run is, on standard error: what is done, how fast, and how long it will still take. No word of any patient."""

from __future__ import annotations

import time
from typing import TextIO

__all__ = ["Progress"]

_EVERY = 0.5  # seconds, on a terminal
_EVERY_IN_A_FILE = 15.0


class Progress:
    """Tells of one phase at a time."""

    def __init__(self, out: TextIO, *, quiet: bool) -> None:
        self._out, self._quiet, self._terminal = out, quiet, out.isatty()
        self._phase, self._unit = "", 1.0
        self._begin("", 0, "")

    def _begin(self, phase: str, whole: float, unit: str) -> None:
        self._phase, self._whole, self._word, self._done, self._given = phase, whole, unit, 0.0, 0.0
        self._started = self._told = time.monotonic()

    def phase(self, name: str, whole: float, unit: str, *, done: float = 0) -> None:
        """Begin a phase of so much work; `done` is what an earlier run did of it."""
        self.end()
        self._begin(name, whole, unit)
        self._given = done
        self._done = done

    def add(self, amount: float) -> None:
        """Some work was done."""
        self._done += amount
        now = time.monotonic()
        if not self._quiet and self._phase and now - self._told >= (_EVERY if self._terminal else _EVERY_IN_A_FILE):
            self._told = now
            self._say(now)

    def end(self) -> None:
        """The phase is over."""
        if self._phase and not self._quiet:
            self._done = max(self._done, self._whole)
            self._say(time.monotonic(), last=True)
        self._phase = ""

    def _say(self, now: float, *, last: bool = False) -> None:
        spent = max(now - self._started, 1e-3)
        rate = (self._done - self._given) / spent
        share = min(self._done / self._whole, 1.0) if self._whole else 1.0
        left = "" if last or rate <= 0 else f", about {clock((self._whole - self._done) / rate)} left"
        amount, speed = (f"{self._done / 1e6:.0f} MB", f"{rate / 1e6:.0f} MB/s") if self._word == "bytes" else (
            f"{self._done:.0f} {self._word}", f"{rate:.1f}/s")  # fmt: skip
        text = f"equina: {self._phase}: {share:4.0%}, {amount}, {speed}, {clock(spent)} so far{left}"
        if self._terminal:
            print(f"\r{text:<100}", end="\n" if last else "", file=self._out, flush=True)
        else:
            print(text, file=self._out, flush=True)


def clock(seconds: float) -> str:
    """A span of time, in words as short as it allows.

    >>> clock(7.2), clock(200), clock(9000)
    ('8 s', '4 min', '2.5 h')
    """
    if seconds < 100:
        return f"{-(-seconds // 1):.0f} s"
    return f"{-(-seconds // 60):.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
