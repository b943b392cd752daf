"""Fetch a small document from a URL that someone registered: key sets of clients and issuers, and what an issuer says
of a token. From https alone; outbound/pinned.py says how.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gateway.errors import RuleBroken, SettingsError, Unavailable
from gateway.outbound.pinned import Answered, Pinned
from gateway.outbound.secrets import secret

MOST_BYTES = 262_144
_DEFAULT_AGE = 300.0
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Fetcher(Pinned):
    """`fetcher(url)` gives the body and for how many seconds it may be kept. Raises Unavailable."""

    async def __call__(self, url: str) -> tuple[bytes, float]:
        """GET, as a client that believes nothing but its list of hosts and the certificates of its context."""
        answer = await self._had("GET", url)
        return answer.body, max(0.0, _age(answer.cache_control) - _seconds(answer.age))

    async def introspected(self, url: str, client: str, secret_name: str, token: str) -> bytes:
        """What an issuer says of a token (RFC 7662); we are `client` there, with the secret of this name."""
        try:
            password = secret(secret_name)
        except SettingsError:
            raise Unavailable("The secret of an issuer's introspection is not there") from None
        return (await self._had("POST", url, data={"token": token}, auth=(client, password))).body

    async def posted(self, url: str, form: Mapping[str, str], client: str, secret_name: str) -> tuple[int, bytes]:
        """What an issuer's token endpoint answers to a form, and whether it took it: 200, or 400 or 401 with the error
        in the body (RFC 6749 5.2). We are `client` there, with the secret of this name (2.3.1), or the form says who we
        are."""
        if not client:
            return await self._answer_to(url, data=dict(form))
        try:
            password = secret(secret_name)
        except SettingsError:
            raise Unavailable("The secret for an issuer is not there") from None
        return await self._answer_to(url, data=dict(form), auth=(quote(client, ""), quote(password, "")))

    async def _answer_to(self, url: str, **sent: Any) -> tuple[int, bytes]:
        answer = await self._had("POST", url, (200, 400, 401), **sent)
        return answer.status, answer.body

    async def _had(self, method: str, url: str, statuses: Collection[int] = (200,), **sent: Any) -> Answered:
        if not url.lower().startswith("https:"):  # the list may let a loopback be called without TLS: never for keys
            raise Unavailable("Only https is fetched")
        try:
            answer = await self.called(method, url, "", most=MOST_BYTES, headers=_HEADERS, **sent)
        except RuleBroken as wrong:  # whoever waits for the keys did not write the URL
            raise Unavailable(str(wrong), hint="See GATEWAY_KEY_HOSTS.") from None
        if answer.status not in statuses:
            raise Unavailable(f"It was answered with HTTP {answer.status}")
        return answer


def _age(cache_control: str) -> float:
    """Seconds that Cache-Control allows; some minutes where it says nothing."""
    said = [part.strip().lower() for part in cache_control.split(",")]
    if {"no-store", "no-cache"} & {part.partition("=")[0] for part in said}:
        return 0.0
    ages = [part.partition("=")[2].strip('"') for part in said if part.startswith("max-age=")]
    if not ages:
        return _DEFAULT_AGE
    return float(ages[0]) if ages[0].isdecimal() and len(ages[0]) < 10 else 0.0


def _seconds(age: str) -> float:
    """What a cache on the way has kept it for already (RFC 9111 5.1); 0 for what is no number."""
    return float(age) if age.isascii() and age.isdecimal() else 0.0
