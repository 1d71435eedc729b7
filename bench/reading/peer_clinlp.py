"""clinlp, made for Dutch: its sentencizer, entity matcher and context algorithm on an English tokenizer, with our cues."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from lexicon import Lexicon
from peer import JOINED, Found, Reader, assertion, serve

QUALIFIERS = {
    "absent": "Presence.Absent",
    "uncertain": "Presence.Uncertain",
    "historical": "Temporality.Historical",
    "hypothetical": "Temporality.Future",
    "family": "Experiencer.Family",
}
CLASSES = [
    {"name": "Presence", "values": ["Absent", "Uncertain", "Present"], "default": "Present"},
    {"name": "Temporality", "values": ["Historical", "Current", "Future"], "default": "Current"},
    {"name": "Experiencer", "values": ["Patient", "Family"], "default": "Patient"},
]
DIRECTIONS = {
    "forward": "preceding",
    "backward": "following",
    "both": "bidirectional",
    "pseudo": "pseudo",
    "terminate": "termination",
}


def load(lexicon: Lexicon) -> Reader:
    """The pipeline."""
    warnings.filterwarnings("ignore")
    import clinlp  # noqa: F401  # registers its components
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("clinlp_sentencizer")
    matcher: Any = nlp.add_pipe("clinlp_rule_based_entity_matcher", config={"attr": "LOWER", "resolve_overlap": True})
    for phrase, findings in lexicon.findings().items():
        matcher.add_term(JOINED.join(findings), phrase)
    nlp.add_pipe("clinlp_context_algorithm", config={"phrase_matcher_attr": "LOWER", "rules": rules(lexicon)})
    return lambda texts: [mentions(doc) for doc in nlp.pipe(texts)]


def rules(lexicon: Lexicon) -> dict[str, Any]:
    """Our cues as clinlp takes them: a cue of any kind is written once for each qualifier."""
    written = [
        {"qualifier": QUALIFIERS[kind], "direction": DIRECTIONS[cue.direction], "patterns": [cue.phrase]}
        for cue in lexicon.cues
        for kind in (QUALIFIERS if cue.kind == "any" else (cue.kind,))
    ]
    return {"qualifiers": CLASSES, "rules": written}


def mentions(doc: Any) -> list[Found]:
    """The entities with their qualifiers as one assertion."""
    found: list[Found] = []
    for entity in doc.spans["ents"]:
        given = {str(qualifier) for qualifier in entity._.qualifiers}
        meant = assertion(**{kind: qualifier in given for kind, qualifier in QUALIFIERS.items()})
        found += [(finding, entity.start_char, entity.end_char, meant) for finding in entity.label_.split(JOINED)]
    return found


if __name__ == "__main__":
    sys.exit(serve({"clinlp": load}, ("clinlp", "spacy")))
