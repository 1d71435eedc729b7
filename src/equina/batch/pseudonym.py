"""Pseudonyms: keyed hashes of patient ids, the same for the same key, and of no use to one who has not the key."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable

from equina.batch.contract import KEY_VARIABLE, SHORTEST_KEY

__all__ = ["NoKey", "key_mark", "pseudonyms"]


class NoKey(ValueError):  # noqa: N818  (what it is, not how it is told)
    """There is no key, or one that is too short; the message says the mend and nothing of the key."""


def _key() -> bytes:
    key = os.environ.get(KEY_VARIABLE, "")
    if len(key) < SHORTEST_KEY:
        told = f"has only {len(key)} characters" if key else "is not set"
        raise NoKey(f"--pseudonymise: {KEY_VARIABLE} {told}; give a secret of at least {SHORTEST_KEY} characters in it")
    return key.encode("utf-8", "surrogateescape")


def pseudonyms() -> Callable[[str], str]:
    """The function that makes the pseudonym of an id: HMAC-SHA-256 with the key of the environment. Raises NoKey."""
    key = _key()
    return lambda id: hmac.digest(key, b"id:" + id.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()[:32]


def key_mark() -> str:
    """What tells one key from another, so that a run is taken up with the key that it was begun with. Raises NoKey."""
    return hmac.digest(_key(), b"equina: which key", hashlib.sha256).hex()[:8]
