"""Send: each notification is decided as it goes out, for the subscriber as it is registered then, and is on record
before it leaves. What the subscriber may not see causes no traffic at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.outgoing import pause
from gateway.domain.subscription import Event, notification, secret_of, signed, status, wanted
from gateway.errors import GatewayError, RuleBroken
from gateway.flows.looking import Seen, look_at_one, on_record, opened, record_of
from gateway.flows.parts import Gateway
from gateway.flows.receive import told
from gateway.flows.subscriptions.showing import url_of
from gateway.store import resources, subscriptions, wire
from gateway.store.subscriptions import HANDSHAKE, NEWS, Due

LEASE = timedelta(minutes=2)
AT_ONCE = 16

Post = Callable[[str, bytes, dict[str, str]], Awaitable[None]]
"""Posts a body with headers to an endpoint. Raises Unavailable or Refused, whose text is shown to operators."""

Standing = Callable[[Caller], Caller | None]
"""The subscriber as it is registered now; None where it is no more."""


async def send_due(gateway: Gateway, post: Post, standing: Standing, tries: int = 12) -> int:
    """Send what is due, at most one to each subscriber; how many were looked at."""
    now = gateway.clock()
    due = await subscriptions.claim(gateway.database, now, now + LEASE, AT_ONCE)
    await asyncio.gather(*(_send(gateway, post, standing, tries, one) for one in due))
    return len(due)


async def _send(gateway: Gateway, post: Post, standing: Standing, tries: int, one: Due) -> None:
    """One notification. A subscriber that does not answer is tried again later, at last no more."""
    try:
        caller = standing(one.to.caller)
        if caller is None:
            await _moved(gateway, one, "failed", "The client is not registered for this any more")
            return
        asked = wanted(wire.decode(one.to.body), gateway.topics, gateway.hook_hosts)
        body = await _made(gateway, caller, one, asked.content)
        if body is None:
            await subscriptions.dropped(gateway.database, one)
            return
        raw = wire.encode(body)
        headers = dict(asked.headers) | signed(secret_of(gateway.secret, one.to.id), raw, gateway.clock())
        await post(asked.endpoint, raw, headers)
    except RuleBroken as closed:  # the list of hosts, or the topics, are others by now
        await _moved(gateway, one, "failed", closed.text)
    except GatewayError as failed:
        await _moved(gateway, one, "waiting" if one.tries < tries else "failed", failed.text)
    except Exception as bug:  # noqa: BLE001 - a bug costs a try and a pause
        told(bug)
        await _moved(gateway, one, "waiting" if one.tries < tries else "failed", "A bug of the gateway's")
    else:
        await _moved(gateway, one, "sent", "")


async def _moved(gateway: Gateway, one: Due, state: str, reason: str) -> None:
    now = gateway.clock()
    await subscriptions.moved(gateway.database, one, state, now + pause(one.tries), reason, now)


async def _made(gateway: Gateway, caller: Caller, one: Due, content: str) -> dict[str, Any] | None:
    """What goes out; None when this subscriber may not see what it is about."""
    url, to = url_of(gateway, one.to.id), one.to
    if one.event != NEWS:
        state = "requested" if one.event == HANDSHAKE else to.status
        return notification(url, status(url, state, to.topic, one.event, to.told), gateway.clock())
    seen = await _looked(gateway, caller, one)
    if not seen.permitted:
        return None
    about = f"{gateway.public_url}/fhir/{one.kind}/{one.id}"
    focus = "" if content == "empty" else about
    event = Event(to.told + 1, one.noticed_at, focus)
    news = status(url, to.status, to.topic, one.event, to.told + 1, (event,))
    gone = seen.permitted[0][0].facts.deleted
    whole = wire.decode(opened(seen)[0]) if content == "full-resource" and not gone else None
    return notification(url, news, gateway.clock(), focus, whole, gone=gone)


async def _looked(gateway: Gateway, caller: Caller, one: Due) -> Seen:
    """Decide, and put that on record before anything leaves. Raises Unavailable: then nothing does."""
    found = await resources.find(gateway.database, one.kind, one.id) if caller.covers(one.kind) else None
    seen = await look_at_one(gateway, gateway.database, caller, found)
    citizen = found.sealed.facts.citizen if found else ""
    record = record_of(gateway, caller, "notify", one.kind, citizen, seen, query=f"Subscription/{one.to.id}")
    await on_record(gateway, record)
    return seen
