"""The certificates of the doors: read at start, and again when their files are new, without closing a connection."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.errors import SettingsError
from gateway.inbound.certificate import door_context
from gateway.settings import Settings

log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class DoorTls:
    """TLS of the HTTP and of the MLLP doors; None where it ends in front of them."""

    http: ssl.SSLContext | None
    mllp: ssl.SSLContext | None


def door_tls(settings: Settings) -> DoorTls:
    """TLS as it is set. To HTTP browsers and probes come without a certificate, so one is asked for and never demanded:
    whose tokens are bound to one cannot do without. Raises SettingsError."""
    return DoorTls(
        door_context(*_http(settings), settings.http_ca, setting="HTTP", demanded=False),
        door_context(*_mllp(settings), settings.tls_ca),
    )


class Renewal:
    """Gives the doors the certificate that stands in their files now. Whoever is connected stays so; authorities are
    read at the start alone: one that is taken out has to be out at a moment that somebody knows."""

    def __init__(self, tls: DoorTls, settings: Settings) -> None:
        both = ((tls.http, _http(settings), "HTTP"), (tls.mllp, _mllp(settings), "TLS"))
        self._doors = [(context, files, name) for context, files, name in both if context is not None]
        self._read = {name: _written(*files) for _, files, name in self._doors}

    async def renew(self) -> None:
        """Read what is new. Raises SettingsError for files that do not fit: then the old certificate stays, and the
        other door has its new one none the less."""
        wrong = []
        for door in self._doors:
            try:
                self._renew(*door)
            except SettingsError as error:
                wrong.append(error)
        if wrong:
            raise wrong[0]

    def _renew(self, context: ssl.SSLContext, files: tuple[Path, Path], name: str) -> None:
        certificate, key = files
        written = _written(certificate, key)
        if written == self._read[name]:
            return
        door_context(certificate, key, Path(), setting=name)  # one that does not fit would spoil the living one
        context.load_cert_chain(certificate, key if key != Path() else None, password="")
        self._read[name] = written
        log.info("a new certificate is shown", door=name)


def _http(settings: Settings) -> tuple[Path, Path]:
    return settings.http_certificate, settings.http_key


def _mllp(settings: Settings) -> tuple[Path, Path]:
    return settings.tls_certificate, settings.tls_key


def _written(*files: Path) -> tuple[int, ...]:
    """When these were written. Raises SettingsError when one is not there any more."""
    try:
        return tuple(file.stat().st_mtime_ns for file in files if file != Path())
    except OSError as error:
        hint = str(error.strerror)
        raise SettingsError("A certificate or its key is not there any more", hint=hint) from None
