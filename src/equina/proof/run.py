"""`equina prove`: each property proved over every case, or refuted with a patient; as text or as JSON."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from equina.case import Case
from equina.model import Protocol
from equina.proof.patients import Proof, in_words
from equina.proof.promised import lowered
from equina.proof.properties import PROPERTIES, Property, Setting

__all__ = ["Outcome", "known", "listed", "prove", "proved"]

# How many patients of one property are printed. The others are counted: after three, the next says little more.
SHOWN = 3

# What the processes that share the work have from the one that forked them.
_shared: dict[str, Setting] = {}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one property: how many claims it is made of, which of them are refuted, and the time it took."""

    property: Property
    claims: int
    refuted: tuple[Proof, ...]
    seconds: float


def proved(setting: Setting, one: Property) -> Outcome:
    """The property, tried."""
    start = time.perf_counter()
    claims = list(one.claims(setting))
    refuted = tuple(claim for claim in claims if claim.patient is not None)
    return Outcome(one, len(claims), refuted, time.perf_counter() - start)


def known(ids: Sequence[str]) -> tuple[Property, ...]:
    """The properties of these ids, in their order; all of them when none is given. Raises KeyError for an id that is none."""
    by_id = {one.id: one for one in PROPERTIES}
    return tuple(by_id[id] for id in ids) or PROPERTIES


def listed() -> Iterator[str]:
    """Each property, as a line with its id and one with its sentence."""
    for one in PROPERTIES:
        yield one.id
        yield f"    {one.sentence}"


def prove(
    protocol: Protocol,
    out: TextIO,
    *,
    only: Sequence[str] = (),
    as_json: bool = False,
    show_lowered: bool = False,
    processes: int | None = None,
) -> bool:
    """Prove the properties and print what came of it. True when every claim holds."""
    start = time.perf_counter()
    setting = Setting(protocol)
    if not as_json:
        print(f"protocol {protocol.id} {protocol.version} {protocol.digest}", file=out)
        print(f"{len(protocol.findings)} findings, {len(protocol.rules)} rules, {len(protocol.promises)} promises", file=out)
    outcomes = []
    for outcome in _outcomes(setting, known(only), processes):
        outcomes.append(outcome)
        if not as_json:
            print("\n".join(_told(protocol, outcome)), file=out, flush=True)
    failed = sum(bool(outcome.refuted) for outcome in outcomes)
    claims, seconds = sum(outcome.claims for outcome in outcomes), time.perf_counter() - start
    if as_json:
        print(json.dumps(_as_json(protocol, outcomes, seconds)), file=out)
        return not failed
    if show_lowered:
        print("\n".join(_lowered(setting)), file=out)
    print(f"{len(outcomes)} properties, {claims} claims over every case: ", file=out, end="")
    print(f"{'all hold' if not failed else f'{failed} refuted'} ({seconds:.1f} s)", file=out)
    return not failed


def _outcomes(setting: Setting, properties: Sequence[Property], processes: int | None) -> Iterator[Outcome]:
    """The outcomes in the order of the properties, worked out by two processes where the system can fork them."""
    workers = min(2, os.cpu_count() or 1, len(properties)) if processes is None else processes
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from (proved(setting, one) for one in properties)
        return
    _shared["setting"] = setting  # a fork sees it as it is; a protocol ready for use cannot be sent
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for one, (claims, refuted, seconds) in zip(properties, pool.imap(_in_a_process, [p.id for p in properties]), strict=True):
            yield Outcome(one, claims, refuted, seconds)


def _in_a_process(id: str) -> tuple[int, tuple[Proof, ...], float]:
    (one,) = known([id])
    outcome = proved(_shared["setting"], one)
    return outcome.claims, outcome.refuted, outcome.seconds


def _told(protocol: Protocol, outcome: Outcome) -> Iterator[str]:
    """The property in words, with the patients who refute it."""
    word = "REFUTED " if outcome.refuted else "proved  "
    count = f"{len(outcome.refuted)} of {outcome.claims} claims" if outcome.refuted else f"{outcome.claims} claims"
    yield f"{word} {outcome.property.id}: {outcome.property.sentence} ({count}, {outcome.seconds:.1f} s)"
    for claim in outcome.refuted[:SHOWN]:
        yield f"  REFUTED  {claim.id}: {claim.sentence}"
        yield in_words(protocol, claim)
    if len(outcome.refuted) > SHOWN:
        yield f"  and {len(outcome.refuted) - SHOWN} more: " + ", ".join(claim.id for claim in outcome.refuted[SHOWN:])


def _lowered(setting: Setting) -> Iterator[str]:
    """Each emergency rule lowered in turn, with the promise that breaks and the patient who would be missed."""
    for rule, promise, missed in lowered(setting.every):
        if promise is None:
            yield f"lowering {rule.id} breaks no promise: {setting.protocol.unpromised.get(rule.id, 'nobody has said why')}"
        else:
            yield f"lowering {rule.id} breaks: {promise.sentence}"
            yield in_words(setting.protocol, Proof(rule.id, promise.sentence, missed))


def _as_json(protocol: Protocol, outcomes: Sequence[Outcome], seconds: float) -> Mapping[str, object]:
    return {
        "protocol": {"id": protocol.id, "version": protocol.version, "digest": protocol.digest},
        "properties": [
            {
                "id": outcome.property.id,
                "sentence": outcome.property.sentence,
                "claims": outcome.claims,
                "proved": not outcome.refuted,
                "seconds": round(outcome.seconds, 2),
                "refuted": [
                    {
                        "claim": claim.id,
                        "sentence": claim.sentence,
                        "patient": _case(claim.patient),
                        "after": _case(claim.after),
                        "why": claim.why,
                        "words": in_words(protocol, claim),
                    }
                    for claim in outcome.refuted
                ],
            }
            for outcome in outcomes
        ],
        "holds": not any(outcome.refuted for outcome in outcomes),
        "seconds": round(seconds, 2),
    }


def _case(case: Case | None) -> Mapping[str, object] | None:
    """The case as `equina triage` takes it, but for the id."""
    if case is None:
        return None
    onset = {name: moment.isoformat() for name, moment in case.onset.items()}
    dated = {"onset": onset, "as_of": case.as_of.isoformat()} if onset and case.as_of else {}
    return {"findings": dict(case.values), "answered_by": case.answered_by, "complete": case.complete, **dated}
