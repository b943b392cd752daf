"""From the Authorization header to the caller.

A token that was found good is remembered by its SHA-256 until it expires, so that the next request with it costs a
hash and not a signature. Bad ones are never remembered. Tokens of other issuers are read by whoever knows them
(tokens/foreign.py); whoever issued a token, it may be bound to its holder, and it may be revoked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from starlette.types import Scope

from gateway.domain.caller import Caller
from gateway.errors import Unauthenticated
from gateway.inbound import access_token
from gateway.inbound.access_token import LONGEST, Tokens
from gateway.inbound.clients import Clients, Limits
from gateway.inbound.proxies import peer
from gateway.inbound.tokens.held import Holders, NotHeld
from gateway.inbound.tokens.limits import Before, RateLimits
from gateway.inbound.tokens.revoked import Revoked

_SCHEMES = ("bearer", "dpop")


class Read(NamedTuple):
    """A good token: who calls, until when it is good, whom it is bound to, and its own claims (jti, iat, exp)."""

    caller: Caller
    expires: float
    bound: Mapping[str, str] | None
    claims: Mapping[str, Any]
    limits: Limits | None = None  # of its client


Foreign = Callable[[str, Before | None], Awaitable[Read | None]]
"""Reads a token of another issuer; None when it is of none that is registered. Raises Unauthenticated, TooMany."""


class TokenCheck:
    """Checks access tokens. `remembered` bounds how many good ones are kept."""

    def __init__(
        self, tokens: Tokens, clients: Clients, clock: Callable[[], datetime], remembered: int = 10_000, *,
        revoked: Revoked | None = None, holders: Holders | None = None, limits: RateLimits | None = None,
        foreign: Foreign | None = None,
    ) -> None:  # fmt: skip
        self._tokens = tokens
        self._clients = clients
        self._clock = clock
        self._most = remembered
        self._revoked = revoked or Revoked()
        self._holders = holders
        self._limits = limits
        self._foreign = foreign
        self._good: OrderedDict[bytes, Read] = OrderedDict()

    async def admit(self, authorization: Sequence[str], scope: Scope) -> Caller:
        """Who calls, by all Authorization headers of one request and what its ASGI scope shows besides. Raises
        Unauthenticated, TooMany, and Unavailable when it cannot be told what is revoked."""
        if self._revoked.clock() >= self._revoked.due:
            await self.forget_revoked()
        try:
            scheme, token = _presented(authorization)
            found = self._good.get(sha256(token.encode()).digest())
            if found is None or found.expires <= self._clock().timestamp():
                found = await self._found(token, scope)
            if found.bound is not None or scheme != "bearer":
                await self._check_holder(found, scheme, token, scope)
        except Unauthenticated:
            if self._limits:
                await self._limits.failure(peer(scope))
            raise
        if found.limits is not None and self._limits:
            await self._limits.call(found.caller.client, found.limits)
        return found.caller

    def further(self, caller: Caller, calls: int) -> None:
        """What was let in as one call of this caller is so many more."""
        client = self._clients.get(caller.client)
        if client is not None and self._limits:
            self._limits.further(caller.client, client.limits, calls)

    def caller(self, authorization: Sequence[str]) -> Caller:
        """Who calls with a plain bearer token of ours. Raises Unauthenticated."""
        scheme, token = _presented(authorization)
        found = self._known(token) or self._ours(token)
        if found.bound is not None or scheme != "bearer":
            raise NotHeld("The token is bound, or is none for the scheme Bearer")
        return found.caller

    async def forget_revoked(self) -> None:
        """Ask what is revoked; when anything is new, every remembered token is checked anew. Raises Unavailable."""
        if await self._revoked.renew():
            self._good.clear()

    async def _found(self, token: str, scope: Scope) -> Read:
        before = partial(self._limits.spare, peer(scope)) if self._limits else None
        foreign = await self._foreign(token, before) if self._foreign else None
        return self._remembered(token, foreign) if foreign else self._ours(token)

    def _known(self, token: str) -> Read | None:
        digest = sha256(token.encode()).digest()
        known = self._good.get(digest)
        if known and known.expires <= self._clock().timestamp():
            del self._good[digest]
            return None
        return known

    def _ours(self, token: str) -> Read:
        claims = self._tokens.read(token)
        caller = access_token.caller(claims, self._clients)
        return self._remembered(token, Read(caller, claims["exp"], claims.get("cnf"), claims))

    def _remembered(self, token: str, read: Read) -> Read:
        if self._revoked.holds(read.claims, read.caller.client):
            raise Unauthenticated("The access token was revoked")
        client = self._clients.get(read.caller.client)
        read = read._replace(limits=client.limits if client else None)
        self._good[sha256(token.encode()).digest()] = read
        while len(self._good) > self._most:
            self._good.popitem(last=False)
        return read

    async def _check_holder(self, found: Read, scheme: str, token: str, scope: Scope) -> None:
        if self._holders is None:
            raise NotHeld("Bound tokens are not taken here")
        await self._holders.check(found.bound or {}, scheme, token, scope)


def _presented(authorization: Sequence[str]) -> tuple[str, str]:
    """Scheme, in lower case, and token of the one Authorization header."""
    if len(authorization) != 1:
        raise Unauthenticated("One Authorization header is needed, not several" if authorization else "")
    scheme, _, token = authorization[0].partition(" ")
    scheme = scheme.lower()
    if scheme not in _SCHEMES or not token.isascii() or not 0 < len(token) <= LONGEST:
        raise Unauthenticated("A bearer token is needed")
    return scheme, token
