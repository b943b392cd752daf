"""A message that is sent again: the same message in a new envelope, sent now.

MedCom Reliable Messaging: a resubmission has a new Bundle.id and timestamp and the same MessageHeader.id, so its
receiver answers anew and shows it once. Letters (OIOXML, EDIFACT) are sent as they were: their receipts may name the
envelope. HL7 v2 has no envelope; its receivers recognise MSH-10.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from gateway.errors import GatewayError
from gateway.translate.fhir import parse, write_json, write_xml, written_in

_ENVELOPES = uuid.UUID("5f0c7f5e-5f6b-5d53-9b8e-6d7f6f0a4c11")


def resent(language: str, body: bytes, now: datetime) -> bytes:
    """The message in its new envelope; as it was where it has none that can be read."""
    if language != "fhir-message":
        return body
    try:
        bundle = parse(body)
        if bundle.get("resourceType") != "Bundle":
            return body
        bundle["id"] = str(uuid.uuid5(_ENVELOPES, f"{bundle.get('id', '')} {now.isoformat()}"))
        bundle["timestamp"] = now.isoformat(timespec="milliseconds")
        return write_xml(bundle) if written_in(body) == "xml" else write_json(bundle)
    except GatewayError:
        return body
