"""Every bench in one run and one report: build/bench/report.md with its pictures, and report.json.

    report.py                 everything at its usual size: an hour, most of it readers and Spark
    report.py --short         little of each: that everything runs and that the report has every row; its times say nothing
    report.py --full          a million patients, ten million rows, a hundred thousand requests
    report.py --only engine   these alone, of engine, proofs, interviews, reading, screening, services, pages, spark

A bench is a program of its own, in the environment that has its peers; the readers have one each (bench/reading/environments.py).
What can't run here is a row that says why. Exit code 1: a bench ended with a fault, or a row is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from figures import ASKED, EQUINA, Figure, absent, read_rows
from reading_rows import reading_figures
from report_text import as_text, compared, pictures

ROOT = Path(__file__).parents[1]
BENCH = ROOT / "bench"
READERS = ROOT / ".venv-reading"


@dataclass(frozen=True)
class Bench:
    """A program that writes its figures where `--rows` says, and what it is told for each size."""

    area: str
    program: str
    usual: str = ""
    short: str = "--short"
    full: str = ""
    peers: bool = False  # in the environment of the peers
    name: str = ""

    def options(self, size: str) -> list[str]:
        """What the program is told."""
        return {"short": self.short, "full": self.full or self.usual}.get(size, self.usual).split()


BENCHES = (
    Bench("engine", "run.py", peers=True),
    Bench("proofs", "proofs.py"),
    Bench("interviews", "interviews.py"),
    Bench("screening", "screening.py", full="--full", peers=True),
    Bench("services", "services.py", short="--bodies 20 --rate 20 --seconds 2 --rounds 1"),
    Bench("pages", "pages.py", short="--rate 20 --seconds 2 --interviews 3", name="pages, at a rate"),
    Bench(
        "pages",
        "pages.py",
        usual="--requests 20000",
        short="--requests 100 --interviews 3",
        full="--requests 100000",
        name="pages, many requests",
    ),
    Bench("spark", "spark.py"),
    Bench("reading", "reading/run.py", short="--short --longest 3000"),
)


def main() -> int:
    """Run them one after the other, write the report, and return the exit code."""
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    size = "short" if given.short else "full" if given.full else "usual"
    about = surroundings(size)
    areas = given.only or list(dict.fromkeys(bench.area for bench in BENCHES))
    if "reading" in areas and not given.short:
        subprocess.run([sys.executable, str(BENCH / "reading" / "environments.py"), "--into", str(READERS)], check=False)
    figures: list[Figure] = []
    faults: list[str] = []
    for bench in BENCHES:
        if bench.area in areas:
            found, fault = ran(bench, size, given)
            figures += found
            faults += [fault] if fault else []
    figures += not_measured(figures, areas)
    rows = compared(figures, judged=size != "short")
    (given.out / "report.json").write_text(json.dumps({**about, "faults": faults, "rows": rows}, indent=1) + "\n", "utf-8")
    drawn = pictures(rows)
    for name, picture in drawn.items():
        (given.out / f"{name}.svg").write_text(picture, "utf-8")
    (given.out / "report.md").write_text(as_text(about, rows, faults, list(drawn)), "utf-8")
    print(f"bench    {given.out / 'report.md'}: {len(rows)} rows", *(f"bench    {fault}" for fault in faults), sep="\n")
    return 1 if faults else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    areas = list(dict.fromkeys(bench.area for bench in BENCHES))
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sizes = options.add_mutually_exclusive_group()
    sizes.add_argument("--short", action="store_true", help="little of each")
    sizes.add_argument("--full", action="store_true", help="the sizes that the limits were asked for")
    options.add_argument("--only", nargs="+", choices=areas, metavar="AREA", help=f"some of {', '.join(areas)}")
    options.add_argument("--out", type=Path, default=ROOT / "build" / "bench", metavar="FOLDER")
    options.add_argument("--python", type=Path, default=Path(sys.executable), help="the Python of Equina with its extras")
    options.add_argument(
        "--peers", type=Path, default=ROOT / ".venv-bench" / "bin" / "python", help="the Python that has the peers"
    )
    return options.parse_args()


# --- running ---------------------------------------------------------------------------------------------------------------------


def ran(bench: Bench, size: str, given: argparse.Namespace) -> tuple[list[Figure], str]:
    """The figures of a bench, and the fault that it ended with, if any. What it prints is kept beside the report."""
    name = bench.name or bench.area
    python, rows = given.peers if bench.peers else given.python, given.out / f"{name.replace(', ', '-').replace(' ', '-')}.json"
    if not python.exists():
        return [absent(bench.area, name, EQUINA, "", f"no {python}; make bench builds it")], ""
    rows.unlink(missing_ok=True)
    command = [str(python), str(BENCH / bench.program), *bench.options(size)]
    print(f"bench    {name}", flush=True)
    began, worked = time.monotonic(), processors()
    with rows.with_suffix(".txt").open("w", encoding="utf-8") as told:
        command += reading_options(python, given.out, rows) if bench.area == "reading" else ["--rows", str(rows)]
        done = subprocess.run(command, stdout=told, stderr=subprocess.STDOUT, check=False, cwd=ROOT)
    print(f"bench    {name}: {time.monotonic() - began:.0f} s, {processors() - worked:.0f} s of a processor", flush=True)
    last = (rows.with_suffix(".txt").read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
    if not rows.exists():
        return [absent(bench.area, name, EQUINA, "", last)], f"{name}: {last}"
    found = reading_figures(json.loads(rows.read_text("utf-8"))) if bench.area == "reading" else read_rows(rows)
    missed = done.returncode and size != "short" and not any(figure.why for figure in found)
    return found, f"{name}: exit code {done.returncode}, see {rows.with_suffix('.txt').name}" if missed else ""


def processors() -> float:
    """The processor time of what was run and has ended, in seconds: the clock's tells more of the machine than of the bench."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reading_options(python: Path, out: Path, rows: Path) -> list[str]:
    """The readers' bench wants our lexicon as a file first."""
    lexicon = out / "lexicon.jsonl"
    with lexicon.open("wb") as file:
        subprocess.run([str(python), str(BENCH / "reading" / "export.py")], stdout=file, check=True)
    return ["--lexicon", str(lexicon), "--environments", str(READERS), "--json", str(rows)]


