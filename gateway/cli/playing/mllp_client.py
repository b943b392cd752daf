"""A sender of HL7 v2: one connection, one message after the other, each with its acknowledgement."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

START, END = b"\x0b", b"\x1c\r"


class MllpClient:
    """`async with MllpClient(host, port) as sender: answer = await sender.send(message)`."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
            await self._writer.wait_closed()

    async def send(self, message: bytes) -> bytes:
        """The acknowledgement of one message, without its frame. Raises IncompleteReadError when the door closes."""
        if self._reader is None or self._writer is None:
            raise RuntimeError("the connection is not open")
        self._writer.write(START + message + END)
        await self._writer.drain()
        answer = await self._reader.readuntil(END)
        return answer.removeprefix(START).removesuffix(END)
