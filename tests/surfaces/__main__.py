"""Many people through every door: `make agree`. What was found is kept in a file, from which a run that was stopped goes on."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from strategies import PROTOCOL
from surfaces.agreement import Tally, agree
from surfaces.doors import DOORS, HERE, NETWORK
from surfaces.interviews import INTERVIEWS
from surfaces.servers import Servers
from surfaces.talks import talks

GROUPS = {"here": tuple(HERE), "network": tuple(NETWORK), "interviews": tuple(INTERVIEWS)}


def main() -> int:
    options = _options().parse_args()
    names = tuple(name for each in options.doors.split(",") for name in GROUPS.get(each, (each,)))
    interviews = options.doors == "interviews"
    if unknown := [name for name in names if name not in (INTERVIEWS if interviews else DOORS)]:
        print(f"agree: no door is called {', '.join(unknown)}; there are {', '.join((*GROUPS, *DOORS))}", file=sys.stderr)
        return 2
    run = {"protocol": PROTOCOL.digest, "doors": list(names), "from": options.start}
    before = _kept(options.kept, run)
    first = options.start + before.people
    began = time.monotonic()
    whole = before
    with Servers() as servers:
        for tally in (talks if interviews else agree)(names, first, options.start + options.people, servers):
            whole = before + tally
            options.kept.parent.mkdir(parents=True, exist_ok=True)
            options.kept.write_text(json.dumps({**run, **whole.as_json()}, indent=1), encoding="utf-8")
            each = (time.monotonic() - began) / tally.people
            left = (options.people - whole.people) * each / 60
            told = f"{whole.people:,} of {options.people:,} people, {each * 1000:.0f} ms each, {left:.0f} minutes left"
            print(f"agree    {told}", flush=True)
    return _told(whole, names)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agree", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000, metavar="N", help="how many (default: 1000)")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="the number of the first (default: 0)")
    parser.add_argument("--doors", default="here", help=f"{', '.join(GROUPS)}, or names with commas (default: here)")
    parser.add_argument("--kept", type=Path, default=Path("build/agreement.json"), metavar="FILE", help="where the run is kept")
    return parser


def _kept(file: Path, run: dict[str, object]) -> Tally:
    """What a run of the same people, doors and protocol has found so far; nothing, once it has found a difference."""
    if not file.exists():
        return Tally()
    found = json.loads(file.read_text(encoding="utf-8"))
    same = all(found.get(key) == value for key, value in run.items())
    return Tally.of_json(found) if same and not found["differences"] else Tally()


def _told(tally: Tally, names: tuple[str, ...]) -> int:
    print(f"{tally.people:,} people through {', '.join(names)}")
    for level, count in sorted(tally.levels.items(), key=lambda item: -item[1]):
        print(f"  {level:10} {count:7,}  {count / tally.people:.1%}")
    rules = {name: count for name, count in tally.reasons.items() if name in PROTOCOL.rules}
    rarest = min(rules.values(), default=0)
    print(f"  {len(rules)} of {len(PROTOCOL.rules)} rules determined an answer, the rarest {rarest} times")
    for difference in tally.differences:
        print(f"\n{difference}")
    print("every answer the same" if not tally.differences else f"\n{len(tally.differences)} answers differ")
    return 1 if tally.differences else 0


if __name__ == "__main__":
    sys.exit(main())
