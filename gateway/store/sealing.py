"""What stands in the database for this gateway alone: AES-256-GCM under a key made of the gateway's secret."""

from __future__ import annotations

import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import SettingsError

_NONCE = 12


def sealed(secret: bytes, purpose: bytes, content: bytes) -> bytes:
    """The content under lock; what is sealed for one purpose opens for no other."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_key(secret)).encrypt(nonce, content, purpose)


def unsealed(secret: bytes, purpose: bytes, box: bytes) -> bytes:
    """What was sealed. Raises SettingsError for another secret or purpose, or a changed box."""
    try:
        return AESGCM(_key(secret)).decrypt(box[:_NONCE], box[_NONCE:], purpose)
    except (InvalidTag, ValueError):
        raise SettingsError("What was sealed in the database does not open with this gateway's secret") from None


def _key(secret: bytes) -> bytes:
    return hmac.new(secret, b"sealing", sha256).digest()
