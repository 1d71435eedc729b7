"""`make fuzz`: each reader of what comes from outside for so long, led by the branches that it reaches (atheris).

    python -m fuzz [--seconds 600] [--only case,text] [--kept build/fuzz]

What was found is kept in the folder: the corpus, from which the next run goes on, and the input that broke a reader.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import time
from copy import deepcopy
from pathlib import Path

LONGEST = 20_000  # bytes of an input


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
    extra = {"custom_mutator": lambda data, most, seed: _broken(data, most, seed, atheris)} if target.structured else {}
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


# --- JSON, broken as JSON ----------------------------------------------------------------------------------------------------

ODD = (
    None,
    True,
    False,
    0,
    -1,
    1e308,
    10**30,
    "",
    "x",
    "\ud800",
    "\0",
    "2026-13-45",
    "9999-12-31",
    "0001-01-01",
    [],
    {},
    [[]],
    [None],
    {"": {}},
)


def _broken(data: bytes, most: int, seed: int, atheris: object) -> bytes:
    """The input with one of its values or keys exchanged, left out, doubled or moved; or with its bytes mutated."""
    chance = random.Random(seed)
    try:
        value = json.loads(data)
        if chance.random() < 0.3:
            raise ValueError
        for _ in range(chance.randint(1, 3)):
            value = _changed(value, chance)
        made = json.dumps(value, ensure_ascii=chance.random() < 0.7).encode("utf-8", errors="surrogatepass")
    except (ValueError, RecursionError, OverflowError):
        made = atheris.Mutate(data, most)  # type: ignore[attr-defined]
    return made[:most]


def _changed(value: object, chance: random.Random) -> object:
    """The value with one place in it changed."""
    places: list[tuple[object, object]] = []
    left = [value]
    while left:
        at = left.pop()
        inside = list(at.items()) if isinstance(at, dict) else list(enumerate(at)) if isinstance(at, list) else []
        places += [(at, key) for key, _ in inside]
        left += [item for _, item in inside]
    if not places:
        return deepcopy(chance.choice(ODD))
    where, key = chance.choice(places)
    other, from_there = chance.choice(places)
    act = chance.randrange(5)
    if act == 0:
        where[key] = deepcopy(chance.choice(ODD))  # type: ignore[index]
    elif act == 1:
        del where[key]  # type: ignore[attr-defined]
    elif act == 2:
        where[key] = deepcopy(other[from_there])  # type: ignore[index]
    elif act == 3 and isinstance(where, dict):
        where[chance.choice(["", "x", str(from_there), "resourceType", "id"])] = where.pop(key)
    elif isinstance(where, list):
        where.append(deepcopy(where[key]))  # type: ignore[call-overload]
    return value


if __name__ == "__main__":
    sys.exit(main())
