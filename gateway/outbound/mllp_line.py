"""A line over MLLP: one message, then its answer, then the next (HL7 v2 Transport Specification, MLLP Release 1)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.domain.outgoing import Outgoing
from gateway.domain.source import Connection
from gateway.errors import Refused
from gateway.flows.deliver import Reply, Unreachable

START, END = b"\x0b", b"\x1c\r"
_BROKEN = (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
_CLOSED = (ConnectionError, asyncio.IncompleteReadError)


@asynccontextmanager
async def mllp_line(there: Connection, tls: ssl.SSLContext, seconds: float, most: int) -> AsyncIterator[MllpLine]:
    """An open connection. Raises Unreachable."""
    line = MllpLine(there, tls, seconds, most)
    await line.open()
    try:
        yield line
    finally:
        await line.close()


@dataclass
class MllpLine:
    """One connection after the other: many receivers close theirs after every message."""

    there: Connection
    tls: ssl.SSLContext
    seconds: float
    most: int
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None
    _used: bool = False

    async def open(self) -> None:
        """Connect. Raises Unreachable."""
        parts = urlsplit(self.there.url)
        secure = self.tls if parts.scheme == "mllps" else None
        try:
            async with asyncio.timeout(self.seconds):
                self._reader, self._writer = await asyncio.open_connection(
                    parts.hostname, parts.port, ssl=secure, limit=self.most
                )
        except (OSError, TimeoutError) as error:
            raise Unreachable(hint=_why(error)) from error
        self._used = False

    async def send(self, message: Outgoing) -> Reply:
        """The answer's payload. A connection that was closed since the last message is opened again, once. Raises
        Unreachable."""
        if START in message.body or END in message.body:
            return Reply(refusal=Refused("The message holds the marks that MLLP frames it with"))
        try:
            try:
                return await self._exchange(message)
            except _CLOSED:
                if not self._used:
                    raise
            await self.close()
            await self.open()
            return await self._exchange(message)
        except _BROKEN as error:
            raise Unreachable("The receiver did not answer", hint=_why(error)) from error

    async def close(self) -> None:
        """Hang up."""
        if self._writer is None:
            return
        self._writer.close()
        try:
            async with asyncio.timeout(1):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    async def _exchange(self, message: Outgoing) -> Reply:
        if self._reader is None or self._writer is None or self._reader.at_eof():
            raise ConnectionResetError
        async with asyncio.timeout(self.seconds):
            self._writer.write(START + message.body + END)
            await self._writer.drain()
            if self.there.answers:
                await self._reader.readuntil(START)
            answer = await self._reader.readuntil(END) if self.there.answers else b""
        self._used = True
        return Reply(answer.removesuffix(END))


def _why(error: Exception) -> str:
    """The kind of a failure; its text may name hosts."""
    return f"({type(error).__name__})"
