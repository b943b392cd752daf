"""Passwords: kept as scrypt (RFC 7914) with its parameters beside it, `scrypt$32768$8$1$salt$hash` in base64url.

Whoever guesses pays for every guess, and learns nothing from the time that it takes: who is unknown is checked too.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import secrets
import unicodedata

from gateway.inbound.claims import base64url

SHORTEST, LONGEST = 12, 200
_N, _R, _P = 32768, 8, 1
_SALT, _HASH = 16, 32
_MEMORY = 128 * 1024 * 1024
_FORM = re.compile(r"scrypt\$([0-9]{4,7})\$([0-9]{1,2})\$([0-9]{1,2})\$([A-Za-z0-9_-]{22,})\$([A-Za-z0-9_-]{43,})")


class UnfitPassword(ValueError):
    """A password that cannot be kept, or a text that holds none. It never shows the password."""


def hashed(password: str) -> str:
    """The text that stands in the user's file. Raises UnfitPassword for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UnfitPassword(f"has fewer than {SHORTEST} or more than {LONGEST} characters")
    salt = secrets.token_bytes(_SALT)
    return f"scrypt${_N}${_R}${_P}${base64url(salt)}${base64url(_scrypt(password, salt, _N, _R, _P))}"


def check_form(text: str) -> None:
    """Raises UnfitPassword for a text that is no hash of a password, or a cheaper one than ours."""
    _read(text)


class Passwords:
    """Checks passwords, a few at a time: each takes 32 MB and a tenth of a second."""

    def __init__(self, at_once: int = 2) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._nobody = hashed(secrets.token_urlsafe(16))

    async def holds(self, password: str, text: str | None) -> bool:
        """Whether this is the password of that hash; None is nobody's, and takes as long."""
        async with self._turn:
            same = await asyncio.to_thread(_same, password[:LONGEST], self._nobody if text is None else text)
        return same and text is not None and len(password) <= LONGEST


def _same(password: str, text: str) -> bool:
    n, r, p, salt, expected = _read(text)
    return hmac.compare_digest(_scrypt(password, salt, n, r, p), expected)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    written = unicodedata.normalize("NFKC", password).encode(errors="replace")
    return hashlib.scrypt(written, salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=_HASH)


def _read(text: str) -> tuple[int, int, int, bytes, bytes]:
    found = _FORM.fullmatch(text)
    if found is None:
        raise UnfitPassword("is not written as gateway register-user writes it")
    n, r, p = (int(part) for part in found.groups()[:3])
    try:
        salt, expected = _decoded(found[4]), _decoded(found[5])
    except (binascii.Error, ValueError):
        raise UnfitPassword("is not base64url") from None
    if n & (n - 1) or n * r < _N * _R or 128 * n * r > _MEMORY // 2 or not 1 <= p <= 4 or len(expected) != _HASH:
        raise UnfitPassword("has other parameters than are taken here")
    return n, r, p, salt, expected


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
