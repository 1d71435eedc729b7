"""What `equina serve` takes."""

from __future__ import annotations

import argparse

__all__ = ["add_arguments", "add_workers"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `equina serve`."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, default=8642, help="the port to listen on")
    parser.add_argument("--owner", help="the named clinical owner who answers for this service; needed for any other address")
    parser.add_argument("--tls", help="how TLS ends: 'proxy', or CERTIFICATE,KEY as two files; needed for any other address")
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second from one address; 0 for no limit")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """The option of how many processes answer."""
    parser.add_argument(
        "--workers", type=int, default=1, help="processes that answer (default: 1); more than one need EQUINA_SECRET"
    )
