"""Access tokens of other issuers (Keycloak, KOMBIT, NSP): JWTs by keys that a registered issuer publishes.

RFC 9068 section 4, and RFC 8725: the issuer's file says which algorithms, types and audience are taken; a token says
nothing of how it is to be checked. Who is in front, and as which registered client, tokens/issuers.py decides.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError

from gateway.domain.identifier import CVR
from gateway.errors import Unauthenticated
from gateway.inbound.access_token import caller_of
from gateway.inbound.acting import Acting, levels_of
from gateway.inbound.claims import is_time
from gateway.inbound.clients import Client, Clients
from gateway.inbound.keys import PublicKey
from gateway.inbound.scopes import narrow
from gateway.inbound.token_check import Read
from gateway.inbound.tokens.held import CERTIFICATE, KEY
from gateway.inbound.tokens.issuers import Issuer, Issuers, NotAccepted, accepted
from gateway.inbound.tokens.key_sets import KeySets
from gateway.inbound.tokens.limits import Before
from gateway.translate.saml.privileges import Right, Said

Introspect = Callable[[str, str, str, str], Awaitable[bytes]]
"""`introspect(url, client, name of the secret, token)`: what an issuer answers. Raises Unavailable."""
SKEW_SECONDS = 5
ASKED_SECONDS = 60
"""So long is an issuer's answer believed: a token that is revoked there ends here within it."""
_OPAQUE = re.compile(r"[A-Za-z0-9_~+/-]{20,512}=*")
_HEADERS = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
_MOST_ROLES = 200


class BadToken(ValueError):
    """The token does not hold. The text says which rule failed, in ASCII and without values."""


class ForeignTokens:
    """Reads tokens of registered issuers. `audience` is whom they are for where an issuer's file names nobody else."""

    def __init__(
        self, issuers: Issuers, clients: Clients, audience: str, key_sets: KeySets, clock: Callable[[], datetime],
        introspect: Introspect | None = None,
    ) -> None:  # fmt: skip
        self.issuers = issuers
        self.clients = clients
        self.audience = audience
        self._key_sets = key_sets
        self._clock = clock
        self._introspect = introspect

    async def read(self, token: str, before: Before | None = None) -> Read | None:
        """The caller that a token of another issuer names; None when it is of none. Raises Unauthenticated, and
        TooMany where `before` asking an issuer does."""
        issuer = self.issuer_of(token) or (self.issuers.opaque if _OPAQUE.fullmatch(token) else None)
        if issuer is None:
            return None
        try:
            if issuer.format == "opaque":
                if before is not None:
                    await before()
                claims = await self._asked(issuer, token)
                until = min(claims["exp"], self._clock().timestamp() + ASKED_SECONDS)
            else:
                claims = await self.claims(issuer, token, self.audience, before)
                until = claims["exp"]
            client, who = accepted(issuer, said(issuer, claims), None, self.clients)
            return Read(self._caller(client, who, claims), until, _bound(claims), claims)
        except (BadToken, NotAccepted) as error:
            raise Unauthenticated(f"The access token is not valid: {error}") from None

    def _caller(self, client: Client, who: Acting, claims: Mapping[str, Any]) -> Any:
        if client.bound and not claims.get("cnf"):
            raise BadToken("this client's tokens are bound to its key or certificate")
        asked = claims.get("scope", "")
        given = narrow(asked if isinstance(asked, str) else "", client.scopes, levels=levels_of(client, who))
        if not given:
            raise BadToken("none of its scopes is registered for the client")
        return caller_of(client, who, tuple(map(str, given)), claims["iat"])

    async def _asked(self, issuer: Issuer, token: str) -> dict[str, Any]:
        """What an issuer says of a token that says nothing itself. Raises BadToken, and Unavailable."""
        if self._introspect is None:
            raise BadToken("nobody is asked here")
        there = issuer.introspect
        body = await self._introspect(there["url"], there["client"], there["secret"], token)
        try:
            claims = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            raise BadToken("the issuer's answer cannot be read") from None
        if claims.get("active") is not True:
            raise BadToken("it is not active")
        self._check_claims(issuer, {"iss": issuer.id, **claims}, self.audience)
        return claims

    def issuer_of(self, token: str) -> Issuer | None:
        """The issuer that it names: who that is has to be proved yet."""
        try:
            claims = msgspec.json.decode(jws.extract_compact(token.encode()).payload)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        name = claims.get("iss") if isinstance(claims, dict) else None
        return self.issuers.get(name, "jwt") if isinstance(name, str) else None

    async def claims(self, issuer: Issuer, token: str, audience: str, before: Before | None = None) -> dict[str, Any]:
        """The claims that this issuer has signed, for us, now. Raises BadToken, and what `before` fetching its keys
        does."""
        # 1. A header that says no more than it may, an algorithm that is registered.
        header = _header(token)
        algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
        if header.keys() - _HEADERS or not isinstance(kid, str) or algorithm not in issuer.algorithms:
            raise BadToken("its header is not one that is taken of this issuer")
        if not isinstance(kind, str) or kind.lower() not in {one.lower() for one in issuer.types}:
            raise BadToken("typ is not that of an access token of this issuer")

        # 2. Exactly one key of this kid that fits the algorithm, and its signature.
        keys = issuer.keys or await self._key_sets.keys(issuer.jwks_url, kid, before)
        fitting = [key for key in keys if key.kid == kid and _fits(key, str(algorithm))]
        if len(fitting) != 1:
            raise BadToken("its key is not one of the issuer")
        try:
            claims = dict(jwt.decode(token, fitting[0].key, algorithms=[str(algorithm)]).claims)
        except (JoseError, ValueError, TypeError, RecursionError):
            raise BadToken("the signature does not hold") from None

        # 3. From this issuer, for us, now.
        self._check_claims(issuer, claims, audience)
        return claims

    def _check_claims(self, issuer: Issuer, claims: Mapping[str, Any], audience: str) -> None:
        told = claims.get("aud")
        listed = told if isinstance(told, list) else [told]
        if claims.get("iss") != issuer.id or (issuer.audience or audience) not in listed:
            raise BadToken("it is for another audience" if told else "it does not say whom it is for (aud)")
        if not isinstance(claims.get("jti", ""), str):
            raise BadToken("jti must be a text")
        self._check_times(issuer, claims)

    def _check_times(self, issuer: Issuer, claims: Mapping[str, Any]) -> None:
        now = self._clock().timestamp()
        times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
        if not {"exp", "iat"} <= times.keys() or not all(map(is_time, times.values())):
            raise BadToken("exp and iat must be there, and numbers of seconds")
        if times["exp"] <= now:
            raise BadToken("it has expired")
        if max(times["iat"], times.get("nbf", now)) > now + SKEW_SECONDS:
            raise BadToken("it is from the future")
        if times["exp"] > times["iat"] + issuer.seconds:
            raise BadToken("it is good for too long")


