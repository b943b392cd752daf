"""Tokens of other issuers: by registered keys, for us, now; and never more than a registration of ours gives."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey

from gateway.domain.limits import CaseAccess
from gateway.errors import TooMany, Unauthenticated
from gateway.inbound.clients import Limits
from gateway.inbound.oauth import ACCESS_TOKEN_TYPE
from gateway.inbound.token_check import TokenCheck
from gateway.inbound.tokens.held import NotHeld
from gateway.inbound.tokens.issuers import issuer_key
from gateway.inbound.tokens.key_sets import KeySets
from gateway.inbound.tokens.limits import RateLimits
from tests.inbound.oauth_client import AUDIENCE, TOKEN_URL, Clock
from tests.inbound.tokens.issuing import CURVE, KEY, KEYCLOAK, OTHER, Municipality, jwk

SCOPE: dict[str, Any] = {"type": "http", "headers": [], "client": ("192.0.2.1", 1), "method": "GET", "path": "/fhir/x"}
NOW = int(Clock()().timestamp())


def admitted(world: Municipality, token: str, scheme: str = "Bearer") -> Any:
    return asyncio.run(world.check.admit([f"{scheme} {token}"], SCOPE))


def test_a_token_of_keycloak_comes_in_as_the_client_of_its_row() -> None:
    world = Municipality()
    who = admitted(world, world.jwt())
    assert (who.client, who.role, who.purposes) == ("kk-social", "social", ("COC",))
    assert (who.user, who.user_name, who.scopes) == (f"{KEYCLOAK}|kbo-uuid", "Karen Lund", ("system/CarePlan.rs",))
    assert who.sends == world.clients.get("kk-social").sends


def test_its_own_scopes_and_levels() -> None:
    world = Municipality()
    who = admitted(world, world.jwt(scope="user/CarePlan.rs?category=assess-plan user/Observation.rs"))
    assert who.scopes == ("user/CarePlan.rs?category=assess-plan",)
    with pytest.raises(Unauthenticated):
        admitted(world, world.jwt(scope="patient/CarePlan.rs"))


def test_kle_of_the_token_narrows_the_cases() -> None:
    world = Municipality()
    assert admitted(world, world.jwt(kle="27.03.*,32")).cases == (CaseAccess("*", ("27.03", "32"), 2),)


def test_ours_are_still_read() -> None:
    world = Municipality()
    form = world.form(world.assertion(iss="kk-social", sub="kk-social"))
    token = asyncio.run(world.endpoint.answer(form))[1]["access_token"]
    assert admitted(world, token).client == "kk-social"


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def none_of(world: Municipality) -> str:
    return f"{part({'alg': 'none', 'typ': 'JWT', 'kid': 'k1'})}.{world.jwt().split('.')[1]}."


def confused(world: Municipality) -> str:
    content = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{world.jwt().split('.')[1]}"
    digest = hmac.new(KEY.as_pem(private=False), content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def tampered(world: Municipality) -> str:
    head, _, sign = world.jwt().split(".")
    return f"{head}.{world.jwt(sub='other').split('.')[1]}.{sign}"


BAD: dict[str, Any] = {
    "alg none": none_of,
    "HS256 with the public key": confused,
    "tampered": tampered,
    "signed by another key": lambda w: w.jwt(OTHER),
    "an algorithm that is not registered": lambda w: w.jwt(alg="RS512"),
    "PS256 where RS256 is registered": lambda w: w.jwt(alg="PS256"),
    "a curve where RS256 is registered": lambda w: w.jwt(CURVE, {"kid": "e1"}, alg="ES256"),
    "unknown kid": lambda w: w.jwt(header={"kid": "k2"}),
    "no kid": lambda w: w.jwt(header={"kid": None}),
    "kid of another type of key": lambda w: w.jwt(header={"kid": "e1"}),
    "jwk in the header": lambda w: w.jwt(OTHER, {"jwk": OTHER.as_dict(private=False)}),
    "jku in the header": lambda w: w.jwt(header={"jku": "https://evil.example/jwks"}),
    "x5u in the header": lambda w: w.jwt(header={"x5u": "https://evil.example/cert"}),
    "crit": lambda w: w.jwt(header={"crit": ["kid"]}),
    "typ of an id token": lambda w: w.jwt(header={"typ": "id+jwt"}),
    "typ of a logout token": lambda w: w.jwt(header={"typ": "logout+jwt"}),
    "no typ": lambda w: w.jwt(header={"typ": None}),
    "another issuer": lambda w: w.jwt(iss="https://keycloak.example.dk/realms/other"),
    "issuer with a slash more": lambda w: w.jwt(iss=KEYCLOAK + "/"),
    "issuer that gives SAML": lambda w: w.jwt(iss="https://saml.adgangsstyring.example.dk"),
    "another audience": lambda w: w.jwt(aud="https://other.example"),
    "audience of the token endpoint": lambda w: w.jwt(aud=TOKEN_URL),
    "no audience": lambda w: w.jwt(aud=None),
    "expired": lambda w: w.jwt(exp=NOW),
    "good for too long": lambda w: w.jwt(exp=NOW + 301),
    "no exp": lambda w: w.jwt(exp=None),
    "exp is a text": lambda w: w.jwt(exp=str(NOW + 60)),
    "exp is true": lambda w: w.jwt(exp=True),
    "exp beyond all numbers": lambda w: w.jwt(exp=10**400),
    "no iat": lambda w: w.jwt(iat=None),
    "iat in the future": lambda w: w.jwt(iat=NOW + 60),
    "nbf in the future": lambda w: w.jwt(nbf=NOW + 60),
    "nobody": lambda w: w.jwt(sub=None),
    "user is a list": lambda w: w.jwt(sub=["kbo-uuid"]),
    "user with a bar": lambda w: w.jwt(sub="urn:oid:1.2.208.176.1.1|1"),
    "another organisation": lambda w: w.jwt(cvr="64942213"),
    "no organisation": lambda w: w.jwt(cvr=None),
    "another role": lambda w: w.jwt(realm_access={"roles": ["admin"]}),
    "role that begins alike": lambda w: w.jwt(realm_access={"roles": ["sagsbehandlere"]}),
    "no role": lambda w: w.jwt(realm_access=None),
    "level is low": lambda w: w.jwt(loa="Low"),
    "no level": lambda w: w.jwt(loa=None),
    "classes that cannot be read": lambda w: w.jwt(kle={"x": 1}),
    "jti is a list": lambda w: w.jwt(jti=["x"]),
    "no scope of the client": lambda w: w.jwt(scope="openid system/Observation.rs"),
    "no scope": lambda w: w.jwt(scope=None),
    "bound in a way that is not understood": lambda w: w.jwt(cnf={"kid": "x"}),
    "bound to nothing": lambda w: w.jwt(cnf={}),
    "nonsense": lambda w: "a.b.c",
}


@pytest.mark.parametrize("name", BAD)
def test_a_token_with_one_thing_wrong(name: str) -> None:
    world = Municipality()
    with pytest.raises(Unauthenticated) as refused:
        admitted(world, BAD[name](world))
    assert not {"evil", "kbo-uuid", "64942213"} & set(refused.value.told().replace(".", " ").split())
    assert not world.check._good


def test_a_bound_token_is_no_bearer() -> None:
    world = Municipality()
    with pytest.raises(NotHeld):
        admitted(world, world.jwt(cnf={"jkt": "x"}))


def test_a_client_that_must_be_bound_has_no_plain_tokens_elsewhere() -> None:
    world = Municipality(bound="dpop")
    with pytest.raises(Unauthenticated):
        admitted(world, world.jwt())


def test_two_keys_of_one_kid_are_none() -> None:
    world = Municipality(issuer={"keys": (issuer_key(jwk(KEY, "k1")), issuer_key(jwk(OTHER, "k1")))})
    with pytest.raises(Unauthenticated):
        admitted(world, world.jwt())
    other = ECKey.generate_key("P-256", private=True)
    world = Municipality(issuer={"keys": (issuer_key(jwk(KEY, "k1")), issuer_key(jwk(other, "k1")))})
    assert admitted(world, world.jwt()).client == "kk-social", "of another type they are no two"


def test_a_jwt_is_exchanged_once_and_only_when_it_is_for_the_endpoint() -> None:
    world = Municipality()
    token = world.jwt(aud=TOKEN_URL)
    assert world.ask(token, ACCESS_TOKEN_TYPE)[0] == 200
    assert "used before" in world.ask(token, ACCESS_TOKEN_TYPE)[1]["error_description"]
    for bad in (
        world.jwt(aud=AUDIENCE),
        world.jwt(aud=TOKEN_URL, jti=None),
        world.jwt(aud=TOKEN_URL, cnf={"jkt": "x"}),
    ):
        assert world.ask(bad, ACCESS_TOKEN_TYPE)[1]["error"] == "invalid_grant"


OPAQUE = "0f3c9e1f-opaque-token-of-theirs"
ASKED: dict[str, Any] = {
    "active": True, "aud": AUDIENCE, "sub": "kbo-uuid", "iat": NOW, "exp": NOW + 300, "cvr": "64942212",
    "loa": "high", "realm_access": {"roles": ["sagsbehandler"]}, "scope": "system/CarePlan.rs",
}  # fmt: skip


class Asked(Municipality):
    """The issuer is asked; `told` is what it answers."""

    def __init__(self, told: Any) -> None:
        super().__init__(
            issuer={"format": "opaque", "introspect": {"url": "https://x/i", "client": "a", "secret": "B"}}
        )
        self.calls = 0
        self.told = told
        self.foreign._introspect = self._answer

    async def _answer(self, url: str, client: str, secret: str, token: str) -> bytes:
        assert (url, client, secret, token) == ("https://x/i", "a", "B", OPAQUE)
        self.calls += 1
        return self.told if isinstance(self.told, bytes) else json.dumps(self.told).encode()


def test_an_opaque_token_is_asked_about_once_a_minute() -> None:
    world = Asked(ASKED)
    for _ in range(3):
        assert admitted(world, OPAQUE).user == f"{KEYCLOAK}|kbo-uuid"
    assert world.calls == 1
    world.clock.forward(61)
    world.told = {"active": False}
    with pytest.raises(Unauthenticated):
        admitted(world, OPAQUE)
    assert world.calls == 2


@pytest.mark.parametrize(
    "told",
    [
        {**ASKED, "active": "true"}, {**ASKED, "active": 1}, {**ASKED, "aud": "https://other.example"},
        {**ASKED, "exp": NOW}, {**ASKED, "iss": "https://other.example"}, {**ASKED, "sub": ""}, {},
        {**ASKED, "exp": NOW + 3601}, {**ASKED, "loa": "low"}, [], b"", b"\xff", b'{"active":true}',
    ],
)  # fmt: skip
def test_answers_that_let_nobody_in(told: Any) -> None:
    world = Asked(told)
    with pytest.raises(Unauthenticated):
        admitted(world, OPAQUE)


def test_whoever_failed_too_often_makes_us_ask_no_more() -> None:
    world = Asked({"active": False})
    limits = RateLimits(world._record, lambda: 0.0, Limits(per_second=1.0, burst=5.0))
    check = TokenCheck(world.tokens, world.clients, world.clock, foreign=world.foreign.read, limits=limits)
    told = []
    for _ in range(20):
        with pytest.raises((Unauthenticated, TooMany)) as refused:
            asyncio.run(check.admit([f"Bearer {OPAQUE}"], SCOPE))
        told.append(refused.type)
    assert told == [Unauthenticated] * 5 + [TooMany] * 15
    assert world.calls == 5
    world.told = ASKED
    assert asyncio.run(check.admit([f"Bearer {OPAQUE}"], SCOPE | {"client": ("192.0.2.2", 1)})).client == "kk-social"
    assert asyncio.run(check.admit([f"Bearer {OPAQUE}"], SCOPE)).client == "kk-social", "what is known is not asked"


def test_whoever_failed_too_often_makes_us_fetch_no_keys() -> None:
    """Keycloak forbids that its keys are kept."""
    world = Municipality(issuer={"keys": (), "jwks_url": "https://keycloak.example.dk/certs"})
    fetched = []

    async def fetch(url: str) -> tuple[bytes, float]:
        fetched.append(url)
        return json.dumps({"keys": [jwk(KEY, "k1")]}).encode(), 0.0

    world.foreign._key_sets = KeySets(fetch, world.clock, issuer_key)
    limits = RateLimits(world._record, lambda: 0.0, Limits(per_second=1.0, burst=5.0))
    check = TokenCheck(world.tokens, world.clients, world.clock, foreign=world.foreign.read, limits=limits)
    for _ in range(20):
        with pytest.raises((Unauthenticated, TooMany)):
            asyncio.run(check.admit([f"Bearer {world.jwt(OTHER)}"], SCOPE))
    assert len(fetched) == 5
    elsewhere = SCOPE | {"client": ("192.0.2.2", 1)}
    assert asyncio.run(check.admit([f"Bearer {world.jwt()}"], elsewhere)).client == "kk-social"


def test_nobody_is_asked_about_what_is_no_token() -> None:
    world = Asked(ASKED)
    for token in ("short", "a b" * 10, "x" * 600, "a.b.c", world.jwt()):
        with pytest.raises(Unauthenticated):
            admitted(world, token)
    assert world.calls == 0
