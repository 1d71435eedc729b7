"""`equina serve`: the pages on this machine, and elsewhere only when it is said who answers for them."""

from __future__ import annotations

import argparse
import gc
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from equina.model import Protocol

__all__ = ["add_arguments", "application", "binding_fault", "serve"]

SHORTEST_SECRET = 32
SECRET = "EQUINA_SECRET"
TOKEN = "EQUINA_TOKEN"
AT_ONCE = 2_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `equina serve`."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, default=8642, help="the port to listen on")
    parser.add_argument("--owner", help="the named clinical owner who answers for this service; needed for any other address")
    parser.add_argument("--tls", help="how TLS ends: 'proxy', or CERTIFICATE,KEY as two files; needed for any other address")
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second from one address; 0 for no limit")


def serve(protocols: Mapping[str, Protocol], options: argparse.Namespace, refuse: Callable[[str], int]) -> int:
    """Serve until stopped; the exit code."""
    import logging
    import secrets

    import uvicorn

    from equina.rest.measures import JsonLines

    if fault := binding_fault(options):
        return refuse(fault)
    secret = os.environ.get(SECRET) or secrets.token_urlsafe(SHORTEST_SECRET)
    if len(secret) < SHORTEST_SECRET:
        return refuse(f"{SECRET} is too short to sign with; give at least {SHORTEST_SECRET} characters, or unset it")
    token = os.environ.get(TOKEN) or None
    if token is not None and (len(token) < SHORTEST_SECRET or not token.isascii() or not token.isprintable() or " " in token):
        return refuse(
            f"{TOKEN} can't be used; give at least {SHORTEST_SECRET} letters, digits and signs without spaces, or unset it"
        )
    certificate, _, key = (options.tls or "").partition(",")
    stream = logging.StreamHandler()
    stream.setFormatter(JsonLines())
    logging.basicConfig(handlers=[stream], level=logging.INFO)
    scheme = "https" if key else "http"
    shown = f"[{options.host}]" if ":" in options.host else options.host
    print(f"Equina is at {scheme}://{shown}:{options.port}/  (Ctrl-C stops it)", flush=True)
    try:
        uvicorn.run(
            application(protocols, secret, rate=options.rate, token=token),
            host=options.host,
            port=options.port,
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
    except SystemExit:
        return refuse(f"port {options.port} of {options.host} can't be opened; is another server there? Choose one with --port")
    return 0


def application(protocols: Mapping[str, Protocol], secret: str, *, rate: float = 50.0, token: str | None = None) -> Starlette:
    """The app with its limits; the reader's lexicon is made ready, so that the first person need not wait for it."""
    from equina.notes.lexicon import has_lexicon, lexicon
    from equina.web.app import create_app
    from equina.web.guards import Limits

    first = next(iter(protocols.values()))
    if has_lexicon(first):
        lexicon(first)
    app = create_app(protocols, secret, limits=Limits(rate=rate), token=token)
    gc.freeze()  # the protocols and the lexicon stay; looking for garbage among them would hold up a page now and then
    return app


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
