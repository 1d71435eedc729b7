"""What an operator sets in the environment, each value checked before anything is served. docs/operations.md has the same table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["VARIABLES", "BadEnvironment", "Environment", "Variable", "environment"]

PREFIX = "EQUINA_"
SHORTEST = 32
_ISSUER_AND_KEYS = re.compile(r"(?P<issuer>[^\s=]+)=(?P<keys>\S+)")


class BadEnvironment(ValueError):  # noqa: N818  (what it is, not how it is told)
    """A value that can't be used; the message names the variable and the mend, and never repeats the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of the environment: what it does, what holds without it, and an example."""

    name: str
    does: str
    without: str
    example: str
    secret: bool = False


VARIABLES: Mapping[str, Variable] = {
    variable.name: variable
    for variable in (
        Variable(
            name="EQUINA_SECRET",
            does="signs what the pages carry; at least 32 characters. Needed for more than one worker",
            without="made anew at each start: a page that was open then begins again",
            example="openssl rand -hex 32",
            secret=True,
        ),
        Variable(
            name="EQUINA_TOKEN",
            does="the Bearer token that /api and /fhir ask for, and /cds-services unless EQUINA_CDS_CLIENTS is set; "
            "32 characters or more, ASCII without spaces",
            without="they answer everyone who can reach them",
            example="openssl rand -hex 32",
            secret=True,
        ),
        Variable(
            name="EQUINA_BASE_URL",
            does="the public https address of this service: the audience of clients' tokens, and of links in cards",
            without="cards have no link here; needed with EQUINA_CDS_CLIENTS",
            example="https://equina.hospital.example",
        ),
        Variable(
            name="EQUINA_CDS_CLIENTS",
            does="who may call /cds-services: pairs ISSUER=KEYS, by blanks; KEYS is a JWK Set, by absolute path or https address",
            without="/cds-services asks for EQUINA_TOKEN, or for nothing",
            example="https://ehr.example/=/etc/equina/ehr.jwks.json",
        ),
        Variable(
            name="EQUINA_CDS_ORIGINS",
            does="origins of the web pages that may call /cds-services from a browser, by blanks",
            without="none may",
            example="https://sandbox.cds-hooks.org",
        ),
        Variable(
            name="EQUINA_LARGEST_RECORDS",
            does="bytes that a body of /fhir or /cds-services may have",
            without="4194304",
            example="8388608",
        ),
        Variable(
            name="EQUINA_RECORDS_RATE",
            does="requests a second from one address to /fhir and /cds-services, six times as many at once; 0 for no limit",
            without="500",
            example="2000",
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The values, checked."""

    secret: str | None = None
    token: str | None = None
    base: str | None = None
    clients: Mapping[str, str]  # issuer: where its keys are
    origins: tuple[str, ...] = ()
    largest_records: int = 4 * 1024 * 1024
    records_rate: float = 500.0


def environment(given: Mapping[str, str]) -> Environment:
    """What the variables of an environment say; an empty one counts as not set. Raises BadEnvironment."""
    values = {name: value for name, value in given.items() if name.startswith(PREFIX) and value.strip()}
    for name in values:
        if name not in VARIABLES and (close := _close_to(name)):
            raise BadEnvironment(f"{name} is not known; did you mean {close}?")
    base = _base(values.get("EQUINA_BASE_URL"))
    clients = _clients(values.get("EQUINA_CDS_CLIENTS", ""))
    if clients and base is None:
        raise BadEnvironment("EQUINA_CDS_CLIENTS needs EQUINA_BASE_URL: the address that clients' tokens are for")
    return Environment(
        secret=_secret(values.get("EQUINA_SECRET")),
        token=_token(values.get("EQUINA_TOKEN")),
        base=base,
        clients=clients,
        origins=_origins(values.get("EQUINA_CDS_ORIGINS", "")),
        largest_records=int(_number(values, "EQUINA_LARGEST_RECORDS", 4 * 1024 * 1024, 64 * 1024, 64 * 1024 * 1024, int)),
        records_rate=_number(values, "EQUINA_RECORDS_RATE", 500.0, 0.0, 1e6, float),
    )


def _close_to(name: str) -> str | None:
    """The variable that was probably meant: one letter wrong must not leave a door open."""
    ends = [known.removeprefix(PREFIX) for known in VARIABLES]
    return next((PREFIX + end for end in get_close_matches(name.removeprefix(PREFIX), ends, n=1, cutoff=0.7)), None)


def _secret(value: str | None) -> str | None:
    if value is not None and len(value) < SHORTEST:
        raise BadEnvironment(f"EQUINA_SECRET is too short to sign with; give at least {SHORTEST} characters, or unset it")
    return value


def _token(value: str | None) -> str | None:
    if value is not None and (len(value) < SHORTEST or not value.isascii() or not value.isprintable() or " " in value):
        raise BadEnvironment(
            f"EQUINA_TOKEN can't be used; give at least {SHORTEST} letters, digits and signs without spaces, or unset it"
        )
    return value


def _base(value: str | None) -> str | None:
    if value is None:
        return None
    if not _is_address(value, ("https", "http")) or urlsplit(value).query or urlsplit(value).fragment:
        raise BadEnvironment("EQUINA_BASE_URL is no address; write it as https://equina.hospital.example")
    if urlsplit(value).scheme == "http" and urlsplit(value).hostname not in ("localhost", "127.0.0.1", "::1"):
        raise BadEnvironment("EQUINA_BASE_URL is not https; other addresses than this machine's own need it")
    return value.rstrip("/")


def _clients(value: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, pair in enumerate(value.split(), start=1):
        told = _ISSUER_AND_KEYS.fullmatch(pair)
        if told is None:
            raise BadEnvironment(f"EQUINA_CDS_CLIENTS: number {place} is no pair; write ISSUER=KEYS, pairs apart by blanks")
        issuer, keys = told["issuer"], told["keys"]
        if issuer in found:
            raise BadEnvironment(f"EQUINA_CDS_CLIENTS: the issuer of number {place} is named twice; keep one")
        if keys.startswith("/"):
            _readable_keys(keys, place)
        elif not _is_address(keys, ("https",)):
            raise BadEnvironment(
                f"EQUINA_CDS_CLIENTS: the keys of number {place} are neither an absolute path nor an https address"
            )
        found[issuer] = keys
    return found


def _readable_keys(path: str, place: int) -> None:
    from equina.hooks.keys import BadKeys, keys_in

    try:
        keys_in(Path(path).read_bytes())
    except OSError as error:
        raise BadEnvironment(f"EQUINA_CDS_CLIENTS: the file of number {place} can't be read: {error.strerror}") from None
    except BadKeys as error:
        raise BadEnvironment(f"EQUINA_CDS_CLIENTS: the file of number {place}: {error}") from None


def _origins(value: str) -> tuple[str, ...]:
    for place, origin in enumerate(value.split(), start=1):
        parts = urlsplit(origin)
        if not _is_address(origin, ("https", "http")) or parts.path or parts.query or parts.fragment:
            raise BadEnvironment(
                f"EQUINA_CDS_ORIGINS: number {place} is no origin; write it as https://ehr.example, without a path"
            )
    return tuple(value.split())


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        return False


def _number(values: Mapping[str, str], name: str, without: float, least: float, most: float, read: Callable[[str], float]) -> float:
    try:
        number = read(values.get(name, str(without)))
    except ValueError:
        number = least - 1
    if not least <= number <= most:  # NaN is in no range
        raise BadEnvironment(f"{name} is out of range; give a number from {least:g} to {most:g}, or unset it")
    return number
