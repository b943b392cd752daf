"""Posts notifications to subscribers: the name is looked up once, its address checked and connected to by number (a
name cannot lead elsewhere between the check and the call), no redirect, no proxy, no cookie, the answer not read (T9).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx2

from gateway.domain.endpoint import Hosts, chosen, parts
from gateway.domain.subscription import JSON
from gateway.errors import Unavailable

SECONDS = 10.0
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolved(host: str, port: int) -> Sequence[str]:
    """Every address of a name. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


@dataclass(frozen=True, slots=True)
class Hooks:
    """`await hooks(endpoint, body, headers)`: POST, and whether it was taken (any 2xx). Raises Unavailable where it was
    not, RuleBroken where it may not go."""

    allowed: Hosts
    tls: ssl.SSLContext
    resolve: Resolve = resolved
    seconds: float = SECONDS

    async def __call__(self, endpoint: str, body: bytes, headers: dict[str, str]) -> None:
        """Send one notification."""
        scheme, host, port, target = parts(endpoint, self.allowed)
        try:
            async with asyncio.timeout(self.seconds):
                there = chosen(host, await self.resolve(host, port), self.allowed)
                status = await self._posted(f"{scheme}://{there}:{port}{target}", host, port, body, headers)
        except (httpx2.HTTPError, OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            raise Unavailable("The subscriber did not answer", hint=f"({type(error).__name__})") from None
        if not 200 <= status < 300:
            raise Unavailable(f"The subscriber answered HTTP {status}")

    async def _posted(self, url: str, host: str, port: int, body: bytes, headers: dict[str, str]) -> int:
        named = {"Host": host if port in (80, 443) else f"{host}:{port}", "Content-Type": JSON}
        pinned = {"sni_hostname": host}
        async with (
            httpx2.AsyncClient(verify=self.tls, timeout=self.seconds, follow_redirects=False, trust_env=False) as web,
            web.stream("POST", url, content=body, headers=headers | named, extensions=pinned) as response,
        ):
            return int(response.status_code)
