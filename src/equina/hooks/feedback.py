"""What became of cards, as a record system tells it: counted by service, outcome and coded reason, and nothing else kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from equina.exchange import BadInput
from equina.fhir.elements import part, span, text_of
from equina.hooks.cards import OVERRIDES

__all__ = ["NO_REASON", "OTHER_REASON", "Told", "feedback_of"]

NO_REASON, OTHER_REASON = "none", "own"  # none given; one of the client's own, or a comment alone
_MOST = 200


@dataclass(frozen=True, slots=True)
class Told:
    """One card's outcome, and the code of the reason for which it was set aside."""

    outcome: str
    reason: str


def feedback_of(data: Mapping[str, object]) -> tuple[Told, ...]:
    """What the body of a feedback states. Comments are checked for their form and dropped. Raises BadInput."""
    given = data.get("feedback")
    if not isinstance(given, list) or not given:
        raise BadInput("feedback: a list of outcomes is expected; one for each card")
    if len(given) > _MOST:
        raise BadInput(f"feedback: more than {_MOST} at once; send them in parts")
    return tuple(_told(item, f"feedback[{place}]") for place, item in enumerate(given))


def _told(item: object, place: str) -> Told:
    if not isinstance(item, Mapping):
        raise BadInput(f"{place}: an object is expected")
    if not text_of(item, "card"):
        raise BadInput(f"{place}.card: a text is expected; send the uuid of the card")
    outcome = text_of(item, "outcome")
    if outcome not in ("accepted", "overridden"):
        raise BadInput(f"{place}.outcome: write accepted or overridden")
    moment = span(item.get("outcomeTimestamp"))
    if moment is None or not moment.exact:
        raise BadInput(f'{place}.outcomeTimestamp: a moment is expected; write it as "2026-11-23T02:10:00Z"')
    if outcome == "accepted":
        accepted = item.get("acceptedSuggestions")
        if not isinstance(accepted, list) or not accepted or not all(text_of(each, "id") for each in accepted):
            raise BadInput(f"{place}.acceptedSuggestions: a list is expected; send the uuid of each as its id")
        return Told(outcome, NO_REASON)
    if not isinstance(item.get("overrideReason"), Mapping | None):
        raise BadInput(f"{place}.overrideReason: an object is expected")
    if not (reason := part(item, "overrideReason")):
        return Told(outcome, NO_REASON)
    code = text_of(part(reason, "reason"), "code")
    return Told(outcome, code if code in OVERRIDES else OTHER_REASON)
