"""One patient's pieces as one case: records, cases as they were answered, tables and texts, within the episode window.

The records speak as in `equina triage --fhir`, a case as in `equina triage`. What is dated before the window is aged as a record
is: what was new then is long-standing now, a denial and a measurement of then say nothing of now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from equina.case import ANSWERERS, Case, Evidence
from equina.exchange import BadInput, request_around
from equina.fhir.elements import Resource, Span, text_of
from equina.fhir.records import gather
from equina.fhir.statements import Gathered
from equina.model import LONG_STANDING, Protocol
from equina.notes.evidence import with_text

__all__ = ["Joined", "join"]

_AHEAD = "it is dated after the moment of the run; mend its as_of, or give --as-of"
_OLD_TEXT = "a text from before this episode: not read"
_OLD_MEASURE = "a measurement from before this episode, or without a date"


@dataclass(slots=True)
class Joined:
    """The case of a patient, and what of its pieces was not judged."""

    case: Case
    refused: list[tuple[str, str]] = field(default_factory=list)  # (source, why) of a case that cannot be judged
    not_counted: Counter[str] = field(default_factory=Counter)
    judged: bool = True  # whether there is anything of the patient but what was refused
    deceased: bool = False


def join(
    protocol: Protocol,
    as_of: datetime,
    window_days: int,
    records: Sequence[Resource],
    answers: Sequence[tuple[str, Mapping[str, object]]],
    medicines: Mapping[str, Resource],
    named: dict[tuple[str, tuple[str, ...]], tuple[str, ...]],
) -> Joined:
    """The case of one patient, of the records (the source of each as `meta.source`) and of the (source, object) of each case.

    `named` remembers what the words of concepts were found to name.
    """
    found = Joined(Case())
    cases: list[tuple[str, Case]] = []
    for source, data in answers:
        gathered = Gathered(protocol, as_of, window_days, source=source)
        try:
            request, asides = request_around(protocol, data, as_of)
            case = request.case
            if case.as_of is not None and gathered.ahead(Span(case.as_of, case.as_of)):
                raise BadInput(_AHEAD)
        except BadInput as error:
            found.refused.append((source, str(error)))
            continue
        told = _aged(gathered, case) if _is_old(gathered, case) else with_text(protocol, case)
        cases.append((source, replace(told, set_aside=(*told.set_aside, *(replace(each, source=source) for each in asides)))))
        found.not_counted.update(gathered.outside)
    answered = _one(protocol, as_of, window_days, cases)
    if not records and answered is not None:
        found.case = answered
        return found
    found.judged = bool(records) or not answers
    begun = Gathered(protocol, as_of, window_days, named=named, answered=answered)
    gathered = gather(begun, list(records), medicines)
    found.not_counted.update(gathered.outside)
    gathered.outside.clear()
    found.case = gathered.case()
    found.deceased = any(
        record.get("resourceType") == "Patient" and (record.get("deceasedBoolean") is True or text_of(record, "deceasedDateTime"))
        for record in records
    )
    return found


def _is_old(gathered: Gathered, case: Case) -> bool:
    return case.as_of is not None and not gathered.recent(None, Span(case.as_of, case.as_of))


def _aged(gathered: Gathered, case: Case) -> Case:
    """What a case of before the window says of now."""
    assert case.as_of is not None
    then, quote = Span(case.as_of, case.as_of), f"answered on {case.as_of.date().isoformat()}"
    if case.told.strip():
        gathered.skip(_OLD_TEXT)
    for name, value in case.values.items():
        finding = gathered.protocol.findings[name]
        if finding.measured or finding.kind == "choice":
            if finding.lasting or finding.kind == "choice":
                gathered.state(name, value, quote)
            else:
                gathered.skip(_OLD_MEASURE)
        elif value is True:
            gathered.present(name, then, quote)
        elif value is False:
            gathered.denied(name, then, quote)
        elif value == LONG_STANDING:
            gathered.state(name, value, quote)
    outside = Counter(gathered.outside)
    gathered.outside.clear()
    aged = gathered.case()
    gathered.outside.update(outside)
    return replace(aged, answered_by=case.answered_by, carer=case.carer)


def _one(protocol: Protocol, as_of: datetime, window_days: int, cases: Sequence[tuple[str, Case]]) -> Case | None:
    """Several cases of one patient as one: what is present in any of them counts, and a disagreement is told."""
    if len(cases) <= 1:
        return replace(cases[0][1], as_of=cases[0][1].as_of) if cases else None
    together = Gathered(protocol, as_of, window_days)
    onset: dict[str, datetime] = {}
    for source, case in cases:
        together.source = source
        together.take_in(replace(case, evidence={name: tuple(_said(case, name)) for name in case.evidence}))
        for name, moment in case.onset.items():
            onset[name] = max(moment, onset.get(name, moment))
    case = together.case()
    return replace(
        case,
        onset={name: moment for name, moment in onset.items() if name in case.values},
        answered_by=max((case.answered_by for _, case in cases), key=ANSWERERS.index),
        complete=all(case.complete for _, case in cases),
        told="\n\n".join(case.told for _, case in cases if case.told.strip()),
        carer=all(case.carer for _, case in cases),
    )


def _said(case: Case, name: str) -> Iterator[Evidence]:
    """The pieces that a value rests on, an answer with what it says: beside another case it may not be what counts."""
    value = case.values.get(name)
    said = "uncertain" if value is None else "absent" if value is False else "present"
    for piece in case.evidence[name]:
        yield piece if piece.assertion is not None else replace(piece, assertion=said)
