"""Counts and times of requests by route and status, for Prometheus and for a log. Nothing that anybody sent is in them.

Workers of one service count into files of a folder that they share, where TOGETHER names one, and each tells the sum of all.
"""

from __future__ import annotations

import json
import logging
import os
import time
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from equina import __version__
from equina.model import Protocol

__all__ = ["JsonLines", "Measures"]

TOGETHER = "PROMETHEUS_MULTIPROC_DIR"  # the folder in which workers count; prometheus_client reads it when it is first imported

LOG = logging.getLogger("equina.requests")
LOGGED = ("/api/", "/fhir/", "/cds-services")  # the pages are in no log
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
FIELDS = ("route", "method", "status", "milliseconds")


class Measures:
    """What one server, with all its workers, has counted since its start."""

    def __init__(self, protocol: Protocol) -> None:
        self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self.requests = Counter("equina_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "equina_request_seconds",
            "Seconds until the answer was sent.",
            ("route", "method"),
            registry=self.registry,
            buckets=SECONDS,
        )
        self.waiting = Gauge(
            "equina_requests_in_progress", "Requests not answered yet.", registry=self.registry, multiprocess_mode="livesum"
        )
        self.feedback = Counter(
            "equina_cds_feedback",
            "Cards accepted or overridden, as record systems tell it.",
            ("service", "outcome", "reason"),
            registry=self.registry,
        )
        self.told = CollectorRegistry()  # what is the same in every worker
        served = {"package": __version__, "protocol": protocol.id, "version": protocol.version, "digest": protocol.digest}
        Info("equina", "What is served.", registry=self.told).info(served)

    async def shown(self, _: Request) -> Response:
        """The counts, as Prometheus reads them."""
        counted = self.registry
        if TOGETHER in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        text = generate_latest(self.told) + generate_latest(counted)
        return Response(text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    def noted(self, service: str, outcome: str, reason: str) -> None:
        """Count what became of a card."""
        self.feedback.labels(service, outcome, reason).inc()

    def counted(self, app: ASGIApp) -> ASGIApp:
        """Middleware around everything, so that refusals are counted as well."""

        async def count(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            began, status = time.perf_counter(), [0]

            async def send_noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status[0] = message["status"]
                await send(message)

            with self.waiting.track_inprogress():
                try:
                    await app(scope, receive, send_noted)
                finally:
                    self._note(scope, status[0], time.perf_counter() - began)

        return count

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "") or "none"  # as it is written, never what stood in the address
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.requests.labels(route, method, str(status)).inc()
        self.seconds.labels(route, method).observe(seconds)
        if scope["path"].startswith(LOGGED):
            told = {"route": route, "method": method, "status": status, "milliseconds": round(seconds * 1000, 1)}
            LOG.info("answered" if status else "gone", extra=told)


class JsonLines(logging.Formatter):
    """A record as one line of JSON. Of an error only its kind is told: its text could hold what somebody sent."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__
        return json.dumps(told)
