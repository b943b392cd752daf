"""The Subscription resource as its client sees it, and the record of a look at it or a write of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.flows.looking import NOTHING, record_of
from gateway.flows.parts import Gateway, Served
from gateway.store import wire
from gateway.store.subscriptions import Subscribed

KIND = "Subscription"

Body = dict[str, Any]


def url_of(gateway: Gateway, identity: str) -> str:
    """Where the Subscription is read."""
    return f"{gateway.public_url}/fhir/{KIND}/{identity}"


def body_of(one: Subscribed) -> Body:
    """The resource, with its state and version."""
    kept: Body = wire.decode(one.body)
    meta = {"versionId": str(one.version), "lastUpdated": one.updated.isoformat(timespec="milliseconds")}
    head: Body = {"resourceType": KIND, "id": one.id, "meta": kept.get("meta", {}) | meta}
    return head | {k: v for k, v in kept.items() if k not in head} | {"status": one.status} | (
        {"error": one.error} if one.error else {}
    )  # fmt: skip


def served(gateway: Gateway, one: Subscribed) -> Served:
    """It with what its headers need."""
    place = f"{url_of(gateway, one.id)}/_history/{one.version}"
    return Served(wire.encode(body_of(one)), str(one.version), one.updated, location=place)


def recorded(
    gateway: Gateway, caller: Caller, interaction: str, asked: str, about: Subscribed | None
) -> AccessRecord:  # fmt: skip
    """The record, with the citizen where the subscription names one."""
    made = record_of(gateway, caller, interaction, KIND, about.citizen if about else "", NOTHING, query=asked)
    names = (f"{KIND}/{about.id}/_history/{about.version}",) if about else ()
    return replace(made, decision=Decision.PERMIT, outcome=Outcome.SUCCESS, resources=names)
