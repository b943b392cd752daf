"""How JWTs and what belongs to them are written, whoever made them."""

from __future__ import annotations

import base64
import math
from typing import TypeGuard


def is_time(value: object) -> TypeGuard[float]:
    """Whether this is a NumericDate (RFC 7519 section 2): a number of seconds, and no `true`, NaN or infinity."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def base64url(raw: bytes) -> str:
    """Bytes as text (RFC 7515 section 2): without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
