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
from gateway.flows.deliver import Reply, Unreachable

START, END = b"\x0b", b"\x1c\r"


@asynccontextmanager
async def mllp_line(there: Connection, tls: ssl.SSLContext, seconds: float, most: int) -> AsyncIterator[MllpLine]:
    """An open connection. Raises Unreachable."""
    parts = urlsplit(there.url)
    secure = tls if parts.scheme == "mllps" else None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=secure, limit=most)
    except (OSError, TimeoutError) as error:
        raise Unreachable(hint=_why(error)) from error
    try:
        yield MllpLine(reader, writer, seconds, there.answers)
    finally:
        writer.close()
        try:
            async with asyncio.timeout(1):
                await writer.wait_closed()
        except (OSError, TimeoutError):
            writer.transport.abort()


@dataclass(frozen=True, slots=True)
class MllpLine:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seconds: float
    answers: bool

    async def send(self, message: Outgoing) -> Reply:
        """The answer's payload. Raises Unreachable."""
        try:
            async with asyncio.timeout(self.seconds):
                self.writer.write(START + message.body + END)
                await self.writer.drain()
                if not self.answers:
                    return Reply()
                await self.reader.readuntil(START)
                answer = await self.reader.readuntil(END)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise Unreachable("The receiver did not answer", hint=_why(error)) from error
        return Reply(answer.removesuffix(END))


def _why(error: Exception) -> str:
    """The kind of a failure; its text may name hosts."""
    return f"({type(error).__name__})"
