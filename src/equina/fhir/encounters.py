"""What was done and why someone came: the procedures and encounters of a record."""

from __future__ import annotations

import re

from equina.fhir.coded import findings_of
from equina.fhir.elements import Resource, concept_words, name_of, part, parts, span, text_of
from equina.fhir.statements import Gathered

__all__ = ["NO_FINDING", "STATED", "encounter", "procedure"]

NO_FINDING = "{}: its codes and words state no finding of the protocol"
STATED = ("symptom", "sign", "diagnosis", "baseline", "history", "medicine", "lifestyle", "umbrella", "test")
# What a procedure can make so, and the words of one that only looks.
_MADE_BY_PROCEDURES = frozenset(
    (
        "catheter_user",
        "dialysis",
        "immunosuppression",
        "indwelling_vascular_line",
        "pelvic_surgery_or_radiation",
        "postpartum",
        "prior_spinal_surgery",
        "recent_spinal_manipulation",
        "recent_spinal_procedure",
        "recent_surgery",
        "spinal_hardware",
        "vaginal_birth_history",
    )
)
_LOOKING = re.compile(
    r"\b(?:test|assay|measure|screen|assess|counsel|educat|antigen|antibod|monitor|evaluat|exam|referral)", re.IGNORECASE
)


def procedure(gathered: Gathered, resource: Resource) -> None:
    """Take in what a Procedure that was carried out makes so."""
    concept = resource.get("code")
    quote = name_of(resource, concept)
    when = span(resource.get("performedDateTime")) or span(resource.get("performedPeriod"))
    if text_of(resource, "status") not in ("completed", "in-progress", ""):
        gathered.skip("a procedure that was not carried out")
    elif gathered.ahead(when):
        gathered.aside(quote, "it is dated after the moment of the case")
    else:
        names = findings_of(gathered.protocol, concept) or _done(gathered, concept_words(concept))
        if not names:
            gathered.skip(NO_FINDING.format("Procedure"))
        for name in names:
            gathered.present(name, when, quote)


def _done(gathered: Gathered, words: str) -> tuple[str, ...]:
    """What a procedure leaves behind, by its words. A test for a disease says nothing of the disease."""
    if _LOOKING.search(words):
        return ()
    return tuple(name for name in gathered.named_in(words, ("history", "baseline")) if name in _MADE_BY_PROCEDURES)


def encounter(gathered: Gathered, resource: Resource) -> None:
    """Take in the reasons of an Encounter of this episode: who comes for it has it now."""
    when = span(part(resource, "period"))
    reasons = parts(resource, "reasonCode")
    if text_of(resource, "status") in ("cancelled", "planned"):
        gathered.skip("an encounter that did not take place")
    elif gathered.ahead(when):
        gathered.aside(name_of(resource), "it is dated after the moment of the case")
    elif not gathered.recent(None, when):
        gathered.skip("an encounter before this episode, or without a date")
    else:
        for concept in reasons:
            names = findings_of(gathered.protocol, concept) or gathered.named_in(concept_words(concept), STATED)
            if not names:
                gathered.skip(NO_FINDING.format("reason of an encounter"))
            for name in names:
                gathered.present(name, when, name_of(resource, concept))
