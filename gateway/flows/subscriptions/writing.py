"""Writes of Subscriptions by REST: create, update, patch and delete by id, nothing conditional."""

from __future__ import annotations

from gateway.domain.caller import Caller
from gateway.errors import BadRequest
from gateway.flows.parts import Gateway, Served
from gateway.flows.subscriptions.keeping import create, patch, update, withdraw
from gateway.flows.writing.asked import Asked


async def write(gateway: Gateway, caller: Caller, asked: Asked) -> Served:
    """One write; nothing to show for a delete."""
    if asked.criteria:
        raise BadRequest("A Subscription is not written by a condition", hint="Search your own, and name the id.")
    if asked.interaction == "create":
        return await create(gateway, caller, asked.raw)
    if asked.interaction == "update":
        return await update(gateway, caller, asked.identity, asked.raw, asked.if_match)
    if asked.change is not None:
        return await patch(gateway, caller, asked.identity, asked.change, asked.if_match)
    await withdraw(gateway, caller, asked.identity, asked.if_match)
    return Served(b"")
