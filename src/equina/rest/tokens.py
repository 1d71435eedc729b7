"""The token that a service may ask for: who has it is let in."""

from __future__ import annotations

import hmac

__all__ = ["SHORTEST_TOKEN", "let_in", "token_of"]

SHORTEST_TOKEN = 32


def token_of(token: str | None) -> str | None:
    """The token, when it can't be guessed. Raises ValueError."""
    if token is not None and (len(token) < SHORTEST_TOKEN or not token.isascii()):
        raise ValueError(f"a token has at least {SHORTEST_TOKEN} characters, all ASCII")
    return token


def let_in(token: str | None, header: str) -> bool:
    """Whether the header Authorization has the token; without a token everyone is let in."""
    if token is None:
        return True
    scheme, _, given = header.partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())  # in the same time, whatever was given
    return same and scheme.lower() == "bearer"
