"""DPoP: a proof is for one request, by one key, once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
from datetime import datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway.inbound.tokens.proofs import NeedsNonce, Proofs, UnfitProof
from tests.inbound.oauth_client import Clock

KEY = ECKey.generate_key("P-256", private=True)
RSA = RSAKey.generate_key(2048, private=True)
URL = "https://gateway.example/fhir/Patient/1"
TOKEN = "a.b.c"
_numbers = itertools.count()


class Holder:
    """A holder of a key, and whoever checks its proofs."""

    def __init__(self, nonce_key: bytes = b"") -> None:
        self.clock = Clock()
        self.used: set[tuple[str, str]] = set()
        self.proofs = Proofs(self.clock, self._remember, nonce_key)

    async def _remember(self, holder: str, jti: str, until: datetime) -> bool:
        assert until > self.clock()
        known = (holder, jti) in self.used
        self.used.add((holder, jti))
        return not known

    def proof(self, key: Any = KEY, header: dict[str, Any] | None = None, alg: str = "ES256", **changed: Any) -> str:
        claims = {
            "htm": "GET",
            "htu": URL,
            "iat": int(self.clock().timestamp()),
            "jti": f"proof-{next(_numbers)}",
            "ath": base64.urlsafe_b64encode(hashlib.sha256(TOKEN.encode()).digest()).rstrip(b"=").decode(),
            **changed,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        made = {"typ": "dpop+jwt", "alg": alg, "jwk": key.as_dict(private=False), **(header or {})}
        made = {name: value for name, value in made.items() if value is not None}
        return jwt.encode(made, claims, key, algorithms=[alg], default_type=None)

    def check(self, *proofs: str, url: str = URL, method: str = "GET", token: str = TOKEN) -> str:
        return asyncio.run(self.proofs.thumbprint(proofs, method, url, token))


@pytest.mark.parametrize(("key", "alg"), [(KEY, "ES256"), (RSA, "RS256"), (RSA, "RS384")])
def test_a_proof_names_its_key(key: Any, alg: str) -> None:
    holder = Holder()
    assert holder.check(holder.proof(key, alg=alg)) == key.thumbprint()


def test_the_url_is_compared_in_its_normal_spelling() -> None:
    holder = Holder()
    for htu in ("HTTPS://Gateway.Example:443/fhir/Patient/1", URL + "?_format=json", URL + "#x"):
        assert holder.check(holder.proof(htu=htu))
    for url, htu in (("/fhir/%50atient/%31", "/fhir/Patient/1"), ("/fhir/a%2fb~", "/fhir/a%2Fb%7e")):
        assert holder.check(holder.proof(htu=f"https://gateway.example{htu}"), url=f"https://gateway.example{url}")
    for url, htu in (
        ("/fhir/a%2Fb", "/fhir/a/b"),
        ("/fhir/%2531", "/fhir/%31"),
        ("/fhir/Patient/1", "/fhir/Patient/1/"),
    ):
        with pytest.raises(UnfitProof):
            holder.check(holder.proof(htu=f"https://gateway.example{htu}"), url=f"https://gateway.example{url}")


def now(holder: Holder) -> int:
    return int(holder.clock().timestamp())


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def none_of(holder: Holder) -> str:
    return (
        f"{part({'typ': 'dpop+jwt', 'alg': 'none', 'jwk': KEY.as_dict(private=False)})}.{holder.proof().split('.')[1]}."
    )


def by_secret(holder: Holder) -> str:
    head = part({"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": "c2VjcmV0"}})
    content = f"{head}.{holder.proof().split('.')[1]}"
    sign = base64.urlsafe_b64encode(hmac.digest(b"secret", content.encode(), "sha256"))
    return f"{content}.{sign.rstrip(b'=').decode()}"


def swapped(holder: Holder) -> str:
    other = ECKey.generate_key("P-256", private=True)
    head, claims, _ = holder.proof(other).split(".")
    return f"{head}.{claims}.{holder.proof().split('.')[2]}"


BAD: dict[str, Any] = {
    "alg none": none_of,
    "a symmetric key": by_secret,
    "signed by another key than that in the header": swapped,
    "typ of a plain JWT": lambda h: h.proof(header={"typ": "JWT"}),
    "typ of an access token": lambda h: h.proof(header={"typ": "at+jwt"}),
    "no typ": lambda h: h.proof(header={"typ": None}),
    "no key": lambda h: h.proof(header={"jwk": None}),
    "key is a text": lambda h: f"{part({'typ': 'dpop+jwt', 'alg': 'ES256', 'jwk': 'x'})}.e30.AAAA",
    "a private key": lambda h: h.proof(header={"jwk": KEY.as_dict(private=True)}),
    "a key of another type": lambda h: h.proof(header={"jwk": RSA.as_dict(private=False)}),
    "an RSA key of too few bits": lambda h: h.proof(
        RSA, alg="RS256", header={"jwk": {"kty": "RSA", "n": "u" * 171, "e": "AQAB"}}
    ),
    "PS256": lambda h: h.proof(RSA, alg="PS256"),
    "a kid beside the key": lambda h: h.proof(header={"kid": "1"}),
    "crit": lambda h: h.proof(header={"crit": ["jwk"]}),
    "another method": lambda h: h.proof(htm="POST"),
    "method in small letters": lambda h: h.proof(htm="get"),
    "no method": lambda h: h.proof(htm=None),
    "another path": lambda h: h.proof(htu="https://gateway.example/fhir/Patient/2"),
    "another host": lambda h: h.proof(htu="https://other.example/fhir/Patient/1"),
    "another port": lambda h: h.proof(htu="https://gateway.example:444/fhir/Patient/1"),
    "without TLS": lambda h: h.proof(htu="http://gateway.example/fhir/Patient/1"),
    "user in the URL": lambda h: h.proof(htu="https://gateway.example@gateway.example/fhir/Patient/1"),
    "no URL": lambda h: h.proof(htu=None),
    "URL is a list": lambda h: h.proof(htu=[URL]),
    "an hour old": lambda h: h.proof(iat=now(h) - 3600),
    "just too old": lambda h: h.proof(iat=now(h) - 61),
    "from the future": lambda h: h.proof(iat=now(h) + 60),
    "iat is a text": lambda h: h.proof(iat=str(now(h))),
    "iat is true": lambda h: h.proof(iat=True),
    "iat beyond all numbers": lambda h: h.proof(iat=10**400),
    "no iat": lambda h: h.proof(iat=None),
    "no jti": lambda h: h.proof(jti=None),
    "empty jti": lambda h: h.proof(jti=""),
    "jti too long": lambda h: h.proof(jti="j" * 256),
    "for another token": lambda h: h.proof(ath=base64.urlsafe_b64encode(b"0" * 32).decode()),
    "for no token": lambda h: h.proof(ath=None),
    "too large": lambda h: h.proof(x="x" * 9000),
    "nonsense": lambda h: "nonsense",
    "not ASCII": lambda h: "æ.ø.å",
}


@pytest.mark.parametrize("name", BAD)
def test_a_proof_with_one_thing_wrong(name: str) -> None:
    holder = Holder()
    with pytest.raises(UnfitProof) as refused:
        holder.check(BAD[name](holder))
    assert str(refused.value).isascii()
    assert not holder.used


def test_no_proof_and_two_are_none() -> None:
    holder = Holder()
    for proofs in ((), (holder.proof(), holder.proof())):
        with pytest.raises(UnfitProof):
            holder.check(*proofs)


def test_a_proof_works_once() -> None:
    holder = Holder()
    proof = holder.proof()
    holder.check(proof)
    with pytest.raises(UnfitProof, match="used before"):
        holder.check(proof)


def test_with_nonces_a_proof_must_be_made_now() -> None:
    holder = Holder(b"key")
    with pytest.raises(NeedsNonce):
        holder.check(holder.proof())
    for wrong in ("", "x", 7, Holder(b"other").proofs.nonce()):
        with pytest.raises(NeedsNonce):
            holder.check(holder.proof(nonce=wrong))
    nonce = holder.proofs.nonce()
    holder.check(holder.proof(nonce=nonce))
    holder.clock.forward(120)
    holder.check(holder.proof(nonce=nonce))
    holder.clock.forward(120)
    with pytest.raises(NeedsNonce):
        holder.check(holder.proof(nonce=nonce))
    assert Holder().proofs.nonce() == ""
