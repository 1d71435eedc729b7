"""Mutation testing of the core: small faults put into its functions, one at a time, and whether the tests notice (make mutation).

    mutation.py --modules logic triage                every mutant of these modules; it goes on where it was stopped
    mutation.py --modules logic triage --sample 200   so many, drawn by --seed

mutmut makes the mutants: other operators, numbers, strings and arguments, dropped cases. Each is a file of its own in a copy of the
repository, so that what runs while the protocol is loaded is under test too, which mutmut's own runs leave out. The quick tests of
the core are run over it, those of the module first, until one fails. What is kept is told by the text of the mutant, so that an
edit of the core asks again only for what it changed, and an edit of the tests for what they had not noticed. Exit code 1: fewer
than --least percent are noticed.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from mutmut.mutation.file_mutation import create_mutations, deep_replace

from equina.shares import wilson

ROOT = Path(__file__).parents[1]
FIRST = {
    "agenda": "interview implicants",
    "case": "time_course exchange",
    "continence": "vignettes",
    "crosscheck": "bad_protocols",
    "entries": "bad_protocols",
    "exchange": "exchange bad_lines triage_command",
    "explain": "vignettes result",
    "leaves": "time_course vignettes",
    "model": "tables",
    "protocol": "tables bad_protocols",
    "topics": "bad_protocols interview",
    "triage": "vignettes time_course",
}
TESTS = (
    "logic vignettes time_course tables bad_lines exchange implicants interview core_edges bad_protocols interview_length "
    "triage_command result laws"
)
# Lines of which a fault changes nothing, as a person found: the text without the fault, and why. They count as not noticed.
READY = "a place that _ready fills before anybody looks"
SAME = {
    "agenda=Agenda({}, {}, (), (), leaf_table({}, (), ()), ()),": READY,
    "needs=Needs({}, lambda _: 0),": READY,
    "opening_test=NEVER,": READY,
    "order={},": READY,
    "table=leaf_table({}, (), ()),": READY,
}
SPARE = 4  # times the processor time that the tests take without a fault: longer is noticed too


@dataclass(frozen=True)
class Mutant:
    """A fault: the module, the text of the whole faulty file, and what differs."""

    module: str
    code: str
    change: str

    @property
    def key(self) -> str:
        """The same for the same text of the module."""
        return f"{self.module} {hashlib.sha256(self.code.encode()).hexdigest()[:16]}"


def main() -> int:
    """Put the faults in, print what no test noticed, and return the exit code."""
    given = arguments()
    faults = [fault for module in given.modules for fault in faults_of(module)]
    drawn = random.Random(given.seed).sample(faults, min(given.sample or len(faults), len(faults)))
    chosen = [mutant for mutant in map(mutant_of, drawn) if mutant.change]
    print(f"{len(faults)} mutants, {len(chosen)} of them looked at", flush=True)
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    kept = Kept(folder / "kept.jsonl", digest_of_tests())
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(given.jobs):
        copies.put(copied(folder / f"copy-{number}"))
    first = copies.get()
    seconds = unharmed(first, given.python)
    copies.put(first)
    with ThreadPoolExecutor(given.jobs) as workers:
        todo = [mutant for mutant in chosen if mutant.key not in kept.told]
        list(workers.map(lambda mutant: looked_at(mutant, copies, kept, given.python, seconds), todo))
    return report(chosen, kept, given.least)


def arguments() -> argparse.Namespace:
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sample", type=int, default=0, metavar="N", help="so many of the mutants; 0: all")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--modules", nargs="+", required=True, metavar="MODULE")
    options.add_argument("--jobs", type=int, default=1, help="how many at a time")
    options.add_argument("--least", type=float, default=85, metavar="PERCENT")
    options.add_argument("--python", type=Path, default=ROOT / ".venv" / "bin" / "python", help="the Python that runs the tests")
    options.add_argument("--folder", type=Path, default=ROOT / "build" / "mutation", help="for the copies and what is kept")
    return options.parse_args()


# --- the mutants -----------------------------------------------------------------------------------------------------------------


def faults_of(module: str) -> list[tuple[str, Any, Any]]:
    """The module, its tree, and one fault of its functions and methods, for each of them in the order of the text."""
    tree, faults, *_ = create_mutations(f"{module}.py", source(ROOT, module).read_text("utf-8"))
    return [(module, tree, fault) for fault in faults if fault.contained_by_top_level_function is not None]


def mutant_of(drawn: tuple[str, Any, Any]) -> Mutant:
    """The fault in the text of its module."""
    module, tree, fault = drawn
    code = deep_replace(tree, fault.original_node, fault.mutated_node).code  # type: ignore[union-attr]
    lines = difflib.unified_diff(tree.code.splitlines(), code.splitlines(), n=0, lineterm="")
    return Mutant(module, code, "\n".join(line for line in lines if not line.startswith(("---", "+++"))))


def source(folder: Path, module: str) -> Path:
    """The file of a module of the core."""
    return folder / "src" / "equina" / f"{module}.py"


def copied(folder: Path) -> Path:
    """A fresh copy of what the repository tracks, and of what it does not ignore."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "src", "tests", "docs", "pyproject.toml"]
    for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


