"""The MLLP door: HL7 v2 over plain or TLS sockets, one connection per sender, kept open.

The door unframes and frames; it never decodes. What a message means, and what is answered, is `receive`'s.
Facts and traps: HL7 v2 Transport Specification (MLLP Release 1), IHE ITI-19 for the mutual TLS.
"""

from __future__ import annotations

import asyncio
import ssl

from gateway.inbound import metrics
from gateway.inbound.certificate import names_of, subject_of
from gateway.inbound.mllp_connection import Connection, Limits, Peer, Receive, Refuse, incident

__all__ = ["Limits", "MllpListener", "Peer"]


class MllpListener:
    """Listens, and runs one `Connection` per sender.

    `receive` takes the payload of a frame and gives the payload of the answer; empty means no answer. It must
    come back only when what it says is durable. `refuse` makes a negative answer for what never reaches `receive`
    (oversized, truncated) and when `receive` itself fails.
    """

    def __init__(
        self, receive: Receive, refuse: Refuse, *, limits: Limits | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._receive = receive
        self._refuse = refuse
        self._limits = limits or Limits()
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._full = False

    @property
    def connections(self) -> int:
        """How many senders are connected now."""
        return len(self._connections)

    async def start(self, host: str, port: int) -> int:
        """Begins to listen and gives the port (port 0 lets the system choose)."""
        seconds = self._limits.handshake_seconds if self._tls else None
        self._server = await asyncio.start_server(
            self._accept, host, port, ssl=self._tls, ssl_handshake_timeout=seconds, backlog=128
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Takes no more messages, answers what was taken, closes. What takes longer than `drain_seconds` is cut."""
        if self._server is None:
            return
        self._server.close()
        for connection in self._connections:
            connection.stop()
        if self._connections:
            running = list(self._connections.values())
            _, late = await asyncio.wait(running, timeout=self._limits.drain_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _peer(writer)
        if len(self._connections) >= self._limits.connections or not self._listening():
            if not self._full:
                incident("too-many-connections", peer, limit=self._limits.connections)
            self._full = True
            writer.transport.abort()
            return
        self._full = False
        connection = Connection(reader, writer, peer, self._receive, self._refuse, self._limits)
        task = asyncio.current_task()
        if task is None:  # a stream callback always runs as a task
            raise RuntimeError("accepted outside a task")
        self._connections[connection] = task
        metrics.MLLP_CONNECTIONS.inc()
        try:
            await connection.run()
        finally:
            del self._connections[connection]
            metrics.MLLP_CONNECTIONS.dec()

    def _listening(self) -> bool:
        return self._server is not None and self._server.is_serving()


def _peer(writer: asyncio.StreamWriter) -> Peer:
    name = writer.get_extra_info("peername")
    address = f"{name[0]}:{name[1]}" if isinstance(name, tuple) else "local"
    certificate = writer.get_extra_info("peercert") or {}
    return Peer(address, subject_of(certificate), names_of(certificate))
