"""Lines that cannot be judged are refused by the reader itself in the words that the command gives (see test_triage_command.py)."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equina.exchange import BadInput, Request, read_request
from equina.protocol import load

PROTOCOL = load(Path(__file__).parent / "bad_protocols" / "valid")
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
BAD_INPUT = tomllib.loads((Path(__file__).parent / "cases" / "bad_input.toml").read_text(encoding="utf-8"))["case"]


def refusal(line):
    with pytest.raises(BadInput) as error:
        read_request(PROTOCOL, line, NOW)
    return error.value


@pytest.mark.parametrize("case", BAD_INPUT, ids=[case["name"] for case in BAD_INPUT])
def test_each_bad_line_is_refused_in_the_same_words_as_by_the_command(case):
    error = refusal(case["line"].encode())
    assert error.id == case.get("id")
    assert all(words in str(error) for words in case["says"])


@pytest.mark.parametrize("line", ["[" * 100_000, '{"id": ' + "9" * 10_000 + "}"], ids=["a deep nest", "thousands of digits"])
def test_what_json_itself_cannot_hold_is_refused_in_words(line):
    assert str(refusal(line.encode()))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60))
def test_whatever_bytes_are_sent_are_judged_or_refused_in_words(line):
    assert isinstance(outcome(line), Request) or str(outcome(line))


def outcome(line):
    try:
        return read_request(PROTOCOL, line, NOW)
    except BadInput as error:
        return error
