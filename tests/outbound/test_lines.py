"""Lines: MLLP with TLS, HTTPS, and what each kind of answer means."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.outgoing import Outgoing
from gateway.errors import SettingsError
from gateway.flows.parts import Gateway
from gateway.outbound.http_line import media_type
from gateway.outbound.lines import caller_context, lines
from gateway.store import outbox
from tests.certificates import authority, signed
from tests.outbound.conftest import Office, connected, courier, delivered, states
from tests.outbound.receivers import ack, closing, letter, receiving


def server_context(folder: Path) -> ssl.SSLContext:
    """A receiver's TLS: it wants a certificate of the authority."""
    own = signed(folder, "localhost", names=("localhost",))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority(folder)))
    context.load_cert_chain(own.certificate, own.key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def caller(folder: Path) -> ssl.SSLContext:
    own = signed(folder, "gateway.example")
    return caller_context(own.certificate, own.key, authority(folder))


def test_mutual_tls_to_a_receiver(office: Office, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving(tls=server_context(tmp_path)) as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllps://localhost:{hospital.port}")
            await outbox.put(gateway.database, [letter(1)], gateway.clock())
            nameless = courier(here, tls=caller_context(Path(), Path(), authority(tmp_path)))
            await delivered(nameless)
            found = await states(gateway)
            assert found["M1"][0] == "waiting"
            assert hospital.got == [], "without a certificate nothing is said"
            await outbox.put(gateway.database, [letter(2)], gateway.clock())
            office.clock.ahead += timedelta(seconds=10)
            await delivered(courier(here, tls=caller(tmp_path)))
            assert hospital.numbers == ["M1", "M2"]

    office.run(work)


def test_a_receiver_whose_authority_is_unknown_gets_nothing(office: Office, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving(tls=server_context(tmp_path)) as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllps://localhost:{hospital.port}")
            await outbox.put(gateway.database, [letter(1)], gateway.clock())
            await delivered(courier(here, tls=caller_context(Path(), Path(), Path())))
            assert (await states(gateway))["M1"][2] == "The receiver cannot be reached. (SSLCertVerificationError)"
            assert hospital.got == []

    office.run(work)


def test_https_posts_and_reads_the_answer(office: Office, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        answer = ack("AA")
        async with receiving(
            lambda m: b"200 OK\n" + (answer(m) or b""), tls=server_context(tmp_path), http=True
        ) as town:
            here = connected(gateway, regionh_somatik_adt=f"https://localhost:{town.port}/messages")
            await outbox.put(gateway.database, [letter(1), letter(2)], gateway.clock())
            await delivered(courier(here, tls=caller(tmp_path)))
            assert town.numbers == ["M1", "M2"]
            assert town.heads[0].startswith("post /messages http/1.1")
            assert "content-type: x-application/hl7-v2+er7" in town.heads[0]
            assert {row[0] for row in (await states(gateway)).values()} == {"receipted"}

    office.run(work)


@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [
        (b"204 No Content\n", "sent", ""),
        (b"422 Unprocessable\nMSH|^~\\&|A|B|C|D|2026||ACK|1|P|2.5\rMSA|AE|M1|wrong ward\r", "failed", "wrong ward"),
        (b"422 Unprocessable\n", "failed", "The receiver answered HTTP 422."),
        (b"503 Away\n", "waiting", "The receiver answered HTTP 503."),
        (b"429 Later\n", "waiting", "The receiver answered HTTP 429."),
        (b"401 Who\n", "waiting", "The receiver answered HTTP 401."),
        (b"302 Elsewhere\n", "waiting", "The receiver answered HTTP 302."),
        (b"200 OK\n<html>", "waiting", "The receiver's answer cannot be read."),
        (b"200 OK\n" + b"x" * 3000, "waiting", "The receiver's answer is too large."),
        (b"nonsense", "waiting", "The receiver did not answer. (RemoteProtocolError)"),
        (None, "waiting", "The receiver did not answer. (RemoteProtocolError)"),
    ],
)
def test_what_an_http_answer_means(office: Office, answer: bytes | None, state: str, told: str) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving(lambda _: answer, http=True) as town:
            here = connected(gateway, regionh_somatik_adt=f"http://127.0.0.1:{town.port}/")
            await outbox.put(gateway.database, [letter(1)], gateway.clock())
            await delivered(courier(here, most=2000))
            assert await states(gateway) == {"M1": (state, 1, told)}

    office.run(work)


def test_a_receiver_that_drips_is_left(office: Office) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)

    async def work(gateway: Gateway) -> None:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        here = connected(gateway, regionh_somatik_adt=f"http://127.0.0.1:{port}/")
        await outbox.put(gateway.database, [letter(1)], gateway.clock())
        await delivered(courier(here, wait=0.3))
        assert (await states(gateway))["M1"] == ("waiting", 1, "The receiver did not answer. (TimeoutError)")
        server.close()

    office.run(work)


def test_a_message_is_posted_in_its_own_media_type() -> None:
    one = Outgoing("x", "fhir-message", "1", b' {"resourceType":"Bundle"}')
    assert media_type(one) == "application/fhir+json"
    assert media_type(replace(one, body=b"<Bundle/>")) == "application/fhir+xml"
    assert media_type(replace(one, language="oioxml")) == "application/xml"
    assert media_type(replace(one, language="edifact")) == "application/edifact"


def test_certificates_that_do_not_fit_end_the_start(tmp_path: Path) -> None:
    one, other = signed(tmp_path, "one"), signed(tmp_path, "other")
    for certificate, key, ca in (
        (one.certificate, other.key, Path()),
        (tmp_path / "none.pem", one.key, Path()),
        (Path(), Path(), one.key),
    ):
        with pytest.raises(SettingsError):
            caller_context(certificate, key, ca)


def test_a_source_without_a_connection_has_no_line(parts: Gateway) -> None:
    with pytest.raises(ValueError, match="connection"):
        lines()(parts.sources["regionh-somatik-adt"])
