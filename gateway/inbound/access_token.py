"""The gateway's own access tokens: JWT by RFC 9068 (`at+jwt`), ES256, at most 300 seconds.

A token holds the decision's facts (organisation, sector, role, person, purposes, override), so that every node can
tell who calls without asking another. What a client may send as, and which units it belongs to, is looked up in
the registry at each check, so a client that was taken out is refused at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from gateway.domain.caller import Caller, Override
from gateway.domain.identifier import Identifier
from gateway.domain.limits import CaseAccess
from gateway.domain.scope import LEVELS
from gateway.errors import Unauthenticated
from gateway.inbound.acting import Acting
from gateway.inbound.clients import Client, Clients
from gateway.inbound.keys import OWN_ALGORITHM, signing_keys
from gateway.inbound.scopes import Scope, narrow

TYPE = "at+jwt"
MAX_SECONDS = 300
LONGEST = 8192
"""Characters of a token: a header of a request holds no more everywhere."""
_REQUIRED = ("iss", "aud", "sub", "client_id", "exp", "iat", "jti", "scope", "caller")


class Tokens:
    """Issues and reads access tokens. `issuer` is the gateway's public URL, `audience` that of its FHIR API."""

    def __init__(
        self, issuer: str, audience: str, pems: Sequence[bytes], clock: Callable[[], datetime], seconds: int = 300
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self.seconds = min(seconds, MAX_SECONDS)
        self._keys = signing_keys(pems)
        self._clock = clock

    def jwks(self) -> dict[str, Any]:
        """The public keys, as `/.well-known/jwks.json` shows them."""
        return dict(self._keys.as_dict(private=False))

    def issue(
        self, client: Client, acting: Acting, scopes: Iterable[Scope], bound: Mapping[str, str] | None = None,
        number: str = "",
    ) -> str:  # fmt: skip
        """A token for one client, the person in front of it, and what it was given. `bound` is the confirmation
        (RFC 7800) of who alone may use it: `jkt` a DPoP key, `x5t#S256` a certificate. `number` is its jti, where that
        has to be known before."""
        now = int(self._clock().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": client.id,
            "client_id": client.id,
            "iat": now,
            "exp": now + self.seconds,
            "jti": number or secrets.token_urlsafe(16),
            "scope": " ".join(map(str, scopes)),
            "caller": _told(client, acting),
            **({"cnf": dict(bound)} if bound else {}),
        }
        first = self._keys.keys[0]
        header = {"alg": OWN_ALGORITHM, "typ": TYPE, "kid": first.kid}
        return jwt.encode(header, claims, first, algorithms=[OWN_ALGORITHM])

    def signed(self, claims: Mapping[str, Any], kind: str) -> str:
        """Claims under the gateway's signature, as a JWT of another `typ` than an access token: it never is one."""
        first = self._keys.keys[0]
        header = {"alg": OWN_ALGORITHM, "typ": kind, "kid": first.kid}
        return jwt.encode(header, dict(claims), first, algorithms=[OWN_ALGORITHM])

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token that is ours, for this audience, and valid now. Raises Unauthenticated.

        joserfc's `decode` checks the signature only; every claim is checked here.
        """
        try:
            made = jwt.decode(token, self._keys, algorithms=[OWN_ALGORITHM])
        except (JoseError, ValueError, TypeError, UnicodeError):
            raise Unauthenticated("The access token is not valid") from None
        claims = made.claims
        now = self._clock().timestamp()
        sound = (
            made.header.keys() == {"alg", "typ", "kid"}
            and made.header["typ"] == TYPE
            and made.header["alg"] == OWN_ALGORITHM
            and all(claims.get(name) for name in _REQUIRED)
            and claims["iss"] == self.issuer
            and claims["aud"] == self.audience
            and claims["sub"] == claims["client_id"]
            and all(isinstance(claims[name], int) and not isinstance(claims[name], bool) for name in ("iat", "exp"))
        )
        if not sound or claims["iat"] > now + 1 or claims["exp"] > claims["iat"] + MAX_SECONDS:
            raise Unauthenticated("The access token is not valid")
        if claims["exp"] <= now:
            raise Unauthenticated("The access token has expired")
        return claims


def caller(claims: Mapping[str, Any], clients: Clients) -> Caller:
    """The caller that a token names, with no more than the client is registered for by now. Raises Unauthenticated when
    it is not registered (as such) any more."""
    client = clients.get(claims["client_id"])
    told = claims["caller"]
    if client is None or (told["organisation"], told["sector"], told["role"]) != (
        [client.organisation.system, client.organisation.value],
        client.sector,
        client.role,
    ):
        raise Unauthenticated("The client is not registered any more")
    scopes = tuple(map(str, narrow(claims["scope"], client.scopes, levels=LEVELS)))
    if not scopes or not set(told["purposes"]) <= set(client.purposes):
        raise Unauthenticated("The client is not registered for this any more")
    return replace(caller_of(client, _acting(told), scopes, claims["iat"]), token=claims["jti"])


def caller_of(client: Client, who: Acting, scopes: tuple[str, ...], given: float) -> Caller:
    """A registered client with the person in front of it. `given` is when the token was, in seconds: an override holds
    for a while from then on."""
    return Caller(
        cases=client.cases if who.cases is None else who.cases,
        client=client.id,
        client_name=client.name,
        client_version=client.version,
        organisation=client.organisation,
        organisation_name=client.organisation_name,
        sector=client.sector,
        role=client.role,
        user=who.user,
        user_name=who.user_name,
        user_role=who.user_role,
        user_authorisation=who.authorisation,
        purposes=who.purposes,
        scopes=scopes,
        sends=client.sends,
        member_of=client.member_of,
        rights=client.rights,
        override=replace(who.override, taken=datetime.fromtimestamp(given, UTC)) if who.override else None,
        on_behalf_of=who.on_behalf_of,
    )


def _acting(told: Mapping[str, Any]) -> Acting:
    override, cases = told["override"], told.get("cases")
    return Acting(
        user=told["user"],
        user_name=told["user_name"],
        user_role=told["user_role"],
        authorisation=told.get("authorisation", ""),
        purposes=tuple(told["purposes"]),
        on_behalf_of=told["on_behalf_of"],
        override=Override(**override) if override else None,
        cases=None if cases is None else tuple(CaseAccess(owner, tuple(kle), level) for owner, kle, level in cases),
    )


def _told(client: Client, acting: Acting) -> dict[str, Any]:
    organisation: Identifier = client.organisation
    override = acting.override
    return {
        "organisation": [organisation.system, organisation.value],
        "sector": client.sector,
        "role": client.role,
        "user": acting.user,
        "user_name": acting.user_name,
        "user_role": acting.user_role,
        "authorisation": acting.authorisation,
        "purposes": list(acting.purposes),
        "on_behalf_of": acting.on_behalf_of,
        "override": {"code": override.code, "text": override.text} if override else None,
        **({"cases": [list(astuple(one)) for one in acting.cases]} if acting.cases is not None else {}),
    }
