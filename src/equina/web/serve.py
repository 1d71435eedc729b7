"""`equina serve`: the pages and the doors for programs on this machine, and elsewhere only when it is said who answers for them."""

from __future__ import annotations

import argparse
import gc
import os
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

    from equina.hooks import Callers
    from equina.model import Protocol
    from equina.web.environment import Environment

__all__ = ["application", "binding_fault", "serve"]

AT_ONCE = 2_000
COUNTS = "PROMETHEUS_MULTIPROC_DIR"  # where workers count together; prometheus_client looks for it once, when it is imported
MOST_WORKERS = 64


def serve(protocols: Mapping[str, Protocol], options: argparse.Namespace, refuse: Callable[[str], int]) -> int:
    """Serve until stopped; the exit code."""
    from equina.web.environment import BadEnvironment, environment

    if fault := binding_fault(options) or _workers_fault(options):
        return refuse(fault)
    try:
        given = environment(os.environ)
    except BadEnvironment as error:
        return refuse(str(error))
    if options.workers > 1 and given.secret is None:
        return refuse("--workers needs EQUINA_SECRET, with which they all sign; set it to 32 characters or more, such as "
                      "openssl rand -hex 32 makes")  # fmt: skip
    try:
        bound = _bound(options.host, options.port)
    except OSError:
        busy = f"port {options.port} of {options.host} can't be opened; is another server there?"
        return refuse(f"{busy} Choose another with --port (make run: PORT=8643)")
    with bound:
        shown = f"[{options.host}]" if ":" in options.host else options.host
        scheme = "https" if "," in (options.tls or "") else "http"
        print(f"Equina is at {scheme}://{shown}:{options.port}/  (Ctrl-C stops it)", flush=True)
        if options.workers == 1:
            _one(protocols, options, given, bound)
        else:
            _several(protocols, options, given, bound)
    return 0


def _one(protocols: Mapping[str, Protocol], options: argparse.Namespace, given: Environment, bound: socket.socket) -> None:
    """Serve from this process, at once: what takes long to make is made meanwhile, and /readyz says when it is."""
    import threading

    _log_as_json()
    made = threading.Event()
    app = application(protocols, given, rate=options.rate, ready=made.is_set)

    def make() -> None:
        _compile(protocols)
        made.set()

    threading.Thread(target=make, daemon=True).start()
    _run(app, options, bound)


def _several(protocols: Mapping[str, Protocol], options: argparse.Namespace, given: Environment, bound: socket.socket) -> None:
    """Serve from workers, which have all that is made in common: it is made before them, so that none of them has to wait."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="equina-") as folder:  # counts alone are in it
        os.environ[COUNTS] = folder
        from prometheus_client.multiprocess import mark_process_dead

        from equina.web.workers import run_workers

        _log_as_json()
        app = application(protocols, given, rate=options.rate)
        _compile(protocols)
        gc.freeze()
        run_workers(options.workers, lambda: _run(app, options, bound), mark_process_dead)


def application(
    protocols: Mapping[str, Protocol],
    given: Environment,
    *,
    rate: float = 50.0,
    ready: Callable[[], bool] = lambda: True,
) -> Starlette:
    """The app with its limits and its callers; the reader's lexicon is loaded, so that the first person need not wait for it."""
    import secrets

    from equina.notes.lexicon import has_lexicon, lexicon
    from equina.web.app import create_app
    from equina.web.guards import Limits
    from equina.web.shared import Table

    first = next(iter(protocols.values()))
    if has_lexicon(first):
        lexicon(first)
    limits = Limits(rate=rate, records=given.largest_records, records_rate=given.records_rate, records_burst=6 * given.records_rate)
    secret = given.secret or secrets.token_urlsafe(32)
    app = create_app(protocols, secret, limits=limits, token=given.token, callers=_callers(given), table=Table(), ready=ready)
    gc.freeze()  # the protocols and the lexicon stay; looking for garbage among them would hold up a page now and then
    return app


def _callers(given: Environment) -> Callers:
    """Who may call /cds-services."""
    import time

    from equina.hooks import Callers

    trust = None
    if given.clients and given.base:
        from equina.hooks.keys import KeySet
        from equina.hooks.trust import Trust
        from equina.web.shared import Table

        used = Table()
        clients = {issuer: KeySet(where) for issuer, where in given.clients.items()}
        trust = Trust(clients, given.base, lambda name, until: used.once(name, until, time.time()))
    return Callers(trust=trust, base=given.base, origins=given.origins)


def _compile(protocols: Mapping[str, Protocol]) -> None:
    """Compile the patterns of the reader: without it, the first texts would wait for them."""
    from equina.notes.lexicon import compile_patterns, has_lexicon, lexicon

    first = next(iter(protocols.values()))
    if has_lexicon(first):
        compile_patterns(lexicon(first))


def _run(app: Starlette, options: argparse.Namespace, bound: socket.socket) -> None:
    import uvicorn

    uvicorn.Server(_config(app, options)).run(sockets=[bound])


def _config(app: Starlette, options: argparse.Namespace) -> uvicorn.Config:
    import uvicorn

    certificate, _, key = (options.tls or "").partition(",")
    return uvicorn.Config(
        app,
        log_config=None,  # ours: one object a line, without what anyone sent
        log_level="warning",
        access_log=False,  # a log of requests would tell who asked what, when
        server_header=False,
        limit_concurrency=AT_ONCE,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
        ssl_certfile=certificate if key else None,
        ssl_keyfile=key or None,
    )


def _log_as_json() -> None:
    """One JSON object a line, on standard error."""
    import logging

    from equina.rest.measures import JsonLines

    stream = logging.StreamHandler()
    stream.setFormatter(JsonLines())
    logging.basicConfig(handlers=[stream], level=logging.INFO)


def _bound(host: str, port: int) -> socket.socket:
    """The socket at the address, which does not listen yet. Raises OSError when the address is taken or is not of this machine."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    made = socket.socket(family, kind)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def _workers_fault(options: argparse.Namespace) -> str | None:
    if not 1 <= options.workers <= MOST_WORKERS:
        return f"--workers {options.workers} is no number of processes; give one from 1 to {MOST_WORKERS}"
    if options.workers > 1 and not hasattr(os, "fork"):
        return "--workers: this system can't share one socket between processes; leave it out"
    return None


def binding_fault(options: argparse.Namespace) -> str | None:
    """Why this can't be served, or None."""
    import ipaddress

    if not 0 < options.port < 65536:
        return f"--port {options.port} is no port; give one from 1 to 65535"
    try:
        local = options.host == "localhost" or ipaddress.ip_address(options.host).is_loopback
    except ValueError:
        return f"--host {options.host} is no address; give one such as 127.0.0.1"
    if local:
        return None
    if not (options.owner or "").strip():
        return f"{options.host} can be reached by others; name the clinical owner with --owner, or leave --host out"
    if not options.tls:
        return f"{options.host} can be reached by others; say how TLS ends: --tls proxy, or --tls CERTIFICATE,KEY"
    _, _, key = options.tls.partition(",")
    if options.tls != "proxy" and not key:
        return f"--tls {options.tls} is neither 'proxy' nor two files; give CERTIFICATE,KEY"
    return None
