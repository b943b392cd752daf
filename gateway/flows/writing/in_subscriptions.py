"""Writes of Subscriptions by REST: create, update, patch and delete by id, nothing conditional. FHIR R4 Subscription
(2.5). Alone, or in a transaction with others (flows/writing/together.py).

A client changes its own; of others' it is told what everybody is told of what is not there. Nothing is fetched or sent
here: the handshake goes out by itself.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from gateway.domain.caller import Caller
from gateway.domain.etag import matches, pins
from gateway.domain.subscription import TOLD_ONCE, secret_of, wanted
from gateway.errors import BadRequest, Conflict, Forbidden, GatewayError, NeedsVersion, NotFound, Unavailable
from gateway.flows.beside import beside
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.flows.subscriptions.showing import KIND, Body, body_of, recorded, served
from gateway.flows.writing.asked import Asked
from gateway.store import subscriptions, wire
from gateway.store.log import append
from gateway.store.pool import Connection
from gateway.store.subscriptions import Subscribed
from gateway.translate.fhir.validating.written import check_written

MOST = 100
"""So many subscriptions may one client have."""


@dataclass(frozen=True, slots=True)
class Subscribing:
    """What a write comes to: the next version (`made`, None where it is deleted) of what stood (`before`, None where it
    is new)."""

    asked: Asked
    before: Subscribed | None
    made: Subscribed | None

    @property
    def created(self) -> bool:
        """Whether it is new."""
        return self.before is None

    @property
    def reference(self) -> str:
        """`Subscription/9f…`"""
        one = self.made or self.before
        assert one is not None  # noqa: S101 - for mypy: what is deleted stood
        return f"{KIND}/{one.id}"

    def served(self, gateway: Gateway) -> Served:
        """As its client is told of it; of a new one its secret, this once. Nothing of what is deleted."""
        if self.made is None:
            return Served(b"")
        told = served(gateway, self.made)
        if self.before is not None:
            return told
        body, secret = body_of(self.made), secret_of(gateway.secret, self.made.id)
        body["extension"] = [*body.get("extension", []), {"url": TOLD_ONCE, "valueString": secret}]
        return replace(told, body=wire.encode(body), created=True)


async def write(gateway: Gateway, caller: Caller, asked: Asked) -> Served:
    """One write, on record; nothing to show for a delete. A refused write is on record like a refused look."""
    try:
        word = await understood(gateway, caller, asked, new_id(gateway))
        async with gateway.database.transaction() as connection:
            await keep(gateway, connection, caller, word)
    except Unavailable:
        raise
    except GatewayError as error:
        refused = record_of(gateway, caller, asked.interaction, KIND, "", NOTHING, query=asked.told)
        await on_record(gateway, replace(refused, outcome_text=error.text))
        raise
    return word.served(gateway)


def new_id(gateway: Gateway) -> str:
    """The id of a new one."""
    return gateway.ids(KIND, secrets.token_hex(16))


async def understood(gateway: Gateway, caller: Caller, asked: Asked, identity: str) -> Subscribing:
    """What one write comes to; `identity` is the id of a new one. Raises NeedsVersion for an update or patch without
    If-Match, and what is wrong with it."""
    if asked.criteria is not None:
        raise BadRequest("A Subscription is not written by a condition", hint="Search your own, and name the id.")
    if asked.interaction == "create":
        return Subscribing(asked, None, await _subscribed(gateway, caller, asked.body, identity, 1))
    before = await subscriptions.find(gateway.database, asked.identity, caller.client)
    if before is None:
        raise NotFound
    if not pins(asked.if_match) and asked.interaction != "delete":
        raise NeedsVersion(where="If-Match", hint="Read the resource and send its ETag as If-Match.")
    if not matches(asked.if_match, before.version):
        raise Conflict(where="If-Match")
    if asked.interaction == "delete":
        return Subscribing(asked, before, None)
    body = asked.change(_base(before)) if asked.change else asked.body
    made = await _subscribed(gateway, caller, body, before.id, before.version + 1)
    return Subscribing(asked, before, replace(made, told=before.told))


async def keep(gateway: Gateway, connection: Connection, caller: Caller, word: Subscribing) -> None:
    """Keep it with its record; what is deleted goes with all that waits for it. Raises Conflict where another version
    stands by now, Forbidden for too many."""
    asked = word.asked
    if await subscriptions.held(connection, caller.client) >= MOST and word.before is None:
        raise Forbidden("This client has as many subscriptions as it may have", hint="Delete one.")
    if word.made is not None:
        kept = await subscriptions.save(connection, word.made)
    else:
        assert word.before is not None  # noqa: S101 - for mypy: what is deleted stood
        version = word.before.version if pins(asked.if_match) else 0
        kept = await subscriptions.delete(connection, word.before.id, caller.client, version)
    if not kept:
        raise Conflict(where="If-Match")
    await append(connection, [recorded(gateway, caller, asked.interaction, asked.told, word.made or word.before)])


async def as_it_stands(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """One of the caller's own, for who puts it on record itself; nothing of it where it is gone."""
    found = await subscriptions.find(gateway.database, identity, caller.client)
    return served(gateway, found) if found else Served(b"")


def _base(before: Subscribed) -> Body:
    """What a patch changes: not what the server owns (its state, its error, the secret)."""
    kept: Body = wire.decode(before.body)
    return {"resourceType": KIND, "id": before.id, **{k: v for k, v in kept.items() if v and k != "resourceType"}}


async def _subscribed(gateway: Gateway, caller: Caller, resource: Body, identity: str, version: int) -> Subscribed:
    """What a caller asks for, as it is kept. Raises BadRequest, RuleBroken or Forbidden with the place."""
    if resource.get("resourceType") != KIND or (version > 1 and resource.get("id") != identity):
        raise BadRequest("A Subscription with the id of the URL was expected")
    await beside(check_written, resource)
    asked = wanted(resource, gateway.topics, gateway.hook_hosts)
    _check_caller(gateway, caller, asked.topic)
    off = resource.get("status") == "off"
    body = dict(resource)
    body["meta"] = {name: value for name, value in body.get("meta", {}).items() if name in ("profile", "tag")}
    body["extension"] = [one for one in body.get("extension", []) if one.get("url") != TOLD_ONCE]
    kept = {name: value for name, value in body.items() if name not in ("id", "error", "text") and value != []}
    return Subscribed(
        identity, caller.client, version, gateway.clock(), "off" if off else "requested", asked.topic, asked.citizen,
        asked.heartbeat, asked.ends, replace(caller, trace=""), wire.encode(kept),
    )  # fmt: skip


def _check_caller(gateway: Gateway, caller: Caller, topic: str) -> None:
    """Who subscribes is asked each time anew whether it may know: so it says for what, and overrides nothing."""
    if not caller.purposes:
        raise no_purpose()
    if caller.override is not None:
        raise Forbidden("An override is for one look, never for a subscription")
    missing = sorted(kind for kind in gateway.topics.kinds(topic) if not caller.covers(kind))
    if missing:
        raise Forbidden(f"The token does not cover {', '.join(missing)}", hint="The topic tells of these types.")
