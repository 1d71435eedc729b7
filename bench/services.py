"""How quick CDS Hooks is: calls with 50 KB of records each, beside the same server that reads the same body and answers a constant.

    services.py [--hook patient-view] [--bodies 1000] [--rate 200] [--seconds 20] [--rounds 3] [--steady 0]

Prints, one JSON object a line: the time from when a call was due until its answer had come, at a steady rate (no call waits for
another); the calls a second that wrk gets through, and the processor time of the server for each, beside the constant; and with
--steady, the memory of the server over so many seconds at the rate. Without wrk (`make wrk`) its part is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from equina.hooks.services import SERVICES
from figures import EQUINA, Figure, absent, measured, write_rows
from pages import free_port
from records import call

CONNECTIONS = 16
LUA = """
local bodies = {}
for i = 0, %(bodies)d - 1 do
  local file = io.open("%(folder)s/" .. i .. ".json", "rb")
  bodies[i] = file:read("*a")
  file:close()
end
local i = math.random(0, %(bodies)d - 1)
request = function()
  i = (i + 1) %% %(bodies)d
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, bodies[i])
end
"""


def main() -> None:
    """Measure, or serve what is measured."""
    options = argparse.ArgumentParser(description="Time CDS Hooks beside a constant.")
    options.add_argument("--hook", default="patient-view", choices=sorted(service.hook for service in SERVICES.values()))
    options.add_argument("--bodies", type=int, default=1000)
    options.add_argument("--rate", type=float, default=200)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--steady", type=float, default=0)
    options.add_argument("--rows", type=Path, help="write the figures there, for report.py")
    options.add_argument("--constant-at", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.constant_at:
        serve_constant(given.constant_at)
        return
    service = next(service.id for service in SERVICES.values() if service.hook == given.hook)
    now = datetime.now(UTC)
    bodies = [json.dumps(call(seed, given.hook, now)).encode() for seed in range(given.bodies)]
    told("bodies", number=len(bodies), mean_bytes=round(sum(map(len, bodies)) / len(bodies)), load=os.getloadavg()[0])
    path = f"/cds-services/{service}"
    with Served() as ours:
        told("start", answers_after=ours.answers_after, ready_after=ours.ready_after)
        asyncio.run(at_a_rate(ours.port, path, bodies[:200], given.rate, 2))  # the first calls of a server are not the measure
        told("at a rate", **asyncio.run(at_a_rate(ours.port, path, bodies, given.rate, given.seconds)), load=os.getloadavg()[0])
        if shutil.which("wrk"):
            with Served(constant=True) as constant:
                beside(ours, constant, path, bodies, given)
        if given.steady:
            asyncio.run(steady(ours, path, bodies, given.rate, given.steady))
    write_rows(given.rows, figures())


TOLD: list[dict[str, Any]] = []


def told(what: str, **figures: object) -> None:
    """Print a line of figures, and keep it."""
    TOLD.append({"what": what, **figures})
    print(json.dumps(TOLD[-1]), flush=True)


def figures() -> Iterator[Figure]:
    """What was told, for report.py."""
    lines = {line["what"]: line for line in TOLD}
    start, calls = lines["start"], lines["at a rate"]
    yield measured("services", "from start to ready", EQUINA, "s", start["ready_after"], more_is_better=False)
    for part in ("p50", "p90", "p99", "p999"):
        yield measured("services", f"calls with 50 KB at a steady rate: {part}", EQUINA, "ms", calls[part], more_is_better=False)
    yield measured("services", "calls without an answer", EQUINA, "calls", calls["faults"], more_is_better=False)
    if "beside the constant" not in lines:
        yield absent("services", "calls beside a constant", EQUINA, "of its rate", "wrk is not on this machine (a Debian package)")
        return
    rounds = [line for line in TOLD if line["what"] == "as many as it can"]
    for who, key in ((EQUINA, "ours"), ("the same server answering a constant", "constant")):
        yield measured("services", "calls with 50 KB, as many as it can", who, "calls/s", [each[key] for each in rounds])
    yield measured(
        "services", "calls beside a constant", EQUINA, "of its rate", [each["ours"] / each["constant"] for each in rounds]
    )


# --- the server ------------------------------------------------------------------------------------------------------------------


class Served:
    """`equina serve` with one worker; or the same with the one function that judges a body exchanged for a constant."""

    def __init__(self, *, constant: bool = False) -> None:
        self.port = free_port()
        here = [sys.executable, __file__, "--constant-at", str(self.port)]
        self.command = here if constant else [sys.executable, "-m", "equina", "serve", "--port", str(self.port)]

    def __enter__(self) -> Served:
        began = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env=os.environ | {"EQUINA_RECORDS_RATE": "0"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.answers_after = self._after("healthz", began)
        self.ready_after = self._after("readyz", began)
        return self

    def _after(self, door: str, began: float) -> float:
        while time.monotonic() - began < 300:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{door}", timeout=5).close()
                return round(time.monotonic() - began, 2)
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server does not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    @property
    def megabytes(self) -> float:
        """The memory that it has now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return round(int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024, 1)

    @property
    def processor(self) -> float:
        """Seconds of a processor that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve_constant(port: int) -> None:
    """Serve as `equina serve` does, but answer a constant to every body once it is read."""
    from equina.cli import main as command
    from equina.exchange import read_object
    from equina.hooks import doors

    def constant(_protocol: object, _service: object, body: bytes, *_: object) -> dict[str, object]:
        read_object(body)
        return {"cards": []}

    doors.answered = constant  # type: ignore[assignment]
    sys.exit(command(["serve", "--port", str(port)]))


# --- calls at a steady rate ------------------------------------------------------------------------------------------------------


async def at_a_rate(port: int, path: str, bodies: list[bytes], rate: float, seconds: float) -> dict[str, object]:
    """Milliseconds from when a call was due to its answer, over connections that wait for no other; and what was no answer."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter] | None] = asyncio.Queue()
    for _ in range(4 * CONNECTIONS):
        free.put_nowait(None)
    times: list[float] = []
    faults: list[str] = []
    cards = 0

    async def one(place: int, due: float) -> None:
        nonlocal cards
        connection = await free.get()
        try:
            reader, writer = connection or await asyncio.open_connection("127.0.0.1", port)
            status, answer = await asked(reader, writer, path, bodies[place % len(bodies)])
            free.put_nowait((reader, writer) if status == 200 else None)
            found = json.loads(answer)["cards"]
            cards += bool(found)
            times.append((asyncio.get_running_loop().time() - due) * 1000)
        except (OSError, ValueError, KeyError, asyncio.IncompleteReadError) as error:
            faults.append(type(error).__name__)
            free.put_nowait(None)

    loop = asyncio.get_running_loop()
    began, tasks = loop.time(), set()
    for place in range(int(rate * seconds)):
        due = began + place / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        task = asyncio.create_task(one(place, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    cut = statistics.quantiles(times, n=1000)
    figures = {"p50": cut[499], "p90": cut[899], "p99": cut[989], "p999": cut[998], "most": max(times)}
    return {"rate": rate, "calls": len(times), "faults": len(faults), "with_cards": cards} | {
        name: round(value, 1) for name, value in figures.items()
    }


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: bytes) -> tuple[int, bytes]:
    """The status and the whole body of the answer to one call."""
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    told = await reader.readuntil(b"\r\n\r\n")
    length = int(re.findall(rb"content-length: (\d+)", told.lower())[0])
    return int(told.split(b" ", 2)[1]), await reader.readexactly(length)


async def steady(ours: Served, path: str, bodies: list[bytes], rate: float, seconds: float) -> None:
    """Calls at the rate for so long, with the memory of the server every half minute."""
    slices = max(1, round(seconds / 30))
    for part in range(slices):
        figures = await at_a_rate(ours.port, path, bodies, rate, seconds / slices)
        told("steady", minutes=round((part + 1) * seconds / slices / 60, 1), megabytes=ours.megabytes, **figures)


# --- as many as it can -----------------------------------------------------------------------------------------------------------


def beside(ours: Served, constant: Served, path: str, bodies: list[bytes], given: argparse.Namespace) -> None:
    """Calls a second of both in turn, and the processor time for one call, which other work on the machine bears on less."""
    with tempfile.TemporaryDirectory() as folder:
        for place, body in enumerate(bodies):
            (Path(folder) / f"{place}.json").write_bytes(body)
        script = Path(folder) / "calls.lua"
        script.write_text(LUA % {"bodies": len(bodies), "folder": folder}, encoding="utf-8")
        rounds = []
        for _ in range(given.rounds):
            figures = {}
            for name, server in (("ours", ours), ("constant", constant)):
                before = server.processor
                rate, number, faults = most(server.port, path, script, given.seconds / 2)
                figures[name] = rate
                figures[f"{name}_ms_each"] = round((server.processor - before) / number * 1000, 3)
                figures[f"{name}_faults"] = faults
            rounds.append(figures)
            told("as many as it can", **figures, load=os.getloadavg()[0])
    ratio = statistics.median(each["ours"] / each["constant"] for each in rounds)
    worked = statistics.median(each["constant_ms_each"] / each["ours_ms_each"] for each in rounds)
    told("beside the constant", of_the_calls=round(ratio, 2), by_processor_time=round(worked, 2))


def most(port: int, path: str, script: Path, seconds: float) -> tuple[float, int, int]:
    """Calls a second, calls, and those that got another answer than 200, by wrk with a few connections."""
    command = ["wrk", "-t1", "-c8", f"-d{seconds:.0f}s", "-s", str(script), f"http://127.0.0.1:{port}{path}"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    number = int(re.findall(r"(\d+) requests in", out)[0])
    faults = sum(int(count) for count in re.findall(r"Non-2xx or 3xx responses: (\d+)", out))
    faults += sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", "".join(re.findall(r"Socket errors:.*", out)))))
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", out)[0]), number, faults


if __name__ == "__main__":
    main()
