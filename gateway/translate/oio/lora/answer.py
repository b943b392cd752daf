"""The answer to LoRa JSON, as LoRa answers: `{"uuid": …}`, or `{"message": …}` with the place of the error."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gateway.errors import GatewayError


def accepted(uuids: Sequence[str], note: str = "") -> bytes:
    """The UUID of the object that was taken; of several, as `uuids`."""
    told: dict[str, object] = {"uuid": uuids[0]} if len(uuids) == 1 else {"uuids": list(uuids)}
    return _written(told | ({"note": note} if note else {}))


def refused(error: GatewayError) -> bytes:
    """What was wrong, where and what to do; no value of the message."""
    told = {"message": error.told(), "type": type(error).__name__, "where": error.where, "hint": error.hint}
    return _written({name: text for name, text in told.items() if text})


def _written(told: dict[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()
