"""Random cases of the shipped protocol, for the laws that hold for every case."""

import os
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from equina import Case, load

PROTOCOL = load()
FULL = bool(os.environ.get("EQUINA_FULL"))
# How many random cases a law is tried on: a sample in every test run, the full count in `make verify`.
TRIES = settings(max_examples=4000 if FULL else 150, deadline=None)
# The same for a claim that other tests make too (test_surfaces_agree.py), or whose every case is slow.
FEWER_TRIES = settings(max_examples=2000 if FULL else 40, deadline=None)

BASELINES = PROTOCOL.baseline_facts
STATED = tuple(f.id for f in PROTOCOL.findings.values() if not f.measured and f.kind != "choice")
QUANTITIES = tuple(f.id for f in PROTOCOL.findings.values() if f.measured)
# What decides most: drawn more often, so that rules really fire.
DECISIVE = (
    "back_pain",
    *PROTOCOL.core_flags,
    *BASELINES,
    "sciatica_unilateral",
    "saddle_paresthesia",
    "history_of_cancer",
    "leg_numbness",
)


def value_of(name):
    """A possible value of the finding."""
    finding = PROTOCOL.findings[name]
    if finding.measured:
        return st.none() | st.floats(finding.low, finding.high).map(lambda x: round(x, 1)).filter(
            lambda x: finding.low <= x <= finding.high
        )
    return st.sampled_from([True, True, False, False, "long_standing", None])


def values(names, least, most):
    chosen = st.lists(st.sampled_from(names), min_size=least, max_size=most, unique=True)
    return chosen.flatmap(lambda ids: st.fixed_dictionaries({name: value_of(name) for name in ids}))


findings = st.tuples(values(DECISIVE, 0, 8), values(STATED, 0, 14), values(QUANTITIES, 0, 3)).map(
    lambda parts: parts[0] | parts[1] | parts[2]
)
NOW = datetime(2026, 11, 25, 2, 10, tzinfo=UTC)


def dated(values):
    """The values with the onset of some of them: days ago, recent or long past."""
    stated = [name for name in values if name in STATED]
    if not stated:
        return st.just((values, {}))
    onsets = st.dictionaries(st.sampled_from(stated), st.sampled_from([0, 3, 14, 15, 30, 400]), max_size=3)
    return onsets.map(lambda days: (values, {name: NOW - timedelta(days=ago) for name, ago in days.items()}))


cases = st.builds(
    lambda given, who, complete: Case(values=given[0], onset=given[1], as_of=NOW, answered_by=who, complete=complete),
    findings.flatmap(dated),
    st.sampled_from(["self", "self", "clinician", "record"]),
    st.booleans(),
)
any_finding = st.sampled_from([name for name in STATED + QUANTITIES if name not in BASELINES])
