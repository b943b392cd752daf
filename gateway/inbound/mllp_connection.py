"""One MLLP connection: reads frames, answers them one after the other in the order they came.

Two tasks share one connection: one reads and stops reading while too much is unanswered, one answers. Messages of
one connection are handled strictly in order, because a sender's A01 must be known before its A02.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from gateway.errors import GatewayError, TooLarge, Unavailable
from gateway.inbound import metrics
from gateway.inbound.mllp_frames import END, START, Fault, Frame, Frames

Receive = Callable[[bytes, "Peer"], Awaitable[bytes]]
Refuse = Callable[[bytes, GatewayError], bytes]

log = structlog.get_logger("gateway.mllp")


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end: its address, and the subject of its verified client certificate (RFC 4514 order,
    most specific part first; empty without TLS or without a certificate). `names` is all that the certificate calls
    it: that subject, its common name as `CN=…`, and its alternative names."""

    address: str
    subject: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one listener bears. Bytes and seconds."""

    message_bytes: int = 4 * 1024 * 1024
    garbage_bytes: int = 4096  # outside frames, between two frames
    connections: int = 256
    unanswered: int = 8  # messages taken from one connection and not answered yet, before reading pauses
    frame_seconds: float = 30.0  # from the first byte of a frame to its last
    idle_seconds: float = 3600.0
    answer_seconds: float = 30.0  # for the peer to take an answer
    linger_seconds: float = 2.0  # after a refusal that ends the connection, so that the peer can read it
    handshake_seconds: float = 10.0
    drain_seconds: float = 20.0


def incident(kind: str, peer: Peer, **facts: float | str) -> None:
    """Something a person may want to look into: counted and logged, never with content of a message."""
    metrics.MLLP_INCIDENTS.labels(kind).inc()
    log.warning("mllp incident", kind=kind, peer=peer.address, **facts)


class Connection:
    """One sender's connection, from accept to close."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: Peer,
        receive: Receive,
        refuse: Refuse,
        limits: Limits,
    ) -> None:
        self._reader, self._writer, self._peer = reader, writer, peer
        self._receive, self._refuse, self._limits = receive, refuse, limits
        self._frames = Frames(limits.message_bytes, limits.garbage_bytes)
        self._waiting: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._unanswered = 0
        self._unanswered_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._answered_at = 0.0
        self._frame_since = 0.0
        self._linger = False
        self._reading: asyncio.Task[None] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Takes no more; `run` ends when what was taken is answered."""
        self._stopped = True
        if self._reading is not None:
            self._reading.cancel()

    async def run(self) -> None:
        """Serves until the peer ends, a limit ends it, or `stop`."""
        self._reading = asyncio.create_task(self._read())
        answering = asyncio.create_task(self._answer())
        if self._stopped:
            self._reading.cancel()
        try:
            await asyncio.wait({self._reading, answering}, return_when=asyncio.FIRST_COMPLETED)
            self._reading.cancel()  # the peer takes no answers any more; nothing happens if reading is what ended
            await asyncio.wait({self._reading})
            self._end_of_input()
            await asyncio.wait({answering})
            if self._linger and not answering.exception():
                await self._wait_for_peer()
        finally:
            self._reading.cancel()
            answering.cancel()
            ended = await asyncio.gather(self._reading, answering, return_exceptions=True)
            self._tell(ended)
            await self._close()

    # Reading

    async def _read(self) -> None:
        while True:
            await self._wait_for_room()
            chunk = await self._next_chunk()
            if not chunk:
                return
            started = self._frames.started
            for frame in self._frames.feed(chunk):
                self._take(frame)
            if self._frames.broken:
                return
            if self._frames.started != started or not self._frames.pending:
                self._frame_since = 0.0
            if self._frames.pending and not self._frame_since:
                self._frame_since = asyncio.get_running_loop().time()

    async def _wait_for_room(self) -> None:
        if self._room.is_set():
            return
        clock = asyncio.get_running_loop().time
        paused = clock()
        await self._room.wait()
        if self._frame_since:  # our pause is not the sender's slowness
            self._frame_since += clock() - paused

    async def _next_chunk(self) -> bytes:
        """Bytes, or b"" when the connection is to end: the peer closed it, or was silent or slow for too long."""
        clock = asyncio.get_running_loop().time
        since = clock()
        while True:
            if self._frames.pending:
                deadline = self._frame_since + self._limits.frame_seconds
            else:
                deadline = max(since, self._answered_at) + self._limits.idle_seconds
            try:
                async with asyncio.timeout_at(deadline):
                    return await self._reader.read(self._frames.room)
            except TimeoutError:
                if self._frames.pending:
                    incident("slow-frame", self._peer, seconds=self._limits.frame_seconds)
                    return b""
                if not self._unanswered and clock() >= self._answered_at + self._limits.idle_seconds:
                    log.info("mllp idle", peer=self._peer.address, seconds=self._limits.idle_seconds)
                    return b""
                since = clock()

    def _take(self, frame: Frame) -> None:
        if frame.fault is not None:
            incident(f"frame-{frame.fault}", self._peer, bytes=len(frame.payload))
            self._linger = self._linger or self._frames.broken
        if frame.fault is Fault.GARBAGE:
            return
        self._unanswered += 1
        self._unanswered_bytes += len(frame.payload)
        self._waiting.put_nowait(frame)
        if self._unanswered >= self._limits.unanswered or self._unanswered_bytes >= self._limits.message_bytes:
            self._room.clear()

    def _end_of_input(self) -> None:
        rest = self._frames.close()
        if rest is not None:
            self._linger = True
            self._take(rest)
        self._waiting.put_nowait(None)

    # Answering

    async def _answer(self) -> None:
        while True:
            frame = await self._waiting.get()
            if frame is None:
                return
            answer = await self._answer_to(frame)
            if answer:
                self._writer.write(START + answer + END)
                if self._writer.transport.get_write_buffer_size():
                    async with asyncio.timeout(self._limits.answer_seconds):
                        await self._writer.drain()
            metrics.MLLP_MESSAGES.inc()
            self._unanswered -= 1
            self._unanswered_bytes -= len(frame.payload)
            self._answered_at = asyncio.get_running_loop().time()
            if self._unanswered < self._limits.unanswered and self._unanswered_bytes < self._limits.message_bytes:
                self._room.set()

    async def _answer_to(self, frame: Frame) -> bytes:
        if frame.fault is not None:
            return self._refuse(frame.payload, self._reason(frame.fault))
        try:
            return await self._receive(frame.payload, self._peer)
        except GatewayError as error:
            return self._refuse(frame.payload, error)
        except Exception as error:  # noqa: BLE001 - the sender must be answered whatever went wrong
            incident("receive-failed", self._peer, error=type(error).__name__)
            return self._refuse(frame.payload, GatewayError())

    def _reason(self, fault: Fault) -> GatewayError:
        if fault is Fault.TOO_LARGE:
            return TooLarge(f"The message is longer than {self._limits.message_bytes} bytes")
        if self._stopped:
            return Unavailable("The gateway is stopping; nothing of this message was taken, send it again")
        # No Unreadable: the sender's content may be right, and sending it again may well succeed.
        return GatewayError("The frame was not closed by 0x1C 0x0D; nothing of it was taken, send it again")

    # Ending

    async def _wait_for_peer(self) -> None:
        """Reads and forgets until the peer has closed: closing over unread bytes would reset the connection, and
        the refusal might never be read."""
        try:
            async with asyncio.timeout(self._limits.linger_seconds):
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                while await self._reader.read(65_536):
                    pass
        except (TimeoutError, OSError):
            return

    async def _close(self) -> None:
        if self._unanswered:
            self._writer.transport.abort()
            return
        self._writer.close()
        try:
            async with asyncio.timeout(self._limits.linger_seconds):
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            self._writer.transport.abort()

    def _tell(self, ended: tuple[BaseException | None, BaseException | None]) -> None:
        for error in ended:
            if isinstance(error, ConnectionError):
                log.info("mllp connection lost", peer=self._peer.address)
            elif isinstance(error, TimeoutError):
                incident("answer-not-taken", self._peer, seconds=self._limits.answer_seconds)
            elif isinstance(error, Exception):
                incident("connection-failed", self._peer, error=type(error).__name__)
        if self._unanswered:
            incident("unanswered", self._peer, messages=self._unanswered)
