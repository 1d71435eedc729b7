"""How quick the pages are: requests at a steady rate to a real server, beside the bare framework with the same requests.

    pages.py [--rate 200] [--seconds 20] [--requests 0]

Every request is one step of an interview, as browsers send it. Prints milliseconds from sending to the whole answer, the server's
memory before and after, its processor time a request, and the bytes of a whole interview. With --requests N so many are sent as
fast as they are answered.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from figures import EQUINA, Figure, measured, write_rows
from test_pages_agree import filled

TOLD: list[Figure] = []
BARE = """
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

async def answer(request):
    await request.body()
    return HTMLResponse("<p>" + "x" * 6000)

app = Starlette(routes=[Route("/interview", answer, methods=["POST"]), Route("/", answer)])
uvicorn.run(app, port={port}, log_level="error", access_log=False)
"""


def main() -> None:
    """Measure both, side by side, in turn."""
    options = argparse.ArgumentParser(description="Time the pages beside the bare framework.")
    options.add_argument("--rate", type=float, default=200)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--requests", type=int, default=0)
    options.add_argument("--interviews", type=int, default=500, help="how many random people's answers are sent")
    options.add_argument("--rows", type=Path, help="write the figures there, for report.py")
    given = options.parse_args()
    port, bare, twin = free_port(), free_port(), free_port()
    os.environ["EQUINA_SECRET"] = "one secret for the server and its twin"
    serve = [sys.executable, "-m", "equina", "serve", "--rate", "0", "--port"]
    servers = [
        subprocess.Popen([*serve, str(port)], stdout=subprocess.DEVNULL),
        subprocess.Popen([sys.executable, "-c", BARE.replace("{port}", str(bare))]),
        subprocess.Popen([*serve, str(twin)], stdout=subprocess.DEVNULL),
    ]
    try:
        for each in (port, bare, twin):
            wait_for(each)
        bodies, weight = interviews(twin, given.interviews)  # answered there, so that the server timed has seen none of them
        servers[2].terminate()
        print(f"bytes of a whole interview without cache: {weight:,} on average, {len(bodies) // given.interviews} requests")
        if not given.requests:
            TOLD.append(measured("pages", "bytes of a whole interview", EQUINA, "bytes", weight, more_is_better=False))
        for name, each, server in (("equina", port, servers[0]), ("bare starlette", bare, servers[1])):
            before, worked = memory(server.pid), processor(server.pid)
            if given.requests:
                took = asyncio.run(flood(each, bodies, given.requests))
                rate = given.requests / took
                print(f"{name}: {given.requests} requests, {rate:,.0f} a second; memory {before} to {memory(server.pid)} MB")
                count = given.requests
                if each == port:
                    grown = memory(server.pid) / before
                    TOLD.append(measured("pages", "memory after many requests", name, "times as much", grown, more_is_better=False))
                TOLD.append(measured("pages", "a step, as many as it can", name, "requests/s", rate))
            else:
                times = sorted(asyncio.run(steady(each, bodies, given.rate, given.seconds)))
                p50, p90, p99 = (times[int(len(times) * part)] * 1000 for part in (0.5, 0.9, 0.99))
                print(f"{name}: {len(times)} requests at {given.rate:g}/s: p50 {p50:.1f} ms, p90 {p90:.1f} ms, p99 {p99:.1f} ms")
                count = len(times)
                for part, value in (("p50", p50), ("p90", p90), ("p99", p99)):
                    TOLD.append(measured("pages", f"a step at a steady rate: {part}", name, "ms", value, more_is_better=False))
            each_ms = (processor(server.pid) - worked) / count * 1000
            print(f"{name}: {each_ms:.2f} ms of processor time a request")
            if not given.requests:
                TOLD.append(measured("pages", "processor time of a step", name, "ms", each_ms, more_is_better=False))
        write_rows(given.rows, TOLD)
    finally:
        for server in servers:
            server.terminate()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    """Until the server answers, for two minutes at the most: a busy machine is slow to start one."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"no server at port {port}")


def interviews(port: int, count: int) -> tuple[list[bytes], int]:
    """The bodies that so many random people send, and how many bytes one of them gets, style and script once."""
    bodies, size = [], 0
    static = sum(
        len(urllib.request.urlopen(f"http://127.0.0.1:{port}/static/{name}").read()) for name in ("equina.css", "equina.js")
    )
    for seed in range(count):
        chance, form = random.Random(seed), {"go": "next"}
        for _ in range(60):
            body = urllib.parse.urlencode(form).encode()
            bodies.append(body)
            text = urllib.request.urlopen(f"http://127.0.0.1:{port}/interview", body).read().decode()
            size += len(text.encode())
            if 'class="headline"' in text:
                break
            form = {**filled(text, chance), "go": "result" if 'value="result"' in text else "next"}
    return bodies, size // count + static


def request(body: bytes) -> bytes:
    """A whole request."""
    kind = b"content-type: application/x-www-form-urlencoded"
    return b"POST /interview HTTP/1.1\r\nhost: localhost\r\n%s\r\ncontent-length: %d\r\n\r\n%s" % (kind, len(body), body)


class Line:
    """A connection that is kept open."""

    def __init__(self, port: int) -> None:
        self.port, self.reader, self.writer = port, None, None

    async def ask(self, body: bytes) -> None:
        """Send a request and read the whole answer; on a new connection when the server has closed an idle one."""
        while True:
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                self.writer.write(request(body))
                head = await self.reader.readuntil(b"\r\n\r\n")
                break
            except (asyncio.IncompleteReadError, ConnectionError):
                self.writer.close()
                self.writer = None
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(head.decode())
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        await self.reader.readexactly(length)


async def steady(port: int, bodies: list[bytes], rate: float, seconds: float) -> list[float]:
    """How long each request took, sent at a steady rate whether or not the last is answered."""
    idle: list[Line] = []
    times: list[float] = []

    async def one(body: bytes) -> None:
        begun = time.perf_counter()
        line = idle.pop() if idle else Line(port)
        await line.ask(body)
        idle.append(line)
        times.append(time.perf_counter() - begun)

    tasks, start = [], time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0, start + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one(bodies[number % len(bodies)])))
    await asyncio.gather(*tasks)
    return times


async def flood(port: int, bodies: list[bytes], count: int) -> float:
    """How long so many requests take, eight at a time."""
    left = iter(range(count))

    async def worker() -> None:
        line = Line(port)
        for number in left:
            await line.ask(bodies[number % len(bodies)])

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(8)))
    return time.perf_counter() - start


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used: what it takes however much else the machine does."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Resident memory of a process, in MB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main()
