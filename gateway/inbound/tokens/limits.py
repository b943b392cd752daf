"""How much one caller may ask for: a token bucket per registered client, and one per address for failures.

The buckets are in the node's memory: with several nodes a client may make so many calls at each. A burst of refusals
is one entry in the access record, so that nobody can fill the record by being refused. Of each sort so many are
remembered, and who calls again is the last to be forgotten: nobody gets a new burst by making others come.
"""

from __future__ import annotations

import ipaddress
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
_OF_ONE = 64
"""Bits of an address of IPv6 that tell one network from another: whoever has one has all addresses within it."""
Before = Callable[[], Awaitable[None]]
"""Awaited before anybody else is asked for the sake of a request. Raises TooMany where nobody shall be."""
Record = Callable[[str, bool, str], Awaitable[None]]


def origin(address: str) -> str:
    """What counts as one address: of IPv6 the network, since callers choose theirs within it."""
    try:
        told = ipaddress.ip_address(address)
    except ValueError:
        return address
    if told.version == 4:
        return address
    return str(ipaddress.ip_network((int(told) >> _OF_ONE << _OF_ONE, _OF_ONE)))


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
        wait = self.wait(now)
        if not wait:
            self.left -= 1.0
        return wait

    def wait(self, now: float) -> float:
        """Seconds to wait, 0 when there is one left."""
        self.left = min(self.limits.burst, self.left + (now - self.at) * self.limits.per_second)
        self.at = now
        return max(0.0, (1.0 - self.left) / self.limits.per_second)


class RateLimits:
    """`record(client, granted, reason)` puts a burst of refusals on record. `clock` gives seconds."""

    def __init__(
        self, record: Record, clock: Callable[[], float] = time.monotonic, failures: Limits = FAILURES
    ) -> None:
        self._record = record
        self._clock = clock
        self._failures = failures
        self._buckets: dict[str, OrderedDict[str, _Bucket]] = {}

    async def call(self, client: str, limits: Limits | None, sort: str = "client") -> None:
        """One call of a client, or of whatever else is counted (`sort`). Raises TooMany when it has made as many as it
        is registered for."""
        if limits is None:
            return
        bucket = self._bucket(sort, client, limits)
        wait = bucket.take(self._clock())
        if wait:
            await self._refuse(bucket, client, wait)

    def further(self, client: str, limits: Limits | None, calls: int) -> None:
        """So many calls more, which came as one and have been let in: they are owed, and the next call waits for it."""
        if limits is not None:
            self._bucket("client", client, limits).left -= calls

    def has(self, client: str, limits: Limits) -> bool:
        """Whether a call would be let through now; it is not counted."""
        return not self._bucket("client", client, limits).wait(self._clock())

    async def failure(self, peer: str, client: str = "") -> None:
        """One failed authentication from an address. Raises TooMany when there were too many: then the failure itself
        is not told, and not recorded one by one."""
        bucket = self._bucket("peer", origin(peer), self._failures)
        wait = bucket.take(self._clock())
        if wait:
            await self._refuse(bucket, client, wait)

    async def spare(self, peer: str) -> None:
        """Nothing is counted. Raises TooMany where so many failed from this address that one more would not be told:
        nothing costly is done for it."""
        bucket = self._buckets.setdefault("peer", OrderedDict()).get(origin(peer))
        if bucket is not None and (wait := bucket.wait(self._clock())):
            await self._refuse(bucket, "", wait)

    def _bucket(self, sort: str, name: str, limits: Limits) -> _Bucket:
        buckets = self._buckets.setdefault(sort, OrderedDict())
        bucket = buckets.get(name)
        if bucket is None or bucket.limits != limits:
            bucket = buckets[name] = _Bucket(limits, self._clock())
        buckets.move_to_end(name)
        while len(buckets) > _MOST:
            buckets.popitem(last=False)
        return bucket

    async def _refuse(self, bucket: _Bucket, client: str, wait: float) -> None:
        bucket.refused += 1
        now = self._clock()
        if now - bucket.told >= RECORDED_EVERY:
            refused, bucket.refused, bucket.told = bucket.refused, 0, now
            await self._record(client, False, f"more calls than allowed; {refused} refused since the last record")
        raise TooMany(seconds=math.ceil(wait))
