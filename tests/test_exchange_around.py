"""What stands around a key or a value of a case that cannot be judged, as records in bulk are read."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from equina.exchange import BadInput, request_around
from equina.protocol import load

PROTOCOL = load(Path(__file__).parent / "bad_protocols" / "valid")
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "left", "quotes"),
    [
        ({"age": 44, "findings": {"leg_weakness": True}}, {"leg_weakness"}, []),
        ({"age": "44 years", "findings": {"leg_weakness": True}}, {"leg_weakness"}, ["44 years"]),
        ({"findings": {"leg_weakness": "none", "back_pain": True}}, {"back_pain"}, ["none"]),
        ({"findings": 3, "text": "x"}, set(), ["3"]),
        ({"sex": "?", "backpain": True, "findings": {"back_pain": True, "leek": True}}, {"back_pain"}, ["true", "true", "?"]),
    ],
)
def test_what_cannot_be_judged_is_set_aside_and_the_rest_stands(data, left, quotes):
    request, asides = request_around(PROTOCOL, {"id": "a", **data}, NOW)
    assert request.id == "a"
    assert {name for name, value in request.case.values.items() if value is True} == left
    assert len(asides) == len(quotes)
    assert all(quote in aside.quote for quote, aside in zip(quotes, asides, strict=True))
    assert all(aside.why for aside in asides)


def test_around_an_id_that_is_none_nothing_stands():
    with pytest.raises(BadInput, match="id"):
        request_around(PROTOCOL, {"id": ["a"], "age": 3}, NOW)
