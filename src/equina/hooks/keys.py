"""The public keys of a client, a JWK Set in a file or at an https address: read when they are wanted, and kept for a while."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

import anyio
from jwt import PyJWK, PyJWTError

__all__ = ["ALGORITHMS", "BadKeys", "KeySet", "keys_in"]

# What CDS Hooks 2.0 recommends; each with the kind of key that signs so.
ALGORITHMS: Mapping[str, str] = {"ES384": "EC", "RS384": "RSA"}
_LASTS, _AGAIN = 600.0, 60.0  # seconds for which a fetched set is used; and before it is fetched for a key that it has not
_LARGEST = 256 * 1024
_SHORTEST_RSA = 2048
LOG = logging.getLogger("equina.hooks")
Keys = Mapping[tuple[str, str], Any]  # by id and algorithm


class BadKeys(ValueError):  # noqa: N818  (what it is, not how it is told)
    """No JWK Set with a key that can be used."""


def keys_in(text: bytes) -> Keys:
    """The public keys of a JWK Set that sign as CDS Hooks wants it, by id and algorithm. Raises BadKeys when there is none."""
    try:
        listed = json.loads(text)["keys"]
        found = {entry: key for item in listed if isinstance(item, dict) for entry, key in _usable(item)}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadKeys("it is no JWK Set: an object with keys is expected") from None
    if not found:
        raise BadKeys("it has no key with a kid for ES384 (P-384) or RS384 (2048 bits or more)")
    return found


def _usable(item: dict[str, Any]) -> list[tuple[tuple[str, str], Any]]:
    """The key of an entry with what it is found by, when it can be used; what is private of it is left out."""
    kid, kind = item.get("kid"), item.get("kty")
    algorithm = next((name for name, wanted in ALGORITHMS.items() if wanted == kind), None)
    if not isinstance(kid, str) or not kid or algorithm is None:
        return []
    if item.get("use", "sig") != "sig" or item.get("alg", algorithm) != algorithm or (kind == "EC" and item.get("crv") != "P-384"):
        return []
    public: dict[str, Any] = {name: item[name] for name in ("kty", "kid", "crv", "x", "y", "n", "e") if name in item}
    try:
        key = PyJWK(public, algorithm).key
    except PyJWTError:
        return []
    return [] if kind == "RSA" and key.key_size < _SHORTEST_RSA else [((kid, algorithm), key)]


class KeySet:
    """The keys at one place, `where`: an absolute path or an https address. What could not be read again stays as it was."""

    def __init__(self, where: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.where = where
        self._clock = clock
        self._keys: Keys = {}
        self._read: float | None = None  # when it was last read; of a file, the time of its last change
        self._lock: asyncio.Lock | None = None

    @property
    def fetched(self) -> bool:
        return self.where.startswith("https://")

    async def key(self, kid: str, algorithm: str) -> Any | None:
        """The key, or None. A set that is old, or has not this key, is read again: a fetched one once a minute at the most."""
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            if self._stale(known=(kid, algorithm) in self._keys):
                await self._renew()
        return self._keys.get((kid, algorithm))

    def _stale(self, *, known: bool) -> bool:
        if not self.fetched:
            return self._changed() != self._read
        return self._read is None or self._clock() - self._read > (_LASTS if known else _AGAIN)

    def _changed(self) -> float | None:
        try:
            return Path(self.where).stat().st_mtime
        except OSError:
            return None

    async def _renew(self) -> None:
        read = self._clock() if self.fetched else self._changed()
        try:
            text = await anyio.to_thread.run_sync(_fetch, self.where) if self.fetched else Path(self.where).read_bytes()
            self._keys = keys_in(text)
        except (OSError, BadKeys, HTTPException) as error:  # a server that fails, or that isn't one
            LOG.warning("the keys of a client could not be read: %s", type(error).__name__)
        self._read = read


class _NoElsewhere(urllib.request.HTTPRedirectHandler):
    """Keys stand where they were said to stand, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _fetch(address: str) -> bytes:
    opener = urllib.request.build_opener(_NoElsewhere, urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    request = urllib.request.Request(address, headers={"Accept": "application/json"})
    with opener.open(request, timeout=5) as answer:
        text: bytes = answer.read(_LARGEST + 1)
    if len(text) > _LARGEST:
        raise BadKeys("the JWK Set is too large")
    return text
