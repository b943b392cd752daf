"""How a token stands: revoked by the client that has it (RFC 7009), told to a resource server that asks (RFC 7662).

Both take the client's assertion as the token endpoint does. What is revoked is dead here at once and on every other
node within a second (tokens/revoked.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.types import Scope

from gateway.errors import Unauthenticated
from gateway.inbound.access_token import Tokens, caller
from gateway.inbound.assertion import ASSERTION_TYPE, BadAssertion
from gateway.inbound.clients import Client
from gateway.inbound.proxies import peer
from gateway.inbound.tokens.client_check import ClientCheck
from gateway.inbound.tokens.held import KEY
from gateway.inbound.tokens.limits import RateLimits
from gateway.inbound.tokens.revoked import Revoked

Revoke = Callable[[str, str, datetime, datetime], Awaitable[None]]
"""`revoke(client, jti, issued, expires)`: durable and on record when it comes back."""
Renew = Callable[[], Awaitable[None]]
"""Asks what is revoked, and forgets every token that was found good before that."""
Record = Callable[[str, bool, str], Awaitable[None]]
Outcome = tuple[int, dict[str, Any]]
INACTIVE: Outcome = (200, {"active": False})


class _Refused(ValueError):
    """The request is refused; `error` is its OAuth code."""

    def __init__(self, error: str, text: str) -> None:
        self.error = error
        super().__init__(text)


class TokenStanding:
    """POST /oauth/revoke and POST /oauth/introspect. `audiences` are whom an assertion may be for besides the door."""

    def __init__(
        self, check: ClientCheck, tokens: Tokens, audiences: Collection[str], revoked: Revoked, renew: Renew,
        revoke: Revoke, record: Record, limits: RateLimits,
    ) -> None:  # fmt: skip
        self._check = check
        self._tokens = tokens
        self._audiences = tuple(audiences)
        self._revoked = revoked
        self._renew = renew
        self._revoke = revoke
        self._record = record
        self._limits = limits

    async def revoke(self, form: Sequence[tuple[str, str]], scope: Scope, url: str) -> Outcome:
        """The client's own token dies; one that is none, or is dead, is answered alike (RFC 7009 2.2)."""
        try:
            client, token = await self._asked(form, scope, url)
            claims = self._read(token)
            if claims is None:
                return 200, {}
            if claims["client_id"] != client.id:
                raise _Refused("invalid_grant", "the token was given to another client")
        except _Refused as error:
            return await self._told(error, "")
        issued, expires = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
        await self._revoke(client.id, claims["jti"], issued, expires)
        await self._renew()
        return 200, {}

    async def introspect(self, form: Sequence[tuple[str, str]], scope: Scope, url: str) -> Outcome:
        """What a token is, for a client that is registered as a resource server; `active: false` says nothing more."""
        try:
            client, token = await self._asked(form, scope, url)
            if not client.introspects:
                raise _Refused("unauthorized_client", "this client is not registered as a resource server")
        except _Refused as error:
            return await self._told(error, "")
        if self._revoked.is_old:
            await self._renew()
        claims = self._read(token)
        if claims is None or self._revoked.holds(claims, claims["client_id"]):
            return INACTIVE
        try:
            who = caller(claims, self._check.clients)
        except Unauthenticated:
            return INACTIVE
        told = {
            name: claims[name]
            for name in ("iss", "sub", "aud", "client_id", "iat", "exp", "jti", "cnf")
            if name in claims
        }
        kind = "DPoP" if KEY in claims.get("cnf", {}) else "Bearer"
        return 200, {"active": True, "token_type": kind, "scope": " ".join(who.scopes), **told}

    async def _asked(self, form: Sequence[tuple[str, str]], scope: Scope, url: str) -> tuple[Client, str]:
        """The client that asks, and the token that it asks about. Raises _Refused, TooMany."""
        given = dict(form)
        if len(given) != len(form):
            raise _Refused("invalid_request", "a parameter stands twice")
        try:
            if given.get("client_assertion_type") != ASSERTION_TYPE or not given.get("client_assertion"):
                raise BadAssertion("a client_assertion of type jwt-bearer is needed")
            before = partial(self._limits.spare, peer(scope))
            found = await self._check.verified(given["client_assertion"], (*self._audiences, url), before)
        except BadAssertion as error:
            await self._limits.failure(peer(scope), error.client)
            raise _Refused("invalid_client", str(error)) from None
        await self._limits.call(found.client.id, found.client.limits)
        if not given.get("token"):
            raise _Refused("invalid_request", "token is missing")
        return found.client, given["token"]

    def _read(self, token: str) -> Mapping[str, Any] | None:
        try:
            return self._tokens.read(token)
        except Unauthenticated:
            return None

    async def _told(self, error: _Refused, client: str) -> Outcome:
        await self._record(client, False, str(error))
        status = 401 if error.error == "invalid_client" else 400
        return status, {"error": error.error, "error_description": str(error)}
