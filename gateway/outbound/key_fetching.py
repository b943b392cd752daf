"""Fetch a small document from a URL that someone registered: key sets of clients and issuers.

https only, hosts of the operator's list only, the address looked up once, checked and then connected to by number (a
name cannot lead elsewhere between the check and the call), no redirect, no proxy, no cookie, a limit of size and time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from gateway.errors import SettingsError, Unavailable
from gateway.outbound.secrets import secret

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

MOST_BYTES = 262_144
_SECONDS = 5.0
_NOT_HAD = "The document at a registered URL cannot be had"
_DEFAULT_AGE = 300.0
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


def hosts(text: str) -> dict[str, Network | None]:
    """The hosts of a setting: `keys.example.dk`, or `keys.example.dk@10.20.0.0/16` for one that lies in a private
    network. Separated by commas. Raises SettingsError."""
    found: dict[str, Network | None] = {}
    for one in filter(None, (part.strip().lower() for part in text.split(","))):
        host, _, network = one.partition("@")
        try:
            found[host] = ipaddress.ip_network(network) if network else None
        except ValueError:
            raise SettingsError("GATEWAY_KEY_HOSTS: behind @ stands a network like 10.20.0.0/16") from None
        if not _HOST.fullmatch(host):
            raise SettingsError("GATEWAY_KEY_HOSTS takes host names, separated by commas")
    return found


async def _resolved(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """`fetcher(url)` gives the body and for how many seconds it may be kept. Raises Unavailable."""

    allowed: Mapping[str, Network | None]
    tls: ssl.SSLContext
    resolve: Resolve = _resolved
    seconds: float = _SECONDS

    async def __call__(self, url: str) -> tuple[bytes, float]:
        """GET, as a client that believes nothing but its list of hosts and the certificates of its context."""
        return await self._called("GET", url)

    async def introspected(self, url: str, client: str, secret_name: str, token: str) -> bytes:
        """What an issuer says of a token (RFC 7662); we are `client` there, with the secret of this name."""
        try:
            password = secret(secret_name)
        except SettingsError:
            raise Unavailable("The secret of an issuer's introspection is not there") from None
        return (await self._called("POST", url, data={"token": token}, auth=(client, password)))[0]

    async def _called(self, method: str, url: str, **more: Any) -> tuple[bytes, float]:
        host, port, target = _parts(url)
        if host not in self.allowed:
            raise Unavailable("This host is not on the list", hint="Name it in GATEWAY_KEY_HOSTS.")
        try:
            async with asyncio.timeout(self.seconds):
                return await self._got(method, host, port, target, more)
        except (httpx2.HTTPError, OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            raise Unavailable(_NOT_HAD, hint=f"({type(error).__name__})") from None

    async def _got(
        self, method: str, host: str, port: int, target: str, more: Mapping[str, Any]
    ) -> tuple[bytes, float]:
        address = self._checked(host, await self.resolve(host, port))
        there = f"[{address}]" if address.version == 6 else str(address)
        headers = {
            "Host": host if port == 443 else f"{host}:{port}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        pinned = {"sni_hostname": host}
        async with (
            httpx2.AsyncClient(verify=self.tls, timeout=self.seconds, follow_redirects=False, trust_env=False) as web,
            web.stream(
                method, f"https://{there}:{port}{target}", headers=headers, extensions=pinned, **more
            ) as response,
        ):
            if response.status_code != 200:
                raise Unavailable(f"It was answered with HTTP {response.status_code}")
            held = bytearray()
            async for chunk in response.aiter_bytes():
                held += chunk
                if len(held) > MOST_BYTES:
                    raise Unavailable("It is too large")
            return bytes(held), _age(response.headers.get("cache-control", ""))

    def _checked(self, host: str, addresses: Sequence[str]) -> Address:
        """One of the addresses, if all of them are where this host may lie."""
        network = self.allowed[host]
        found = [ipaddress.ip_address(one) for one in addresses]
        if not found or not all(one in network if network else one.is_global for one in found):
            raise Unavailable("The host has an address where it may not lie", hint="See GATEWAY_KEY_HOSTS.")
        return found[0]


def _parts(url: str) -> tuple[str, int, str]:
    """Host, port, and path with query. Raises Unavailable for anything but a plain https URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise Unavailable("The URL cannot be read") from None
    plain = parts.scheme == "https" and "@" not in parts.netloc and not parts.fragment and "\\" not in url
    if not plain or not _HOST.fullmatch(parts.hostname or "") or not url.isascii() or not url.isprintable():
        raise Unavailable("Only a plain https URL is fetched")
    return parts.hostname or "", port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _age(cache_control: str) -> float:
    """Seconds that Cache-Control allows; some minutes where it says nothing."""
    said = [part.strip().lower() for part in cache_control.split(",")]
    if {"no-store", "no-cache"} & {part.partition("=")[0] for part in said}:
        return 0.0
    ages = [part.partition("=")[2].strip('"') for part in said if part.startswith("max-age=")]
    if not ages:
        return _DEFAULT_AGE
    return float(ages[0]) if ages[0].isdecimal() and len(ages[0]) < 10 else 0.0
