"""Bearer tokens: ours, for this audience, now, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.domain.caller import Override
from gateway.errors import Unauthenticated
from gateway.inbound.access_token import Tokens, caller
from gateway.inbound.acting import Acting
from gateway.inbound.clients import Clients
from gateway.inbound.keys import UnfitKey, new_signing_key, signing_keys
from gateway.inbound.scopes import Scope
from gateway.inbound.token_check import TokenCheck
from tests.inbound.oauth_client import AUDIENCE, ISSUER, Clock, hospital

ACTING = Acting("sor|kbo", "Karla Bo", "sygeplejerske", ("BTG",), "", Override("emergency", "Akut"))


class Door:
    """A token checker and a forger who knows everything but the key, and then the key too."""

    def __init__(self, **changed: Any) -> None:
        self.clock = Clock()
        self.pem = new_signing_key()
        self.key = signing_keys([self.pem]).keys[0]
        self.clients = Clients([hospital()])
        self.tokens = Tokens(ISSUER, AUDIENCE, [self.pem], self.clock, **changed)
        self.check = TokenCheck(self.tokens, self.clients, self.clock)

    def good(self) -> str:
        return self.tokens.issue(hospital(), ACTING, [Scope("CarePlan", "rs")])

    def made(self, header: dict[str, Any] | None = None, key: Any = None, alg: str = "ES256", **changed: Any) -> str:
        claims = {**self.tokens.read(self.good()), **changed}
        claims = {name: value for name, value in claims.items() if value is not None}
        head = {"alg": alg, "typ": "at+jwt", "kid": self.key.kid, **(header or {})}
        return jwt.encode(head, claims, key or self.key, algorithms=[alg], default_type=None)


def ask(door: Door, token: str) -> Any:
    return door.check.caller([f"Bearer {token}"])


def test_a_good_token_gives_the_caller() -> None:
    door = Door()
    got = ask(door, door.good())
    assert (got.client, got.user, got.purposes, got.scopes) == ("rh-epj", "sor|kbo", ("BTG",), ("system/CarePlan.rs",))
    assert got.override == Override("emergency", "Akut")
    assert got.override.taken == door.clock.now, "an override is taken when its token is given"
    other = ask(door, door.made())
    assert replace(other, token=got.token) == got
    assert len({got.token, other.token}) == 2, "each token stands in the record by its own id"


NOW = int(Clock()().timestamp())
BAD: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://other.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "https://other.example/fhir"},
    "audience of the token endpoint": {"aud": f"{ISSUER}/oauth/token"},
    "several audiences": {"aud": [AUDIENCE, "https://other.example"]},
    "no audience": {"aud": None},
    "no expiry": {"exp": None},
    "expired": {"exp": NOW},
    "expired long ago": {"iat": NOW - 1000, "exp": NOW - 700},
    "lives too long": {"exp": NOW + 301},
    "expiry is a text": {"exp": str(NOW + 100)},
    "expiry is a fraction": {"exp": NOW + 100.5},
    "expiry is true": {"exp": True},
    "issued in the future": {"iat": NOW + 60, "exp": NOW + 100},
    "no issue time": {"iat": None},
    "no id": {"jti": None},
    "no subject": {"sub": None},
    "subject is not the client": {"sub": "someone-else"},
    "client is not registered": {"sub": "nobody", "client_id": "nobody"},
    "no scope": {"scope": None},
    "empty scope": {"scope": ""},
    "no caller": {"caller": None},
    "typ of an assertion": {"header": {"typ": "JWT"}},
    "typ of an id token": {"header": {"typ": "id+jwt"}},
    "unknown kid": {"header": {"kid": "other"}},
    "crit header": {"header": {"crit": ["kid"]}},
    "signed by another key": {"key": ECKey.generate_key("P-256", private=True)},
    "another curve": {"key": ECKey.generate_key("P-384", private=True), "alg": "ES384"},
}


@pytest.mark.parametrize("name", BAD)
def test_a_token_with_one_thing_wrong(name: str) -> None:
    door = Door()
    with pytest.raises(Unauthenticated) as refused:
        ask(door, door.made(**BAD[name]))
    assert "other.example" not in refused.value.told()


def test_a_role_that_the_registration_does_not_have() -> None:
    door = Door()
    told = door.tokens.read(door.good())["caller"]
    with pytest.raises(Unauthenticated):
        ask(door, door.made(caller={**told, "role": "auditor"}))
    with pytest.raises(Unauthenticated):
        ask(door, door.made(caller={**told, "sector": "municipality"}))


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_algorithms_of_the_attacker() -> None:
    door = Door()
    claims = part(door.tokens.read(door.good()))
    none = f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': door.key.kid})}.{claims}."
    content = f"{part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': door.key.kid})}.{claims}"
    secret = door.key.as_pem(private=False)
    confused = content + "." + base64.urlsafe_b64encode(hmac.digest(secret, content.encode(), hashlib.sha256)).decode()
    for token in (none, confused, confused.rstrip("=")):
        with pytest.raises(Unauthenticated):
            ask(door, token)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        ["Bearer"],
        ["Bearer "],
        ["Basic cmg6eA=="],
        ["Bearer a.b.c"],
        ["Bearer æ"],
        ["Bearer " + "a" * 9000],
        ["bearer null"],
        ["DPoP a.b.c"],
    ],
)
def test_headers_that_are_no_bearer_token(headers: list[str]) -> None:
    with pytest.raises(Unauthenticated):
        Door().check.caller(headers)


def test_two_headers_are_no_choice() -> None:
    door = Door()
    with pytest.raises(Unauthenticated):
        door.check.caller([f"Bearer {door.good()}"] * 2)


def test_a_remembered_token_still_expires() -> None:
    door = Door()
    token = door.good()
    assert ask(door, token) is ask(door, token)
    door.clock.forward(299)
    ask(door, token)
    door.clock.forward(1)
    with pytest.raises(Unauthenticated):
        ask(door, token)
    assert not door.check._good


def test_memory_is_bounded() -> None:
    door = Door()
    door.check = TokenCheck(door.tokens, door.clients, door.clock, remembered=5)
    tokens = [door.good() for _ in range(20)]
    for token in tokens:
        ask(door, token)
    assert len(door.check._good) == 5
    ask(door, tokens[0])


def test_bad_tokens_are_not_remembered() -> None:
    door = Door()
    with pytest.raises(Unauthenticated):
        ask(door, door.made(aud="x"))
    assert not door.check._good


def test_never_longer_than_five_minutes() -> None:
    door = Door(seconds=3600)
    claims = door.tokens.read(door.good())
    assert claims["exp"] - claims["iat"] == 300
    short = Door(seconds=60)
    claims = short.tokens.read(short.good())
    assert claims["exp"] - claims["iat"] == 60


def test_a_key_is_replaced_without_a_gap() -> None:
    old, new, clock = new_signing_key(), new_signing_key(), Clock()
    before = Tokens(ISSUER, AUDIENCE, [old], clock)
    token = before.issue(hospital(), ACTING, [Scope("CarePlan", "rs")])
    after = Tokens(ISSUER, AUDIENCE, [new, old], clock)
    assert caller(after.read(token), Clients([hospital()])).client == "rh-epj"
    assert len(after.jwks()["keys"]) == 2
    with pytest.raises(Unauthenticated):
        before.read(after.issue(hospital(), ACTING, [Scope("CarePlan", "rs")]))


def test_what_cannot_sign() -> None:
    p384 = ECKey.generate_key("P-384", private=True).as_pem(private=True)
    public = ECKey.generate_key("P-256", private=True).as_pem(private=False)
    for pems in ([], [b"nothing"], [p384], [public], [b""]):
        with pytest.raises(UnfitKey):
            signing_keys(pems)
