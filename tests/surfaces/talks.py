"""The run of interviews: visitors by their numbers, each interviewed by the engine, then at every door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from surfaces.agreement import Tally
from surfaces.interviews import INTERVIEWS, Told, Visitor, interviewed, visitor
from surfaces.servers import Servers

__all__ = ["talks"]

BATCH = 50


def talks(doors: Sequence[str], first: int, last: int, servers: Servers, *, most: int = 5) -> Iterator[Tally]:
    """As `agree`, of interviews."""
    tally = Tally()
    with ExitStack() as open_doors:
        asked = {name: open_doors.enter_context(INTERVIEWS[name](servers)) for name in doors}
        for start in range(first, last, BATCH):
            visitors = [visitor(number) for number in range(start, min(start + BATCH, last))]
            meant = [interviewed(one) for one in visitors]
            for name, talk in asked.items():
                told = zip(visitors, meant, talk(visitors), strict=True)
                tally.differences += [_apart(one, name, engine, door) for one, engine, door in told if engine != door]
            for engine in meant:
                tally.add(engine.level, engine.reasons)
            yield tally
            if len(tally.differences) >= most:
                return


def _apart(visitor: Visitor, name: str, engine: Told, door: Told) -> str:
    """The two interviews, from where they part."""
    at = next((n for n, pair in enumerate(zip(engine.steps, door.steps, strict=False)) if pair[0] != pair[1]), -1)
    lines = [f"{visitor.name}: {dict(visitor.truth)}, else {visitor.otherwise}"]
    for who, told in (("the engine", engine), (name, door)):
        asked = f"asks {', '.join(sorted(told.steps[at]))} in step {at + 1}; " if at >= 0 else f"asks {len(told.steps)} steps; "
        lines.append(f"  {who} {asked}ends at {told.level} for {', '.join(told.reasons)}")
    return "\n".join(lines)