def said(issuer: Issuer, claims: Mapping[str, Any]) -> Said:
    """What the claims say of a person, by the paths of the issuer's file. Raises BadToken."""
    organisation = _claim(issuer, claims, "organisation")
    roles, classes = _claim(issuer, claims, "roles"), _claim(issuer, claims, "classes")
    listed = _texts(roles)
    limited = tuple(one.rstrip("*").rstrip(".") or "*" for one in _texts(classes))
    if "classes" in issuer.claims and classes is not None and not limited:
        raise BadToken("its classes cannot be read")
    user, level, name = (_claim(issuer, claims, one) for one in ("user", "level", "user_name"))
    return Said(
        organisation=_organisation(organisation),
        user=user if isinstance(user, str) else "",
        user_name=name if isinstance(name, str) else "",
        level=level.lower() if isinstance(level, str) else "",
        rights=tuple(Right(one, limited) for one in listed),
    )


def _organisation(value: object) -> str:
    """An identifier key; a number of eight digits alone is a CVR number."""
    if not isinstance(value, str):
        raise BadToken("it names no organisation")
    return f"{CVR}|{value}" if len(value) == 8 and value.isascii() and value.isdecimal() else value


def _claim(issuer: Issuer, claims: Mapping[str, Any], name: str) -> Any:
    """The claim where the issuer's file says it stands: a name, or names joined by dots; None when it is not there."""
    path = issuer.claims.get(name, "")
    if path in claims:
        return claims[path]
    found: Any = claims
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _texts(value: object) -> list[str]:
    """A list of texts, or one text with blanks or commas between them."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    return [one for one in value[:_MOST_ROLES] if isinstance(one, str) and one] if isinstance(value, list) else []


def _header(token: str) -> dict[str, Any]:
    try:
        return dict(jws.extract_compact(token.encode()).headers())
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadToken("it is not a signed JWT") from None


def _fits(key: PublicKey, algorithm: str) -> bool:
    kind = {"R": "RSA", "P": "RSA", "E": "EC"}.get(algorithm[:1], "")
    return key.key.key_type == kind and key.algorithm in ("", algorithm)


def _bound(claims: Mapping[str, Any]) -> dict[str, str] | None:
    """The confirmation of a bound token; one that is not understood is never passed over."""
    told = claims.get("cnf")
    if told is None:
        return None
    if not isinstance(told, dict) or not told or told.keys() - {KEY, CERTIFICATE}:
        raise BadToken("it is bound in a way that is not understood")
    return {name: str(value) for name, value in told.items()}
