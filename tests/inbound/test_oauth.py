"""The token endpoint: what is granted, and a long list of what is not."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from gateway.domain.identifier import SOR
from gateway.errors import SettingsError, Unavailable
from gateway.inbound.keys import UnfitKey, public_key
from gateway.inbound.oauth import TokenEndpoint
from gateway.inbound.scopes import Scope
from gateway.inbound.token_check import TokenCheck
from tests.inbound.oauth_client import AUDIENCE, EC, ISSUER, RSA, TOKEN_URL, Clock, World, hospital, nurse


def ask(world: World, assertion: str, **changed: str | None) -> tuple[int, dict[str, Any]]:
    return asyncio.run(world.endpoint.answer(world.form(assertion, **changed)))


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize(("key", "alg", "kid"), [(EC, "ES384", "ec-1"), (RSA, "RS384", "rsa-1")])
def test_both_algorithms_of_smart(key: Any, alg: str, kid: str) -> None:
    world = World()
    status, body = ask(world, world.assertion(key, alg=alg, kid=kid, extensions=nurse()))
    assert status == 200
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 300
    assert body["scope"] == "system/CarePlan.rs"
    assert world.records == [("rh-epj", True, "")]
    caller = TokenCheck(world.tokens, world.clients, world.clock).caller([f"Bearer {body['access_token']}"])
    assert (caller.client, caller.role, caller.sector) == ("rh-epj", "hospital", "region")
    assert caller.organisation.value == "265161000016000"
    assert (caller.user, caller.user_name) == (f"{SOR}|265161000016000.kbo", "Karla Bo")
    assert caller.purposes == ("TREAT",)
    assert caller.scopes == ("system/CarePlan.rs",)
    assert caller.sends == ("rh",)
    assert caller.override is None


def test_a_token_says_what_rfc_9068_wants() -> None:
    world = World()
    _, body = ask(world, world.assertion())
    told = claims_of(body["access_token"])
    assert (told["iss"], told["aud"], told["sub"], told["client_id"]) == (ISSUER, AUDIENCE, "rh-epj", "rh-epj")
    assert told["exp"] - told["iat"] == 300
    header = jws.extract_compact(body["access_token"].encode()).headers()
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert header["kid"] in {key["kid"] for key in world.tokens.jwks()["keys"]}
    assert all("d" not in key for key in world.tokens.jwks()["keys"])


def test_the_issuer_is_an_audience_too() -> None:
    world = World()
    assert ask(world, world.assertion(aud=ISSUER))[0] == 200
    assert ask(world, world.assertion(aud=[TOKEN_URL]))[0] == 200


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def none_of(world: World) -> str:
    return f"{part({'alg': 'none', 'typ': 'JWT', 'kid': 'ec-1'})}.{part(world.claims())}."


def with_public_key_as_secret(world: World) -> str:
    """Made by hand: joserfc itself will not use a PEM as a secret."""
    content = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa-1'})}.{part(world.claims())}"
    digest = hmac.new(RSA.as_pem(private=False), content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def of_wrong_key(world: World) -> str:
    return world.assertion(ECKey.generate_key("P-384", private=True))


def tampered(world: World) -> str:
    head, _, sign = world.assertion().split(".")
    other = world.assertion(extensions=nurse()).split(".")[1]
    return f"{head}.{other}.{sign}"


def signed(payload: bytes) -> str:
    return jws.serialize_compact({"alg": "ES384", "typ": "JWT", "kid": "ec-1"}, payload, EC, ["ES384"])


def ahead(seconds: int) -> dict[str, int]:
    return {"exp": int(Clock()().timestamp()) + seconds}


BAD_ASSERTIONS: dict[str, Any] = {
    "alg none": none_of,
    "HS256 with the public key": with_public_key_as_secret,
    "a key that is not registered": of_wrong_key,
    "tampered claims": tampered,
    "RS384 claimed over the EC key": lambda w: w.assertion(RSA, alg="RS384", kid="ec-1"),
    "RS256 with the registered RSA key": lambda w: w.assertion(RSA, alg="RS256", kid="rsa-1"),
    "PS384 with the registered RSA key": lambda w: w.assertion(RSA, alg="PS384", kid="rsa-1"),
    "unknown kid": lambda w: w.assertion(kid="ec-2"),
    "no kid": lambda w: w.assertion(header={"kid": ""}),
    "kid that looks like SQL": lambda w: w.assertion(kid="' OR 1=1 --"),
    "typ missing": lambda w: w.assertion(header={"typ": ""}),
    "typ of an access token": lambda w: w.assertion(header={"typ": "at+jwt"}),
    "crit header": lambda w: w.assertion(header={"crit": ["kid"]}),
    "jwk in the header": lambda w: w.assertion(header={"jwk": EC.as_dict(private=False)}),
    "jku that is not registered": lambda w: w.assertion(header={"jku": "https://evil.example/jwks.json"}),
    "x5u": lambda w: w.assertion(header={"x5u": "https://evil.example/cert.pem"}),
    "unknown client": lambda w: w.assertion(iss="nobody", sub="nobody"),
    "iss is not sub": lambda w: w.assertion(sub="someone-else"),
    "sub is not iss": lambda w: w.assertion(iss="someone-else"),
    "no sub": lambda w: w.assertion(sub=None),
    "no iss": lambda w: w.assertion(iss=None),
    "iss is a list": lambda w: w.assertion(iss=["rh-epj"]),
    "wrong aud": lambda w: w.assertion(aud="https://other.example/oauth/token"),
    "aud that begins like ours": lambda w: w.assertion(aud=TOKEN_URL + "/"),
    "several audiences": lambda w: w.assertion(aud=[TOKEN_URL, "https://other.example"]),
    "no aud": lambda w: w.assertion(aud=None),
    "exp in ten hours": lambda w: w.assertion(**ahead(36_000)),
    "exp just too far": lambda w: w.assertion(iat=None, **ahead(306)),
    "long lived since yesterday": lambda w: w.assertion(iat=int(w.clock().timestamp()) - 86_400),
    "expired": lambda w: w.assertion(iat=None, **ahead(-6)),
    "no exp": lambda w: w.assertion(exp=None),
    "exp is a text": lambda w: w.assertion(exp="2099-01-01"),
    "exp is true": lambda w: w.assertion(exp=True),
    "exp is not a number": lambda w: w.assertion(exp=float("nan")),
    "exp has no end": lambda w: w.assertion(exp=float("inf")),
    "iat in the future": lambda w: w.assertion(iat=int(w.clock().timestamp()) + 60),
    "nbf in the future": lambda w: w.assertion(nbf=int(w.clock().timestamp()) + 60),
    "no jti": lambda w: w.assertion(jti=None),
    "empty jti": lambda w: w.assertion(jti=""),
    "jti is a number": lambda w: w.assertion(jti=7),
    "jti too long": lambda w: w.assertion(jti="j" * 256),
    "not a JWT": lambda w: "eyJhbGciOiJFUzM4NCJ9",
    "three dots": lambda w: "...",
    "not ASCII": lambda w: "æøå.æøå.æøå",
    "claims are a list": lambda w: signed(b"[]"),
    "exp beyond all numbers": lambda w: w.assertion(exp=10**400),
    "iat beyond all numbers": lambda w: w.assertion(iat=-(10**400)),
    "too large": lambda w: w.assertion(extensions={"ihe_iua": {"subject_name": "x" * 20_000}}),
    "deep nesting": lambda w: signed(b'{"iss":' + b"[" * 5000 + b"]" * 5000 + b"}"),
}


@pytest.mark.parametrize("name", BAD_ASSERTIONS)
def test_bad_assertions_are_refused(name: str) -> None:
    world = World()
    status, body = ask(world, BAD_ASSERTIONS[name](world))
    assert (status, body["error"]) == (400, "invalid_client"), body
    assert "access_token" not in body
    assert not world.seen, "a jti may be burnt only by the client itself"
    assert [(granted) for _, granted, _ in world.records] == [False]


def test_an_assertion_works_once() -> None:
    world = World()
    assertion = world.assertion()
    assert ask(world, assertion)[0] == 200
    status, body = ask(world, assertion)
    assert (status, body["error"]) == (400, "invalid_client")
    assert "access_token" not in body
    assert [granted for _, granted, _ in world.records] == [True, False]


def test_an_assertion_is_used_up_by_a_refused_scope_too() -> None:
    world = World()
    assertion = world.assertion()
    assert ask(world, assertion, scope="system/Observation.rs")[1]["error"] == "invalid_scope"
    assert ask(world, assertion)[1]["error"] == "invalid_client"


def test_jku_that_is_registered() -> None:
    world = World(hospital(jku="https://epj.example/jwks.json"))
    assert ask(world, world.assertion(header={"jku": "https://epj.example/jwks.json"}))[0] == 200
    assert ask(world, world.assertion(header={"jku": "https://epj.example/jwks.json#"}))[0] == 400


BAD_FORMS: dict[str, tuple[dict[str, str | None], str]] = {
    "no grant type": ({"grant_type": None}, "unsupported_grant_type"),
    "another grant": ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
    "grant with quotes": ({"grant_type": '"\\ø'}, "unsupported_grant_type"),
    "no assertion": ({"client_assertion": None}, "invalid_client"),
    "no assertion type": ({"client_assertion_type": None}, "invalid_client"),
    "wrong assertion type": ({"client_assertion_type": "urn:saml2-bearer"}, "invalid_client"),
    "a secret beside": ({"client_secret": "s3cret"}, "invalid_request"),
    "another client id beside": ({"client_id": "someone-else"}, "invalid_client"),
    "no scope": ({"scope": None}, "invalid_scope"),
    "empty scope": ({"scope": ""}, "invalid_scope"),
    "scope that is not registered": ({"scope": "system/Observation.rs"}, "invalid_scope"),
    "letters that are not registered": ({"scope": "system/CarePlan.cud"}, "invalid_scope"),
    "user scope": ({"scope": "user/CarePlan.rs patient/CarePlan.rs"}, "invalid_scope"),
    "scope out of order": ({"scope": "system/CarePlan.sr"}, "invalid_scope"),
    "scope with a chain": ({"scope": "system/CarePlan.rs?subject.name=x"}, "invalid_scope"),
    "scope with a modifier": ({"scope": "system/CarePlan.rs?category:in=x"}, "invalid_scope"),
    "write with a parameter": ({"scope": "system/Bundle.c?type=message"}, "invalid_scope"),
    "openid": ({"scope": "openid fhirUser"}, "invalid_scope"),
}


@pytest.mark.parametrize("name", BAD_FORMS)
def test_bad_forms_are_refused(name: str) -> None:
    world = World()
    changed, error = BAD_FORMS[name]
    status, body = ask(world, world.assertion(), **changed)
    assert (status, body["error"]) == (400, error)
    assert len(world.records) == 1
    assert not world.records[0][1]


def test_a_parameter_twice() -> None:
    world = World()
    form = [*world.form(world.assertion()), ("scope", "system/Patient.rs")]
    status, body = asyncio.run(world.endpoint.answer(form))
    assert (status, body["error"]) == (400, "invalid_request")
    assert not world.seen


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("system/CarePlan.rs system/Observation.rs", "system/CarePlan.rs"),
        ("system/CarePlan.cruds", "system/CarePlan.rs"),
        ("system/*.cruds", "system/Bundle.c system/CarePlan.rs system/Patient.rs"),
        ("system/CarePlan.read", "system/CarePlan.rs"),
        ("system/CarePlan.*", "system/CarePlan.rs"),
        ("system/Bundle.write", "system/Bundle.c"),
        ("system/CarePlan.r system/CarePlan.s", "system/CarePlan.rs"),
        ("openid system/CarePlan.s", "system/CarePlan.s"),
    ],
)
def test_scopes_are_narrowed_to_what_is_registered(asked: str, given: str) -> None:
    world = World()
    _, body = ask(world, world.assertion(), scope=asked)
    assert body["scope"] == given
    assert claims_of(body["access_token"])["scope"] == given


@pytest.mark.parametrize("count", [250, 3000])
def test_more_scopes_than_a_token_holds_are_told_so(count: int) -> None:
    """A token that is too long for every door is none."""
    world = World()
    asked = " ".join(f"system/CarePlan.rs?_id={number}" for number in range(count))
    status, body = ask(world, world.assertion(), scope=asked)
    assert (status, body["error"]) == (400, "invalid_scope")
    few = " ".join(asked.split(" ")[:50])
    _, body = ask(world, world.assertion(), scope=few)
    check = TokenCheck(world.tokens, world.clients, world.clock)
    assert len(check.caller([f"Bearer {body['access_token']}"]).scopes) == 50


def test_a_registered_star_gives_what_was_asked_and_no_more() -> None:
    world = World(hospital(scopes=(Scope("*", "crs"),)))
    assert ask(world, world.assertion(), scope="system/Patient.cruds")[1]["scope"] == "system/Patient.crs"
    assert ask(world, world.assertion(), scope="system/*.rs")[1]["scope"] == "system/*.rs"


BAD_ACTING: dict[str, Any] = {
    "purpose not registered": nurse(iua={"purpose_of_use": ["HRESCH"]}),
    "one of two purposes not registered": nurse(iua={"purpose_of_use": ["TREAT", "HRESCH"]}),
    "purpose of another system": nurse(iua={"purpose_of_use": [{"system": "urn:x", "code": "TREAT"}]}),
    "purpose is a number": nurse(iua={"purpose_of_use": [1]}),
    "empty purpose": nurse(iua={"purpose_of_use": [""]}),
    "another organisation": nurse(iua={"subject_organization_id": "953741000016010"}),
    "name is a list": nurse(iua={"subject_name": ["Karla"]}),
    "name with a line break": nurse(iua={"subject_name": "Karla\nBo"}),
    "name too long": nurse(iua={"subject_name": "K" * 300}),
    "extensions are a text": "TREAT",
    "ihe_iua is a list": {"ihe_iua": []},
    "unknown word of ours": nurse(faellesplan={"overide": {}}),
    "override without BTG": nurse(faellesplan={"override": {"code": "emergency", "text": "Akut"}}),
    "BTG without override": nurse(iua={"purpose_of_use": ["BTG"]}),
    "override without text": nurse(
        iua={"purpose_of_use": ["BTG"]}, faellesplan={"override": {"code": "x", "text": " "}}
    ),
    "override without code": nurse(iua={"purpose_of_use": ["BTG"]}, faellesplan={"override": {"text": "Akut"}}),
    "override is null": nurse(iua={"purpose_of_use": ["BTG"]}, faellesplan={"override": None}),
    "override without a person": nurse(
        iua={"purpose_of_use": ["BTG"], "subject_id": ""}, faellesplan={"override": {"code": "x", "text": "Akut"}}
    ),
    "a role of its own choice": nurse(faellesplan={"role": "social"}),
}


@pytest.mark.parametrize("name", BAD_ACTING)
def test_what_a_client_is_not_registered_for(name: str) -> None:
    world = World()
    status, body = ask(world, world.assertion(extensions=BAD_ACTING[name]))
    assert (status, body["error"]) == (400, "invalid_grant")
    assert "access_token" not in body
    assert "Karla" not in str(world.records)


def test_an_override_travels_to_the_caller() -> None:
    world = World()
    extensions = nurse(
        iua={"purpose_of_use": ["BTG"], "subject_organization_id": f"{SOR}|953741000016009"},
        faellesplan={"override": {"code": "emergency", "text": "Bevidstløs ved ankomst"}},
    )
    _, body = ask(world, world.assertion(extensions=extensions))
    caller = TokenCheck(world.tokens, world.clients, world.clock).caller([f"Bearer {body['access_token']}"])
    assert caller.override
    assert (caller.override.code, caller.override.text) == ("emergency", "Bevidstløs ved ankomst")
    assert caller.purposes == ("BTG",)


def test_a_role_in_the_claim_is_only_told() -> None:
    world = World()
    _, body = ask(world, world.assertion(extensions=nurse(iua={"subject_role": {"system": "x", "code": "auditor"}})))
    caller = TokenCheck(world.tokens, world.clients, world.clock).caller([f"Bearer {body['access_token']}"])
    assert (caller.role, caller.user_role) == ("hospital", "auditor")


def test_errors_say_no_values_and_only_ascii() -> None:
    world = World()
    for make in BAD_ASSERTIONS.values():
        _, body = ask(world, make(world))
        told = body["error_description"]
        assert told.isascii()
        assert "nobody" not in told
        assert "evil" not in told


def test_nothing_is_granted_when_nothing_can_be_recorded() -> None:
    world = World()

    async def away(*_: object) -> bool:
        raise Unavailable

    endpoint = TokenEndpoint(world.clients, world.tokens, TOKEN_URL, world.clock, world._remember, away)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        asyncio.run(endpoint.answer(world.form(world.assertion())))
    endpoint = TokenEndpoint(world.clients, world.tokens, TOKEN_URL, world.clock, away, world._record)
    with pytest.raises(Unavailable):
        asyncio.run(endpoint.answer(world.form(world.assertion())))


def test_a_public_url_without_tls_stops_the_start() -> None:
    world = World()
    for url in ("http://gateway.example/oauth/token", "ftp://gateway.example"):
        with pytest.raises(SettingsError):
            TokenEndpoint(world.clients, world.tokens, url, world.clock, world._remember, world._record)
    TokenEndpoint(world.clients, world.tokens, "http://127.0.0.1/x", world.clock, world._remember, world._record)


def test_keys_that_cannot_be_registered() -> None:
    ec, rsa = EC.as_dict(private=False), RSA.as_dict(private=False)
    bad = [
        {**EC.as_dict(private=True), "kid": "a"},
        {**ec},
        {**ec, "kid": "a", "use": "enc"},
        {**ec, "kid": "a", "alg": "ES256"},
        {**ec, "kid": "a", "crv": "P-256"},
        {**ec, "kid": "a", "x": ec["y"], "y": ec["x"]},
        {**rsa, "kid": "a", "alg": "RS256"},
        {"kty": "RSA", "n": "u" * 171, "e": "AQAB", "kid": "a"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "a"},
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a"},
        {},
    ]
    for jwk in bad:
        with pytest.raises(UnfitKey):
            public_key(jwk)
