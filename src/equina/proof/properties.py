"""What is proved of a protocol: each property a sentence with an id, and the claims it consists of, each over every case.

Every case is: every finding not asked, asked and not known, denied, new, or old and unchanged, with or without a recent onset;
every quantity not measured or at any value that is possible; whoever answers, finished or not. docs/proof.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from equina.model import Protocol
from equina.proof import advised, compiled, meanings, pairs, promised, stops
from equina.proof.patients import Proof
from equina.proof.terms import Cases, cases

__all__ = ["PROPERTIES", "Property", "Setting"]


class Setting:
    """A protocol, and every case of it once it is asked for."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol

    @cached_property
    def every(self) -> Cases:
        return cases(self.protocol)


@dataclass(frozen=True, slots=True)
class Property:
    """A named sentence that holds of every case when none of its claims is refuted."""

    id: str
    sentence: str
    claims: Callable[[Setting], Iterator[Proof]]


def _meanings(setting: Setting) -> Iterator[Proof]:
    yield from meanings.implications(setting.every)
    yield from meanings.what_findings_mean(setting.protocol)
    yield from meanings.measurements(setting.every)


def _thresholds(setting: Setting) -> Iterator[Proof]:
    yield from compiled.thresholds(setting.every)
    yield from pairs.farther_never_lowers(setting.every)


def _stops(setting: Setting) -> Iterator[Proof]:
    yield from stops.asks_while_open(setting.every)
    yield from stops.completions_agree(setting.protocol)


def _levels(setting: Setting) -> Iterator[Proof]:
    yield from advised.one_level(setting.every)
    yield from advised.reason_and_care(setting.every)


# In the order in which they are told. The slow ones come early in turn, so that two processes end together.
PROPERTIES = (
    Property(
        "promises_kept",
        "Every promised flag reaches its level, whatever else is said, not known or measured.",
        lambda setting: promised.promises(setting.every),
    ),
    Property(
        "only_promised_emergencies",
        "No case is an emergency unless a promise says that it is.",
        lambda setting: promised.only_promised(setting.every),
    ),
    Property(
        "rules_guarded",
        "Every emergency rule, lowered, breaks a promise, or promises.toml says why none covers it.",
        lambda setting: promised.guarded(setting.every),
    ),
    Property(
        "rules_stand_alone",
        "No emergency rule is wholly covered by others.",
        lambda setting: promised.emergencies_alone(setting.every),
    ),
    Property(
        "new_never_lowers",
        "Between cases with equal baseline facts, a finding that turns true never lowers `low`.",
        lambda setting: pairs.never_lower(setting.protocol),
    ),
    Property(
        "answers_never_widen",
        "An answer to what was not known never widens the interval: what it raises `low` to stays, and `high` never rises.",
        lambda setting: pairs.never_widen(setting.protocol),
    ),
    Property(
        "low_within_high",
        "`low` never exceeds `high`.",
        lambda setting: pairs.low_within_high(setting.every),
    ),
    Property(
        "one_level_with_reason_and_care",
        "Every complete case in which something was answered has exactly one level, never below `low`, a reason and care.",
        _levels,
    ),
    Property(
        "reassurance_never_lowers",
        "A low residual or any other number, a normal examination, a positive dipstick or a pain medicine never lowers the advice.",
        lambda setting: pairs.reassurance(setting.protocol),
    ),
    Property(
        "core_flags_answered_by_name",
        "The advice is never self care or scheduled while a core flag is not asked, not known, or denied by an umbrella alone.",
        lambda setting: advised.core_flags_answered(setting.every),
    ),
    Property(
        "old_needs_a_baseline",
        "A flag that is old only beside a named baseline counts as present when none is named.",
        lambda setting: promised.never_old_alone(setting.every),
    ),
    Property(
        "stops_agree_with_completions",
        "When the interview stops early, every completion of the answers ends at the same `low`.",
        _stops,
    ),
    Property(
        "findings_mean_what_is_written",
        "Whoever has a finding has what it implies, new or old, and nothing else follows from it; so does a number.",
        _meanings,
    ),
    Property(
        "denials_reach_what_they_name",
        "A denial excludes what it speaks of; a general one excludes its members, but never a core flag.",
        lambda setting: meanings.denials(setting.every),
    ),
    Property(
        "old_counts_as_old",
        "What is said to be there counts as new or as old, never as nothing; what counts as old does not count as new too.",
        lambda setting: meanings.long_standing(setting.every),
    ),
    Property(
        "compiled_forms_equal_rules",
        "The tests of leaves and the smallest sets that the engine and the interview use say what the rules say.",
        lambda setting: compiled.compiled_forms(setting.protocol),
    ),
    Property(
        "thresholds_meet",
        "Every possible value is on one side of each threshold, none is too low and too high, and farther off is never calmer.",
        _thresholds,
    ),
)
