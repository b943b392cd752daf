"""A lean HTTP/1.1 client, so that what is measured is the server: one kept-alive connection."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast


class HttpLane(asyncio.Protocol):
    """One connection. `ask` sends the bytes of a request and waits for the whole answer, whose status must be 2xx."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._held = b""
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's word."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Asyncio's word."""
        self._held += data
        head = self._held.find(b"\r\n\r\n")
        if head < 0 or self._answer is None:
            return
        lower = self._held[:head].lower()
        place = lower.find(b"content-length:")
        length = int(lower[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(self._held) - head - 4 < length:
            return
        waiting, self._answer = self._answer, None
        if lower.startswith(b"http/1.1 2"):
            waiting.set_result(length)
        else:
            waiting.set_exception(RuntimeError(f"the answer was {self._held[:200]!r}"))
        self._held = b""

    def connection_lost(self, error: Exception | None) -> None:
        """Asyncio's word."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server closed the connection"))

    async def ask(self, request: bytes) -> None:
        """One request and its answer."""
        if self._transport is None:
            raise ConnectionError("the connection is not open")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def request(method: str, path: str, headers: Mapping[str, str], content: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    told = {"Host": "gateway", **headers, **({"Content-Length": str(len(content))} if content else {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
