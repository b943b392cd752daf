"""MLLP over TLS: a client certificate names the sender (IHE ITI-19); without one there is no connection."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.errors import GatewayError
from gateway.inbound.mllp import MllpListener, Peer

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def certificate(name: str, signer: Pair | None = None) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DK"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Region Test"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    begin = datetime.now(UTC) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer[0].subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    )
    return builder.sign(signer[1] if signer else key, hashes.SHA256()), key


def write(folder: Path, name: str, pair: Pair) -> tuple[str, str]:
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    cert.write_bytes(pair[0].public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    key.write_bytes(pair[1].private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return str(cert), str(key)


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext, ssl.SSLContext]:
    """The server's context, a known client's, and that of a client without a certificate."""
    authority = certificate("Test CA")
    ca, _ = write(tmp_path, "ca", authority)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    server.load_cert_chain(*write(tmp_path, "server", certificate("localhost", authority)))
    server.verify_mode = ssl.CERT_REQUIRED
    known = ssl.create_default_context(cafile=ca)
    known.load_cert_chain(*write(tmp_path, "client", certificate("epj.regiontest.dk", authority)))
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
