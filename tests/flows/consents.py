"""A citizen's word, written down as REST writes it: for the tests of flows."""

from __future__ import annotations

import json

from gateway.domain.caller import Caller
from gateway.flows.parts import Gateway, Served
from gateway.flows.writing import Asked, write


async def record_consent(
    gateway: Gateway, caller: Caller, raw: bytes, identity: str = "", if_match: str = ""
) -> Served:
    """A new Consent, or another word on that one; as of the version that there is, where none is named."""
    if identity and not if_match:
        sql = "SELECT version FROM resource WHERE kind = 'Consent' AND id = $1"
        if_match = f'W/"{await gateway.database.fetchval(sql, identity)}"'
    interaction = "update" if identity else "create"
    body = ({"id": identity} if identity else {}) | json.loads(raw)
    return await write(gateway, caller, Asked(interaction, "Consent", identity, body, raw, if_match))
