"""A line to a source, by the scheme of its URL: `mllp`, `mllps`, `https` (and `http` to this machine)."""

from __future__ import annotations

import ssl
from contextlib import AbstractAsyncContextManager

from gateway.domain.source import Source
from gateway.flows.deliver import Line, Lines
from gateway.outbound.http_line import http_line
from gateway.outbound.mllp_line import mllp_line


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
