"""A service with workers: they count together, share their limits, are replaced when killed, and end without losing an answer."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `service` is not installed")

ROOT = Path(__file__).parent.parent
SECRET = "0123456789abcdef0123456789abcdef"
CALL = (ROOT / "tests" / "hooks" / "sandbox_patient_view.json").read_bytes()


@pytest.fixture(scope="module")
def protocol(tmp_path_factory):
    """The shipped protocol without the words of its reader: a service of it starts at once."""
    folder = tmp_path_factory.mktemp("protocol") / "back_pain"
    shutil.copytree(ROOT / "src" / "equina" / "protocols" / "back_pain", folder)
    for file in (*folder.glob("cues*.toml"), *folder.glob("context*.toml")):
        file.unlink()
    return folder


class Service:
    """`equina serve` on a port of its own."""

    def __init__(self, protocol, log, *arguments, **environ):
        self.protocol, self.log, self.arguments, self.environ = protocol, log, arguments, environ
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.start()

    def start(self):
        command = [
            sys.executable,
            "-m",
            "equina",
            "serve",
            "--port",
            str(self.port),
            "--protocol",
            str(self.protocol),
            *self.arguments,
        ]
        with self.log.open("ab") as stream:
            clean = {name: value for name, value in os.environ.items() if not name.startswith("EQUINA_")}
            self.process = subprocess.Popen(
                command, stdout=stream, stderr=stream, env={**clean, "EQUINA_SECRET": SECRET, **self.environ}
            )
        self.wait()

    def wait(self):
        for _ in range(1200):
            try:
                return self.get("/readyz")
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.log.read_text(encoding="utf-8"))

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def post(self, path, body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    @property
    def workers(self):
        found = subprocess.run(["ps", "--ppid", str(self.process.pid), "-o", "pid="], capture_output=True, text=True).stdout
        return [int(pid) for pid in found.split()]

    def ended(self):
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture(scope="module")
def served(protocol, tmp_path_factory):
    service = Service(protocol, tmp_path_factory.mktemp("log") / "log", "--workers", "2", "--rate", "1", EQUINA_RECORDS_RATE="0")
    yield service
    if service.process.poll() is None:
        assert service.ended() == 0
    assert SECRET not in service.log.read_text(encoding="utf-8")


def counted(text, route):
    return sum(
        float(number) for number in re.findall(rf'^equina_requests_total{{[^}}]*route="{route}"[^}}]*}} (\S+)', text, re.MULTILINE)
    )


def calling(service, seconds, threads=4):
    """Calls of CDS Hooks for some seconds: (answers, what kept others from an answer)."""
    answers, faults, until = [], [], time.monotonic() + seconds

    def call():
        while time.monotonic() < until:
            try:
                answers.append(service.post("/cds-services/red-flags-at-patient-view", CALL))
            except (OSError, http.client.HTTPException) as error:  # URLError is one; an answer cut short is known to be
                faults.append(getattr(error, "reason", error))
                time.sleep(0.01)
            except ValueError as error:
                faults.append(error)

    running = [threading.Thread(target=call) for _ in range(threads)]
    for thread in running:
        thread.start()
    return running, answers, faults


def finished(running):
    for thread in running:
        thread.join(60)


def test_workers_count_together(served):
    running, answers, faults = calling(served, 1.5)
    finished(running)
    assert faults == []
    for _ in range(100):  # an answer is on its way before its worker has counted it
        if counted(served.get("/metrics"), "/cds-services/{service}") >= len(answers):
            break
        time.sleep(0.02)
    assert counted(served.get("/metrics"), "/cds-services/{service}") == len(answers)
    assert re.search(r"^equina_info\{", served.get("/metrics"), re.MULTILINE)


def test_workers_share_what_an_address_may_ask_for(served):
    seen = []
    for _ in range(340):  # at once some 300, and then one a second, whichever worker answers
        try:
            seen.append(served.get("/card/none"))
        except urllib.error.HTTPError as error:
            seen.append(error.code)
    assert 25 <= seen.count(429) <= 45


def test_a_worker_that_is_killed_is_replaced_and_no_answer_is_corrupt(served):
    before = served.workers
    assert len(before) == 2
    running, answers, faults = calling(served, 3)
    time.sleep(0.7)
    os.kill(before[0], signal.SIGKILL)
    finished(running)
    for _ in range(200):
        if len(served.workers) == 2:
            break
        time.sleep(0.05)
    assert len(served.workers) == 2
    assert before[0] not in served.workers
    assert len(answers) > 20
    assert all(answer["cards"][0]["indicator"] == "critical" for answer in answers)
    assert all(isinstance(fault, ConnectionError | http.client.IncompleteRead) for fault in faults), faults
    assert len(faults) <= 8, "those that the worker was answering, and no more"


def test_a_service_that_is_killed_leaves_nothing_behind_and_starts_again(served):
    workers = served.workers
    running, answers, faults = calling(served, 8)
    time.sleep(0.5)
    served.process.kill()
    served.process.wait()
    for _ in range(200):
        if not any(Path(f"/proc/{pid}").exists() for pid in workers):
            break
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    served.start()
    finished(running)
    assert all(answer["cards"][0]["indicator"] == "critical" for answer in answers)
    assert all(isinstance(fault, ConnectionError | http.client.IncompleteRead) for fault in faults), set(faults)
    assert served.post("/cds-services/red-flags-at-patient-view", CALL)["cards"]


def test_asked_to_stop_it_ends_what_it_has_begun(served):
    """A call whose body is on its way when the service is asked to stop is answered."""
    lines = ("POST /cds-services/red-flags-at-patient-view HTTP/1.1", "Host: a", "Content-Type: application/json")
    head = "\r\n".join((*lines, f"Content-Length: {len(CALL)}", "", ""))
    with socket.create_connection(("127.0.0.1", served.port)) as begun:
        begun.sendall(head.encode() + CALL[:100])
        time.sleep(0.3)
        served.process.terminate()
        time.sleep(0.3)
        begun.sendall(CALL[100:])
        begun.settimeout(20)
        answer = b""
        while part := begun.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'"indicator":"critical"' in answer
    assert served.process.wait(30) == 0
    with pytest.raises(urllib.error.URLError, match="refused"):
        served.get("/healthz")


def test_one_process_answers_at_once_and_says_when_it_is_ready(tmp_path):
    """With the reader: pages come before its patterns are compiled, and /readyz waits for them."""
    service = Service.__new__(Service)
    Service.__init__(service, ROOT / "src" / "equina" / "protocols" / "back_pain", tmp_path / "log")
    assert service.ended() in (0, -signal.SIGTERM)
