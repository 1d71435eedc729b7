"""Plain pieces of messages and notes in random order: an emergency is found among them, and without one none is read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from random import Random

import pytest

from equina.evaluation.systems import Engine
from equina.protocol import load
from strategies import FULL

PIECES = tomllib.loads((Path(__file__).parent / "cases" / "composed.toml").read_text(encoding="utf-8"))
COUNT = 20_000 if FULL else 1_500
# Of which kinds of pieces a text is made: the first stand in front, the last at the end, the others in any order.
FRONT = {"message": ("opening", "back"), "note": ("opening", "back")}
MIDDLE = {"message": ("ease", "old", "kin", "warned", "past"), "note": ("old", "warned")}
END = {"message": ("asked",), "note": ()}


def composed(kind: str, beside: tuple[str, ...], draw: Random) -> str:
    """A message or a note, with a piece of each of these kinds as well."""
    pieces = PIECES[kind]
    middle = [draw.choice(pieces[name]) for name in MIDDLE[kind] if draw.random() < 0.6]
    middle += [draw.choice(pieces[name]) for name in beside]
    draw.shuffle(middle)
    every = [*(draw.choice(pieces[name]) for name in FRONT[kind]), *middle, *(draw.choice(pieces[name]) for name in END[kind])]
    stopped = [piece if piece[-1:] in ".?!,:" or draw.random() < 0.1 else f"{piece}." for piece in every if piece]
    text = ("\n" if kind == "note" and draw.random() < 0.3 else " ").join(stopped)
    return text.lower().replace("'", "") if kind == "message" and draw.random() < 0.2 else text


def levels(kind: str, beside: tuple[str, ...]) -> dict[str, str]:
    draw = Random(kind)
    texts = {composed(kind, beside, draw) for _ in range(COUNT)}
    answers = Engine(load()).answers([{"id": text, "text": text} for text in sorted(texts)], lambda _: None)
    return {text: answer.level for text, answer in answers.items()}


@pytest.mark.parametrize("kind", ["message", "note"])
def test_a_plain_emergency_is_found_among_plain_remarks(kind: str) -> None:
    """One in a hundred at most is missed: where no stop parts it from what is past, or it stands in the line of past illnesses."""
    found = levels(kind, ("flag", "beside"))
    missed = [text for text, level in found.items() if level != "emergency"]
    assert len(missed) <= len(found) / 100, missed[:10]


@pytest.mark.parametrize(("kind", "one_in"), [("message", 100), ("note", 500)])
def test_none_is_read_where_none_is_told(kind: str, one_in: int) -> None:
    """So many at most: who tells of a mother that "has MS and is incontinent", and of their own back without "I", is her carer."""
    found = levels(kind, ("denied", "beside") if kind == "note" else ("denied",))
    raised = [text for text, level in found.items() if level == "emergency"]
    assert len(raised) <= len(found) / one_in, raised[:10]
