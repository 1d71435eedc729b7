"""`make fuzz`: each reader of what comes from outside for so long, led by the branches that it reaches (atheris).

    python -m fuzz [--seconds 600] [--only case,text] [--kept build/fuzz]

What was found is kept in the folder: the corpus, from which the next run goes on, and the input that broke a reader.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from fuzz.mutations import as_json

LONGEST = 20_000  # bytes of an input
AS_JSON = 0.7


def main() -> int:
    options = argparse.ArgumentParser(prog="fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=600, metavar="N", help="for each reader (default: 600)")
    options.add_argument("--only", metavar="NAMES", help="with commas; default: all")
    options.add_argument("--kept", type=Path, default=Path("build/fuzz"), metavar="DIR")
    options.add_argument("--one", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        _fuzz(given.one, given.kept / given.one, given.seconds)
    from fuzz.targets import TARGETS

    names = given.only.split(",") if given.only else list(TARGETS)
    if unknown := [name for name in names if name not in TARGETS]:
        print(f"fuzz: nothing is called {', '.join(unknown)}; there are {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    return max([_told(name, given) for name in names])


def _told(name: str, given: argparse.Namespace) -> int:
    """Fuzz one reader in a process of its own, and say how it went: 1 when an input broke it."""
    folder = given.kept / name
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "fuzz", "--one", name, "--seconds", str(given.seconds), "--kept", str(given.kept)]
    with (folder / "log").open("wb") as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    said = (folder / "log").read_text(encoding="utf-8", errors="replace")
    tries = max(map(int, re.findall(r"(?m)^#(\d+)\s", said)), default=0)
    reached = max(map(int, re.findall(r"\bcov: (\d+)", said)), default=0)
    verdict = "nothing broke it" if code == 0 else f"BROKEN: {folder}/log"
    print(f"fuzz     {name:14} {tries:10,} inputs, {reached:6,} branches, {time.monotonic() - began:5.0f} s: {verdict}", flush=True)
    return int(code != 0)


def _fuzz(name: str, folder: Path, seconds: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["equina"]):
        from fuzz.targets import TARGETS
    target = TARGETS[name]
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for place, seed in enumerate(target.seeds()):
        (corpus / f"seed-{place:03d}").write_bytes(seed[:LONGEST])
        target.try_(seed)  # and what is made once is made before the fuzzer looks
    # It has its Mutate only once it fuzzes.
    extra = {"custom_mutator": _mutator(lambda data, most: atheris.Mutate(data, most))} if target.structured else {}
    limits = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        "-timeout=30",
        "-rss_limit_mb=4000",
        f"-artifact_prefix={folder}/",
    ]
    atheris.Setup([sys.argv[0], *limits, str(corpus)], target.try_, internal_libfuzzer=True, **extra)
    atheris.Fuzz()
    sys.exit(os.EX_OK)


def _mutator(mutated: Callable[[bytes, int], bytes]) -> Callable[[bytes, int, int], bytes]:
    """What breaks JSON as JSON most of the time, and else as bytes in the way of the fuzzer."""

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        made = as_json(data, chance) if chance.random() < AS_JSON else None
        return (mutated(data, most) if made is None else made)[:most]

    return mutator


if __name__ == "__main__":
    sys.exit(main())
