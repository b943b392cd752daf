"""A line to a source, by the scheme of its URL: `mllp`, `mllps`, `https` (and `http` to this machine)."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from gateway.domain.source import Source
from gateway.domain.telling import LANGUAGES
from gateway.errors import SettingsError
from gateway.flows.deliver import Line, Lines
from gateway.outbound.http_line import http_line, municipal_line
from gateway.outbound.mllp_line import mllp_line


def caller_context(
    certificate: Path, key: Path, authorities: Path, context: ssl.SSLContext | None = None
) -> ssl.SSLContext:
    """TLS for calling: with this node's certificate where there is one (an empty path is none), trusting the system's
    authorities (or those of `context`) and these. Raises SettingsError."""
    context = context or ssl.create_default_context()
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


def own_contexts(
    sources: Iterable[Source], certificate: Path = Path(), key: Path = Path(), authorities: Path = Path()
) -> dict[str, ssl.SSLContext]:
    """TLS for connections that have a certificate or authorities of their own, by source; where one of the two is left
    out, the node's stands in for it. Who has authorities of its own is trusted by those alone.

    Municipal systems are called with a certificate or not at all. Raises SettingsError with the source.
    """
    found: dict[str, ssl.SSLContext] = {}
    for source in sources:
        there = source.deliver
        if there is None or not (there.certificate or there.authorities or source.language in LANGUAGES):
            continue
        shown = (Path(there.certificate), Path(there.key)) if there.certificate else (certificate, key)
        if source.language in LANGUAGES and shown[0] == Path():
            raise SettingsError(
                "A municipal system is called with a client certificate",
                where=f"mappings/sources/{source.id}.yaml",
                hint="Set certificate and key under deliver, or GATEWAY_TLS_CERTIFICATE and GATEWAY_TLS_KEY.",
            )
        try:
            found[source.id] = (
                _trusting(shown, Path(there.authorities)) if there.authorities else caller_context(*shown, authorities)
            )
        except SettingsError as error:
            error.where = f"mappings/sources/{source.id}.yaml"
            raise
    return found


def _trusting(shown: tuple[Path, Path], authorities: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=authorities)
    except (OSError, ValueError) as error:
        raise SettingsError("The authorities are no PEM file", hint=f"({type(error).__name__})") from None
    return caller_context(*shown, Path(), context)


def lines(
    tls: ssl.SSLContext | None = None,
    own: Mapping[str, ssl.SSLContext] | None = None,
    *,
    seconds: float = 30.0,
    most: int = 10_000_000,
) -> Lines:
    """How lines are opened here: with this node's certificate and authorities, or those in `own` by source; `seconds`
    for each step, and at most `most` bytes of an answer. Without `tls` the system's authorities are trusted and no
    certificate is shown: a municipal system is not called then."""
    trusted = tls or ssl.create_default_context()
    special = own or {}

    def open_line(source: Source) -> AbstractAsyncContextManager[Line]:
        if source.deliver is None:
            raise ValueError("a source without a connection")
        context = special.get(source.id, trusted)
        if source.language in LANGUAGES:
            if source.id not in special:
                raise ValueError("a municipal system without a certificate")
            return municipal_line(source.deliver, context, seconds, most)
        if source.deliver.url.startswith("mllp"):
            return mllp_line(source.deliver, context, seconds, most)
        return http_line(source.deliver, context, seconds, most)

    return open_line
