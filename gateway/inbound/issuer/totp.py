"""One-time codes of an app as a second factor (TOTP, RFC 6238): six digits, 30 seconds, HMAC-SHA-1: every app has it.

A code of the step before or after is taken too, for clocks are never the same. Each is good once: whoever reads one
over a shoulder has nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
_AROUND = (0, -1, 1)
_BYTES = 20  # RFC 4226 4, R6: the length of the hash
_LEAST_BYTES, _MOST_BYTES = 16, 64


class UnfitSecret(ValueError):
    """A text that is no secret of one-time codes. It never shows the secret."""


def new_secret() -> str:
    """A secret as apps take it: base32."""
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode()


def address(secret: str, user: str, issuer: str) -> str:
    """The `otpauth` address by which an app takes the secret in, also from a QR code."""
    label = quote(f"{issuer}:{user}", safe="")
    told = f"secret={secret}&issuer={quote(issuer, safe='')}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    return f"otpauth://totp/{label}?{told}"


def check_form(secret: str) -> None:
    """Raises UnfitSecret for a text that is no secret, or one that is too short."""
    _key(secret)


def code_of(secret: str, step: int) -> str:
    """The code of one step (RFC 4226 5.3)."""
    digest = hmac.digest(_key(secret), step.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(secret: str, given: str, now: datetime) -> int | None:
    """The step that this code is of, now or just now; None for one that is of none."""
    written = "".join(given.split()).encode(errors="replace")  # apps show it as two groups
    this = int(now.timestamp()) // STEP_SECONDS
    fits = [this + one for one in _AROUND if hmac.compare_digest(code_of(secret, this + one).encode(), written)]
    return fits[0] if fits else None


def over(step: int) -> datetime:
    """When a code of this step is no more taken by any clock: until then it must be remembered."""
    return datetime.fromtimestamp((step + len(_AROUND)) * STEP_SECONDS, UTC)


def _key(secret: str) -> bytes:
    try:
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    except (binascii.Error, ValueError):
        raise UnfitSecret("is no base32") from None
    if not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise UnfitSecret(f"has fewer than {_LEAST_BYTES} or more than {_MOST_BYTES} bytes")
    return key
