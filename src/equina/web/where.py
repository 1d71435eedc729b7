"""Where it is: a picture of the body on which a person marks where it hurts and where it is numb, and the same as plain choices."""

from __future__ import annotations

from collections.abc import Mapping

from equina.ask.session import MARKED, Given, Prompt
from equina.case import Option
from equina.model import Protocol
from equina.web.pages import Page
from equina.web.visit import Visit, with_page
from equina.wording import wording

__all__ = ["located", "where_page"]

# Of each feeling: the parts that can be marked, with what one mark says, and what a mark on both legs says.
LEGS = ("left_leg", "right_leg")
HURTS: Mapping[str, str] = {"back": "back_pain", "left_leg": "sciatica_unilateral", "right_leg": "sciatica_unilateral"}
NUMB: Mapping[str, str] = {"saddle": "saddle_anesthesia", "left_leg": "leg_numbness", "right_leg": "leg_numbness"}
BOTH_LEGS: Mapping[str, str] = {"hurts": "sciatica_bilateral", "numb": "bilateral_leg_numbness"}
FEELINGS: Mapping[str, Mapping[str, str]] = {"hurts": HURTS, "numb": NUMB}


def where_page(visit: Visit, *, empty: bool = False) -> Page:
    """The picture with its choices; `empty` when it came back without a mark."""
    words = wording("web", visit.language)
    groups = [
        (feeling, words[f"where_{feeling}"], [(part, words[f"where_{part}"]) for part in parts])
        for feeling, parts in FEELINGS.items()
    ]
    return Page(template="where.html", shows={"title": words["where_title"], "groups": groups, "empty": empty})


def located(protocol: Protocol, visit: Visit, form: Mapping[str, str]) -> Visit | None:
    """The visit with what was marked; nothing is taken to be absent where there is no mark. None when nothing was marked."""
    found: dict[str, None] = {}
    for feeling, parts in FEELINGS.items():
        marked = [part for part in parts if form.get(f"{feeling}.{part}")]
        both = set(LEGS) <= set(marked)
        found |= dict.fromkeys(parts[part] for part in marked if not (both and part in LEGS))
        found |= {BOTH_LEGS[feeling]: None} if both else {}
    if not found:
        return None
    options = tuple(Option(finding=protocol.findings[name].id, wording="", hint=None, answers=()) for name in found)
    return with_page(visit, [Given(prompt=Prompt(kind="list", options=options), answers=dict.fromkeys(found, MARKED))])
