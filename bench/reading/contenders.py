"""The contenders of the reading bench, and one run of one of them: a program of its own, in its own environment."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from environments import HERE, python_of
from peer import MISSING, PeerMissingError

__all__ = ["BARE", "CONTENDERS", "OURS", "REFERENCE", "Contender", "Run", "Setting", "run"]

Mentions = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Contender:
    """A way to read notes."""

    name: str
    kind: str  # "reader" gives assertions; "scanner" says where phrases are; "part" does less than a scanner's job
    environment: str  # none: that of Equina
    program: str
    way: str


CONTENDERS = (
    Contender("equina", "reader", "", "peer_equina.py", "compiled"),
    Contender("equina, Python reader", "reader", "", "peer_equina.py", "python"),
    Contender("medspacy", "reader", "medspacy", "peer_medspacy.py", "default"),
    Contender("medspacy, own cues", "reader", "medspacy", "peer_medspacy.py", "own-cues"),
    Contender("medspacy, sentencizer", "reader", "medspacy", "peer_medspacy.py", "sentencizer"),
    Contender("clinlp", "reader", "clinlp", "peer_clinlp.py", ""),
    Contender("edsnlp", "reader", "edsnlp", "peer_edsnlp.py", "qualifiers"),
    Contender("edsnlp, negation", "reader", "edsnlp", "peer_edsnlp.py", "negation"),
    Contender("negspacy", "reader", "negspacy", "peer_negspacy.py", "our-cues"),
    Contender("negspacy, own cues", "reader", "negspacy", "peer_negspacy.py", "own-cues"),
    Contender("hyperscan, regex", "scanner", "scanners", "peer_scanners.py", "hyperscan-regex"),
    Contender("hyperscan, literals", "scanner", "scanners", "peer_scanners.py", "hyperscan-literals"),
    Contender("ahocorasick-rs", "scanner", "scanners", "peer_scanners.py", "ahocorasick-rs"),
    Contender("pyahocorasick", "scanner", "scanners", "peer_scanners.py", "pyahocorasick"),
    Contender("re, trie", "scanner", "scanners", "peer_scanners.py", "re-trie"),
    Contender("re2, alternation", "scanner", "scanners", "peer_scanners.py", "re2-alternation"),
    Contender("re, alternation", "scanner", "scanners", "peer_scanners.py", "re-alternation"),
    Contender("re2, set", "part", "scanners", "peer_scanners.py", "re2-set"),
    Contender("spaCy tokenizer", "part", "negspacy", "peer_negspacy.py", "tokenizer"),
)

OURS = "equina"
BARE = "hyperscan, regex"  # the scan that a reader's speed is held against
REFERENCE = "re, trie"  # whose spans the other scanners must give too


@dataclass(frozen=True)
class Setting:
    """Where everything is."""

    lexicon: Path
    environments: Path
    own_python: Path = field(default_factory=lambda: Path(sys.executable))


@dataclass(frozen=True)
class Run:
    """What one run told."""

    versions: dict[str, str]
    notes: float  # in a part
    size: float  # their bytes
    load: float
    first: float
    passes: list[float]
    again: float
    each: list[float]
    answers: Mentions

    @property
    def rate(self) -> float:
        """Notes a second, of the middle part."""
        return self.notes / statistics.median(self.passes)


def run(contender: Contender, notes: Sequence[tuple[str, str]], setting: Setting, *options: str) -> Run:
    """Put these notes, as (id, text), to a contender. What it writes is read back unless it is told to be quiet."""
    python = python_of(contender.environment, setting.environments) if contender.environment else setting.own_python
    if not python.exists():
        raise PeerMissingError(f"{contender.name}: no environment; environments.py builds it")
    program = [python, HERE / contender.program, *filter(None, [contender.way])]
    command = [*map(str, program), "--lexicon", str(setting.lexicon), *options]
    given = "".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in notes)
    # One thread each: numpy's would otherwise wait for cores that the process is kept from.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, input=given, capture_output=True, text=True, env=environment)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise PeerMissingError(f"{contender.name}{':' if done.returncode == MISSING else ' failed:'} {why}")
    told = json.loads(next(line for line in reversed(done.stderr.splitlines()) if line.startswith("{")))
    answers = {row["id"]: row["mentions"] for row in map(json.loads, done.stdout.splitlines())}
    return Run(
        versions={package: version for package, version in told["versions"].items() if version},
        notes=told["notes"],
        size=told["bytes"],
        load=told["load"],
        first=told["first"],
        passes=told["passes"],
        again=told["again"],
        each=told["each"],
        answers=answers,
    )
