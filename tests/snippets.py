"""The snippets of a page of docs/, run as a reader would run them: against a server of their own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOKEN = "0123456789abcdef0123456789abcdef"
HERE = "http://127.0.0.1:8642"


def snippets(page: str) -> list[tuple[str, str, str]]:
    """(Kind, text, what it prints or "") of each snippet of docs/<page>."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    form = r"^```(sh|python)\n(.*?)^```(?:\n+It prints:\n+```text\n(.*?)^```)?"
    return re.findall(form, text, re.MULTILINE | re.DOTALL)


def named(found: list[tuple[str, str, str]]) -> list[str]:
    """Names for the tests of snippets."""
    return [f"{kind}-{number}" for number, (kind, _, _) in enumerate(found)]


@contextmanager
def serving(log: Path) -> Iterator[str]:
    """The address of `equina serve` as the pages start it, with a token; it must end well when it is stopped."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
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
            yield address
        finally:
            server.terminate()
            ended = server.wait(20)
    assert ended in (0, -15), "it stops when asked to"


def runs(
    snippet: tuple[str, str, str],
    address: str,
    folder: Path | None = None,
    others: Mapping[str, str] | None = None,
) -> None:
    """Run a snippet with the server at the address, and others in the place of those that it names; it prints what it should."""
    kind, text, prints = snippet
    if "equina serve" in text:
        pytest.skip("the server is running already")
    if kind == "sh" and not shutil.which("curl"):
        pytest.skip("no curl here")
    for there, here in {HERE: address, **(others or {})}.items():
        text = text.replace(there, here)
    command = ["sh", "-e", "-c"] if kind == "sh" else [sys.executable, "-c"]
    environment = {**os.environ, "EQUINA_TOKEN": TOKEN}
    done = subprocess.run([*command, text], capture_output=True, text=True, timeout=60, env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    if prints:
        assert done.stdout.strip() == prints.strip(), done.stdout
