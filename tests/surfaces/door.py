"""What a door is: how it is opened, and what it is to show of a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from equina.case import Case
from surfaces.servers import Servers

__all__ = ["Answer", "Ask", "Door", "Judged", "guided", "in_short", "told_by", "whole"]

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """A person as the doors are told of them, the case that is theirs, and the engine's own answer, as JSON has it."""

    person: Mapping[str, object]
    case: Case
    answer: Answer


Ask = Callable[[Sequence[Judged]], Sequence[object]]


@dataclass(frozen=True)
class Door:
    """How it is opened, and what it is to show of a person."""

    opened: Callable[[Servers], AbstractContextManager[Ask]]
    shows: Callable[[Judged], object]


def whole(one: Judged) -> object:
    return one.answer


def in_short(one: Judged) -> object:
    """Levels and reasons alone."""
    levels = {key: one.answer[key] for key in ("low", "high", "disposition", "settled")}
    return {**levels, "reasons": [reason["rule"] for reason in one.answer["reasons"]]}


def guided(bundle: Answer) -> object:
    """What the GuidanceResponse of a Bundle says."""
    guidance = next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "GuidanceResponse")
    [outcome] = [contained for contained in guidance["contained"] if contained["id"] == "outcome"]
    given = {one["name"]: one.get("valueBoolean", one.get("valueCoding", {}).get("code")) for one in outcome["parameter"]}
    levels = {key: given.get(key) for key in ("low", "high", "disposition", "settled")}
    return {**levels, "reasons": [one["coding"][0]["code"].replace("-", "_") for one in guidance["reasonCode"]]}


def told_by(reply: Any) -> object:
    """The assistant's result; whether it says an emergency first is held against the level."""
    if reply.is_error:
        return reply.content[0].text
    told = reply.structured_content
    urged = told["emergency"], len(reply.content) == 3
    return told["result"] if len(set(urged)) == 1 and urged[0] == (told["result"]["disposition"] == "emergency") else told
