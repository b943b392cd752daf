"""How much one caller may ask for: a token bucket per registered client, and one per address for failures.

The buckets are in the node's memory: with several nodes a client may make so many calls at each. A burst of refusals
is one entry in the access record, so that nobody can fill the record by being refused.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from gateway.errors import TooMany
from gateway.inbound.clients import Limits

RECORDED_EVERY = 60.0
"""Seconds between two records of one caller's refusals."""
FAILURES = Limits(per_second=10.0, burst=200.0)
_MOST = 10_000
Record = Callable[[str, bool, str], Awaitable[None]]


class _Bucket:
    __slots__ = ("at", "left", "limits", "refused", "told")

    def __init__(self, limits: Limits, now: float) -> None:
        self.limits = limits
        self.left = limits.burst
        self.at = now
        self.refused = 0  # since the last record
        self.told = -math.inf

    def take(self, now: float) -> float:
        """Seconds to wait, 0 when there is one left, which is then taken."""
        self.left = min(self.limits.burst, self.left + (now - self.at) * self.limits.per_second)
        self.at = now
        if self.left < 1.0:
            return (1.0 - self.left) / self.limits.per_second
        self.left -= 1.0
        return 0.0


class RateLimits:
    """`record(client, granted, reason)` puts a burst of refusals on record. `clock` gives seconds."""

    def __init__(
        self, record: Record, clock: Callable[[], float] = time.monotonic, failures: Limits = FAILURES
    ) -> None:
        self._record = record
        self._clock = clock
        self._failures = failures
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    async def call(self, client: str, limits: Limits | None) -> None:
        """One call of a client. Raises TooMany when it has made as many as it is registered for."""
        if limits is None:
            return
        bucket = self._bucket("client", client, limits)
        wait = bucket.take(self._clock())
        if wait:
            await self._refuse(bucket, client, wait)

    def further(self, client: str, limits: Limits | None, calls: int) -> None:
        """So many calls more, which came as one and have been let in: they are owed, and the next call waits for it."""
        if limits is not None:
            self._bucket("client", client, limits).left -= calls

    def has(self, client: str, limits: Limits) -> bool:
        """Whether a call would be let through now; it is not counted."""
        bucket = self._bucket("client", client, limits)
        return bucket.left + (self._clock() - bucket.at) * limits.per_second >= 1.0

    async def failure(self, peer: str, client: str = "") -> None:
        """One failed authentication from an address. Raises TooMany when there were too many: then the failure itself
        is not told, and not recorded one by one."""
        bucket = self._bucket("peer", peer, self._failures)
        wait = bucket.take(self._clock())
        if wait:
            await self._refuse(bucket, client, wait)

    def _bucket(self, sort: str, name: str, limits: Limits) -> _Bucket:
        bucket = self._buckets.get((sort, name))
        if bucket is None or bucket.limits != limits:
            bucket = self._buckets[(sort, name)] = _Bucket(limits, self._clock())
            while len(self._buckets) > _MOST:
                self._buckets.popitem(last=False)
        return bucket

    async def _refuse(self, bucket: _Bucket, client: str, wait: float) -> None:
        bucket.refused += 1
        now = self._clock()
        if now - bucket.told >= RECORDED_EVERY:
            refused, bucket.refused, bucket.told = bucket.refused, 0, now
            await self._record(client, False, f"more calls than allowed; {refused} refused since the last record")
        raise TooMany(seconds=math.ceil(wait))
