"""Calls to a host of the operator's list. Its name is looked up once, its address checked and then connected to by
number (a name cannot lead elsewhere between the check and the call); no redirect, no proxy, no cookie, a limit of size
and time.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from gateway.domain.endpoint import Hosts, chosen, parts
from gateway.errors import Unavailable
from gateway.outbound.bounded import Unreadable, bounded

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_DEFAULT_PORTS = {"https": 443, "http": 80}


async def resolved(host: str, port: int) -> Sequence[str]:
    """Every address of a name. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered: the HTTP status, Cache-Control and Age, and the body (empty where it was not to be read)."""

    status: int
    cache_control: str
    age: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Pinned:
    """Calls to the `allowed` hosts, with these certificates, each ended after `seconds`."""

    allowed: Hosts
    tls: ssl.SSLContext
    resolve: Resolve = resolved
    seconds: float = 5.0

    async def called(
        self, method: str, url: str, where: str, *, most: int, headers: Mapping[str, str], **sent: Any
    ) -> Answered:
        """Call a URL that stands at `where`, and read `most` bytes of the answer. `sent` is what httpx2 takes as body
        and as login. Raises RuleBroken where the URL may not be called, Unavailable where there is no answer."""
        scheme, host, port, target = parts(url, self.allowed, where)
        named = {**headers, "Host": host if port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"}
        sent |= {"headers": named, "extensions": {"sni_hostname": host}}
        try:
            async with asyncio.timeout(self.seconds):
                there = chosen(host, await self.resolve(host, port), self.allowed)
                return await self._answered(method, f"{scheme}://{there}:{port}{target}", most, sent)
        except Unreadable as error:
            raise Unavailable(f"It {error}") from None
        except (httpx2.HTTPError, OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            raise Unavailable("Nothing answers at a registered URL", hint=f"({type(error).__name__})") from None

    async def _answered(self, method: str, url: str, most: int, sent: Mapping[str, Any]) -> Answered:
        async with (
            httpx2.AsyncClient(verify=self.tls, timeout=self.seconds, follow_redirects=False, trust_env=False) as web,
            web.stream(method, url, **sent) as response,
        ):
            kept, age = (response.headers.get(name, "") for name in ("cache-control", "age"))
            return Answered(response.status_code, kept, age, await bounded(response, most) if most else b"")
