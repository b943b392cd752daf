"""How JWTs and what belongs to them are written, whoever made them."""

from __future__ import annotations

import base64
from typing import TypeGuard

_LAST = 253_402_300_799  # the last second of the year 9999


def is_time(value: object) -> TypeGuard[float]:
    """Whether this is a NumericDate (RFC 7519 section 2): a number of seconds, and no `true`, NaN, infinity or number
    of more digits than any moment has."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LAST <= value <= _LAST


def base64url(raw: bytes) -> str:
    """Bytes as text (RFC 7515 section 2): without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
