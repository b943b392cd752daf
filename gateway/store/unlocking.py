"""What others have locked for us: a key by RSA-OAEP (RFC 8017 7.1), and with it a content by AES-GCM or AES-CBC.

The formats are those of XML Encryption 1.1: a nonce of 12 bytes before and a tag of 16 behind in GCM (5.2.4), an
initial vector of 16 bytes and a padding whose last byte says its length in CBC (5.2.2).
"""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import SettingsError

_PEM = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_LEAST_BITS = 2048
_BLOCK, _NONCE = 16, 12
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512,
}  # fmt: skip
_SIZES = {"aes128": 16, "aes192": 24, "aes256": 32}


class DoesNotOpen(ValueError):
    """None of our keys opens it, or it was changed: which one, nobody is told."""


class Unlocker:
    """Our private keys; each is tried, so that one can be replaced without a gap."""

    def __init__(self, keys: tuple[rsa.RSAPrivateKey, ...]) -> None:
        self._keys = keys

    def __call__(self, wrapped: bytes, content: bytes, *, cipher: str, digest: str, mask: str, label: bytes) -> bytes:
        """The content. Raises DoesNotOpen."""
        how = padding.OAEP(padding.MGF1(_HASHES[mask]()), _HASHES[digest](), label or None)
        size, _, mode = cipher.partition("-")
        for key in self._keys:
            try:
                found = key.decrypt(wrapped, how)
                if len(found) == _SIZES[size]:
                    return _gcm(found, content) if mode == "gcm" else _cbc(found, content)
            except (ValueError, InvalidTag):
                continue
        raise DoesNotOpen("It does not open with a key of ours")


def unlocker(file: Path) -> Unlocker:
    """The RSA keys in a PEM file, the newest first. Raises SettingsError."""
    try:
        found = [serialization.load_pem_private_key(pem, None) for pem in _PEM.findall(file.read_bytes())]
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsError("GATEWAY_SAML_KEY cannot be read", hint=f"({type(error).__name__})") from None
    keys = tuple(key for key in found if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _LEAST_BITS)
    if not keys or len(keys) != len(found):
        raise SettingsError(f"GATEWAY_SAML_KEY takes private RSA keys of at least {_LEAST_BITS} bits, in PEM")
    return Unlocker(keys)


def _gcm(key: bytes, content: bytes) -> bytes:
    return AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], None)


def _cbc(key: bytes, content: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(content[:_BLOCK])).decryptor()
    padded = decryptor.update(content[_BLOCK:]) + decryptor.finalize()
    if not padded or not 1 <= padded[-1] <= _BLOCK:
        raise ValueError("the padding is none")
    return padded[: -padded[-1]]
