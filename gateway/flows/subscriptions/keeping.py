"""The Subscription resource: create, read, search, update, delete and `$status`. FHIR R4 Subscription (2.5).

A client sees and changes its own; of others' it is told what everybody is told of what is not there. Nothing is
fetched or sent here: the handshake goes out by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.record import Decision, Outcome
from gateway.domain.subscription import TOLD_ONCE, secret_of, wanted
from gateway.domain.subscription import status as status_of
from gateway.errors import BadRequest, Conflict, Forbidden, NeedsVersion, NotFound
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.flows.search.listing import listed, understood_alone
from gateway.flows.search.paging import opened
from gateway.store import subscriptions, wire
from gateway.store.subscriptions import Subscribed
from gateway.translate.fhir import parse
from gateway.translate.fhir.validating.written import check_written

KIND = "Subscription"
MOST = 100
"""So many subscriptions may one client have."""

Body = dict[str, Any]
Change = Callable[[Body], Body]


async def create(gateway: Gateway, caller: Caller, raw: bytes) -> Served:
    """Keep a new one; it is `requested` until its endpoint has taken the handshake. Its secret is told this once."""
    if len(await subscriptions.of(gateway.database, caller.client)) >= MOST:
        raise Forbidden("This client has as many subscriptions as it may have", hint="Delete one.")
    identity = gateway.ids(KIND, secrets.token_hex(16))
    made = _subscribed(gateway, caller, raw, identity, 1)
    await subscriptions.save(gateway.database, made)
    await _record(gateway, caller, "create", f"POST {KIND}", made)
    told = {"url": TOLD_ONCE, "valueString": secret_of(gateway.secret, identity)}
    body = _body(made)
    body["extension"] = [*body.get("extension", []), told]
    return replace(_served(gateway, made), body=wire.encode(body), created=True)


async def update(gateway: Gateway, caller: Caller, identity: str, raw: bytes, if_match: str) -> Served:
    """Keep the next version: it is `requested` anew, or `off`. Raises NeedsVersion without `if_match`."""
    before = await _own(gateway, caller, identity, f"PUT {KIND}/{identity}", "update")
    if not if_match:
        raise NeedsVersion
    _check_version(before, if_match)
    made = replace(_subscribed(gateway, caller, raw, identity, before.version + 1), told=before.told)
    if not await subscriptions.save(gateway.database, made):
        raise Conflict
    await _record(gateway, caller, "update", f"PUT {KIND}/{identity}", made)
    return _served(gateway, made)


async def patch(gateway: Gateway, caller: Caller, identity: str, change: Change, if_match: str) -> Served:
    """Keep what a change makes of the present version. What the server owns (its state, its error, the secret) is not
    among what is changed. Raises NeedsVersion without `if_match`."""
    before = await _own(gateway, caller, identity, f"PATCH {KIND}/{identity}", "patch")
    if not if_match:
        raise NeedsVersion
    _check_version(before, if_match)
    kept: Body = wire.decode(before.body)
    body = change(
        {"resourceType": KIND, "id": identity, **{k: v for k, v in kept.items() if v and k != "resourceType"}}
    )
    made = replace(_subscribed(gateway, caller, wire.encode(body), identity, before.version + 1), told=before.told)
    if not await subscriptions.save(gateway.database, made):
        raise Conflict
    await _record(gateway, caller, "patch", f"PATCH {KIND}/{identity}", made)
    return _served(gateway, made)


async def withdraw(gateway: Gateway, caller: Caller, identity: str, if_match: str = "") -> None:
    """Delete one: nothing more is sent, nor what waits."""
    before = await _own(gateway, caller, identity, f"DELETE {KIND}/{identity}", "delete")
    if if_match:
        _check_version(before, if_match)
    if not await subscriptions.delete(gateway.database, identity, caller.client, before.version if if_match else 0):
        raise Conflict
    await _record(gateway, caller, "delete", f"DELETE {KIND}/{identity}", before)


async def read(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """One of the caller's own. Raises NotFound."""
    asked = f"GET {KIND}/{identity}"
    found = await _own(gateway, caller, identity, asked, "read")
    await _record(gateway, caller, "read", asked, found)
    return _served(gateway, found)


async def search(gateway: Gateway, caller: Caller, params: Sequence[tuple[str, str]]) -> Served:
    """A searchset of the caller's own."""
    position = opened(gateway, caller, KIND, params)
    query = understood_alone(gateway, KIND, position)
    bodies = [_body(one) for one in await subscriptions.of(gateway.database, caller.client)]
    asked = f"GET {KIND}?{urlencode(list(position.params))}"
    await _record(gateway, caller, "search-type", asked, None)
    return Served(listed(gateway, caller, query, position, bodies))


async def status(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """`$status`: how it stands, and how many events it was told of."""
    asked = f"GET {KIND}/{identity}/$status"
    found = await _own(gateway, caller, identity, asked, "operation")
    await _record(gateway, caller, "operation", asked, found)
    told = status_of(url_of(gateway, identity), found.status, found.topic, "query-status", found.told)
    entry = {"resource": told, "search": {"mode": "match"}}
    return Served(wire.encode({"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [entry]}))


def url_of(gateway: Gateway, identity: str) -> str:
    """Where the Subscription is read."""
    return f"{gateway.public_url}/fhir/{KIND}/{identity}"


def _subscribed(gateway: Gateway, caller: Caller, raw: bytes, identity: str, version: int) -> Subscribed:
    """What a caller asks for, as it is kept. Raises BadRequest, RuleBroken or Forbidden with the place."""
    body = parse(raw, "")
    if body.get("resourceType") != KIND or (version > 1 and body.get("id") != identity):
        raise BadRequest("A Subscription with the id of the URL was expected")
    check_written(body)
    asked = wanted(body, gateway.topics, gateway.hook_hosts)
    _check_caller(gateway, caller, asked.topic)
    off = body.get("status") == "off"
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


async def _own(gateway: Gateway, caller: Caller, identity: str, asked: str, interaction: str) -> Subscribed:
    found = await subscriptions.find(gateway.database, identity, caller.client)
    if found is None:
        await on_record(gateway, record_of(gateway, caller, interaction, KIND, "", NOTHING, query=asked))
        raise NotFound
    return found


def _check_version(before: Subscribed, if_match: str) -> None:
    if if_match.removeprefix("W/").strip('"') != str(before.version):
        raise Conflict


async def _record(gateway: Gateway, caller: Caller, interaction: str, asked: str, about: Subscribed | None) -> None:
    """On record, with the citizen where the subscription names one."""
    made = record_of(gateway, caller, interaction, KIND, about.citizen if about else "", NOTHING, query=asked)
    names = (f"{KIND}/{about.id}/_history/{about.version}",) if about else ()
    await on_record(gateway, replace(made, decision=Decision.PERMIT, outcome=Outcome.SUCCESS, resources=names))


def _body(one: Subscribed) -> Body:
    kept: Body = wire.decode(one.body)
    meta = {"versionId": str(one.version), "lastUpdated": one.updated.isoformat(timespec="milliseconds")}
    head: Body = {"resourceType": KIND, "id": one.id, "meta": kept.get("meta", {}) | meta}
    return head | {k: v for k, v in kept.items() if k not in head} | {"status": one.status} | (
        {"error": one.error} if one.error else {}
    )  # fmt: skip


def _served(gateway: Gateway, one: Subscribed) -> Served:
    place = f"{url_of(gateway, one.id)}/_history/{one.version}"
    return Served(wire.encode(_body(one)), str(one.version), one.updated, location=place)
