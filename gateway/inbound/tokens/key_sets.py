"""Keys that a client or an issuer publishes at a URL (JWKS, RFC 7517), kept no longer than it allows.

A kid that is not known makes one fetch more, so that a key can be replaced at any time; a brake keeps those who
invent kids from making us fetch again and again. What cannot be fetched is not believed: the old set counts until
its time is over, and then nothing does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from gateway.errors import GatewayError
from gateway.inbound.keys import PublicKey, UnfitKey, public_key
from gateway.inbound.tokens.limits import Before

Fetch = Callable[[str], Awaitable[tuple[bytes, float]]]
"""The bytes at a URL, and for how many seconds they may be kept. Raises a GatewayError."""
Import = Callable[[Mapping[str, Any]], PublicKey]

LONGEST = 3600.0
BRAKE = timedelta(seconds=30)
_MOST_KEYS = 100

log = structlog.get_logger("gateway.tokens")


async def fetches_nothing(url: str) -> tuple[bytes, float]:
    """The fetch of a gateway that is not set up to fetch keys."""
    raise GatewayError("Keys are not fetched here", hint="Set GATEWAY_KEY_HOSTS.")


class _Set(msgspec.Struct):
    """A JWK Set (RFC 7517 section 5)."""

    keys: list[Any]


@dataclass(slots=True)
class _Kept:
    keys: tuple[PublicKey, ...] = ()
    until: datetime | None = None
    tried: datetime | None = None
    failed: bool = False
    round: int = 0  # so often it was fetched
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeySets:
    """The key sets by URL. `read` makes a key of a JWK; JWKs that it refuses are left out."""

    def __init__(self, fetch: Fetch, clock: Callable[[], datetime], read: Import = public_key) -> None:
        self._fetch = fetch
        self._clock = clock
        self._read = read
        self._sets: dict[str, _Kept] = {}

    async def keys(self, url: str, kid: str, before: Before | None = None) -> tuple[PublicKey, ...]:
        """The keys of this URL, fetched anew when their time is over or none of them has this kid. Only URLs of
        registrations are asked for, so there are never more than these. Empty when there are none to be believed.
        Raises what `before` fetching does."""
        kept = self._sets.setdefault(url, _Kept())
        if self._serves(kept, kid):
            return kept.keys
        came = kept.round
        async with kept.turn:
            if kept.round > came:
                return kept.keys  # fetched while this one waited, also when they may not be kept at all
            if not self._serves(kept, kid) and self._may_try(kept):
                if before is not None:
                    await before()
                if await self._renew(url, kept):
                    return kept.keys
        return kept.keys if self._fresh(kept) else ()

    def _fresh(self, kept: _Kept) -> bool:
        return kept.until is not None and kept.until > self._clock()

    def _serves(self, kept: _Kept, kid: str) -> bool:
        return self._fresh(kept) and any(key.kid == kid for key in kept.keys)

    def _may_try(self, kept: _Kept) -> bool:
        """The brake is for unknown kids and for what could not be fetched; a set whose time is over is fetched."""
        rests = kept.failed or self._fresh(kept)
        return kept.tried is None or not rests or self._clock() >= kept.tried + BRAKE

    async def _renew(self, url: str, kept: _Kept) -> bool:
        kept.tried, kept.failed = self._clock(), True
        try:
            body, seconds = await self._fetch(url)
            kept.keys = self._understood(body)
        except GatewayError as error:
            log.warning("keys were not fetched", why=error.text)
            return False
        kept.failed, kept.round = False, kept.round + 1
        kept.until = kept.tried + timedelta(seconds=max(0.0, min(seconds, LONGEST)))
        return True

    def _understood(self, body: bytes) -> tuple[PublicKey, ...]:
        try:
            listed = msgspec.json.decode(body, type=_Set).keys
        except (msgspec.DecodeError, RecursionError):
            raise GatewayError("What was fetched is no key set") from None
        found = []
        for one in listed[:_MOST_KEYS]:
            try:
                found.append(self._read(one if isinstance(one, dict) else {}))
            except UnfitKey:
                continue
        return tuple(found)
