"""One case, one answer: random people through every interpreter of the rules and every surface: the same levels and reasons.

`make agree` puts a hundred thousand through what is quick, and ten thousand through every service.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace

import pytest

pytest.importorskip("z3", reason="the extra `proofs` is not installed")
pytest.importorskip("mcp", reason="the extra `mcp` is not installed")
pytest.importorskip("starlette", reason="the extra `service` is not installed")
pytest.importorskip("pyarrow", reason="the extra `batch` is not installed")

from strategies import FULL, PROTOCOL
from surfaces import agreement
from surfaces.agreement import Tally, agree, judged
from surfaces.door import Door
from surfaces.doors import DOORS, HERE, NETWORK
from surfaces.interviews import INTERVIEWS
from surfaces.people import person
from surfaces.servers import Servers
from surfaces.talks import talks

# Each run begins elsewhere: what one does not meet, the next one may. A failure names the person, made anew by the number.
START = random.randrange(1_000_000)
ALL, SOME = (5_000, 1_000) if FULL else (200, 40)


@pytest.fixture(scope="module")
def servers():
    with Servers() as shared:
        yield shared


def whole(tallies) -> Tally:
    *_, tally = tallies
    return tally


@pytest.mark.parametrize("door", HERE)
def test_what_is_quick_answers_as_the_engine(door, servers):
    tally = whole(agree([door], START, START + ALL, servers))
    assert not tally.differences, "\n\n".join(tally.differences)


@pytest.mark.parametrize("door", NETWORK)
def test_a_service_answers_as_the_engine(door, servers):
    tally = whole(agree([door], START, START + SOME, servers))
    assert not tally.differences, "\n\n".join(tally.differences)


@pytest.mark.parametrize("door", INTERVIEWS)
def test_an_interview_goes_and_ends_as_the_engine_leads_it(door, servers):
    tally = whole(talks([door], START, START + (SOME if FULL else 5), servers))
    assert not tally.differences, "\n\n".join(tally.differences)


# --- the people and the comparison themselves ------------------------------------------------------------------------------------


def test_the_same_number_makes_the_same_person():
    assert person(7) == person(7)
    assert person(7) != person(8)


def test_every_level_is_common_and_most_rules_determine_some_answer():
    levels, rules = Counter(), set()
    for one in map(judged, range(1_000)):
        levels[one.answer["disposition"]] += 1
        rules |= {reason["rule"] for reason in one.answer["reasons"]} & PROTOCOL.rules.keys()
    assert all(levels[level] >= 50 for level in ("self_care", "scheduled", "urgent", "emergency", None)), levels
    assert len(rules) >= 0.95 * len(PROTOCOL.rules)


@pytest.mark.parametrize("key", ["low", "disposition", "reasons"])
def test_an_answer_that_differs_is_told_with_the_person(monkeypatch, key):
    def wrong(one):
        return {**one.answer, key: "wrong"}

    monkeypatch.setitem(agreement.DOORS, "tools", replace(DOORS["tools"], shows=wrong))
    tally = whole(agree(["tools"], 0, 2, Servers()))
    assert len(tally.differences) == 2
    assert f"the engine: {{'{key}': 'wrong'}}" in tally.differences[0]
    assert "answered by" in tally.differences[0]


def test_an_answer_that_is_missing_is_a_difference(monkeypatch):
    monkeypatch.setitem(agreement.DOORS, "none", Door(lambda _: nullcontext(lambda people: []), lambda one: None))
    assert whole(agree(["none"], 0, 2, Servers())).differences == ["none: 0 answers to 2 people"]


def test_a_run_that_was_stopped_adds_up():
    first, rest, all_of_them = (whole(agree(["tree"], a, b, Servers())) for a, b in ((0, 5), (5, 12), (0, 12)))
    assert Tally.of_json(first.as_json()) + rest == all_of_them
