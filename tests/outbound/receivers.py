"""Receivers on real sockets: they take messages, remember them, and answer as a test tells them to."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.domain.outgoing import Outgoing

Behaviour = Callable[[bytes], bytes | None]
SOMATIC, PSYCHIATRY = "regionh-somatik-adt", "regionh-psyk-adt"


def letter(number: int, destination: str = SOMATIC, *, answers: str = "") -> Outgoing:
    """A message that goes out; its id is its number."""
    body = f"MSH|^~\\&|GW|KK|SP|HGH|20260302||MDM^T02|M{number}|P|2.5\rEVN|T02|2026\r".encode()
    return Outgoing(destination, "hl7v2", f"M{number}", body, answers=answers)


def number(message: bytes) -> str:
    """The id of a message."""
    return message.split(b"|")[9].decode()


def ack(code: str, *more: str) -> Behaviour:
    """Answers every message with this code."""

    def answer(message: bytes) -> bytes:
        lines = ["MSH|^~\\&|SP|HGH|GW|KK|2026||ACK|A|P|2.5", f"MSA|{code}|{number(message)}", *more]
        return "".join(line + "\r" for line in lines).encode()

    return answer


@dataclass
class Receiver:
    """What came, and what is answered: bytes, b"" for nothing at all, None to hang up."""

    behaviour: Behaviour = field(default_factory=lambda: ack("AA"))
    got: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    hangs_up: bool = False  # after every answer, as some receivers do
    connections: int = 0

    def __post_init__(self) -> None:
        self.held.set()

    @property
    def numbers(self) -> list[str]:
        return [number(one) for one in self.got]

    async def mllp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with closing(writer):
            while True:
                await reader.readuntil(b"\x0b")
                message = (await reader.readuntil(b"\x1c\r"))[:-2]
                answer = await self._answer(message)
                if answer is None:
                    break
                if answer:
                    writer.write(b"\x0b" + answer + b"\x1c\r")
                    await writer.drain()
                if self.hangs_up:
                    break

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.split("content-length: ")[1].split("\r\n")[0])
                self.heads.append(head)
                answer = await self._answer(await reader.readexactly(length))
                if answer is None:
                    break
                status, _, body = answer.partition(b"\n")
                writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
                await writer.drain()

    heads: list[str] = field(default_factory=list)

    async def _answer(self, message: bytes) -> bytes | None:
        self.got.append(message)
        self.arrived.set()
        await self.held.wait()
        return self.behaviour(message)


@contextlib.contextmanager
def closing(writer: asyncio.StreamWriter) -> Iterator[None]:
    """However the talk ends, also when the loop does, its socket is closed."""
    try:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            yield
    finally:
        writer.close()


@asynccontextmanager
async def receiving(
    behaviour: Behaviour | None = None, *, tls: ssl.SSLContext | None = None, http: bool = False, port: int = 0
) -> AsyncIterator[Receiver]:
    """A receiver that listens, over MLLP or HTTP."""
    receiver = Receiver(behaviour) if behaviour else Receiver()
    talk = receiver.http if http else receiver.mllp
    server = await asyncio.start_server(talk, "127.0.0.1", port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.held.set()
        server.close()
        await server.wait_closed()
