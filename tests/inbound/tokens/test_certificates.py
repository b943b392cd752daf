"""The certificate of a request: from the socket, or from the named proxy, and from nobody else."""

from __future__ import annotations

import base64
import hashlib
import ssl
from typing import Any
from urllib.parse import quote

import pytest

from gateway.errors import SettingsError
from gateway.inbound import proxies
from gateway.inbound.proxies import Proxies
from gateway.inbound.tokens.certificates import Certificates, from_settings

DER = b"\x30\x82" + b"certificate" * 20
PEM = ssl.DER_cert_to_PEM_cert(DER)
PRINT = base64.urlsafe_b64encode(hashlib.sha256(DER).digest()).rstrip(b"=").decode()
ONES = from_settings("Client-Cert", proxies.from_settings("10.1.0.0/16, 192.0.2.7", ""))


def request(*values: str, peer: Any = ("10.1.2.3", 1), **more: Any) -> dict[str, Any]:
    return {"headers": [(b"client-cert", value.encode("latin-1")) for value in values], "client": peer, **more}


def test_the_socket_is_believed() -> None:
    tls = {"extensions": {"tls": {"client_cert_chain": [PEM]}}}
    assert Certificates().thumbprint(request(**tls)) == PRINT


def test_what_a_proxy_shows_for_itself_is_nobody_elses() -> None:
    tls = {"extensions": {"tls": {"client_cert_chain": [PEM]}}}
    for told in (ONES, Certificates("", ONES.proxies), Certificates("", ONES.proxies, asked=True)):
        assert told.thumbprint(request(**tls)) == ""
        assert told.thumbprint(request(peer=("198.51.100.1", 1), **tls)) == PRINT, "who comes without one is believed"
    assert ONES.thumbprint(request(quote(PEM), extensions={"tls": {"client_cert_chain": ["x"]}})) == PRINT


def test_the_named_proxy_is_believed_in_both_spellings() -> None:
    for value in (f":{base64.b64encode(DER).decode()}:", quote(PEM)):
        assert ONES.thumbprint(request(value)) == PRINT
        assert ONES.thumbprint(request(value, peer=("192.0.2.7", 5))) == PRINT


@pytest.mark.parametrize("peer", [("10.2.0.1", 1), ("127.0.0.1", 1), ("unix", 0), ("", 0), None])
def test_nobody_else_may_set_the_header(peer: Any) -> None:
    assert ONES.thumbprint(request(quote(PEM), peer=peer)) == ""


def test_without_a_header_set_up_none_is_read() -> None:
    assert Certificates().thumbprint(request(quote(PEM))) == ""


@pytest.mark.parametrize(
    "value", ["", ":", "::", ":!:", ":aGVq:", "x", quote("-----BEGIN CERTIFICATE-----"), quote(PEM * 2)]
)
def test_what_is_no_certificate(value: str) -> None:
    assert ONES.thumbprint(request(value)) == ""


def test_two_headers_are_no_choice() -> None:
    assert ONES.thumbprint(request(quote(PEM), quote(PEM))) == ""


def test_a_header_without_proxies_stops_the_start() -> None:
    with pytest.raises(SettingsError):
        from_settings("Client-Cert", Proxies())
