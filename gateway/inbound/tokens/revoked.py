"""What is revoked, as this node knows it: read again when it is a second old, never once per request.

A revocation made here counts at once, one made at another node within `EVERY` seconds. When the database cannot be
asked, nothing is taken for granted: the request fails as any other would.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

EVERY = 1.0
"""Seconds until a revocation counts on every node."""


class Revocation(Protocol):
    """One token (`jti`), or all of a client up to `until`."""

    @property
    def client(self) -> str: ...
    @property
    def jti(self) -> str: ...
    @property
    def until(self) -> datetime: ...


async def _nothing() -> Sequence[Revocation]:
    return ()


class Revoked:
    """`known` reads all that is revoked; `clock` gives seconds that never go back."""

    def __init__(
        self,
        known: Callable[[], Awaitable[Sequence[Revocation]]] = _nothing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._known = known
        self.clock = clock
        self.due = 0.0
        """When it is time to ask again, by `clock`."""
        self._tokens: frozenset[tuple[str, str]] = frozenset()
        self._clients: dict[str, float] = {}

    @property
    def is_old(self) -> bool:
        """Whether it is time to ask again."""
        return self.clock() >= self.due

    async def renew(self) -> bool:
        """Ask again; whether anything has changed. Raises Unavailable."""
        due = self.clock() + EVERY
        told = await self._known()
        tokens = frozenset((one.client, one.jti) for one in told if one.jti)
        clients = {one.client: one.until.timestamp() for one in told if not one.jti}
        changed = (tokens, clients) != (self._tokens, self._clients)
        self._tokens, self._clients, self.due = tokens, clients, due
        return changed

    def holds(self, claims: Mapping[str, Any], client: str) -> bool:
        """Whether a token with these claims is dead: it itself, or all of its client up to the second it is from."""
        until = self._clients.get(client)
        return (client, claims.get("jti", "")) in self._tokens or (until is not None and claims["iat"] <= until)
