"""What the records of a call state, judged: the case, its assessment, and what about it a clinician has to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from equina.case import Assessment, Case
from equina.exchange import BadInput
from equina.fhir.coded import findings_of
from equina.fhir.elements import Span, concept_words, name_of, parts, span, text_of
from equina.fhir.records import STATED, gather
from equina.fhir.responses import case_of_response
from equina.fhir.statements import Gathered
from equina.hooks.bearing import bearing
from equina.hooks.calls import Call
from equina.hooks.orders import Order, concerned, order_words
from equina.hooks.services import Service
from equina.leaves import Test, resolve
from equina.model import Protocol, rank
from equina.remembered import of_each
from equina.triage import assess, settle

__all__ = ["Judged", "judged"]

_REMEMBERED = 20_000  # words of concepts
_Names = dict[tuple[str, tuple[str, ...]], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A call with what follows from it. `danger`: the record has emergency or urgent signs; `unasked`: red flags not on record."""

    call: Call
    case: Case
    assessment: Assessment
    danger: bool
    unasked: tuple[str, ...]
    orders: tuple[Order, ...]

    @property
    def silent(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.danger or self.unasked)


def judged(protocol: Protocol, service: Service, call: Call, now: datetime) -> Judged | None:
    """The call, judged at this moment; None when nothing can come of it: no sign, another order, a person who has died."""
    orders = concerned(protocol, call.orders, call.medicines)
    if (service.hook == "order-sign" and not orders) or _has_died(call):
        return None
    gathered = Gathered(protocol, now, named=_named(protocol))
    if answered := _interview(protocol, call, gathered, now):
        gathered.answered = answered
    gather(gathered, list(bearing(gathered, call.records)), call.medicines)
    for order in orders:
        _reasons(gathered, order, now)
    case = gathered.case()
    truth = resolve(protocol.table, settle(protocol, case)[0])
    asks = service.asks and _about(call, gathered, case, orders)
    if not asks and not _in_danger(protocol, truth.must):
        return None
    assessment = assess(protocol, case)
    return Judged(
        call=call,
        case=case,
        assessment=assessment,
        danger=rank(assessment.low) >= rank("urgent"),
        unasked=assessment.not_known if asks else (),
        orders=orders,
    )


def _in_danger(protocol: Protocol, true: int) -> bool:
    """Whether the level is urgent or worse when these leaves are true."""
    for test in _dangers(protocol):  # noqa: SIM110  (a plain loop: most calls end here)
        if test.leaves & true and test.holds(true):
            return True
    return False


@of_each
def _dangers(protocol: Protocol) -> tuple[Test, ...]:
    """The conditions of the rules that say urgent or worse."""
    worst = [name for name, rule in protocol.rules.items() if rank(rule.disposition) >= rank("urgent")]
    return tuple(protocol.rule_tests[name] for name in worst)


def _named(protocol: Protocol) -> _Names:
    """What words of concepts were found to name: the records of all people share their concepts."""
    known = _names(protocol)
    if len(known[0]) > _REMEMBERED:
        known[0] = {}  # another call may still be using the old one
    return known[0]


@of_each
def _names(_: Protocol) -> list[_Names]:
    return [{}]


def _has_died(call: Call) -> bool:
    people = [record for record in call.records if record["resourceType"] == "Patient"]
    return any(person.get("deceasedBoolean") is True or bool(person.get("deceasedDateTime")) for person in people)


def _interview(protocol: Protocol, call: Call, gathered: Gathered, now: datetime) -> Case | None:
    """The answers to our own questions, when they are of this episode; what can't be judged of them is set aside."""
    for response in call.interviews:
        authored = span(response.get("authored"))
        if authored is not None and now - authored.last > timedelta(days=protocol.new_within_days):
            gathered.skip("answers from before this episode")
            continue
        try:
            return case_of_response(protocol, response, now)
        except BadInput as error:
            gathered.aside(name_of(response), str(error)[:120])
    return None


def _reasons(gathered: Gathered, order: Order, now: datetime) -> None:
    """Take in why an order was made: who is imaged or treated for something has it now."""
    moment = Span(now, now, exact=True)
    for concept in parts(order.resource, "reasonCode"):
        names = findings_of(gathered.protocol, concept) or gathered.named_in(concept_words(concept), STATED)
        for name in names:
            gathered.present(name, moment, name_of(order.resource, concept))
    for note in parts(order.resource, "note"):
        if text := text_of(note, "text"):
            gathered.read(text, name_of(order.resource))


def _about(call: Call, gathered: Gathered, case: Case, orders: tuple[Order, ...]) -> bool:
    """Whether red flags are to be asked for: the person has pain of the spine in this episode, or the spine is to be imaged."""
    if any(order.kind == "imaging" for order in orders):
        return True
    return any(case.values.get(name) is True and _is_of_now(call, gathered, case, name) for name in _spine_pain(gathered.protocol))


def _is_of_now(call: Call, gathered: Gathered, case: Case, name: str) -> bool:
    """Whether more than an old entry of the problem list says so: those who come for it, or who tell of it, have it now."""
    quotes = [
        piece.quote or "" for piece in case.evidence.get(name, ()) if piece.assertion == "present" or piece.origin == "answer"
    ]
    if any("(Condition/" not in quote for quote in quotes):
        return True
    entries = (record for record in call.records if any(f"(Condition/{record.get('id')})" in quote for quote in quotes))
    dates = [span(entry.get("recordedDate")) or span(entry.get("onsetDateTime")) for entry in entries]
    return any(date is not None and gathered.recent(None, date) for date in dates)


@of_each
def _spine_pain(protocol: Protocol) -> tuple[str, ...]:
    """The findings of which one is enough to say that the spine hurts now."""
    (group,) = order_words()["about"]
    if group not in protocol.groups:
        return ()
    test = protocol.table.test(protocol.groups[group])
    stated = (finding.id for finding in protocol.findings.values() if not finding.measured and finding.kind != "choice")
    return tuple(name for name in stated if test.holds(resolve(protocol.table, {name: True}).must))
