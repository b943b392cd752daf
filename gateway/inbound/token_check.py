"""From the Authorization header to the caller.

A token that was found good is remembered by its SHA-256 until it expires, so that the next request with it costs a
hash and not a signature. Bad ones are never remembered.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.errors import Unauthenticated
from gateway.inbound import access_token
from gateway.inbound.access_token import Tokens
from gateway.inbound.clients import Clients

_LONGEST = 8192


class TokenCheck:
    """Checks bearer tokens. `remembered` bounds how many good ones are kept."""

    def __init__(
        self, tokens: Tokens, clients: Clients, clock: Callable[[], datetime], remembered: int = 10_000
    ) -> None:
        self._tokens = tokens
        self._clients = clients
        self._clock = clock
        self._most = remembered
        self._good: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    def caller(self, authorization: Sequence[str]) -> Caller:
        """Who calls, by all Authorization headers of one request. Raises Unauthenticated."""
        if not authorization:
            raise Unauthenticated
        if len(authorization) > 1:
            raise Unauthenticated("One Authorization header is needed, not several")
        scheme, _, token = authorization[0].partition(" ")
        if scheme.lower() != "bearer" or not token.isascii() or not 0 < len(token) <= _LONGEST:
            raise Unauthenticated("A bearer token is needed")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._good.get(digest)
        if known:
            if known[1] > self._clock().timestamp():
                return known[0]
            del self._good[digest]
        claims = self._tokens.read(token)
        caller = access_token.caller(claims, self._clients)
        self._good[digest] = (caller, claims["exp"])
        while len(self._good) > self._most:
            self._good.popitem(last=False)
        return caller
