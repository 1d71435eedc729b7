"""What each contender's program does round its reader: notes in, mentions out, times told.

    PROGRAM --lexicon FILE < notes.jsonl > mentions.jsonl 2> times

In, JSON Lines {"id", "text"}; out, {"id", "mentions": [{"finding", "start", "end", "assertion"}]}, offsets in characters. The last
line of standard error is a JSON object with the times in seconds: `load` (imports and building), then one time for each part of the
notes, which are cut into 1 + `--passes` equal parts: `first`, in which a reader may warm up, and `passes`, the others, so that what
is timed is notes never seen before. `again` is the last part once more, for a reader that remembers. JSON is read and written
outside all of them.

Each program runs in its own environment, so this file uses the standard library alone.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lexicon import Lexicon, read_lexicon

__all__ = ["JOINED", "Found", "Loader", "PeerMissingError", "Reader", "assertion", "serve"]

Found = tuple[str, int, int, str]  # finding, start, end, assertion
Reader = Callable[[list[str]], list[list[Found]]]
Loader = Callable[[Lexicon], Reader]

JOINED = "+"  # between findings that share one phrase, where a peer allows one label a phrase
MISSING = 3  # exit code of a contender that is not installed


class PeerMissingError(Exception):
    """A contender that cannot run here; the message says what is missing."""


@dataclass(frozen=True)
class Times:
    """Seconds."""

    load: float
    first: float
    passes: list[float]
    again: float
    each: list[float]


def serve(loaders: dict[str, Loader], packages: Sequence[str]) -> int:
    """Run as the command line says: the loader of that name, or the only one. Returns the exit code."""
    given = arguments(tuple(loaders))
    notes = [json.loads(line) for line in sys.stdin if line.strip()]
    texts = [note["text"] for note in notes]
    lexicon = read_lexicon(given.lexicon)
    try:
        answers, times = run(lambda: loaders[given.name](lexicon), parts(texts, 1 + given.passes), texts if given.each else [])
    except PeerMissingError as missing:
        print(missing, file=sys.stderr)
        return MISSING
    if not given.quiet:
        write(note["id"] for note in notes)(answers)
    versions = {package: version_of(package) for package in packages}
    told = {
        "name": given.name,
        "versions": versions,
        "notes": len(texts) / (1 + given.passes),  # in a part
        "bytes": sum(len(text.encode()) for text in texts) / (1 + given.passes),
        "mentions": sum(map(len, answers)),
        **asdict(times),
    }
    print(json.dumps(told), file=sys.stderr)
    return 0


def parts(texts: list[str], count: int) -> list[list[str]]:
    """The texts in so many equal parts, the last one shorter where that cannot be."""
    size = -(-len(texts) // count)
    return [texts[part * size : (part + 1) * size] for part in range(count)]


def run(load: Callable[[], Reader], batches: list[list[str]], alone: list[str]) -> tuple[list[list[Found]], Times]:
    """The answers to the batches, and how long each step took; a text `alone` is read by itself, the best of three."""
    start = time.perf_counter()
    read = load()
    loaded = time.perf_counter() - start
    answers: list[list[Found]] = []
    timed: list[float] = []
    for batch in batches:
        took, given = seconds(read, batch)
        timed.append(took)
        answers += given
    again, _ = seconds(read, batches[-1])
    each = [min(seconds(read, [text])[0] for _ in range(3)) for text in alone]
    return answers, Times(loaded, timed[0], timed[1:], again, each)


def seconds(read: Reader, texts: list[str]) -> tuple[float, list[list[Found]]]:
    """How long this takes, and what it gives.

    The clock is that of the process. No contender runs more than one thread, so on a core of its own that is the time on the wall;
    where the core is shared, what others take of it is not counted.
    """
    gc.collect()
    gc.freeze()  # what other readings left must not be looked through again while this one is timed
    start = time.process_time()
    answers = read(texts)
    return time.process_time() - start, answers


def write(names: Iterable[Any]) -> Callable[[list[list[Found]]], None]:
    """A writer of one line for each note."""

    def lines(answers: list[list[Found]]) -> None:
        for name, found in zip(names, answers, strict=True):
            mentions = [{"finding": f, "start": s, "end": e, "assertion": a} for f, s, e, a in found]
            sys.stdout.write(json.dumps({"id": name, "mentions": mentions}) + "\n")

    return lines


def version_of(package: str) -> str:
    """The version that is installed, or nothing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def assertion(**marked: Any) -> str:
    """One assertion from a peer's separate marks, by one order for all peers: "no history of cancer" is absent, not historical."""
    return next((name for name in ("family", "hypothetical", "absent", "uncertain", "historical") if marked.get(name)), "present")


def arguments(names: tuple[str, ...]) -> argparse.Namespace:
    """The command line."""
    options = argparse.ArgumentParser(description="Read notes from standard input.")
    if len(names) > 1:
        options.add_argument("name", choices=names)
    options.add_argument("--lexicon", type=Path, required=True)
    options.add_argument("--passes", type=int, default=1, help="timed parts of the notes, after the first")
    options.add_argument("--each", action="store_true", help="time each note alone as well, the best of three")
    options.add_argument("--quiet", action="store_true", help="no mentions on standard output")
    options.set_defaults(name=names[0])
    return options.parse_args()
