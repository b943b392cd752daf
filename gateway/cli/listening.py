"""The HTTP server: its socket, its TLS, its start and its end.

What uvicorn leaves open is closed by the protocol here: a head of any length is held, and what stands behind a body
(trailers) becomes headers like those in front of it, which a proxy may have looked through. With TLS it also tells who
has shown which certificate, by the TLS extension of ASGI (https://asgi.readthedocs.io/en/latest/specs/tls.html),
computed once for each connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections import deque
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.errors import SettingsError
from gateway.inbound.certificate import subject_of

HEAD_BYTES = 65_536
"""Of a head, or of what stands between and behind the pieces of a body, no more than this and one read is held."""
HEADER_SECONDS = 15.0
"""A connection that has told no whole request by then, or has not ended one that was answered, is closed, at the latest
when twice as much time is over."""
_TICKS_PER_SECOND = 10
_NOWHERE: Any = deque(maxlen=0)
_VERSIONS = {"TLSv1.2": 0x0303, "TLSv1.3": 0x0304}


class Server(uvicorn.Server):
    """uvicorn's server, with a word when it is ready, and without its own signal handlers: it would end the process
    with the signal as soon as HTTP has stopped, before the log is signed and the database is closed."""

    def __init__(self, app: ASGIApp, tls: ssl.SSLContext | None) -> None:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", server_header=False, proxy_headers=False, ws="none",
            http=Protocol if tls is None else TlsProtocol,
            ssl_context_factory=None if tls is None else lambda config, usual: tls,
        )  # fmt: skip
        super().__init__(config)
        self.ready = asyncio.Event()
        self._silent: dict[Any, object] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.ready.set()

    async def on_tick(self, counter: int) -> bool:
        """What uvicorn does ten times a second; and now and then a look at who keeps connections open and says nothing.
        It waits for the head of a request for ever; looked at from here, no request pays for it."""
        if counter % max(1, int(HEADER_SECONDS * _TICKS_PER_SECOND)) == 0:
            self._close_silent()
        return await super().on_tick(counter)

    def _close_silent(self) -> None:
        """Close those that say no more than they did when they were looked at before."""
        before, self._silent = self._silent, {}
        for one in [one for one in self.server_state.connections if isinstance(one, Protocol) and one.waits]:
            if before.get(one, self) is one.scope:
                one.transport.abort()
            else:
                self._silent[one] = one.scope

    def stop(self) -> None:
        """Take no more requests, answer those that were taken, and end."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs this server."""
        yield


class Protocol(HttpToolsProtocol):
    """HTTP/1.1, without trailers, without other protocols to upgrade to, and with a limit to what is held unread."""

    _unseen = 0  # bytes since the last head was whole, or since the last piece of a body

    def data_received(self, data: bytes) -> None:
        """More bytes."""
        self._unseen += len(data)
        super().data_received(data)
        if self._unseen <= HEAD_BYTES or self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.send_400_response("The head of the request is too long.")
        else:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        """The head is whole: headers that come later are none."""
        super().on_headers_complete()
        self.headers = _NOWHERE  # the scope has those of the head
        self._unseen = 0

    def on_body(self, body: bytes) -> None:
        """A piece of the body: whoever reads it counts."""
        self._unseen = 0
        super().on_body(body)

    @property
    def waits(self) -> bool:
        """Whether the head of a request is still to come, or the end of one that is answered already."""
        begun: Any = self.scope  # of the newest request, if any; its method is told by the whole head
        if begun is None or "method" not in begun:
            return True
        cycle: Any = self.cycle
        return cycle is not None and bool(cycle.response_complete and cycle.more_body)

    def _should_upgrade(self) -> bool:
        return False

    def _unsupported_upgrade_warning(self) -> None:
        """Whoever asks for another protocol is answered in this one (RFC 9110 7.8): nothing to warn of."""


class TlsProtocol(Protocol):
    """The same over TLS, with what the handshake has shown in the scope of every request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The handshake is done: what it has shown holds for the whole connection."""
        super().connection_made(transport)
        self._shown: dict[Any, Any] = {"tls": shown(transport.get_extra_info("ssl_object"))}

    def on_message_begin(self) -> None:
        """A new request."""
        super().on_message_begin()
        self.scope["extensions"] = self._shown


def shown(handshake: ssl.SSLObject) -> dict[str, Any]:
    """The TLS extension of ASGI. A client's certificate is there when one of our authorities has signed it: any other
    one has ended the handshake."""
    der = handshake.getpeercert(binary_form=True)
    return {
        "server_cert": None,
        "client_cert_chain": [ssl.DER_cert_to_PEM_cert(der)] if der else [],
        "client_cert_name": subject_of(handshake.getpeercert() or {}) if der else None,
        "client_cert_error": None,
        "tls_version": _VERSIONS.get(handshake.version() or ""),
        "cipher_suite": None,
    }


def bound(host: str, port: int) -> socket.socket:
    """The HTTP socket, bound before anything else: the port is part of the tokens' audience. Raises SettingsError."""
    # Without the protocol asyncio does not turn Nagle's algorithm off, and each answer waits 40 ms for its second half.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise taken("HTTP", f"{host}:{port}", error) from None
    return listening


def taken(door: str, where: str, error: OSError) -> SettingsError:
    """What is told when a door's address cannot be had."""
    number = None if isinstance(error, socket.gaierror) else error.errno  # those of looking up are of another table
    told = os.strerror(number) if number else "the address is not known"
    return SettingsError(
        f"The {door} door cannot be opened ({told})",
        where=where,
        hint=f"Set GATEWAY_{door}_HOST or GATEWAY_{door}_PORT.",
    )
