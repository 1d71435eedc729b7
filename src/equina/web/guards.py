"""Guards before every page: headers that keep it private, and limits of size, time and number."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from equina.web.shared import Table

__all__ = ["HEADERS", "Guard", "Limits"]

# No code but our own file, nothing from elsewhere, no frame around it, no trace of where one came from.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
    "X-Robots-Tag": "noarchive",
}
_SENT = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
LOG = logging.getLogger("equina.web")
STATIC = "/static/"
RECORDS = ("/fhir/", "/cds-services")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request and one address may ask for: bytes of a body, seconds to send it, requests a second and at once."""

    body: int = 64 * 1024
    records: int = 4 * 1024 * 1024  # the body of what takes a patient's records
    seconds: float = 10.0
    rate: float = 50.0  # 0 for none
    burst: float = 300.0
    records_rate: float = 500.0  # of what takes a patient's records: a record system has one address for all its people
    records_burst: float = 3000.0


class Guard:
    """Middleware: it refuses what is too large, too slow or too much, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, limits: Limits, refuse: Callable[[int], ASGIApp], table: Table | None = None) -> None:
        """`table`: where it is remembered how much each address has asked for; workers share one."""
        self.app, self.limits, self.refuse, self.table = app, limits, refuse, table or Table()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        private = not scope["path"].startswith(STATIC)

        began: list[bool] = []

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                began.append(True)
                keep = b"no-store" if private else b"public, max-age=3600"
                message["headers"] = [*message["headers"], *_SENT, (b"cache-control", keep)]
            await send(message)

        if not self._allowed(scope):
            await self.refuse(429)(scope, receive, send_guarded)
            return
        try:
            async with asyncio.timeout(self.limits.seconds):
                body = await self._body(scope, receive)
        except (TimeoutError, _TooLarge) as error:
            await self.refuse(413 if isinstance(error, _TooLarge) else 408)(scope, receive, send_guarded)
            return
        if body is None:  # the client went away
            return
        given = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive_whole() -> Message:
            return next(given, None) or await receive()

        try:
            await self.app(scope, receive_whole, send_guarded)
        except Exception as error:
            LOG.error("unforeseen %s at %s", type(error).__name__, _place_of(error))  # noqa: TRY400
            if not began:
                await self.refuse(500)(scope, receive, send_guarded)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        length = dict(scope["headers"]).get(b"content-length", b"0")
        most = self.limits.records if scope["path"].startswith(RECORDS) else self.limits.body
        if not length.isdigit() or int(length) > most:
            raise _TooLarge
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > most:
                raise _TooLarge
            if not message.get("more_body"):
                return b"".join(parts)

    def _allowed(self, scope: Scope) -> bool:
        """Whether this address may ask now: so many requests at once, and so many more each second."""
        records = scope["path"].startswith(RECORDS)
        rate = self.limits.records_rate if records else self.limits.rate
        if not rate or not scope.get("client"):
            return True
        burst = self.limits.records_burst if records else self.limits.burst
        return self.table.take(f"{'records' if records else 'pages'} {scope['client'][0]}", rate, burst, time.monotonic())


def _place_of(error: Exception) -> str:
    """The file and line where an error arose."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"


class _TooLarge(Exception):  # noqa: N818  (what it is, not how it is told)
    """A body larger than the limit."""
