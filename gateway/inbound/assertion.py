"""The client's assertion, checked step by step: `private_key_jwt` as SMART Backend Services wants it.

http://hl7.org/fhir/smart-app-launch/backend-services.html and RFC 7523. Nothing that the assertion says is
believed before its signature is verified with a key that was registered, under the algorithm of that key.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from gateway.inbound.claims import is_time
from gateway.inbound.clients import Client, Clients
from gateway.inbound.keys import PublicKey, candidate

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_SECONDS = 300
SKEW_SECONDS = 5  # how far a client's clock may be from ours
_LONGEST = 16_384
_LONGEST_JTI = 255
_HEADERS = frozenset({"alg", "kid", "typ", "jku"})  # no crit, no jwk, no x5c: keys come from the registration alone


class BadAssertion(ValueError):
    """The client is not authenticated. The text says which rule failed, in ASCII and without values."""

    def __init__(self, text: str, client: str = "") -> None:
        self.client = client  # the registered client that it claims to be from
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Verified:
    """An assertion that holds. It may be used once: `jti` must be remembered until `expires`."""

    client: Client
    key: PublicKey
    jti: str
    expires: datetime
    extensions: object


def verify(
    assertion: str, clients: Clients, audiences: Collection[str], now: datetime, keys: Sequence[PublicKey] = ()
) -> Verified:
    """The client that signed this assertion for one of these audiences (token URL or issuer). `keys` are those fetched
    from the URL that the client is registered with, if it is. Raises BadAssertion."""
    # 1. A compact JWS of bounded size, with the header members that are allowed and no other.
    header, claimed = _opened(assertion)
    if header.get("typ") != "JWT":
        raise BadAssertion("typ must be JWT")
    if header.keys() - _HEADERS:
        raise BadAssertion("the header may hold alg, kid, typ and jku only")

    # 2. Issuer and subject are one registered client.
    issuer = claimed.get("iss")
    client = clients.get(issuer) if isinstance(issuer, str) else None
    if client is None:
        raise BadAssertion("the client or its key is not registered")
    if claimed.get("sub") != issuer:
        raise BadAssertion("iss and sub must both be the client id", client.id)

    # 3. Exactly one registered key has this kid and is of the type that the algorithm takes.
    known = client.keys or keys
    if header.get("kid") not in {key.kid for key in known}:
        raise BadAssertion("the client or its key is not registered", client.id)
    key = candidate(known, header["kid"], header.get("alg"))
    if key is None:
        raise BadAssertion("alg is not that of the registered key", client.id)
    if "jku" in header and (not client.jku or header["jku"] != client.jku):
        raise BadAssertion("jku is not the registered URL", client.id)

    # 4. The signature. From here on the claims are the client's own words.
    claims = _signed(assertion, key, client)

    # 5. For us, now, for a short time, once.
    _check_audience(claims, audiences, client)
    expires = _check_times(claims, now.timestamp(), client)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI or not jti.isprintable():
        raise BadAssertion(f"jti must be a text of at most {_LONGEST_JTI} characters", client.id)
    return Verified(client, key, jti, datetime.fromtimestamp(expires + SKEW_SECONDS, UTC), claims.get("extensions"))


def claimed(assertion: str) -> tuple[str, str, str]:
    """Issuer, kid and algorithm that an assertion names, to find its key by: none of it is believed. Empty when it
    cannot be read."""
    try:
        header, claims = _opened(assertion)
    except BadAssertion:
        return "", "", ""
    said = (claims.get("iss"), header.get("kid"), header.get("alg"))
    issuer, kid, algorithm = (one if isinstance(one, str) else "" for one in said)
    return issuer, kid, algorithm


def _opened(assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims, not believed yet."""
    if not assertion.isascii() or not 0 < len(assertion) <= _LONGEST:
        raise BadAssertion("client_assertion must be a signed JWT of at most 16 kB")
    try:
        token = jws.extract_compact(assertion.encode())
        claims = json.loads(token.payload)
        header = token.headers()
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadAssertion("client_assertion is not a signed JWT") from None
    if not isinstance(claims, dict):
        raise BadAssertion("client_assertion is not a signed JWT")
    return header, claims


def _signed(assertion: str, key: PublicKey, client: Client) -> Mapping[str, Any]:
    try:
        return jwt.decode(assertion, key.key, algorithms=[key.algorithm]).claims
    except (JoseError, ValueError):
        raise BadAssertion("the signature does not hold", client.id) from None


def _check_audience(claims: Mapping[str, Any], audiences: Collection[str], client: Client) -> None:
    """Exactly one audience: an assertion that is also good elsewhere could be carried here from there."""
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if not isinstance(audience, str) or audience not in audiences:
        raise BadAssertion("aud must be the token URL of this gateway and nothing else", client.id)


def _check_times(claims: Mapping[str, Any], now: float, client: Client) -> float:
    """Gives exp, in seconds since 1970."""
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if not all(is_time(value) for value in times.values()):
        raise BadAssertion("exp, iat and nbf must be numbers of seconds", client.id)
    if "exp" not in times:
        raise BadAssertion("exp is missing", client.id)
    expires = float(times["exp"])
    if expires <= now - SKEW_SECONDS:
        raise BadAssertion("the assertion has expired", client.id)
    if expires > now + MAX_SECONDS + SKEW_SECONDS or expires > times.get("iat", expires) + MAX_SECONDS:
        raise BadAssertion(f"exp may be at most {MAX_SECONDS} seconds ahead", client.id)
    if max(times.get("iat", now), times.get("nbf", now)) > now + SKEW_SECONDS:
        raise BadAssertion("the assertion is from the future", client.id)
    return expires
