"""Certificates at the doors: a door's own, whose callers it trusts, and what a sender's certificate calls it.

IHE ITI-19: both ends show a certificate. TLS 1.2 is the oldest version spoken.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.errors import SettingsError

_SHORT = {"commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU", "countryName": "C"}
_SPECIAL = re.compile(r"([,+=\\\"<>;])")


def door_context(
    certificate: Path, key: Path, authorities: Path, *, setting: str = "TLS", demanded: bool = True
) -> ssl.SSLContext | None:
    """TLS for a door; None when no certificate is set (an empty path is none). With `authorities` every caller is asked
    for a certificate that one of them signed, and has to show one where it is `demanded`; one of another authority ends
    the handshake. `setting` is the word in the names of the three settings. Raises SettingsError."""
    own, locked, trusted = (f"GATEWAY_{setting}_{name}" for name in ("CERTIFICATE", "KEY", "CA"))
    if certificate == Path():
        if authorities != Path() or key != Path():
            raise SettingsError(f"{locked} and {trusted} need {own}")
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, key if key != Path() else None, password="")
        if authorities != Path():
            context.load_verify_locations(authorities)
            context.verify_mode = ssl.CERT_REQUIRED if demanded else ssl.CERT_OPTIONAL
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        gone = [str(file) for file in (certificate, key, authorities) if file != Path() and not file.is_file()]
        raise SettingsError(
            f"{own}, {locked} and {trusted} do not name PEM files that fit together",
            hint=f"There is no {' and no '.join(gone)}." if gone else f"({type(error).__name__})",
        ) from None
    return context


def subject_of(certificate: Mapping[str, Any]) -> str:
    """The subject of a verified certificate, as `ssl` gives it, most specific part first (RFC 4514)."""
    return ",".join(reversed(_parts(certificate)))


def names_of(certificate: Mapping[str, Any]) -> tuple[str, ...]:
    """The whole subject, its common names as `CN=…`, and its alternative names (DNS, URI, e-mail)."""
    common = [part for part in _parts(certificate) if part.startswith("CN=")]
    others = [value for _, value in certificate.get("subjectAltName", ())]
    return tuple(filter(None, (subject_of(certificate), *common, *others)))


def _parts(certificate: Mapping[str, Any]) -> list[str]:
    """`CN=…` and the like. What separates parts is escaped, so that no value reads as a part of its own."""
    subject = certificate.get("subject", ())
    return [f"{_SHORT.get(key, key)}={_escaped(value)}" for group in subject for key, value in group]


def _escaped(value: str) -> str:
    return _SPECIAL.sub(lambda match: "\\" + match[0], value)
