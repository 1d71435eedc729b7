"""What `make fuzz` sends to each reader for hours, for a moment: real input of its kind, and the same broken."""

import random

import pytest

pytest.importorskip("starlette", reason="the extra `service` is not installed")
pytest.importorskip("pyarrow", reason="the extra `batch` is not installed")

from fuzz.mutations import broken
from fuzz.targets import TARGETS
from strategies import FULL

TRIES = 400 if FULL else 25


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_is_answered_or_refused(name):
    target, chance = TARGETS[name], random.Random(name)
    seeds = target.seeds()
    assert seeds
    slow = name.startswith("screen") or name == "rules-file"
    for seed in seeds[:3]:
        target.try_(seed)
    for _ in range(TRIES // 5 if slow else TRIES):
        target.try_(broken(chance.choice(seeds), chance, structured=target.structured))
