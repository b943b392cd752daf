"""Which registered client is calling an endpoint of tokens: its assertion, verified, and used up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from gateway.inbound.assertion import BadAssertion, Verified, claimed, verify
from gateway.inbound.clients import Clients
from gateway.inbound.tokens.key_sets import KeySets
from gateway.inbound.tokens.limits import Before

Remember = Callable[[str, str, datetime], Awaitable[bool]]
"""`remember(client, jti, expires)`: durable; false when this client used this jti before."""


class ClientCheck:
    """Authenticates clients by `private_key_jwt`, with keys by value or from the URL that they are registered with."""

    def __init__(
        self, clients: Clients, clock: Callable[[], datetime], remember: Remember, key_sets: KeySets | None = None
    ) -> None:
        self.clients = clients
        self._clock = clock
        self._remember = remember
        self._key_sets = key_sets

    async def verified(self, assertion: str, audiences: Collection[str], before: Before | None = None) -> Verified:
        """The client whose assertion this is, once. Raises BadAssertion, Unavailable, and what `before` fetching its
        keys does."""
        issuer, kid, _ = claimed(assertion)
        client = self.clients.get(issuer)
        fetched = self._key_sets if client and not client.keys else None
        keys = await fetched.keys(client.jku, kid, before) if fetched and client else ()
        found = verify(assertion, self.clients, audiences, self._clock(), keys)
        if not await self._remember(found.client.id, found.jti, found.expires):
            raise BadAssertion("this assertion was used before", found.client.id)
        return found
