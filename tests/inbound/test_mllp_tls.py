"""MLLP over TLS: a client certificate names the sender (IHE ITI-19); without one there is no connection."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.inbound.mllp import MllpListener, Peer
from tests.certificates import authority, signed


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext, ssl.SSLContext]:
    """The server's context, a known client's, and that of a client without a certificate."""
    ca = str(authority(tmp_path))
    own, sender = signed(tmp_path, "localhost", names=("localhost",)), signed(tmp_path, "epj.regiontest.dk")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    server.load_cert_chain(own.certificate, own.key)
    server.verify_mode = ssl.CERT_REQUIRED
    known = ssl.create_default_context(cafile=ca)
    known.load_cert_chain(sender.certificate, sender.key)
    return server, known, ssl.create_default_context(cafile=ca)


async def who(raw: bytes, peer: Peer) -> bytes:
    return peer.subject.encode()


def test_the_certificate_names_the_sender(contexts: tuple[ssl.SSLContext, ssl.SSLContext, ssl.SSLContext]) -> None:
    server, known, nameless = contexts

    async def test() -> None:
        listener = MllpListener(who, lambda raw, error: b"NAK", tls=server)
        port = await listener.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=known, server_hostname="localhost")
        writer.write(b"\x0bMSH\x1c\x0d")
        assert await reader.readuntil(b"\x1c\x0d") == b"\x0bCN=epj.regiontest.dk,O=Region Test,C=DK\x1c\x0d"
        writer.close()
        await writer.wait_closed()
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await _ask(port, nameless)
        await listener.stop()

    asyncio.run(asyncio.wait_for(test(), 20))


async def _ask(port: int, tls: ssl.SSLContext) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname="localhost")
    try:
        writer.write(b"\x0bMSH\x1c\x0d")
        await reader.readuntil(b"\x1c\x0d")
    finally:
        writer.transport.abort()


def test_plain_bytes_on_a_tls_port_get_nothing(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext, ssl.SSLContext],
) -> None:
    async def test() -> None:
        listener = MllpListener(who, _never, tls=contexts[0])
        port = await listener.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x0bMSH|^~\\&|plain\x1c\x0d")
        with contextlib.suppress(ConnectionError):
            assert b"MSH" not in await reader.read()
        writer.close()
        await listener.stop()

    asyncio.run(asyncio.wait_for(test(), 20))


def _never(raw: bytes, error: GatewayError) -> bytes:
    raise AssertionError
