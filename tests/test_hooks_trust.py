"""Who may call CDS Hooks: a token of a known client, signed with its key, for this address, now, once; and from which pages."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from http.client import BadStatusLine
from uuid import uuid4

import pytest

pytest.importorskip("starlette", reason="the extra `service` is not installed")
pytest.importorskip("jwt", reason="the extra `service` is not installed")

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.testclient import TestClient

from equina.hooks import Callers, keys
from equina.hooks.keys import BadKeys, KeySet, keys_in
from equina.hooks.trust import Trust
from equina.web.app import create_app
from equina.web.guards import Limits
from equina.web.shared import Table
from strategies import PROTOCOL

BASE = "https://cds.example"
ISSUER = "https://ehr.example/"
SECRET = "a secret of the tests, long enough"
PRIVATE = {
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "RS384": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "stranger": ec.generate_private_key(ec.SECP384R1()),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}
SIGNS = {"ES384": jwt.algorithms.ECAlgorithm, "RS384": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm}


def public(name, **more):
    return {**json.loads(SIGNS[name].to_jwk(PRIVATE[name].public_key())), "kid": name, **more}


def key_set(*listed):
    return json.dumps({"keys": list(listed)}).encode()


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    file = tmp_path_factory.mktemp("keys") / "ehr.jwks.json"
    file.write_bytes(key_set(public("ES384"), public("RS384"), public("ES256")))
    used = Table()
    trust = Trust({ISSUER: KeySet(str(file))}, BASE, lambda name, until: used.once(name, until, time.time()))
    callers = Callers(trust=trust, base=BASE, origins=("https://ehr.example",))
    return TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=0, records_rate=0), callers=callers))


def token(path="", *, key="ES384", alg="ES384", headers=None, without=(), **claims):
    now = int(time.time())
    told = {"iss": ISSUER, "aud": f"{BASE}/cds-services{path}", "exp": now + 300, "iat": now, "jti": str(uuid4()), **claims}
    told = {name: value for name, value in told.items() if name not in without}
    return jwt.encode(told, PRIVATE[key], algorithm=alg, headers={"kid": key, "typ": "JWT", **(headers or {})})


def asked(client, bearer, path="/cds-services"):
    return client.get(path, headers={"Authorization": f"Bearer {bearer}"})


@pytest.mark.parametrize("alg", ["ES384", "RS384"])
def test_a_known_client_is_answered(client, alg):
    assert asked(client, token(key=alg, alg=alg)).status_code == 200
    assert asked(client, token(key=alg, alg=alg, aud=[f"{BASE}/cds-services"])).status_code == 200


def test_a_token_is_for_one_address(client):
    body = {"feedback": [{"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-11-26T03:07:29Z"}]}
    place = "/cds-services/red-flags-at-patient-view"

    def told(path):
        return client.post(f"{place}/feedback", json=body, headers={"Authorization": f"Bearer {token(path)}"}).status_code

    assert told("/red-flags-at-patient-view/feedback") == 200
    assert told("/red-flags-at-patient-view") == 200, "some clients sign for the service that the feedback is about"
    assert told("") == 401
    assert told("/red-flags-before-order/feedback") == 401


def unsigned():
    _, claims, _ = token().split(".")
    return f"{encoded({'alg': 'none', 'kid': 'ES384', 'typ': 'JWT'})}.{claims}."


def signed_with_what_is_public():
    """The public key taken for a password: the mix-up of algorithms."""
    _, claims, _ = token().split(".")
    told = f"{encoded({'alg': 'HS384', 'kid': 'ES384', 'typ': 'JWT'})}.{claims}"
    seal = hmac.new(json.dumps(public("ES384")).encode(), told.encode(), "sha384").digest()
    return f"{told}.{jwt.utils.base64url_encode(seal).decode()}"


def encoded(part):
    return jwt.utils.base64url_encode(json.dumps(part).encode()).decode()


REFUSED = {
    "none at all": "",
    "no token": "nonsense",
    "three parts of nonsense": "a.b.c",
    "unsigned": unsigned(),
    "signed with what is public": signed_with_what_is_public(),
    "by a weaker algorithm": token(key="ES256", alg="ES256"),
    "by a key of somebody else": token(key="stranger", headers={"kid": "ES384"}),
    "by a key that is not there": token(headers={"kid": "other"}),
    "of an unknown issuer": token(iss="https://evil.example/"),
    "without an issuer": token(without=("iss",)),
    "for another address": token(aud="https://other.example/cds-services"),
    "for no address": token(without=("aud",)),
    "ended": token(exp=int(time.time()) - 60, iat=int(time.time()) - 360),
    "without an end": token(without=("exp",)),
    "without a beginning": token(without=("iat",)),
    "of tomorrow": token(iat=int(time.time()) + 86400, exp=int(time.time()) + 86700),
    "for a year": token(exp=int(time.time()) + 31_536_000),
    "without a name": token(without=("jti",)),
    "with an empty name": token(jti=""),
    "too long": token(tenant="x" * 9000),
}


@pytest.mark.parametrize("bearer", REFUSED.values(), ids=list(REFUSED))
def test_another_token_is_refused_without_a_word_of_it(client, bearer, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = asked(client, bearer)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    for said in (answer.text, caplog.text):
        assert "evil.example" not in said
        assert "ehr.example" not in said
        assert not bearer or bearer not in said


def test_a_token_is_used_once(client):
    bearer = token()
    assert [asked(client, bearer).status_code for _ in range(3)] == [200, 401, 401]


def test_nobody_is_asked_for_more_than_is_set_up():
    closed = TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=0), token="t" * 40))
    assert closed.get("/cds-services").status_code == 401
    assert asked(closed, "t" * 40).status_code == 200
    assert TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=0))).get("/cds-services").status_code == 200


# --- keys ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'{"keys": 3}',
        b'{"keys": []}',
        key_set(public("ES256")),
        key_set(public("ES384", use="enc")),
        key_set(public("ES384", kid="")),
        key_set(public("RS384", alg="RS256")),
        key_set({"kty": "oct", "k": "c2VjcmV0", "kid": "k"}),
        key_set({"kty": "EC", "crv": "P-384", "kid": "k", "x": "AA", "y": "AA"}),
    ],
)
def test_keys_that_sign_nothing_we_take_are_none(text):
    with pytest.raises(BadKeys):
        keys_in(text)


def test_what_is_private_in_a_key_set_is_left_where_it_is():
    private = json.loads(SIGNS["ES384"].to_jwk(PRIVATE["ES384"])) | {"kid": "k"}
    assert not hasattr(keys_in(key_set(private))["k", "ES384"], "private_numbers")


def test_a_file_of_keys_is_read_again_when_it_changes(tmp_path):
    file = tmp_path / "keys.json"
    file.write_bytes(key_set(public("ES384")))
    found = KeySet(str(file))
    assert asyncio.run(found.key("ES384", "ES384")) is not None
    assert asyncio.run(found.key("RS384", "RS384")) is None
    time.sleep(0.02)
    file.write_bytes(key_set(public("RS384")))
    assert asyncio.run(found.key("RS384", "RS384")) is not None
    file.write_bytes(b"half a fi")
    assert asyncio.run(found.key("RS384", "RS384")) is not None, "what can't be read leaves the keys as they were"


def test_keys_at_an_address_are_fetched_seldom(monkeypatch):
    fetched, now = [], [1000.0]

    def fetch(address):
        fetched.append(address)
        if len(fetched) == 3:
            raise BadStatusLine("no server")
        return key_set(public("ES384"))

    monkeypatch.setattr(keys, "_fetch", fetch)
    found = KeySet("https://ehr.example/jwks.json", lambda: now[0])

    def known(name):
        return asyncio.run(found.key(name, "ES384")) is not None

    assert [known("ES384") for _ in range(5)] == [True] * 5
    assert len(fetched) == 1
    assert [known("other") for _ in range(5)] == [False] * 5
    assert len(fetched) == 1, "not again for a key that it has not, within the minute"
    now[0] += 61
    assert not known("other")
    assert len(fetched) == 2
    now[0] += 601
    assert known("ES384"), "a server that fails leaves the keys as they were"
    assert len(fetched) == 3


def test_keys_at_an_address_are_those_of_that_address_alone(monkeypatch):
    monkeypatch.setattr(keys, "_fetch", lambda _: key_set(public("ES384")))
    trust = Trust({ISSUER: KeySet("https://ehr.example/jwks.json")}, BASE, lambda *_: True)
    open_door = TestClient(create_app({"en": PROTOCOL}, SECRET, limits=Limits(rate=0), callers=Callers(trust=trust, base=BASE)))
    assert asked(open_door, token(headers={"jku": "https://ehr.example/jwks.json"})).status_code == 200
    assert asked(open_door, token(headers={"jku": "https://evil.example/jwks.json"})).status_code == 401


# --- pages that call -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("origin", "let_in"), [("https://ehr.example", True), ("https://evil.example", False)])
def test_a_page_may_call_when_its_origin_is_named(client, origin, let_in):
    wants = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    before = client.options("/cds-services/red-flags-at-patient-view", headers={"Origin": origin, **wants})
    assert ("access-control-allow-origin" in before.headers) is let_in
    after = client.get("/cds-services", headers={"Origin": origin, "Authorization": f"Bearer {token()}"})
    assert after.headers.get("access-control-allow-origin") == (origin if let_in else None)
    assert "access-control-allow-credentials" not in after.headers


def test_no_page_may_call_anything_else(client):
    for path in ("/", "/api/v1/protocol", "/fhir/metadata", "/metrics"):
        assert "access-control-allow-origin" not in client.get(path, headers={"Origin": "https://ehr.example"}).headers
