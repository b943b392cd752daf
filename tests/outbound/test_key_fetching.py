"""Fetching key sets: over TLS from listed hosts at checked addresses, and from nowhere else."""

from __future__ import annotations

import asyncio
import base64
import gzip
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.endpoint import hosts
from gateway.errors import SettingsError, Unavailable
from gateway.outbound.key_fetching import MOST_BYTES, Fetcher
from tests.certificates import authority, signed

HOST = "keys.example.dk"


class Site:
    """An HTTPS server on a loopback address that answers the same to everybody."""

    def __init__(self, folder: Path, answer: bytes, *, name: str = HOST, slow: float = 0.0) -> None:
        self.files = signed(folder, name, names=(name,))
        self.trusting = ssl.create_default_context(cafile=str(authority(folder)))
        self.answer = answer
        self.slow = slow
        self.asked: list[bytes] = []

    async def _serve(self, reader: Any, writer: Any) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        await asyncio.sleep(self.slow)
        writer.write(self.answer)
        await writer.drain()
        writer.close()

    def fetch(
        self, url: str = "https://{host}:{port}/jwks.json", *, allowed: str = f"{HOST}@127.0.0.0/8",
        addresses: Sequence[str] = ("127.0.0.1",), seconds: float = 2.0,
    ) -> tuple[bytes, float]:  # fmt: skip
        async def resolve(host: str, port: int) -> Sequence[str]:
            assert host == HOST
            return addresses

        return self.call(Fetcher.__call__, url, allowed, resolve, seconds)

    def call(
        self, what: Any, url: str = "https://{host}:{port}/jwks.json", allowed: str = f"{HOST}@127.0.0.0/8",
        resolve: Any = None, seconds: float = 2.0,
    ) -> Any:  # fmt: skip
        async def here(host: str, port: int) -> Sequence[str]:
            return ("127.0.0.1",)

        async def run() -> Any:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.files.certificate, self.files.key)
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
            async with server:
                port = server.sockets[0].getsockname()[1]
                fetcher = Fetcher(hosts(allowed, "GATEWAY_KEY_HOSTS"), self.trusting, resolve or here, seconds)
                return await what(fetcher, url.format(host=HOST, port=port))

        return asyncio.run(run())


def answer(body: bytes = b"{}", status: str = "200 OK", *more: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def test_the_body_and_how_long_it_may_be_kept(tmp_path: Path) -> None:
    site = Site(tmp_path, answer(b'{"keys":[]}', "200 OK", "Cache-Control: public, max-age=120"))
    assert site.fetch() == (b'{"keys":[]}', 120.0)
    assert site.asked[0].lower().count(b"host: keys.example.dk:") == 1
    assert b"cookie" not in site.asked[0].lower()


def test_what_a_cache_on_the_way_has_kept_already_is_taken_off(tmp_path: Path) -> None:
    for age, left in (("30", 30), ("59", 1), ("60", 0), ("9" * 20, 0), ("x", 60)):
        site = Site(tmp_path, answer(b"{}", "200 OK", "Cache-Control: max-age=60", f"Age: {age}"))
        assert site.fetch()[1] == left, age


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("Cache-Control: no-store", 0),
        ("Cache-Control: max-age=60, no-cache", 0),
        ("Cache-Control: max-age=x", 0),
        ("Cache-Control: max-age=99999999999999", 0),
        ("X: y", 300),
    ],
)
def test_what_cache_control_says(tmp_path: Path, said: str, seconds: float) -> None:
    assert Site(tmp_path, answer(b"{}", "200 OK", said)).fetch()[1] == seconds


@pytest.mark.parametrize(
    "url",
    [
        "http://{host}:{port}/jwks.json",
        "https://user@{host}:{port}/",
        "https://{host}:{port}@evil.example/",
        "https://evil.example:{port}/",
        "https://127.0.0.1:{port}/",
        "https://[::1]:{port}/",
        "https://{host}.evil.example:{port}/",
        "https://{host}:{port}/#x",
        "https://{host}:{port}\\@evil.example/",
        "https://{host}:99999/",
        "https:///x",
        "file:///etc/passwd",
        "",
    ],
)
def test_urls_that_are_not_fetched(tmp_path: Path, url: str) -> None:
    site = Site(tmp_path, answer())
    with pytest.raises(Unavailable):
        site.fetch(url)
    assert not site.asked


@pytest.mark.parametrize(
    ("allowed", "addresses"),
    [
        (HOST, ("127.0.0.1",)),
        (HOST, ("10.0.0.1",)),
        (HOST, ("169.254.169.254",)),
        (HOST, ("::1",)),
        (HOST, ("::ffff:127.0.0.1",)),
        (HOST, ("2002:7f00:1::",)),
        (HOST, ("224.0.0.1",)),
        (HOST, ("93.184.216.34", "127.0.0.1")),
        (f"{HOST}@10.0.0.0/8", ("127.0.0.1",)),
        (f"{HOST}@127.0.0.0/8", ()),
        ("other.example.dk@127.0.0.0/8", ("127.0.0.1",)),
        ("", ("127.0.0.1",)),
    ],
)
def test_addresses_where_a_host_may_not_lie(tmp_path: Path, allowed: str, addresses: Sequence[str]) -> None:
    site = Site(tmp_path, answer())
    with pytest.raises(Unavailable):
        site.fetch(allowed=allowed, addresses=addresses)
    assert not site.asked


@pytest.mark.parametrize(
    "told",
    [
        answer(b"{}", "302 Found", "Location: https://127.0.0.1/"),
        answer(b"{}", "404 Not Found"),
        answer(b"{}", "500 Internal Server Error"),
        answer(b"x" * (MOST_BYTES + 1)),
        answer(gzip.compress(bytes(MOST_BYTES + 1)), "200 OK", "Content-Encoding: gzip"),
        answer(gzip.compress(gzip.compress(b"{}")), "200 OK", "Content-Encoding: gzip, gzip"),
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_answers_that_are_not_taken(tmp_path: Path, told: bytes) -> None:
    with pytest.raises(Unavailable):
        Site(tmp_path, told).fetch()


def test_an_issuer_is_asked_about_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path, answer(b'{"active":false}'))

    async def ask(fetcher: Fetcher, url: str) -> bytes:
        return await fetcher.introspected(url, "gateway", "ISSUER_SECRET", "a-token")

    with pytest.raises(Unavailable):
        site.call(ask)
    monkeypatch.setenv("ISSUER_SECRET", "hemmelig")
    assert site.call(ask) == b'{"active":false}'
    (asked,) = site.asked
    assert asked.startswith(b"POST /jwks.json ")
    assert b"Basic " + base64.b64encode(b"gateway:hemmelig") in asked
    assert b"a-token" not in asked, "a token stands in the body alone"


def test_a_certificate_of_another_name(tmp_path: Path) -> None:
    site = Site(tmp_path, answer(), name="other.example.dk")
    with pytest.raises(Unavailable):
        site.fetch()
    assert not site.asked


def test_a_slow_site(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Site(tmp_path, answer(), slow=1.0).fetch(seconds=0.2)


def test_the_setting() -> None:
    assert hosts("", "") == {}
    assert list(hosts("A.example.dk, b.example.dk@10.0.0.0/8", "")) == ["a.example.dk", "b.example.dk"]
    for wrong in ("https://a.example.dk", "a b", "a@b", "a.example.dk@10.0.0.1/8", "*"):
        with pytest.raises(SettingsError):
            hosts(wrong, "")
