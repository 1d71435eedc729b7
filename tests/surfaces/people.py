"""Made-up people, one for each number: cases as `equina triage` takes them, of every level and with every kind of answer.

The same number makes the same person, so that a run of many can be taken up again, and one person be looked at alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from random import Random

from equina.case import Case
from equina.implicants import implicants
from equina.model import DISPOSITIONS, LONG_STANDING, Value
from equina.proof.patients import stating
from strategies import DECISIVE, PROTOCOL, QUANTITIES, STATED

__all__ = ["in_words", "person"]

NOW = datetime(2026, 11, 25, 2, 10, tzinfo=UTC)
ZONES = (UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45)))
DAYS = (0, 0, 1, 3, 13, 14, 15, 30, 41, 42, 43, 400, 8_000)
# How a person is made, and how often: a calm one says no to nearly all that matters; one with a reason has what one way into one
# rule wants, and nearly one all but a part of it; an old one has what has long been so; a silent one has said next to nothing.
KINDS = {"any": 25, "reason": 20, "nearly": 15, "old": 12, "calm": 25, "silent": 3}
MILD = tuple(name for name in STATED if name not in PROTOCOL.core_flags and PROTOCOL.findings[name].answered_by == "self")
THRESHOLDS: Mapping[str, Sequence[float]] = {
    name: [row.number for row in PROTOCOL.table.measures[name]] or [PROTOCOL.findings[name].low or 0.0] for name in QUANTITIES
}


def person(number: int) -> dict[str, object]:
    """The person of that number: a line of `equina triage`, always as of a stated moment."""
    chance = Random(f"person {number}")
    [kind] = chance.choices(list(KINDS), list(KINDS.values()))
    values = {"any": _any, "reason": _reason, "nearly": _nearly, "old": _old, "calm": _calm, "silent": _silent}[kind](chance)
    names = list(values)
    chance.shuffle(names)  # no order of answers means anything
    as_of = (NOW - timedelta(minutes=chance.randrange(600_000))).astimezone(chance.choice(ZONES))
    made: dict[str, object] = {"id": f"{kind} {number}", "as_of": as_of.isoformat()}
    made["findings"] = {name: values[name] for name in names}
    made |= _age_and_sex(chance, values)
    if onset := _onsets(chance, names, as_of, often=0.6 if kind == "old" else 0.25):
        made["onset"] = onset
    made["complete"] = chance.random() < (0.8 if kind == "calm" else 0.5)
    made["answered_by"] = chance.choices(["self", "clinician", "record", None], [6, 2, 2, 1])[0]
    if chance.random() < 0.1:
        made["carer"] = chance.choice([True, False, None])
    if chance.random() < 0.04:
        made["text"] = chance.choice(list(PROTOCOL.stories.values())).story
    return made


# --- what they answer ------------------------------------------------------------------------------------------------------------


def _any(chance: Random) -> dict[str, Value]:
    """Anything at all, the findings that decide most drawn more often."""
    names = [*_some(chance, DECISIVE, 8), *_some(chance, STATED, 14), *_some(chance, QUANTITIES, 3)]
    return {name: _value(chance, name) for name in names}


def _some(chance: Random, names: Sequence[str], most: int) -> list[str]:
    return chance.sample(names, chance.randint(0, min(most, len(names))))


def _value(chance: Random, name: str) -> Value:
    if name in QUANTITIES:
        return None if chance.random() < 0.1 else _measured(chance, name)
    return chance.choice([True, True, False, False, LONG_STANDING, None])


def _measured(chance: Random, name: str) -> float:
    """A possible number, mostly near where it begins to matter; sometimes a whole one."""
    finding = PROTOCOL.findings[name]
    low, high = finding.low or 0.0, finding.high or 0.0
    number = chance.uniform(low, high)
    if chance.random() < 0.7:
        number = chance.choice(THRESHOLDS[name]) + chance.choice([-1, -0.1, 0, 0, 0.1, 1])
    number = min(max(round(number, chance.choice([0, 1, 1, 2])), low), high)
    return int(number) if number == int(number) and chance.random() < 0.5 else number


def _reason(chance: Random) -> dict[str, Value]:
    """What one way into one rule wants, beside calm answers or none."""
    [level] = chance.choices(DISPOSITIONS[1:], [3, 3, 2])
    rule = chance.choice([rule.id for rule in PROTOCOL.rules.values() if rule.disposition == level])
    values = dict(stating(PROTOCOL, chance.choice(_ways(rule))).values)
    calm = chance.random() < (0.9 if level == "scheduled" else 0.5)
    around = _calm(chance) if calm else _any(chance) if chance.random() < 0.3 else {}
    return {**around, **values}


@cache
def _ways(rule: str) -> list[int]:
    return sorted(implicants(PROTOCOL.rules[rule].when, PROTOCOL.table.bit))


def _nearly(chance: Random) -> dict[str, Value]:
    """As with a reason, but for one answer."""
    values = _reason(chance)
    name = chance.choice(list(values))
    if name in QUANTITIES:
        values[name] = _measured(chance, name)
    elif chance.random() < 0.3:
        del values[name]
    else:
        values[name] = chance.choice([False, None, LONG_STANDING])
    return values


def _old(chance: Random) -> dict[str, Value]:
    """What has long been so, beside the baselines that may explain it."""
    values: dict[str, Value] = dict.fromkeys(_some(chance, PROTOCOL.baseline_facts, 3), True)
    for name in [*_some(chance, DECISIVE, 6), *_some(chance, STATED, 8)]:
        values.setdefault(name, chance.choice([LONG_STANDING, LONG_STANDING, LONG_STANDING, True, False, None]))
    return {**(_calm(chance) if chance.random() < 0.4 else {}), **values}


def _calm(chance: Random) -> dict[str, Value]:
    """The key flags denied by name, but for one now and then, and a few things of no great weight."""
    values: dict[str, Value] = dict.fromkeys(PROTOCOL.core_flags, False)
    if chance.random() < 0.2:
        values[chance.choice(list(values))] = None
    if chance.random() < 0.1:
        del values[chance.choice(list(values))]
    if chance.random() < 0.8:
        values["back_pain"] = chance.choice([True, True, LONG_STANDING])
    for name in _some(chance, MILD, 2):
        values[name] = chance.choice([True, False, False, LONG_STANDING])
    return values


def _silent(chance: Random) -> dict[str, Value]:
    """Next to nothing."""
    return {name: _value(chance, name) for name in _some(chance, (*DECISIVE, *QUANTITIES), 1)}


def _age_and_sex(chance: Random, values: Mapping[str, Value]) -> dict[str, object]:
    made: dict[str, object] = {}
    if chance.random() < 0.5 and "age_years" not in values:
        made["age"] = chance.choice([chance.randint(1, 100), 49, 50, 65, None])
    if chance.random() < 0.5:
        made["sex"] = chance.choice(["F", "M", "X", None])
    return made


def _onsets(chance: Random, names: Sequence[str], as_of: datetime, often: float) -> dict[str, str | None]:
    """When some of it began; the days on both sides of where that begins to matter are drawn often."""
    began = [name for name in names if name not in QUANTITIES and chance.random() < 0.5] if chance.random() < often else []
    moments = {name: as_of - timedelta(days=chance.choice(DAYS), hours=chance.choice([0, 0, 5])) for name in began[:4]}
    return {name: moment.astimezone(chance.choice(ZONES)).isoformat() for name, moment in moments.items()}


# --- in words --------------------------------------------------------------------------------------------------------------------


def in_words(request: Mapping[str, object], case: Case) -> str:
    """The person as a clinician can read it."""
    lines = [f"{request['id']}: answered by {case.answered_by}, {'no more' if case.complete else 'more'} will be asked"]
    for name, value in case.values.items():
        began = f", began {case.onset[name].isoformat()}" if name in case.onset else ""
        lines.append(f"    {PROTOCOL.findings[name].label} [{name}]: {_said(name, value)}{began}")
    return "\n".join([*lines, *([f"    in their words: {case.told}"] if case.told else [])])


def _said(name: str, value: Value) -> str:
    words = {True: "yes, new or of unknown age", False: "no", None: "asked, not known", LONG_STANDING: "old and unchanged"}
    return f"{value:g} {PROTOCOL.findings[name].unit}" if name in QUANTITIES and value is not None else words.get(value, str(value))
