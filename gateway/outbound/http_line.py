"""A line over HTTPS: one POST for each message, with the answer in the response."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from gateway.domain.outgoing import Outgoing
from gateway.domain.source import Connection
from gateway.errors import Refused, Unavailable
from gateway.flows.deliver import Reply, Unreachable
from gateway.outbound.bounded import Unreadable, bounded

_TYPES = {
    "hl7v2": "x-application/hl7-v2+er7",
    "edifact": "application/edifact",
    "sf2900": "text/xml; charset=utf-8",  # SOAP 1.1
}
_SOAP = frozenset({"sf2900"})  # a call that is taken is answered
_XML, _JSON = "application/xml", "application/fhir+json"
_FHIR_XML = "application/fhir+xml"
_LATER = frozenset({401, 403, 404, 408, 425, 429})  # what an operator or time mends: the message itself is not at fault


async def reached(there: Connection, tls: ssl.SSLContext, seconds: float) -> None:
    """A TLS handshake, and good-bye: the receiver is there and is who it should be. What is decided and put on record
    as it leaves is then not decided for nobody. Raises Unreachable."""
    parts = urlsplit(there.url)
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=tls)
    except (OSError, TimeoutError) as error:
        raise Unreachable(hint=f"({type(error).__name__})") from error
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()


@asynccontextmanager
async def municipal_line(there: Connection, tls: ssl.SSLContext, seconds: float, most: int) -> AsyncIterator[HttpLine]:
    """A line to a municipal system that is there. Raises Unreachable."""
    await reached(there, tls, seconds)
    async with http_line(there, tls, seconds, most) as line:
        yield line


@asynccontextmanager
async def http_line(there: Connection, tls: ssl.SSLContext, seconds: float, most: int) -> AsyncIterator[HttpLine]:
    """A client of its own for this line: no redirect is followed, and no setting of the environment is read."""
    async with httpx2.AsyncClient(verify=tls, timeout=seconds, follow_redirects=False, trust_env=False) as client:
        yield HttpLine(client, there.url, seconds, most, there.action)


@dataclass(frozen=True, slots=True)
class HttpLine:
    """Posts messages to one URL."""

    client: httpx2.AsyncClient
    url: str
    seconds: float  # for the whole exchange: a receiver that sends a byte now and then holds up nothing
    most: int
    action: str = ""

    async def send(self, message: Outgoing) -> Reply:
        """The body of the response. Raises Unreachable."""
        headers = {"Content-Type": media_type(message), "Accept-Encoding": "identity"}
        if message.language in _SOAP:
            headers["SOAPAction"] = f'"{self.action}"'
        try:
            async with (
                asyncio.timeout(self.seconds),
                self.client.stream("POST", self.url, content=message.body, headers=headers) as response,
            ):
                held = await bounded(response, self.most)
        except Unreadable as error:
            raise Unreachable(f"The receiver's answer {error}") from None
        except (httpx2.HTTPError, TimeoutError) as error:
            raise Unreachable("The receiver did not answer", hint=f"({type(error).__name__})") from error
        refusal = _refusal(response.status_code)
        if message.language in _SOAP and not held and refusal is None:
            raise Unreachable("The receiver gave no technical receipt")
        return Reply(held, refusal)


def media_type(message: Outgoing) -> str:
    """The content type of a message in its language."""
    if message.language in ("fhir-message", "kl-report"):
        return _FHIR_XML if message.body.lstrip()[:1] == b"<" else _JSON
    return _TYPES.get(message.language, _XML)


def _refusal(status: int) -> Refused | Unavailable | None:
    if status < 300:
        return None
    told = f"The receiver answered HTTP {status}"
    return Unavailable(told) if status >= 500 or status in _LATER or status < 400 else Refused(told)
