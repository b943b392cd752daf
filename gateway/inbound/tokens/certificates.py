"""The client certificate of a request: from the TLS socket, or from a header that the named proxy alone may set.

Tokens are bound to its SHA-256 thumbprint (RFC 8705 section 3). Whether the certificate is good was settled in the
handshake, by us or by the proxy; whoever is not a named proxy and sends the header is as one who sends nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote

from starlette.types import Scope

from gateway.errors import SettingsError
from gateway.inbound.claims import base64url
from gateway.inbound.proxies import Proxies, header_name

_LONGEST = 16_384
_BEGIN = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Certificates:
    """`header` is the name of the proxy's header, in lower case, "" for none; `proxies` who may set it. `asked` is
    whether our own TLS asks for certificates."""

    header: str = ""
    proxies: Proxies = field(default_factory=Proxies)
    asked: bool = False

    @property
    def seen(self) -> bool:
        """Whether any caller can show a certificate."""
        return self.asked or bool(self.header)

    def thumbprint(self, scope: Scope) -> str:
        """`x5t#S256` of the certificate that the caller has shown; "" when it has shown none. What a named proxy shows
        for itself is nobody else's: behind it there is what it tells, or nothing."""
        raw = self._told(scope) if self._from_proxy(scope) else _of_socket(scope)
        return base64url(hashlib.sha256(raw).digest()) if raw else ""

    def _told(self, scope: Scope) -> bytes:
        """The certificate that a proxy tells of, in DER."""
        name = self.header.encode()  # "" is no header's
        found = [value for one, value in scope["headers"] if one == name]
        if len(found) != 1 or len(found[0]) > _LONGEST:
            return b""
        return _of_header(found[0].decode("latin-1"))

    def _from_proxy(self, scope: Scope) -> bool:
        client = scope.get("client")
        return client is not None and self.proxies.hold(client[0])


def from_settings(header: str, proxies: Proxies, *, asked: bool = False) -> Certificates:
    """Raises SettingsError when a header is named and nobody who may set it."""
    if header and not proxies.networks:
        raise SettingsError("GATEWAY_CERTIFICATE_HEADER needs GATEWAY_PROXIES: who may set the header")
    return Certificates(header_name(header, "GATEWAY_CERTIFICATE_HEADER"), proxies, asked)


def _of_socket(scope: Scope) -> bytes:
    """The certificate of the connection itself, by the TLS extension of ASGI, in DER."""
    chain = scope.get("extensions", {}).get("tls", {}).get("client_cert_chain")
    return _of_pem(chain[0]) if chain else b""


def _of_header(value: str) -> bytes:
    """RFC 9440 (`:base64 of DER:`), or PEM percent-encoded, as nginx and others write it."""
    if len(value) > 2 and value[0] == value[-1] == ":":
        try:
            raw = base64.b64decode(value[1:-1], validate=True)
        except (binascii.Error, ValueError):
            return b""
        return raw if raw[:1] == b"\x30" else b""
    return _of_pem(unquote(value))


def _of_pem(text: str) -> bytes:
    text = text.strip()
    if text.count(_BEGIN) != 1 or not text.startswith(_BEGIN):
        return b""
    try:
        raw = ssl.PEM_cert_to_DER_cert(text)
    except (ValueError, binascii.Error):
        return b""
    return raw if raw[:1] == b"\x30" else b""
