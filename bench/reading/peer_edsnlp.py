"""EDS-NLP: sentences, matcher and qualifiers, with English cues in place of its French ones.

    peer_edsnlp.py qualifiers   negation, hypothesis, family and history
    peer_edsnlp.py negation     negation alone

Its family and history qualifiers know no direction: a cue anywhere in the clause counts. Its hypothesis is one mark for what we
call hypothetical and uncertain; the cue that gave it, which EDS-NLP keeps when asked to explain, tells them apart.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

from lexicon import Lexicon
from peer import JOINED, Found, Reader, assertion, serve


def load(lexicon: Lexicon, negation_alone: bool) -> Reader:
    """The pipeline."""
    warnings.filterwarnings("ignore")
    import edsnlp
    import edsnlp.pipes as eds

    nlp = edsnlp.blank("eds")
    nlp.add_pipe(eds.sentences())
    terms: dict[str, list[str]] = {}
    for phrase, findings in lexicon.findings().items():
        terms.setdefault(JOINED.join(findings), []).append(phrase)
    nlp.add_pipe(eds.matcher(terms=terms, attr="LOWER"))
    nlp.add_pipe(eds.negation(attr="LOWER", verbs=[], preceding_regex=[], **scopes(lexicon, "absent")))
    if negation_alone:
        return lambda texts: [negations(doc) for doc in nlp.pipe(texts)]
    doubts = scopes(lexicon, "hypothetical", "uncertain")
    nlp.add_pipe(eds.hypothesis(attr="LOWER", verbs_eds=[], verbs_hyp=[], explain=True, **doubts))
    family, past = scopes(lexicon, "family"), scopes(lexicon, "historical")
    relatives, former = family["preceding"] + family["following"], past["preceding"] + past["following"]
    nlp.add_pipe(eds.family(attr="LOWER", family=relatives, termination=family["termination"], use_sections=False))
    nlp.add_pipe(eds.history(attr="LOWER", history=former, termination=past["termination"]))
    conditional = scopes(lexicon, "hypothetical")
    conditions = frozenset(conditional["preceding"] + conditional["following"])
    return lambda texts: [mentions(doc, conditions) for doc in nlp.pipe(texts)]


def scopes(lexicon: Lexicon, *kinds: str) -> dict[str, list[str]]:
    """Our cues of these kinds as EDS-NLP takes them."""
    return {
        "preceding": lexicon.cue_phrases("forward", *kinds),
        "following": lexicon.cue_phrases("backward", *kinds),
        "pseudo": lexicon.cue_phrases("pseudo", *kinds),
        "termination": lexicon.cue_phrases("terminate", *kinds),
    }


def negations(doc: Any) -> list[Found]:
    """The entities, absent or present."""
    return [
        (finding, entity.start_char, entity.end_char, assertion(absent=entity._.negation))
        for entity in doc.ents
        for finding in entity.label_.split(JOINED)
    ]


def mentions(doc: Any, conditions: frozenset[str]) -> list[Found]:
    """The entities with their marks as one assertion."""
    found: list[Found] = []
    for entity in doc.ents:
        marks = entity._
        conditional = marks.hypothesis and any(cue.text.lower() in conditions for cue in marks.hypothesis_cues)
        meant = assertion(
            absent=marks.negation,
            historical=marks.history,
            family=marks.family,
            hypothetical=conditional,
            uncertain=marks.hypothesis and not conditional,
        )
        found += [(finding, entity.start_char, entity.end_char, meant) for finding in entity.label_.split(JOINED)]
    return found


if __name__ == "__main__":
    ways = {
        "qualifiers": lambda lexicon: load(lexicon, negation_alone=False),
        "negation": lambda lexicon: load(lexicon, negation_alone=True),
    }
    sys.exit(serve(ways, ("edsnlp", "spacy")))
