"""A resource to FHIR JSON bytes: UTF-8, every digit of every decimal, elements in the order they are held."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.errors import WrongType

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def write_json(resource: dict[str, Any]) -> bytes:
    """The bytes. Raises WrongType for what JSON cannot hold (half a surrogate pair, NaN)."""
    try:
        return _ENCODER.encode(resource)
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError):
        raise WrongType("The content cannot be written as JSON.") from None


def pretty(raw: bytes) -> bytes:
    """The same JSON with a line for each element, every digit as it was."""
    return msgspec.json.format(raw, indent=2)
