"""Whether an id_token holds (OpenID Connect Core 3.1.3.7; RFC 8725): it says nothing of how it is to be checked."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from gateway.inbound.claims import is_time
from gateway.inbound.keys import PublicKey

SKEW_SECONDS = 5
OLDEST_SECONDS = 600
_HEADERS = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
_LONGEST = 16_384
_FAMILY = {"R": "RSA", "P": "RSA", "E": "EC"}
Keys = Callable[[str], Awaitable[Sequence[PublicKey]]]
"""The issuer's keys, those with this kid among them if there are any."""


class BadIdToken(ValueError):
    """The id_token does not hold. The text says which rule failed, in ASCII and without values."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an id_token must say: of whom it is, for whom, in answer to what, signed how."""

    issuer: str
    client_id: str
    nonce: str
    algorithms: tuple[str, ...]


async def verified(token: str, expected: Expected, keys: Keys, now: float) -> dict[str, Any]:
    """The claims. Raises BadIdToken."""
    # 1. A header that says no more than it may, an algorithm of the fixed list.
    header = _header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if header.keys() - _HEADERS or not isinstance(kid, str) or str(header.get("typ", "JWT")).upper() != "JWT":
        raise BadIdToken("its header is not that of an id_token")
    if not isinstance(algorithm, str) or algorithm not in expected.algorithms:
        raise BadIdToken("its algorithm is not one that is taken of this issuer")

    # 2. Exactly one key of this kid, of the algorithm's kind, and its signature.
    fitting = [key for key in await keys(kid) if key.kid == kid and _fits(key, algorithm)]
    if len(fitting) != 1:
        raise BadIdToken("its key is not one of the issuer")
    try:
        claims = dict(jwt.decode(token, fitting[0].key, algorithms=[algorithm]).claims)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadIdToken("the signature does not hold") from None

    # 3. From this issuer, for us alone, in answer to this login.
    _check_parties(claims, expected)

    # 4. Now.
    _check_times(claims, now)
    return claims


def _header(token: str) -> dict[str, Any]:
    if len(token) > _LONGEST:
        raise BadIdToken("it is too long")
    try:
        return dict(jws.extract_compact(token.encode()).headers())
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadIdToken("it is not a signed JWT") from None


def _fits(key: PublicKey, algorithm: str) -> bool:
    return key.key.key_type == _FAMILY.get(algorithm[:1]) and key.algorithm in ("", algorithm)


def _check_parties(claims: dict[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise BadIdToken("it is of another issuer")
    audience = claims.get("aud")
    if audience not in (expected.client_id, [expected.client_id]) or claims.get("azp", expected.client_id) != (
        expected.client_id
    ):
        raise BadIdToken("it is for another client, or for others too")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(errors="replace"), expected.nonce.encode()):
        raise BadIdToken("it answers another login")
    if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
        raise BadIdToken("it names nobody")


def _check_times(claims: dict[str, Any], now: float) -> None:
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if not {"exp", "iat"} <= times.keys() or not all(map(is_time, times.values())):
        raise BadIdToken("exp and iat must be there, and numbers of seconds")
    if times["exp"] <= now:
        raise BadIdToken("it has expired")
    if max(times["iat"], times.get("nbf", now)) > now + SKEW_SECONDS:
        raise BadIdToken("it is from the future")
    if times["iat"] < now - OLDEST_SECONDS:
        raise BadIdToken("it is too old")
