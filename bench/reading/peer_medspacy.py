"""medspaCy: its tokenizer, target matcher and ConText, as `medspacy.load` builds them, with our phrases.

    peer_medspacy.py default       sentences by PyRuSH, which medspaCy uses by default; our cues
    peer_medspacy.py sentencizer   sentences by spaCy's rule-based sentencizer, which is much quicker; our cues
    peer_medspacy.py own-cues      sentences by PyRuSH; the cues that medspaCy brings

The last is medspaCy as its users find it.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

from lexicon import Lexicon
from peer import JOINED, Found, Reader, assertion, serve

CATEGORIES = {
    "absent": "NEGATED_EXISTENCE",
    "historical": "HISTORICAL",
    "family": "FAMILY",
    "hypothetical": "HYPOTHETICAL",
    "uncertain": "POSSIBLE_EXISTENCE",
    "any": "ANY",
}
DIRECTIONS = {"forward": "FORWARD", "backward": "BACKWARD", "both": "BIDIRECTIONAL", "pseudo": "PSEUDO", "terminate": "TERMINATE"}


def load(lexicon: Lexicon, pyrush: bool, own_cues: bool) -> Reader:
    """The pipeline."""
    warnings.filterwarnings("ignore")
    silence()
    import medspacy
    from medspacy.ner import TargetRule

    parts = {"medspacy_tokenizer", "medspacy_target_matcher", "medspacy_context"} | ({"medspacy_pyrush"} if pyrush else set())
    nlp = medspacy.load(medspacy_enable=parts, load_rules=own_cues)
    if not pyrush:
        nlp.add_pipe("sentencizer", first=True)
    rules = [TargetRule(phrase, JOINED.join(findings)) for phrase, findings in lexicon.findings().items()]
    nlp.get_pipe("medspacy_target_matcher").add(rules)
    if not own_cues:
        nlp.get_pipe("medspacy_context").add(context_rules(lexicon))
    return lambda texts: [mentions(doc) for doc in nlp.pipe(texts)]


def silence() -> None:
    """PyRuSH writes every token to the log, and loguru prints it: unless told otherwise, which is no fault of the reading."""
    from loguru import logger

    logger.remove()


def context_rules(lexicon: Lexicon) -> list[Any]:
    """Our cues as ConText rules."""
    from medspacy.context import ConTextRule

    return [ConTextRule(cue.phrase, CATEGORIES[cue.kind], direction=DIRECTIONS[cue.direction]) for cue in lexicon.cues]


def mentions(doc: Any) -> list[Found]:
    """The entities with their marks as one assertion."""
    found: list[Found] = []
    for entity in doc.ents:
        marks = entity._
        meant = assertion(
            absent=marks.is_negated,
            historical=marks.is_historical,
            family=marks.is_family,
            hypothetical=marks.is_hypothetical,
            uncertain=marks.is_uncertain,
        )
        found += [(finding, entity.start_char, entity.end_char, meant) for finding in entity.label_.split(JOINED)]
    return found


if __name__ == "__main__":
    ways = {
        "default": lambda lexicon: load(lexicon, pyrush=True, own_cues=False),
        "sentencizer": lambda lexicon: load(lexicon, pyrush=False, own_cues=False),
        "own-cues": lambda lexicon: load(lexicon, pyrush=True, own_cues=True),
    }
    sys.exit(serve(ways, ("medspacy", "spacy", "PyRuSH")))
