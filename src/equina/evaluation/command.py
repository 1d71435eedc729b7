"""`equina evaluate` behind its options: what to judge, on what, and where the report goes."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from equina.evaluation.attacks import AttackScore, attack
from equina.evaluation.emergencies import score_emergencies
from equina.evaluation.outside import Command
from equina.evaluation.page import page
from equina.evaluation.report import WORDS, Evaluation, document, summary
from equina.evaluation.scoring import Scores, score
from equina.evaluation.systems import BadSystem, Engine, Progress, System
from equina.evaluation.vignettes import MODES, Vignette, read_vignettes, shipped
from equina.exchange import BadInput
from equina.model import Protocol

__all__ = ["Options", "evaluate", "run"]

OK, NO, BAD_INPUT = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is to be done. `attacks` is how often each attack is tried on each vignette, `emergencies` how many are made."""

    files: tuple[Path, ...] = ()
    system: System | None = None  # None: this engine
    mode: str = "all"
    attacks: int = 0
    emergencies: int = 0
    seed: int = 0
    bar: float = 1.0


def run(protocol: Protocol, options: argparse.Namespace, warn: Callable[[str], None]) -> int:
    """Evaluate as the options say, write the reports, print the summary; the exit code."""
    meant = Options(
        files=tuple(map(Path, options.files)),
        system=None if options.command is None else Command(options.command, options.timeout),
        mode=options.mode,
        attacks=options.attacks,
        emergencies=options.emergencies,
        seed=options.seed,
        bar=options.bar,
    )
    try:
        for path in (options.html, options.json):
            _check(path)
        evaluation = evaluate(protocol, meant, sys.stderr)
        told = json.dumps(document(evaluation), ensure_ascii=False, indent=1) + "\n"
        if options.html is not None:
            _write(options.html, page(evaluation))
        if options.json is not None and options.json != "-":
            _write(options.json, told)
    except (BadInput, BadSystem) as error:
        warn(str(error))
        return BAD_INPUT
    sys.stdout.write(told if options.json == "-" else "".join(f"{line}\n" for line in summary(evaluation)))
    return NO if evaluation.failures else OK


def evaluate(protocol: Protocol, options: Options, progress: TextIO | None = None) -> Evaluation:
    """The evaluation that the options ask for. Raises BadInput for a file at fault, BadSystem for a command that is."""
    system = options.system or Engine(protocol)
    vignettes = read_vignettes(options.files) if options.files else shipped(protocol)
    modes = MODES if options.mode == "all" else (options.mode,)
    if not any(vignette.has(mode) for vignette in vignettes for mode in modes):
        raise BadInput(f"no vignette says anything in the mode {options.mode}; choose another with --mode")
    scores: list[Scores] = []
    attacks: list[AttackScore] = []
    for mode in modes:
        told = [vignette for vignette in vignettes if vignette.has(mode)]
        if told:
            with _Shown(f"{mode}", 2 * len(told), progress) as shown:
                scores.append(score(system, told, mode, shown))
            attacks += _attacks(system, protocol, scores[-1], told, options, progress)
    generated = None
    if options.emergencies:
        with _Shown(WORDS["emergencies"].lower(), 2 * options.emergencies, progress) as shown:
            generated = score_emergencies(system, protocol, options.emergencies, options.seed, shown)
    return Evaluation(
        system=system.name,
        protocol=protocol,
        vignettes=vignettes,
        scores=tuple(scores),
        attacks=tuple(attacks),
        generated=generated,
        seed=options.seed,
        bar=options.bar,
    )


def _attacks(
    system: System, protocol: Protocol, scores: Scores, told: Sequence[Vignette], options: Options, progress: TextIO | None
) -> Iterator[AttackScore]:
    if not options.attacks:
        return
    before = {outcome.vignette.id: outcome.answer for outcome in scores.outcomes}
    with _Shown(f"{WORDS['attacks'].lower()}, {scores.mode}", None, progress) as shown:
        yield from attack(system, protocol, before, told, scores.mode, options.attacks, options.seed, shown)


@dataclass
class _Shown:
    """How far a long piece of work is, on standard error: one line that is written over, or a line now and then in a file."""

    what: str
    total: int | None
    out: TextIO | None
    began: float = 0.0
    shown: float = 0.0
    done: int = 0

    def __enter__(self) -> Progress:
        self.began = self.shown = time.monotonic()
        return self._count

    def _count(self, done: int) -> None:
        self.done = done
        now = time.monotonic()
        if self.out is not None and now - self.shown >= (0.2 if self.out.isatty() else 10):
            self.shown = now
            self._say(end="\r" if self.out.isatty() else "\n")

    def __exit__(self, *error: object) -> None:
        if self.out is not None and self.shown > self.began:  # what took no time needs no line
            self._say(end="\n")

    def _say(self, end: str) -> None:
        of = "" if self.total is None else f" of {self.total}"
        print(f"equina: {self.what}: {self.done}{of}", end=end, file=self.out, flush=True)


def _check(path: str | None) -> None:
    """Refuse a report that could not be written, before the work and not after it."""
    if path is None or path == "-":
        return
    if Path(path).is_dir():
        raise BadInput(f"{path}: is a directory; give a file that can be written")
    if not Path(path).parent.is_dir():
        raise BadInput(f"{path}: no such file or directory; give a file that can be written")


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: {(error.strerror or str(error)).lower()}; give a file that can be written") from None
