"""Asks a case system over HTTPS: OAuth2 client credentials, JSON back, and limits that a hostile answer cannot pass.

No number of a citizen and no URL stands in an error or a log of ours: some of these systems want a CPR number in the
URL. The HTTP client logs every URL it asks for; that is switched off here.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from gateway.domain.source import Fetching
from gateway.errors import GatewayError, Refused
from gateway.flows.deliver import Unreachable
from gateway.outbound.bounded import Unreadable, bounded
from gateway.outbound.secrets import secret
from gateway.translate.vendor.gathered import json_of

for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_TOKEN_BYTES = 100_000
_WHO = "Look at client and secret under fetch."
_EARLY = 30.0  # seconds before its end a token is not used any more
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` for one exchange, `look` seconds for all of one citizen, `bytes` of one answer, `whole` bytes and
    `requests` of one citizen, `tries` where the system is busy, with `pause` seconds before the second and twice as
    long before each next one, or as long as the system asks for (Retry-After), at most `longest`."""

    seconds: float = 30.0
    look: float = 600.0
    bytes: int = 10_000_000
    whole: int = 50_000_000
    requests: int = 1000
    tries: int = 4
    pause: float = 1.0
    longest: float = 30.0


@asynccontextmanager
async def asking(
    there: Fetching, tls: ssl.SSLContext, limits: Limits, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Asking]:
    """A client of its own: no redirect is followed, no setting of the environment is read, no cookie is kept."""
    sent = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
    async with httpx2.AsyncClient(
        verify=tls, timeout=limits.seconds, follow_redirects=False, trust_env=False, headers=sent
    ) as client:
        yield Asking(client, there, limits)


@dataclass
class Asking:
    """One system, asked by one round. `begin` starts the counts anew for each citizen."""

    client: httpx2.AsyncClient
    there: Fetching
    limits: Limits
    _token: str = ""
    _until: float = 0.0
    _asked: int = 0
    _got: int = 0
    _wished: float = 0.0
    _root: httpx2.URL = field(init=False)

    def __post_init__(self) -> None:
        self._root = httpx2.URL(self.there.url)

    def begin(self) -> None:
        """Another citizen."""
        self._asked = self._got = 0
        self.client.cookies.clear()

    async def ask(self, method: str, url: str, body: Mapping[str, Any] | None = None, *, step: str) -> Any:
        """The JSON of an answer; None for 404 and for an empty one. `url` may be relative to the root; one that leads
        to another host is refused. `step` names the place in errors. A system that stays busy fails this look and no
        other: it may be one object that it cannot show. Raises Unreachable, Refused."""
        target = self._inside(url, step)
        for number in range(self.limits.tries):
            if number:
                pause = max(self.limits.pause * 2 ** (number - 1), min(self._wished, self.limits.longest))
                await asyncio.sleep(pause)
            status, held = await self._once(method, target, body, step)
            if status == 401:
                self._token = ""  # it ended before its time, or was taken back
                status, held = await self._once(method, target, body, step)
            if status not in _BUSY:
                return self._understood(status, held, step)
        raise Refused("The system is busy or away", where=step)

    def _inside(self, url: str, step: str) -> httpx2.URL:
        """Judged by the parser that the request is made with: two parsers may see two hosts in one text."""
        try:
            target = self._root.join(url)
        except (httpx2.InvalidURL, ValueError, TypeError):
            raise Refused("A link is no URL", where=step) from None
        same = (target.scheme, target.host, target.port) == (self._root.scheme, self._root.host, self._root.port)
        if not same or target.userinfo:
            raise Refused("A link leads to another host", where=step)
        return target

    async def _once(
        self, method: str, target: httpx2.URL, body: Mapping[str, Any] | None, step: str
    ) -> tuple[int, bytes]:
        """One exchange; a system that is not reached counts as busy (503)."""
        self._asked += 1
        if self._asked > self.limits.requests:
            raise Refused("The answers lead on and on", where=step)
        token = await self._authorised()
        try:
            async with asyncio.timeout(self.limits.seconds):
                status, held = await self._exchange(method, target, body, token, step)
        except (httpx2.HTTPError, TimeoutError):
            return 503, b""
        self._got += len(held)
        if self._got > self.limits.whole:
            raise Refused("The answers are too large", where=step)
        return status, held

    async def _exchange(
        self, method: str, target: httpx2.URL, body: Mapping[str, Any] | None, token: str, step: str
    ) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.stream(method.upper(), target, json=body, headers=headers) as response:
            self._wished = wished(response.headers)
            return response.status_code, await _bounded(response, self.limits.bytes, step)

    def _understood(self, status: int, held: bytes, step: str) -> Any:
        if status == 401:
            raise Unreachable("The system refuses this client", where=step, hint=_WHO)
        if status == 404 or (status < 300 and not held.strip()):
            return None
        if status >= 300:
            raise Refused(f"The system answered HTTP {status}", where=step)
        try:
            return json_of(held)
        except GatewayError as garbled:
            raise Refused(garbled.text, where=step) from None

    async def _authorised(self) -> str:
        if self._token and time.monotonic() < self._until:
            return self._token
        form = {"grant_type": "client_credentials", "client_id": self.there.client, "client_secret": ""}
        form["client_secret"] = secret(self.there.secret)
        if self.there.scope:
            form["scope"] = self.there.scope
        try:
            async with (
                asyncio.timeout(self.limits.seconds),
                self.client.stream("POST", self.there.token, data=form) as response,
            ):
                status, held = response.status_code, await _bounded(response, _TOKEN_BYTES, "token")
            answer = json_of(held) if status == 200 else {}
            lifetime = answer.get("expires_in")  # RFC 6749, 5.1: it may be left out
            token, seconds = answer["access_token"], 60.0 if lifetime is None else float(lifetime)
            if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
                raise ValueError
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
            raise Unreachable("The token endpoint does not answer") from None
        except (GatewayError, KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise Unreachable("The token endpoint gives no token", hint=_WHO) from None
        self._token, self._until = token, time.monotonic() + max(seconds - _EARLY, seconds / 2)
        return token


def wished(headers: httpx2.Headers) -> float:
    """The seconds that Retry-After asks for, as a number or as a date (RFC 9110, 10.2.3): one that is counted from the
    system's own clock (Date), which may be wrong. 0 for what is neither."""
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        until = parsedate_to_datetime(told)
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max((until - now).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return 0.0


async def _bounded(response: httpx2.Response, most: int, step: str) -> bytes:
    try:
        return await bounded(response, most)
    except Unreadable as error:
        raise Refused(f"An answer {error}", where=step) from None
