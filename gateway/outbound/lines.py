"""A line to a source, by the scheme of its URL: `mllp`, `mllps`, `https` (and `http` to this machine)."""

from __future__ import annotations

import ssl
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from gateway.domain.source import Source
from gateway.errors import SettingsError
from gateway.flows.deliver import Line, Lines
from gateway.outbound.http_line import http_line
from gateway.outbound.mllp_line import mllp_line


def caller_context(certificate: Path, key: Path, authorities: Path) -> ssl.SSLContext:
    """TLS for calling: with this node's certificate where there is one (an empty path is none), trusting the system's
    authorities and these. Raises SettingsError."""
    context = ssl.create_default_context()
    try:
        if certificate != Path():
            context.load_cert_chain(certificate, key if key != Path() else None, password="")
        if authorities != Path():
            context.load_verify_locations(authorities)
    except (OSError, ValueError) as error:
        hint = f"({type(error).__name__})"
        raise SettingsError(
            "The TLS certificate, key and authorities are not PEM files that fit together", hint=hint
        ) from None
    return context


def lines(tls: ssl.SSLContext | None = None, *, seconds: float = 30.0, most: int = 10_000_000) -> Lines:
    """How lines are opened here: with this node's certificate and authorities, `seconds` for each step, and at most
    `most` bytes of an answer. Without `tls` the system's authorities are trusted and no certificate is shown."""
    trusted = tls or ssl.create_default_context()

    def open_line(source: Source) -> AbstractAsyncContextManager[Line]:
        if source.deliver is None:
            raise ValueError("a source without a connection")
        if source.deliver.url.startswith("mllp"):
            return mllp_line(source.deliver, trusted, seconds, most)
        return http_line(source.deliver, trusted, seconds, most)

    return open_line
