"""Emergencies made from the protocol: each patient has what one way into one emergency rule wants, and much else besides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from equina.evaluation.interviews import whole
from equina.evaluation.scoring import asked
from equina.evaluation.systems import Answer, Progress, System
from equina.evaluation.vignettes import Vignette
from equina.evaluation.ways import ruled_out, ways
from equina.exchange import BadInput
from equina.model import LONG_STANDING, Finding, Protocol, Value
from equina.triage import CAN_ANSWER

__all__ = ["Generated", "emergencies", "score_emergencies"]

YOUNGEST, OLDEST = 18, 90
# Of what the patient was not given: how often it is denied, present, asked but not known, or old; the rest is not asked.
OTHERWISE: Mapping[Value, float] = {False: 0.6, True: 0.06, None: 0.1, LONG_STANDING: 0.04}
MEASURED = 0.1  # how often another quantity was measured, with any value that it can have
AT_THE_LIMIT = 0.5  # how often a quantity has just the value that its rule asks for
DRAWS = 20


@dataclass(frozen=True, slots=True)
class Generated:
    """How a system did on generated emergencies."""

    patients: tuple[Vignette, ...]
    missed: tuple[tuple[Vignette, Answer], ...]
    seed: int

    @property
    def by_rule(self) -> Mapping[str, tuple[int, int]]:
        """Of each rule, how many patients were made from it, and how many of them were missed."""
        made = Counter(patient.tags[0] for patient in self.patients)
        missed = Counter(patient.tags[0] for patient, _ in self.missed)
        return {rule: (made[rule], missed[rule]) for rule in sorted(made)}


def score_emergencies(system: System, protocol: Protocol, count: int, seed: int, told: Progress) -> Generated:
    """The generated emergencies that the system does not answer with one. Each counts as it is made and as it is answered."""
    patients: list[Vignette] = []
    for patient in emergencies(protocol, count, seed):
        patients.append(patient)
        told(len(patients))
    requests = [patient.request("findings") for patient in patients]
    answers = asked(system, patients, requests, lambda done: told(count + done))
    missed = [(patient, answers[patient.id]) for patient in patients if answers[patient.id].level != "emergency"]
    return Generated(tuple(patients), tuple(missed), seed)


def emergencies(protocol: Protocol, count: int, seed: int) -> Iterator[Vignette]:
    """`count` emergencies. The emergency rules take turns, so each has its share however many ways lead into it.

    Raises BadInput when no rule can be met by statements.
    """
    chance = Random(f"emergencies {seed}")
    into = {rule.id: list(ways(protocol, [rule.when])) for rule in protocol.rules.values() if rule.disposition == "emergency"}
    rules = [rule for rule, found in into.items() if found]
    if not rules:
        raise BadInput(f"the protocol {protocol.id} has no emergency rule that statements could meet; leave --emergencies out")
    made = 0
    while made < count:
        rule = rules[made % len(rules)]
        way = chance.choice(into[rule])
        answered_by = _answerer(protocol, way)
        patient = _patient(protocol, chance, way, answered_by)
        if patient is not None:
            made += 1
            yield _vignette(f"{rule} {made}", rule, answered_by, patient)


def _patient(protocol: Protocol, chance: Random, way: Mapping[str, Value], answered_by: str) -> Mapping[str, Value] | None:
    """Someone of whom the way is true, or None when the age and sex that were drawn rule it out."""
    person: dict[str, Value] = {"age_years": float(chance.randint(YOUNGEST, OLDEST)), "sex_at_birth": chance.choice("FM")}
    given = {name: value for name, value in person.items() if name in protocol.findings}
    given |= {name: _further(protocol, chance, name, value) for name, value in way.items()}
    given = dict(whole(protocol, given))
    if ruled_out(protocol, given):
        return None
    for finding in protocol.findings.values():
        if finding.id not in given and finding.answered_by in CAN_ANSWER[answered_by]:
            other = given | _other(protocol, chance, finding)
            if not ruled_out(protocol, other):
                given = other
    return given


def _further(protocol: Protocol, chance: Random, name: str, value: Value) -> Value:
    """A value beyond the limit that the rule asks for: every comparison that holds at the limit holds for it too."""
    if not protocol.findings[name].measured or not isinstance(value, int | float) or chance.random() < AT_THE_LIMIT:
        return value
    for _ in range(DRAWS):
        other = _any_value(protocol.findings[name], chance)
        if all(row.relation(other, row.number) for row in protocol.table.measures[name] if row.relation(value, row.number)):
            return other
    return value


def _other(protocol: Protocol, chance: Random, finding: Finding) -> dict[str, Value]:
    """What else is said of the patient. Baseline facts are left alone: they decide what counts as new."""
    if finding.id in protocol.baseline_facts or finding.kind == "choice":
        return {}
    if finding.measured:
        return {finding.id: _any_value(finding, chance)} if chance.random() < MEASURED else {}
    drawn = chance.random()
    for value, share in OTHERWISE.items():
        if drawn < share:
            # A measurement counts as old where its finding, or what implies it, is: that would explain the emergency away.
            explains = value == LONG_STANDING and any(finding.id in names for names in protocol.table.old_measures.values())
            return {} if explains else {finding.id: value}
        drawn -= share
    return {}


def _any_value(finding: Finding, chance: Random) -> float:
    low, high = finding.low or 0.0, finding.high or 0.0
    return min(max(round(chance.uniform(low, high), 1), low), high)


def _vignette(id: str, rule: str, answered_by: str, patient: Mapping[str, Value]) -> Vignette:
    age, sex = patient.get("age_years"), patient.get("sex_at_birth")
    return Vignette(
        id=id,
        file="generated",
        line=int(id.rpartition(" ")[2]),
        expected="emergency",
        acceptable=("emergency",),
        findings={name: value for name, value in patient.items() if name not in ("age_years", "sex_at_birth")},
        age=age if isinstance(age, float) else None,
        sex=sex if isinstance(sex, str) else None,
        answered_by=answered_by,
        tags=(rule,),
    )


def _answerer(protocol: Protocol, way: Iterable[str]) -> str:
    """Who could tell all that the rule asks for."""
    needed = {protocol.findings[name].answered_by for name in way}
    return next(who for who, answered in CAN_ANSWER.items() if needed <= answered)