def not_measured(figures: Sequence[Figure], areas: Sequence[str]) -> list[Figure]:
    """A row for each limit without a figure of ours that is judged by it."""
    there = {(figure.area, figure.what) for figure in figures if figure.who == EQUINA}
    dead = {figure.area: figure.why for figure in figures if figure.why and figure.ours}
    left = [asked for asked in ASKED if asked.area in areas and (asked.area, asked.what) not in there]
    return [
        absent(each.area, each.what, EQUINA, each.unit, each.note or dead.get(each.area, "not measured in this run"))
        for each in left
    ]


# --- where it was run ------------------------------------------------------------------------------------------------------------


def surroundings(size: str) -> dict[str, Any]:
    """The machine, the versions, the day, and how busy the machine was when the run began."""
    from equina import load

    protocol = load()
    return {
        "size": size,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": round(os.getloadavg()[0], 2),
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": processor(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        },
        "versions": {
            "equina": version("equina"),
            "protocol": f"{protocol.id} {protocol.version} {protocol.digest[:19]}",
            "python": platform.python_version(),
            "node": first_line("node", "--version"),
            "java": first_line("java", "-version"),
        },
    }


def processor() -> str:
    """The processor's own name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def first_line(program: str, option: str) -> str | None:
    """What a program says of its version; None where it is not."""
    if not shutil.which(program):
        return None
    done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    return next(iter((done.stdout or done.stderr).splitlines()), None)


if __name__ == "__main__":
    sys.exit(main())