# --- the tests -------------------------------------------------------------------------------------------------------------------


def tests_for(module: str) -> list[str]:
    """The files of the quick tests, those of the module first."""
    names = dict.fromkeys((module, *FIRST.get(module, "").split(), *TESTS.split()))
    return [f"tests/test_{name}.py" for name in names if (ROOT / "tests" / f"test_{name}.py").exists()]


def digest_of_tests() -> str:
    """Of the text of the quick tests, and of what they read beside the protocol."""
    files = [ROOT / name for name in tests_for("model")]
    files += sorted(path for path in (ROOT / "tests" / "bad_protocols").rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def tested(copy: Path, python: Path, module: str, seconds: int) -> bool:
    """Whether all tests pass, within so many seconds of a processor."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))

    command = [str(python), "-m", "pytest", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests_for(module)]
    aside = {
        "PYTHONPATH": str(copy / "src"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(copy / "examples"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        command,
        cwd=copy,
        env=os.environ | aside,
        preexec_fn=limited,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


def unharmed(copy: Path, python: Path) -> int:
    """The seconds of a processor that a mutant may take; the tests must pass without a fault, or nothing is told by a failure."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    if not tested(copy, python, "model", 3600):
        raise SystemExit(
            f"mutation: the tests fail without any fault: cd {copy} && {python} -m pytest {' '.join(tests_for('model'))}"
        )
    return round(SPARE * (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)) + 1


class Kept:
    """What was found of each mutant, kept in a file of JSON lines from run to run."""

    def __init__(self, path: Path, tests: str) -> None:
        self.path, self._tests, self._lock = path, tests, threading.Lock()
        rows = map(json.loads, path.read_text("utf-8").splitlines() if path.exists() else [])
        self.told: dict[str, bool] = {row["mutant"]: row["noticed"] for row in rows if row["noticed"] or row["tests"] == tests}

    def tell(self, mutant: Mutant, noticed: bool) -> None:
        with self._lock:
            self.told[mutant.key] = noticed
            with self.path.open("a", encoding="utf-8") as file:
                row = {"mutant": mutant.key, "noticed": noticed, "tests": self._tests, "change": mutant.change}
                file.write(json.dumps(row) + "\n")


def looked_at(mutant: Mutant, copies: SimpleQueue[Path], kept: Kept, python: Path, seconds: int) -> None:
    """Put one fault into a copy, run the tests, and take it out again."""
    copy = copies.get()
    file = source(copy, mutant.module)
    right = file.read_text("utf-8")
    try:
        file.write_text(mutant.code, "utf-8")
        kept.tell(mutant, not tested(copy, python, mutant.module, seconds))
    finally:
        file.write_text(right, "utf-8")
        copies.put(copy)


# --- the report ------------------------------------------------------------------------------------------------------------------


def report(chosen: list[Mutant], kept: Kept, least: float) -> int:
    """Print the figures and what was not noticed; the exit code."""
    left = [mutant for mutant in chosen if not kept.told[mutant.key]]
    for mutant in left:
        line = next((line[1:].strip() for line in mutant.change.splitlines() if line.startswith("-")), "")
        print(f"not noticed{f' ({SAME[line]})' if line in SAME else ''}: {mutant.module} {mutant.change}\n")
    for module in sorted({mutant.module for mutant in chosen}):
        of, lost = (sum(mutant.module == module for mutant in some) for some in (chosen, left))
        print(f"{module:12} {of - lost:5} of {of:5} noticed  {100 * (of - lost) / of:5.1f} %")
    hits = len(chosen) - len(left)
    share, low, high = (100 * part for part in (hits / len(chosen), *wilson(hits, len(chosen))))
    print(f"all          {hits:5} of {len(chosen):5} noticed  {share:5.1f} % (95 % interval of a sample: {low:.1f} to {high:.1f})")
    return 0 if share >= least else 1


if __name__ == "__main__":
    sys.exit(main())
