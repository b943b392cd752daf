"""Whom an answer to an order goes to: docs/kl-order-answer.md.

MedCom's Acknowledgement names organisations by number. KL's profile defines no addressing and its organisations have
names alone, so an organisation without a number is named by the endpoint it sent from or is reached at.
"""

from __future__ import annotations

from typing import Any

from gateway.errors import GatewayError
from gateway.translate.fhir import parse_message, write_json, write_xml, written_in
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.structure import shape_faults
from gateway.translate.kl.order import is_order

Json = dict[str, Any]

URI = "urn:ietf:rfc:3986"


def addressed(raw: bytes) -> bytes:
    """Header and parties of an order, each with a number; any other bytes as they are."""
    try:
        bundle = parse_message(raw)
    except GatewayError:
        return raw
    if not is_order(bundle):
        return raw
    message = Message({"resourceType": "Bundle", "type": "message", "entry": _sound(bundle["entry"])})
    header = message.header
    destination: Json = next(iter(header.get("destination", ())), {})
    sender = _party(message, header.get("sender"), header.get("source", {}).get("endpoint", ""), "sender")
    receiver = _party(message, destination.get("receiver"), destination.get("endpoint", ""), "receiver")
    header |= {
        "sender": {"reference": "Organization/sender"},
        "destination": [destination | {"receiver": {"reference": "Organization/receiver"}}],
    }
    entries = [{"fullUrl": f"{r['resourceType']}/{r.get('id', '')}", "resource": r} for r in (header, sender, receiver)]
    made = {"resourceType": "Bundle", "type": "message", "entry": entries}
    return write_xml(made) if written_in(raw) == "xml" else write_json(made)


def _sound(entries: list[Any]) -> list[Json]:
    """Header and organisations without what has not the shape of R4; the rest is of no use to an answer."""
    kept: list[Json] = []
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if resource is not None and kind in ("MessageHeader", "Organization"):
            url = entry.get("fullUrl")
            sound = {n: v for n, v in resource.items() if not shape_faults({"resourceType": kind, n: v})}
            kept.append({"fullUrl": url if isinstance(url, str) else "", "resource": {"resourceType": kind} | sound})
    return kept


def _party(message: Message, reference: Json | None, endpoint: str, role: str) -> Json:
    organisation = message.resolve(reference) or {}
    told = [i for i in organisation.get("identifier", []) if i.get("system") and i.get("value")]
    by_endpoint = [{"system": URI, "value": endpoint}] if endpoint else []
    made = {
        "resourceType": "Organization",
        "id": role,
        "identifier": told or by_endpoint,
        "name": organisation.get("name"),
    }
    return {name: value for name, value in made.items() if value}
