"""Our lexicon as flat phrases, for contenders that know nothing else: a sample of what each pattern can say.

    export.py > lexicon.jsonl

A pattern stands for thousands of phrases; the first few of each are written, without gaps and numbers. So "the same lexicon" means:
the same findings and cues in the same words, as far as a list of phrases can hold them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

from equina.notes.cues import Cue, Find
from equina.notes.lexicon_files import read_source
from equina.notes.patterns import Alternatives, Gap, Letter, Pattern, Repeat, Row, lines
from equina.protocol import load

EACH = 3  # phrases of a pattern
LONGEST = 6  # words of a phrase
KINDS = {
    "negated": "absent",
    "uncertain": "uncertain",
    "hypothetical": "hypothetical",
    "historical": "historical",
    "family": "family",
}


def phrases(pattern: Pattern) -> Iterator[tuple[str, ...]]:
    """What a pattern can say, shortest choices first."""
    match pattern:
        case Letter(word):
            if word[0] not in "#$" and word.strip("*").replace("'", "").isalpha():
                yield (word.rstrip("*"),)
        case Gap():
            yield ()
        case Repeat(part, least, _):
            if least:
                yield from phrases(part)
            else:
                yield ()
        case Alternatives(parts):
            for part in parts:
                yield from islice(phrases(part), EACH)
        case Row(parts):
            for row in product(*(list(islice(phrases(part), EACH)) for part in parts)):
                yield tuple(word for piece in row for word in piece)


def rows() -> Iterator[dict[str, str]]:
    """The lines of the file, each once."""
    protocol = load()
    source = read_source(Path(protocol.folder or ""), {name: finding.kind for name, finding in protocol.findings.items()})
    for pattern, what in source.patterns.values():
        for line in lines(pattern):
            for words in islice(phrases(line), EACH):
                if not 1 <= len(words) <= LONGEST:
                    continue
                phrase = " ".join(words)
                if isinstance(what, Find) and what.finding and not what.normal and what.measure is None:
                    yield {"finding": what.finding, "phrase": phrase}
                elif isinstance(what, Cue) and what.kind in KINDS:
                    direction = "both" if what.forward and what.backward else "forward" if what.forward else "backward"
                    yield {"kind": KINDS[what.kind], "direction": direction, "phrase": phrase}
                elif isinstance(what, Cue) and what.kind in ("pseudo", "end"):
                    yield {"kind": "any", "direction": "pseudo" if what.kind == "pseudo" else "terminate", "phrase": phrase}


if __name__ == "__main__":
    for text in dict.fromkeys(json.dumps(row) for row in rows()):
        sys.stdout.write(text + "\n")
