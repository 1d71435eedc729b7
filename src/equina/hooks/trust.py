"""Who may call: each call brings a JSON Web Token of a known client, signed with a key of it, for this address, once.

https://cds-hooks.hl7.org/2.0/#trusting-cds-clients
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import jwt

from equina.hooks.keys import ALGORITHMS, KeySet

__all__ = ["Trust", "Untrusted"]

_LEEWAY = 30  # seconds that two clocks may differ
_LONGEST_LIFE = 3600  # seconds: a token is for one call, and is remembered until it ends
_LONGEST_TOKEN = 8 * 1024
_CLAIMS = ["iss", "aud", "exp", "iat", "jti"]


class Untrusted(Exception):  # noqa: N818  (what it is, not how it is told)
    """A call that is not answered; the message says what about its token, and nothing that is in it."""


class Trust:
    """The clients that are known, by issuer, with their keys. `once` says whether a name is new, and remembers it until then."""

    def __init__(
        self,
        clients: Mapping[str, KeySet],
        base: str,
        once: Callable[[str, float], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.clients, self.base, self.once, self.clock = clients, base.rstrip("/"), once, clock

    async def check(self, header: str, paths: Sequence[str]) -> None:
        """Let a call to one of these paths in by its header Authorization. Raises Untrusted."""
        scheme, _, token = header.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Untrusted("a token is needed")
        if len(token) > _LONGEST_TOKEN:
            raise Untrusted("the token is too long")
        claims = await self._claims(token, [f"{self.base}{path}" for path in paths])
        name = claims["jti"]
        if not isinstance(name, str) or not name:
            raise Untrusted("the token has no jti")
        ends = float(claims["exp"])
        if ends - float(claims["iat"]) > _LONGEST_LIFE:
            raise Untrusted("the token is for longer than an hour")
        if not self.once(f"{claims['iss']} {name}", ends + _LEEWAY):
            raise Untrusted("the token was used before")

    async def _claims(self, token: str, audience: list[str]) -> Mapping[str, float | str]:
        try:
            header = jwt.get_unverified_header(token)
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except (jwt.PyJWTError, RecursionError, ValueError):
            raise Untrusted("it is no JSON Web Token") from None
        algorithm, kid = str(header.get("alg")), str(header.get("kid"))
        if algorithm not in ALGORITHMS:
            raise Untrusted("the token is not signed with ES384 or RS384")
        client = self.clients.get(str(issuer))
        elsewhere = client and client.fetched and header.get("jku", client.where) != client.where
        key = await client.key(kid, algorithm) if client and not elsewhere else None
        if key is None:
            raise Untrusted("the token is of no known client and key")
        return _verified(token, key, algorithm, audience, str(issuer))


def _verified(token: str, key: object, algorithm: str, audience: list[str], issuer: str) -> Mapping[str, float | str]:
    """The claims of a token whose signature, times and addressee are right."""
    try:
        claims: Mapping[str, float | str] = jwt.decode(
            token,
            key,  # type: ignore[arg-type]  # a public key of one of the kinds that jwt takes
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            leeway=_LEEWAY,
            options={"require": _CLAIMS},
        )
    except jwt.ExpiredSignatureError:
        raise Untrusted("the token has ended") from None
    except jwt.ImmatureSignatureError:
        raise Untrusted("the token is of a later time than this") from None
    except jwt.InvalidAudienceError:
        raise Untrusted("the token is for another address") from None
    except jwt.MissingRequiredClaimError as error:
        raise Untrusted(f"the token has no {error.claim}") from None
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        raise Untrusted("the token's signature or claims are not right") from None
    if any(isinstance(claims[name], bool) or not isinstance(claims[name], int | float) for name in ("exp", "iat")):
        raise Untrusted("the token's times are no numbers")
    return claims
