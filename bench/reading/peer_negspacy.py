"""negspacy on a blank English pipeline: entity ruler, sentencizer and NegEx.

    peer_negspacy.py our-cues    with our cues
    peer_negspacy.py own-cues    with its own set for clinical English
    peer_negspacy.py tokenizer   spaCy's tokenizer alone, no reader: the ground that every spaCy pipeline stands on

It knows negation only: to it nothing is historical, hypothetical, of the family or uncertain.
"""

from __future__ import annotations

import sys
from typing import Any

from lexicon import Lexicon
from peer import JOINED, Found, Reader, assertion, serve


def load(lexicon: Lexicon, own_cues: bool) -> Reader:
    """The pipeline."""
    import negspacy.negation  # noqa: F401  # registers `negex`
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler: Any = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": JOINED.join(findings), "pattern": phrase} for phrase, findings in lexicon.findings().items()])
    nlp.add_pipe("negex", config={} if own_cues else {"neg_termset": term_set(lexicon)})
    return lambda texts: [mentions(doc) for doc in nlp.pipe(texts)]


def term_set(lexicon: Lexicon) -> dict[str, list[str]]:
    """Our negation cues as negspacy takes them."""
    return {
        "pseudo_negations": lexicon.cue_phrases("pseudo", "absent"),
        "preceding_negations": lexicon.cue_phrases("forward", "absent"),
        "following_negations": lexicon.cue_phrases("backward", "absent"),
        "termination": lexicon.cue_phrases("terminate", "absent"),
    }


def mentions(doc: Any) -> list[Found]:
    """The entities, absent or present."""
    found: list[Found] = []
    for entity in doc.ents:
        meant = assertion(absent=entity._.negex)
        found += [(finding, entity.start_char, entity.end_char, meant) for finding in entity.label_.split(JOINED)]
    return found


def load_tokenizer(_lexicon: Lexicon) -> Reader:
    """Splits into words and finds nothing."""
    import spacy

    nlp = spacy.blank("en")
    return lambda texts: [[] for _ in nlp.tokenizer.pipe(texts)]


if __name__ == "__main__":
    ways = {
        "our-cues": lambda lexicon: load(lexicon, own_cues=False),
        "own-cues": lambda lexicon: load(lexicon, own_cues=True),
        "tokenizer": load_tokenizer,
    }
    sys.exit(serve(ways, ("negspacy", "spacy")))
