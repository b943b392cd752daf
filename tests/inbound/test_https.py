"""`gateway serve` with TLS of its own: tokens bound to the certificate of the handshake (RFC 8705), on real sockets."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import os
import re
import socket
import ssl
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import pytest
from structlog.testing import capture_logs

from gateway.cli import serve
from gateway.cli.certifying import Renewal, door_tls
from gateway.cli.serve import Running, running
from gateway.domain.identifier import CVR as CVR_SYSTEM
from gateway.errors import SettingsError
from gateway.inbound.clients import written
from gateway.inbound.oauth import EXCHANGE
from gateway.inbound.tokens.exchange import SAML2
from gateway.settings import Settings
from tests.certificates import Files, authority, signed
from tests.inbound.http_world import run
from tests.inbound.oauth_client import EC, World, hospital, nurse
from tests.inbound.tokens.saml_issuer import CVR, NAME, ROLE, document, signer, token
from tests.inbound.tokens.saml_issuer import signed as saml
from tests.inbound.tokens.saml_locks import DS, locked, pem

PATH = f"/fhir/CarePlan/{'0' * 32}"
HEADER = "X-Client-Cert"


def caller(folder: Path, own: Files | None = None) -> ssl.SSLContext:
    """TLS of somebody who calls, with this certificate or none."""
    context = ssl.create_default_context(cafile=str(authority(folder)))
    if own:
        context.load_cert_chain(own.certificate, own.key)
    return context


@dataclass
class Https:
    """A gateway with TLS, one client of it whose tokens are bound to a certificate, and one whose are not."""

    here: Running
    folder: Path
    world: World

    async def get(self, path: str, own: Files | None = None, **headers: str) -> httpx2.Response:
        async with self.web(own) as web:
            return await web.get(path, headers=headers)

    def web(self, own: Files | None = None) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.here.url, verify=caller(self.folder, own))

    async def token(
        self, own: Files | None = None, client: str = "rh-epj", form: dict[str, str] | None = None, **headers: str
    ) -> httpx2.Response:
        url = f"{self.here.url}/oauth/token"
        self.world.clock.now = datetime.now(UTC)
        asked = self.world.form(self.world.assertion(iss=client, sub=client, aud=url, extensions=nurse()))
        async with self.web(own) as web:
            return await web.post("/oauth/token", data={**dict(asked), **(form or {})}, headers=headers)


def register(folder: Path, id: str, bound: str) -> None:
    known = hospital()
    told = {
        "id": id, "name": known.name, "sector": known.sector, "role": known.role, "purposes": list(known.purposes),
        "organisation": {"system": known.organisation.system, "value": known.organisation.value, "name": "Region Test"},
        "scopes": [str(one) for one in known.scopes], "bound": bound,
        "jwks": {"keys": [{**EC.as_dict(private=False), "kid": "ec-1"}]},
    }  # fmt: skip
    (folder / "clients").mkdir(exist_ok=True)
    (folder / "clients" / f"{id}.yaml").write_text(written(told), "utf-8")


@asynccontextmanager
async def serving(database_url: str, folder: Path, **changed: Any) -> AsyncIterator[Https]:
    register(folder, "rh-epj", "mtls")
    register(folder, "free", "")
    door = signed(folder, "localhost", names=("localhost",))
    settings = Settings(
        data_folder=folder, database_url=database_url, http_host="localhost", http_port=0, mllp_port=0,
        checkpoint_seconds=30, http_certificate=door.certificate, http_key=door.key, http_ca=authority(folder),
    )  # fmt: skip
    async with running(replace(settings, **changed)) as here:
        yield Https(here, folder, World())


def test_a_token_bound_to_the_certificate_of_the_handshake(database_url: str, tmp_path: Path) -> None:
    own, other = signed(tmp_path, "epj.example"), signed(tmp_path, "other.example")

    async def test() -> None:
        async with serving(database_url, tmp_path) as one:
            answer = await one.token()
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), "no certificate was shown"
            told = await one.token(own)
            assert told.status_code == 200, told.text
            bearer = {"Authorization": f"Bearer {told.json()['access_token']}"}
            assert (await one.get(PATH, own, **bearer)).status_code == 404, "nothing is there, and the token is good"
            assert (await one.get(PATH, other, **bearer)).status_code == 401
            assert (await one.get(PATH, None, **bearer)).status_code == 401
            pem = quote(own.certificate.read_text())
            for headers in ({HEADER: pem}, {"Client-Cert": pem}, {"X-Forwarded-Client-Cert": pem}):
                assert (await one.get(PATH, None, **bearer, **headers)).status_code == 401, "no proxy is named here"
            plain = {"Authorization": f"Bearer {(await one.token(None, 'free')).json()['access_token']}"}
            assert (await one.get(PATH, None, **plain)).status_code == 404, "what is not bound takes no certificate"
            again = await asyncio.to_thread(_resumed, one, own, bearer)
            assert again == [(False, 404), (True, 404)], "a session that goes on is still its holder's"

    run(test)


def _resumed(one: Https, own: Files, bearer: dict[str, str]) -> list[tuple[bool, int]]:
    """The same request twice, the second in the TLS session of the first."""
    context, where = caller(one.folder, own), urlsplit(one.here.url)
    session, found = None, []
    for _ in range(2):
        raw = socket.create_connection(("127.0.0.1", where.port or 0), timeout=10)
        with context.wrap_socket(raw, server_hostname="localhost", session=session) as wrapped:
            call = http.client.HTTPConnection("localhost", where.port)
            call.sock = wrapped
            call.request("GET", PATH, headers=bearer)
            answer = call.getresponse()
            answer.read()
            session = wrapped.session
            found.append((bool(wrapped.session_reused), answer.status))
    return found


def test_an_encrypted_assertion_of_a_holder_of_key(database_url: str, tmp_path: Path) -> None:
    """As an STS gives it: encrypted for us, for the one who has the key of a certificate, exchanged over real TLS."""
    own, other = signed(tmp_path, "epj.example"), signed(tmp_path, "other.example")
    put_issuer(tmp_path / "issuers")
    (tmp_path / "saml.pem").write_bytes(pem(1))

    async def test() -> None:
        async with serving(database_url, tmp_path, saml_key=tmp_path / "saml.pem") as one:
            der = base64.b64encode(ssl.PEM_cert_to_DER_cert(own.certificate.read_text())).decode()
            shown = f"<d:X509Data><d:X509Certificate>{der}</d:X509Certificate></d:X509Data>"
            held = f'<d:KeyInfo xmlns:d="{DS}">{shown}</d:KeyInfo>'
            there = {"audience": one.here.url, "recipient": f"{one.here.url}/oauth/token"}
            xml = document(now=datetime.now(UTC), method="holder-of-key", held=held, **there)
            subject = {"subject_token": token(locked(saml(xml))), "subject_token_type": SAML2, "grant_type": EXCHANGE}
            for who in (None, other):
                refused = await one.token(who, "free", form=subject)
                assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
            told = await one.token(own, "free", form=subject)
            assert told.status_code == 200, told.text
            bearer = {"Authorization": f"Bearer {told.json()['access_token']}"}
            found = [(await one.get(PATH, who, **bearer)).status_code for who in (own, other, None)]
            assert found == [404, 401, 401], "what comes of it is its holder's alone, too"
            assert (await one.token(own, "free", form=subject)).status_code == 400, "once"

    run(test)


def put_issuer(folder: Path) -> None:
    folder.mkdir()
    row = f'{{organisation: "{CVR_SYSTEM}|{CVR}", role: "{ROLE}", client: free, purposes: [TREAT]}}'
    certificate = json.dumps(signer(1)[1])
    text = f"issuer: {NAME}\nformat: saml2\ncertificates: [{certificate}]\nlevel: substantial\naccept:\n  - {row}\n"
    (folder / "sts.yaml").write_text(text, "utf-8")


def test_what_a_proxy_shows_for_itself_is_nobody_elses(database_url: str, tmp_path: Path) -> None:
    own, proxy = signed(tmp_path, "epj.example"), signed(tmp_path, "proxy.example")

    async def test() -> None:
        async with serving(database_url, tmp_path, proxies="127.0.0.1", certificate_header=HEADER) as one:
            assert (await one.token(proxy)).status_code == 400, "the proxy is not the client that it passes on"
            pem = quote(own.certificate.read_text())
            told = await one.token(proxy, **{HEADER: pem})
            assert told.status_code == 200
            bearer = {"Authorization": f"Bearer {told.json()['access_token']}"}
            assert (await one.get(PATH, proxy, **bearer, **{HEADER: pem})).status_code == 404
            assert (await one.get(PATH, proxy, **bearer)).status_code == 401
        async with serving(database_url, tmp_path, proxies="192.0.2.7", certificate_header=HEADER) as one:
            assert (await one.token(None, **{HEADER: pem})).status_code == 400, "the header of a stranger"
            bound = {"Authorization": f"Bearer {(await one.token(own)).json()['access_token']}"}
            assert (await one.get(PATH, None, **bound, **{HEADER: pem})).status_code == 401

    run(test)


def test_what_the_door_speaks(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(database_url, tmp_path) as one:
            assert one.here.url.startswith("https://localhost:")
            ready = await one.get("/health/ready")
            assert ready.status_code == 200
            assert "strict-transport-security" in ready.headers
            told = (await one.get("/.well-known/smart-configuration")).json()
            assert (told["issuer"], told["tls_client_certificate_bound_access_tokens"]) == (one.here.url, True)
            port = urlsplit(one.here.url).port or 0
            strange = tmp_path / "strange"
            strange.mkdir()
            stranger = caller(tmp_path, signed(strange, "epj.example"))
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                await _asked(port, stranger)
            reader, writer = await asyncio.open_connection("localhost", port)
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                assert b"HTTP/1.1 200" not in await reader.read(), "plain bytes get nothing"
            writer.close()
            upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
            assert (await one.get("/health/live", **upgrade)).status_code == 200, "no other protocol is spoken"

    run(test)


@pytest.mark.parametrize("certified", [True, False])
def test_the_probe_of_the_container_asks_as_the_door_speaks(database_url: str, tmp_path: Path, certified: bool) -> None:
    root = Path(__file__).parents[2]
    (probe,) = re.findall(r'HEALTHCHECK .*\n +CMD \["python3", "-c", "(.*)"\]', (root / "Dockerfile").read_text())
    assert f'"{probe}"' in (root / "compose.yaml").read_text(), "compose asks the same"

    async def test() -> None:
        in_front = {"proxies": "192.0.2.7", "certificate_header": HEADER}
        none: dict[str, Any] = {"http_certificate": Path(), "http_key": Path(), "http_ca": Path(), **in_front}
        async with serving(database_url, tmp_path, **({} if certified else none)) as one:
            code = probe.replace("8080", str(urlsplit(one.here.url).port))
            told = {"GATEWAY_HTTP_CERTIFICATE": str(tmp_path / "localhost.pem")} if certified else {}
            for environment, status in ((told, 0), ({} if certified else {"GATEWAY_HTTP_CERTIFICATE": "x"}, 1)):
                asked = await asyncio.create_subprocess_exec(
                    sys.executable, "-c", code, env=environment, stderr=asyncio.subprocess.DEVNULL
                )
                assert await asked.wait() == status

    run(test)


async def _asked(port: int, tls: ssl.SSLContext) -> bytes:
    """With TLS 1.3 a client hears of its refusal when it reads."""
    reader, writer = await asyncio.open_connection("localhost", port, ssl=tls)
    try:
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.transport.abort()


def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    door = signed(tmp_path, "localhost", names=("localhost",))
    ours = door_tls(Settings(http_certificate=door.certificate, http_key=door.key, http_ca=authority(tmp_path))).http
    assert ours is not None
    theirs = caller(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        theirs.minimum_version, theirs.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    theirs.set_ciphers("ALL:@SECLEVEL=0")  # or it would not even ask
    sent, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        theirs.wrap_bio(back, sent, server_hostname="localhost").do_handshake()
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        ours.wrap_bio(sent, back, server_side=True).do_handshake()


def test_a_new_certificate_is_shown_without_a_new_start(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "CERTIFICATES_EVERY", 0.05)

    def number(port: int) -> int:
        raw = socket.create_connection(("localhost", port), timeout=10)
        with caller(tmp_path).wrap_socket(raw, server_hostname="localhost") as wrapped:
            return int(str((wrapped.getpeercert() or {})["serialNumber"]), 16)

    async def changed(port: int, first: int) -> bool:
        for _ in range(100):
            if await asyncio.to_thread(number, port) != first:
                return True
            await asyncio.sleep(0.05)
        return False

    async def test() -> None:
        async with serving(database_url, tmp_path) as one:
            port = urlsplit(one.here.url).port or 0
            first = await asyncio.to_thread(number, port)
            async with one.web() as web:  # stays connected all the time
                assert (await web.get("/health/live")).status_code == 200
                (tmp_path / "localhost.pem").write_text("half written")
                await asyncio.sleep(0.2)
                assert await asyncio.to_thread(number, port) == first, "the old one stays until the new one fits"
                signed(tmp_path, "localhost", names=("localhost",))
                assert await changed(port, first)
                assert (await web.get("/health/live")).status_code == 200

    run(test)


def test_what_is_not_there_any_more_is_told(tmp_path: Path) -> None:
    door = signed(tmp_path, "localhost")
    settings = Settings(
        http_certificate=door.certificate, tls_certificate=door.certificate, http_key=door.key, tls_key=door.key
    )
    renewal = Renewal(door_tls(settings), settings)
    asyncio.run(renewal.renew())
    door.key.unlink()
    with pytest.raises(SettingsError, match="not there any more"):
        asyncio.run(renewal.renew())


def test_one_door_has_its_new_certificate_whatever_is_wrong_with_that_of_the_other(tmp_path: Path) -> None:
    web, mllp = signed(tmp_path, "web"), signed(tmp_path, "mllp")
    settings = Settings(
        http_certificate=web.certificate, http_key=web.key, tls_certificate=mllp.certificate, tls_key=mllp.key
    )
    renewal = Renewal(door_tls(settings), settings)
    web.key.write_bytes(mllp.key.read_bytes())
    later = mllp.certificate.stat().st_mtime + 5
    for file in (web.key, mllp.certificate):
        os.utime(file, (later, later))
    with capture_logs() as told, pytest.raises(SettingsError, match="GATEWAY_HTTP_CERTIFICATE"):
        asyncio.run(renewal.renew())
    assert [(one["event"], one["door"]) for one in told] == [("a new certificate is shown", "TLS")]


def test_a_certificate_that_does_not_fit_opens_no_door(tmp_path: Path) -> None:
    door, other = signed(tmp_path, "localhost"), signed(tmp_path, "other")
    opened: list[str] = []

    async def test(settings: Settings) -> None:
        async with serve.running(settings):
            opened.append("a door")

    for changed in (
        {"http_certificate": door.certificate, "http_key": other.key},
        {"http_certificate": tmp_path / "none.pem", "http_key": door.key},
        {"http_certificate": door.certificate, "http_key": door.key, "http_ca": tmp_path / "none.pem"},
        {"http_key": door.key},
        {"http_ca": authority(tmp_path)},
    ):
        settings = Settings(data_folder=tmp_path / "empty", http_port=0, mllp_port=0, **changed)
        with pytest.raises(SettingsError) as caught:
            asyncio.run(test(settings))
        assert "GATEWAY_HTTP_CERTIFICATE" in caught.value.told()
    assert not opened
    assert not (tmp_path / "empty").exists(), "not even a database was started"
