"""The phrases that every contender of the reading bench is given: names of findings, and context cues. One JSON object a line:

    {"finding": "foot_drop", "phrase": "drop foot"}
    {"kind": "absent", "direction": "forward", "phrase": "denies"}

`kind` is the assertion that the cue gives, `direction` where its scope lies: forward (what follows), backward, or both. Direction
`pseudo` marks a phrase that looks like a cue of its kind and is none ("gram negative"); `terminate` one that ends scopes of its
kind or, with kind `any`, of every kind ("but").
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ASSERTIONS", "DIRECTIONS", "KINDS", "Cue", "Lexicon", "LexiconError", "read_lexicon"]

ASSERTIONS = ("present", "absent", "historical", "family", "hypothetical", "uncertain")
KINDS = (*ASSERTIONS[1:], "any")
DIRECTIONS = ("forward", "backward", "both", "pseudo", "terminate")


class LexiconError(Exception):
    """A line that is not of the form above; the message says where and why."""


@dataclass(frozen=True)
class Cue:
    """A phrase that says how a finding near it is meant."""

    kind: str
    direction: str
    phrase: str


@dataclass(frozen=True)
class Lexicon:
    """All phrases, in lower case: of findings, as (finding, phrase), and of cues."""

    names: tuple[tuple[str, str], ...]
    cues: tuple[Cue, ...]

    def findings(self) -> dict[str, tuple[str, ...]]:
        """The findings of each phrase: "bowel or bladder incontinence" names two."""
        findings: dict[str, tuple[str, ...]] = {}
        for finding, phrase in self.names:
            findings[phrase] = (*findings.get(phrase, ()), finding)
        return findings

    def cue_phrases(self, direction: str, *kinds: str) -> list[str]:
        """The cues of these kinds in this direction, those in both directions and those of any kind among them."""
        directions = {direction, "both"} if direction in ("forward", "backward") else {direction}
        found = (cue.phrase for cue in self.cues if cue.direction in directions and cue.kind in (*kinds, "any"))
        return list(dict.fromkeys(found))


def read_lexicon(path: Path) -> Lexicon:
    """The lexicon in this file."""
    with path.open(encoding="utf-8") as lines:
        return lexicon_of(numbered(path, lines))


def numbered(path: Path, lines: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where it stands, the object) of each line that holds one."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield f"{path.name}, line {number}", json.loads(line)
            except ValueError as error:
                raise LexiconError(f"{path.name}, line {number}: not JSON: {error}") from None


def lexicon_of(rows: Iterable[tuple[str, dict[str, Any]]]) -> Lexicon:
    """The rows, each known to be a name or a cue, once each."""
    names: dict[tuple[str, str], None] = {}
    cues: dict[Cue, None] = {}
    for where, row in rows:
        phrase = " ".join(str(row.get("phrase", "")).lower().split())
        if not phrase:
            raise LexiconError(f"{where}: no phrase")
        if "finding" in row:
            names[(row["finding"], phrase)] = None
        elif row.get("kind") in KINDS and row.get("direction") in DIRECTIONS:
            cues[Cue(row["kind"], row["direction"], phrase)] = None
        else:
            cue = f"a kind of {', '.join(KINDS)} and a direction of {', '.join(DIRECTIONS)}"
            raise LexiconError(f"{where}: needs a finding, or {cue}")
    return Lexicon(tuple(names), tuple(cues))
