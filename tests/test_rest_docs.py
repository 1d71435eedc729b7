"""What docs/rest.md shows is true: its curl and Python snippets are run against a server of their own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
TOKEN = "0123456789abcdef0123456789abcdef"
SNIPPETS = re.findall(r"^```(sh|python)\n(.*?)^```(?:\n+It prints:\n+```text\n(.*?)^```)?", PAGE, re.MULTILINE | re.DOTALL)
HERE = "http://127.0.0.1:8642"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The address of `equina serve` as the page starts it, and the file of its log; then it is stopped, and must end well."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "log"
    with log.open("wb") as stream:
        command = [sys.executable, "-m", "equina", "serve", "--port", str(port)]
        server = subprocess.Popen(command, stdout=stream, stderr=stream, env={**os.environ, "EQUINA_TOKEN": TOKEN})
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{address}/readyz", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield address, log
        finally:
            server.terminate()
            ended = server.wait(20)
    assert ended in (0, -15), "it stops when asked to"


@pytest.mark.parametrize(("kind", "text", "prints"), SNIPPETS, ids=[f"{s[0]}-{i}" for i, s in enumerate(SNIPPETS)])
def test_the_snippet_runs(served, kind, text, prints):
    address, _ = served
    if "equina serve" in text:
        pytest.skip("the server is running already")
    if kind == "sh" and not shutil.which("curl"):
        pytest.skip("no curl here")
    command = ["sh", "-e", "-c"] if kind == "sh" else [sys.executable, "-c"]
    done = subprocess.run(
        [*command, text.replace(HERE, address)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "EQUINA_TOKEN": TOKEN},
    )
    assert done.returncode == 0, done.stderr
    if prints:
        assert done.stdout.strip() == prints.strip()


def test_the_page_has_snippets_of_both_kinds():
    assert {kind for kind, _, _ in SNIPPETS} == {"sh", "python"}
    assert sum(bool(prints) for _, _, prints in SNIPPETS) >= 4


def test_the_log_of_the_server_is_json_without_token_or_answers(served):
    _, log = served
    lines = log.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("Equina is at ")
    assert all(line.startswith('{"time": ') for line in lines[1:])
    for word in (TOKEN, "urine", "fever", "saddle"):
        assert word not in "\n".join(lines)
