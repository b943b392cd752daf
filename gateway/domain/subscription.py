"""Subscriptions: R4 rest-hook with the topics of the R5 backport.

http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/: `criteria` is the topic's URL, extensions say which citizen, what
a notification holds and how often one comes when nothing happens.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.endpoint import Hosts, parts
from gateway.domain.statement import Body
from gateway.domain.topics import TOPIC, Topics
from gateway.domain.when import instant
from gateway.errors import RuleBroken

_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
_PROFILE = f"{_BACKPORT}backport-subscription-notification-r4"
_STATUS = f"{_BACKPORT}backport-subscription-status-r4"
FILTER, CONTENT = f"{_BACKPORT}backport-filter-criteria", f"{_BACKPORT}backport-payload-content"
ENDPOINT = "Subscription.channel.endpoint"
HEARTBEAT = f"{_BACKPORT}backport-heartbeat-period"
TOLD_ONCE = "https://faellesplan.dk/fhir/StructureDefinition/subscription-secret"
CONTENTS = ("empty", "id-only", "full-resource")
JSON = "application/fhir+json"
LEAST_HEARTBEAT = 60
_OF_CITIZEN = re.compile(r"[A-Za-z]+\?(?:patient|subject|_id)=(?:Patient/)?([A-Za-z0-9\-.]{1,64})")
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,63}): ?([\x20-\x7e]{1,1000})")
_OURS = re.compile(r"host|content-.*|transfer-.*|connection|x-gateway-.*|te|upgrade|expect", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a Subscription asks for. `citizen` is a Patient id, "" for everybody of the subscriber's circle;
    `heartbeat` seconds, 0 for none."""

    topic: str
    citizen: str
    endpoint: str
    content: str
    heartbeat: int
    headers: tuple[tuple[str, str], ...]
    ends: datetime | None


def wanted(body: Body, topics: Topics, allowed: Hosts) -> Wanted:
    """What a sound R4 Subscription asks for. Raises RuleBroken with the place of what is not served."""
    channel = body["channel"]
    if channel.get("type") != "rest-hook":
        raise RuleBroken("Only rest-hook is served", where="Subscription.channel.type")
    if channel.get("payload", JSON) not in (JSON, "application/json"):
        raise RuleBroken("Notifications are FHIR JSON", where="Subscription.channel.payload", hint=f"Ask for {JSON}.")
    topic = str(body["criteria"]).removeprefix(TOPIC)
    if topic not in topics.names:
        known = ", ".join(TOPIC + name for name in topics.names)
        raise RuleBroken("This topic is not served", where="Subscription.criteria", hint=f"Served: {known}.")
    endpoint = str(channel.get("endpoint", ""))
    parts(endpoint, allowed, ENDPOINT)
    content = str(_extension(channel.get("_payload"), CONTENT) or "id-only")
    if content not in CONTENTS:
        raise RuleBroken("This content is not served", where="Subscription.channel.payload", hint=", ".join(CONTENTS))
    ends = instant(str(body["end"])) if "end" in body else None
    return Wanted(topic, _citizen(body), endpoint, content, _heartbeat(channel), tuple(_headers(channel)), ends)


def _citizen(body: Body) -> str:
    filters = [one.get("valueString", "") for one in _extensions(body.get("_criteria"), FILTER)]
    found = [_OF_CITIZEN.fullmatch(str(one)) for one in filters]
    if len(filters) > 1 or not all(found):
        raise RuleBroken(
            "This filter is not served",
            where="Subscription.criteria.extension",
            hint="One of Type?patient=Patient/<id>.",
        )
    return found[0][1] if found and found[0] else ""


def _heartbeat(channel: Body) -> int:
    told = _extension(channel, HEARTBEAT)
    if told is None:
        return 0
    if not isinstance(told, int) or told < LEAST_HEARTBEAT:
        raise RuleBroken(f"At least {LEAST_HEARTBEAT} seconds", where="Subscription.channel.extension")
    return told


def _headers(channel: Body) -> list[tuple[str, str]]:
    made = []
    for text in channel.get("header", []):
        found = _HEADER.fullmatch(str(text))
        if found is None or _OURS.fullmatch(found[1]):
            raise RuleBroken("This header cannot be sent", where="Subscription.channel.header", hint="Name: value")
        made.append((found[1], found[2]))
    return made


def _extensions(holder: Any, url: str) -> list[Body]:
    listed = holder.get("extension", []) if isinstance(holder, dict) else []
    return [one for one in listed if isinstance(one, dict) and one.get("url") == url]


def _extension(holder: Any, url: str) -> Any:
    for one in _extensions(holder, url):
        return next((value for name, value in one.items() if name.startswith("value")), None)
    return None


# --- what goes out ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: its number among those that this subscriber was told of, when, and what to."""

    number: int
    at: datetime
    focus: str = ""


def status(url: str, state: str, topic: str, kind: str, total: int, events: Sequence[Event] = ()) -> Body:
    """The Parameters that the backport calls SubscriptionStatus. `url` is the Subscription's."""
    told: list[Body] = [
        {"name": "subscription", "valueReference": {"reference": url}},
        {"name": "topic", "valueCanonical": TOPIC + topic},
        {"name": "status", "valueCode": state},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(total)},
    ]
    for one in events:
        part: list[Body] = [
            {"name": "event-number", "valueString": str(one.number)},
            {"name": "timestamp", "valueInstant": one.at.isoformat(timespec="milliseconds")},
        ]
        part += [{"name": "focus", "valueReference": {"reference": one.focus}}] if one.focus else []
        told.append({"name": "notification-event", "part": part})
    return {"resourceType": "Parameters", "meta": {"profile": [_STATUS]}, "parameter": told}


def notification(
    url: str, told: Body, at: datetime, focus: str = "", resource: Body | None = None, *, gone: bool = False
) -> Body:
    """The history Bundle of one notification: its status first, then what it is about, whole where `resource` is.
    `gone`: its source deleted it, and a read of it says so too."""
    entries: list[Body] = [
        {"resource": told, "request": {"method": "GET", "url": f"{url}/$status"}, "response": {"status": "200"}}
    ]
    if focus:
        method, answer = ("DELETE", "204") if gone else ("GET", "200")
        about: Body = {"fullUrl": focus, "request": {"method": method, "url": focus}, "response": {"status": answer}}
        entries.append(about | ({"resource": resource} if resource else {}))
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [_PROFILE]},
        "type": "history",
        "timestamp": at.isoformat(timespec="milliseconds"),
        "entry": entries,
    }


def secret_of(key: bytes, identity: str) -> str:
    """The secret of one subscription: made of the gateway's own, and kept nowhere."""
    return hmac.new(key, b"subscription\0" + identity.encode(), hashlib.sha256).hexdigest()


def signed(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers that prove a notification: HMAC-SHA-256 over `<seconds since 1970>.<body>`, so that neither an older
    notification nor another body passes for this one."""
    moment = str(int(at.timestamp()))
    made = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Gateway-Timestamp": moment, "X-Gateway-Signature": f"sha256={made}"}
