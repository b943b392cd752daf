"""The key that signs the log: Ed25519, in a PEM file (PKCS #8) that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.domain.checkpoint import COSIGNATURE, ED25519, NoteKey
from gateway.errors import SettingsError


class LogKey:
    """A signing key with its name, which is the origin of the log: `log.sector.example.dk/faellesplan`."""

    __slots__ = ("_private", "public")

    def __init__(self, name: str, private: Ed25519PrivateKey, kind: int = ED25519) -> None:
        if not name or "+" in name or any(c.isspace() or c < " " for c in name):
            raise SettingsError("The name of the log must be one word without +")
        self._private = private
        self.public = NoteKey(name, private.public_key().public_bytes_raw(), kind)

    @property
    def origin(self) -> str:
        """The name of the log that this key speaks for."""
        return self.public.name

    @property
    def vkey(self) -> str:
        """The public half as C2SP writes it: what an auditor keeps."""
        return str(self.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes (RFC 8032)."""
        return self._private.sign(message)


class MissingKey(LogKey):
    """The key of a log that was signed before, on a node where its file is not: it signs nothing and vouches for
    nothing. Records go on, unsigned, until the file is back."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(name, Ed25519PrivateKey.generate())
        self.public = NoteKey(name, bytes(32))

    @property
    def vkey(self) -> str:
        """Nothing that anybody could check with."""
        return ""

    def sign(self, message: bytes) -> bytes:
        """Raises SettingsError."""
        raise SettingsError("The signing key of the log is missing", hint="Restore log-key.pem and start again.")


def make(name: str) -> LogKey:
    """A new key that is kept nowhere."""
    return LogKey(name, Ed25519PrivateKey.generate())


def witness_key(path: Path, name: str) -> LogKey:
    """The key that other logs' checkpoints are cosigned with; made where there is no such file."""
    key = load_or_make(path, name)
    return LogKey(name, key._private, COSIGNATURE)


def load(path: Path, name: str) -> LogKey:
    """The key in this file; raises SettingsError when it is absent, unreadable or of another kind."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise SettingsError("The signing key of the log cannot be read", where=str(path)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError("The signing key of the log is not Ed25519", where=str(path))
    return LogKey(name, key)


def load_or_make(path: Path, name: str) -> LogKey:
    """The key in this file; where there is no file, a new one, readable by its owner alone."""
    if not path.exists():
        try:
            _write(path, make(name))
        except OSError:
            raise SettingsError("The signing key of the log cannot be written", where=str(path)) from None
    return load(path, name)


def _write(path: Path, key: LogKey) -> None:
    """Whole or not at all, and never over a key that another process made meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = key._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is this key's (domain.checkpoint.Verify)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
