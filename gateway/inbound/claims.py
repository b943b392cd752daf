"""What the claims of a JWT may hold, whoever made it."""

from __future__ import annotations

import math
from typing import TypeGuard


def is_time(value: object) -> TypeGuard[float]:
    """Whether this is a NumericDate (RFC 7519 section 2): a number of seconds, and no `true`, NaN or infinity."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
