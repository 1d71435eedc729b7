"""The commands that serve, each started when it is first asked for, and how they are spoken to."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from tempfile import TemporaryFile
from typing import BinaryIO

from command import ENVIRONMENT, start

__all__ = ["SECRET", "Servers", "over_http"]

SECRET = "a secret of the tests, long enough"


class Servers(ExitStack):
    """The servers that the doors share: each command that serves is started when a door first asks for it."""

    def __init__(self) -> None:
        super().__init__()
        self._ports: dict[tuple[str, ...], int] = {}

    def port(self, *command: str) -> int:
        """Where the command listens on this machine, without a limit of requests."""
        if command not in self._ports:
            self._ports[command] = self.enter_context(_served(*command))
        return self._ports[command]


@contextmanager
def _served(*command: str) -> Iterator[int]:
    """The port of a command that serves, until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "env": {**ENVIRONMENT, "EQUINA_SECRET": SECRET}}
    with TemporaryFile() as log:  # a pipe that nobody empties would fill up, and hold up the server
        process = start(*command, "--port", port, "--rate", 0, stderr=log, **streams)
        try:
            _await(process, port, log)
            yield port
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _await(process: subprocess.Popen[bytes], port: int, log: BinaryIO) -> None:
    """Until the port answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            log.seek(0)
            assert process.poll() is None, log.read().decode()
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


@contextmanager
def over_http(port: int) -> Iterator[Callable[..., str]]:
    """What posts a body to an address of the port, for the text of the answer; one connection, opened anew when it was closed."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def post(address: str, body: str, kind: str = "application/json") -> str:
        for again in (True, False):
            try:
                connection.request("POST", address, body.encode(), {"Content-Type": kind, "Accept": "*/*"})
                answer = connection.getresponse()
                return answer.read().decode()
            except (ConnectionError, OSError):
                connection.close()
                if not again:
                    raise
        raise AssertionError

    yield post
    connection.close()
