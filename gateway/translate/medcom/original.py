"""What an answer must know of the message it answers, read from a message that may be wrong in every other way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gateway.domain.identifier import SOR
from gateway.errors import GatewayError
from gateway.translate.fhir import parse_message
from gateway.translate.fhir.message import Message, event_code
from gateway.translate.fhir.structure import shape_faults
from gateway.translate.medcom.header import sor_of
from gateway.translate.medcom.names import ACKNOWLEDGEMENT, SOR_ENDPOINT
from gateway.translate.medcom.provenance import activity_of, targets

Json = dict[str, Any]

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Party:
    """The sender or receiver of a message. `numbers` are (system, value)."""

    endpoint: str
    numbers: tuple[tuple[str, str], ...]
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """The message's own Provenance, as far as it can be repeated; empty texts where it cannot."""

    id: str
    activity: str
    occurred: str
    recorded: str


@dataclass(frozen=True, slots=True)
class Original:
    """The message to be answered."""

    id: str
    sender: Party
    receiver: Party
    said: Said


def original_of(raw: bytes) -> Original | None:
    """What is needed for an answer; None when there is nobody to address it to, or when none may be sent."""
    try:
        bundle = parse_message(raw)
    except GatewayError:
        return None
    message = _message(bundle)
    if message is None or _code(bundle) == ACKNOWLEDGEMENT:
        return None
    header = message.header
    destination: Json = next(iter(header.get("destination", ())), {})
    sender = _party(message, header.get("sender"), header.get("source", {}).get("endpoint", ""))
    receiver = _party(message, destination.get("receiver"), destination.get("endpoint", ""))
    if sender is None or receiver is None or not _ID.fullmatch(header.get("id", "")):
        return None
    return Original(header["id"], sender, receiver, _said(message))


def _message(bundle: Json) -> Message | None:
    """The message with all that has not the shape of R4 taken away; None when that is its header."""
    if bundle["resourceType"] != "Bundle":
        return None
    if shape_faults(bundle):
        entries = bundle.get("entry")
        sound = [_sound_entry(entry) for entry in entries] if isinstance(entries, list) else []
        bundle = {"resourceType": "Bundle", "type": "message", "entry": sound}
    try:
        return Message(bundle)
    except GatewayError:
        return None


def _sound_entry(entry: Any) -> Json:
    if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
        return {}
    resource: Json = entry["resource"]
    kind = resource.get("resourceType")
    sound = {n: v for n, v in resource.items() if not shape_faults({"resourceType": kind, n: v})}
    url = entry.get("fullUrl")
    return {"resource": sound | {"resourceType": kind}} | ({"fullUrl": url} if isinstance(url, str) else {})


def _code(bundle: Json) -> str:
    try:
        return event_code(bundle)
    except GatewayError:
        return ""


def _party(message: Message, reference: Json | None, endpoint: str) -> Party | None:
    """By the organisation in the Bundle, else by the SOR number in the endpoint; None when neither tells."""
    organisation = message.resolve(reference, "Organization") or {}
    told = [(_shown(i.get("system", "")), _shown(i.get("value", ""))) for i in organisation.get("identifier", ())]
    numbers = [(system, value) for system, value in told if system and value]
    sor = _shown(sor_of(organisation)) or (endpoint.startswith(SOR_ENDPOINT) and _shown(endpoint[len(SOR_ENDPOINT) :]))
    if sor and not numbers:
        numbers = [(SOR, sor)]
    endpoint = _shown(endpoint) or (f"{SOR_ENDPOINT}{sor}" if sor else "")
    if not endpoint or not numbers:
        return None
    name = organisation.get("name")
    return Party(endpoint, tuple(numbers), _shown(name) if isinstance(name, str) else "")


def _said(message: Message) -> Said:
    own = [p for p in message.roots.get("Provenance", ()) if message.header.get("id") in set(targets(p))]
    said = max(own, key=lambda p: p.get("recorded", ""), default={})
    return Said(
        _fitting(_ID, said.get("id", "")),
        _fitting(_CODE, activity_of(said)),
        _fitting(_TIME, said.get("occurredDateTime", "")),
        _fitting(_TIME, said.get("recorded", "")),
    )


def _fitting(form: re.Pattern[str], text: str) -> str:
    return text if form.fullmatch(text) else ""


def _shown(text: str) -> str:
    """A text that both formats can hold."""
    return "".join(c for c in text.strip() if c.isprintable())[:_LONGEST]
