"""An authority of the tests, and certificates that it signs, as PEM files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_AUTHORITIES: dict[Path, tuple[x509.Certificate, ec.EllipticCurvePrivateKey]] = {}


@dataclass(frozen=True)
class Files:
    """Where a certificate and its key stand."""

    certificate: Path
    key: Path


def authority(folder: Path) -> Path:
    """The authority's certificate; there is one for each folder."""
    if folder not in _AUTHORITIES:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name("Test CA")
        made = _builder(subject, subject, key).add_extension(x509.BasicConstraints(True, None), critical=True)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        made = made.add_extension(usage, critical=True)
        _AUTHORITIES[folder] = (made.sign(key, hashes.SHA256()), key)
        (folder / "ca.pem").write_bytes(_AUTHORITIES[folder][0].public_bytes(serialization.Encoding.PEM))
    return folder / "ca.pem"


def signed(
    folder: Path, name: str, *, names: tuple[str, ...] = (), organisation: str = "Region Test", secret: bytes = b""
) -> Files:
    """A certificate of this common name, with alternative names (DNS), and its key, locked by `secret`."""
    authority(folder)
    ca, ca_key = _AUTHORITIES[folder]
    key = ec.generate_private_key(ec.SECP256R1())
    made = _builder(_name(name, organisation), ca.subject, key)
    made = made.add_extension(x509.BasicConstraints(False, None), critical=True)
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
        made = made.add_extension(alternatives, critical=False)
    files = Files(folder / f"{name}.pem", folder / f"{name}.key")
    files.certificate.write_bytes(made.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    lock = serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption()
    files.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, lock))
    return files


def _name(common: str, organisation: str = "Region Test") -> x509.Name:
    parts = (
        (NameOID.COUNTRY_NAME, "DK"), (NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common),
    )  # fmt: skip
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    begin = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=2))
    )
