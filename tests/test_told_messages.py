"""520 messages by four writers who had not seen the lexicon: 250 that can wait, 270 that cannot, each with the levels it accepts.

The reader was mended by them, so that they are no measure of it: they hold what was won. Those that do not get a level that they
accept are named in told_messages_misses.toml with what they get, and one that comes out right must leave that file. Half of those
that can wait carry what could fool a reader: pasts that are over, other people, old complaints, likenesses. No clinician has
reviewed the levels.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from equina.evaluation.systems import Engine
from equina.protocol import load

CASES = Path(__file__).parent / "cases"
MESSAGES = [json.loads(line) for line in (CASES / "told_messages.jsonl").read_text(encoding="utf-8").splitlines()]
MISSES = tomllib.loads((CASES / "told_messages_misses.toml").read_text(encoding="utf-8"))


def test_a_message_gets_a_level_that_it_accepts() -> None:
    asked = [{"id": each["id"], "age": each["age"], "sex": each["sex"], "text": each["text"]} for each in MESSAGES]
    answers = Engine(load()).answers(asked, lambda _: None)
    got = {each["id"]: answers[each["id"]].level for each in MESSAGES}
    assert {id: level for each in MESSAGES if (level := got[id := each["id"]]) not in each["acceptable"]} == MISSES


def test_no_emergency_among_them_is_missed() -> None:
    assert not [each["id"] for each in MESSAGES if each["acceptable"] == ["emergency"] and each["id"] in MISSES]
