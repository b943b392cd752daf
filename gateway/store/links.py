"""Links to further pages, sealed: what they carry is unreadable and cannot be changed, and each is its caller's alone.

AES-SIV (RFC 5297): authenticated, and the same content gives the same link, so a link tells nothing by itself.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from functools import lru_cache
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_LONGEST = 100_000


@lru_cache(maxsize=4)
def _key(secret: bytes) -> AESSIV:
    return AESSIV(blake2b(secret, person=b"page-links").digest())


def seal(secret: bytes, bound: bytes, content: bytes) -> str:
    """The content as a text for a URL. `bound` is who may use it."""
    return urlsafe_b64encode(_key(secret).encrypt(content, [bound])).decode().rstrip("=")


def unseal(secret: bytes, bound: bytes, text: str) -> bytes | None:
    """The content again; None for what was not sealed here for just this caller."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)) if len(text) < _LONGEST else b""
        return _key(secret).decrypt(raw, [bound])
    except (InvalidTag, Error, ValueError):
        return None
