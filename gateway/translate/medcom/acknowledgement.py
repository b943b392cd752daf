"""MedCom Acknowledgement 2.0: the answer to a message, addressed back to its sender, in its own format.

`ok`, `fatal-error` (the same content will be refused again) or `transient-error` (it may be sent again). A message
that cannot be answered so (no readable header, nobody named as sender or receiver, or itself an acknowledgement:
those are never acknowledged) gets an OperationOutcome instead, which only the caller of this HTTP request sees.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import uuid4

from gateway.domain.when import said_time
from gateway.errors import GatewayError
from gateway.translate.fhir import write_json, write_xml, written_in
from gateway.translate.medcom.issue_details import details_of
from gateway.translate.medcom.names import ACKNOWLEDGEMENT, EVENT_CODES
from gateway.translate.medcom.original import Original, original_of
from gateway.translate.medcom.writing import PROVENANCE, activity, bundle, destination, organisation, resource

Json = dict[str, Any]

_ACK = "http://medcomfhir.dk/ig/acknowledgement/StructureDefinition"
_BUNDLE = f"{_ACK}/medcom-messaging-acknowledgement"
_HEADER = f"{_ACK}/medcom-messaging-acknowledgementHeader"
_OUTCOME = f"{_ACK}/medcom-acknowledgement-operationoutcome"
_BASE = "https://medcomfhir.dk/ig/acknowledgement"
_DEFINITION = "http://medcomfhir.dk/ig/acknowledgement/medcom-acknowledgement-message-definition|2.0.0"
_PATH = re.compile(r"[A-Z][A-Za-z]*(\.[a-z][A-Za-z]*(\[\d+\])?)+")


def positive(raw: bytes, now: datetime, note: str = "") -> bytes:
    """Code ok. `note` is told as an informational issue."""
    issue = {"severity": "information", "code": "informational", "details": {"text": note}} if note else None
    return _answer(raw, "ok", issue, now)


def negative(raw: bytes, error: GatewayError, now: datetime) -> bytes:
    """Code transient-error or fatal-error, with one issue: the kind of failure, its place, what to do."""
    system, code = details_of(error)
    details = {"coding": [{"system": system, "code": code}], "text": error.told()}
    issue: Json = {"severity": "error", "code": error.issue, "details": details}
    if _PATH.fullmatch(error.where):
        issue["expression"] = [error.where]
    return _answer(raw, "transient-error" if error.transient else "fatal-error", issue, now)


def _answer(raw: bytes, code: str, issue: Json | None, now: datetime) -> bytes:
    write = write_xml if written_in(raw) == "xml" else write_json
    original = original_of(raw)
    if original is None:
        told = issue or {"severity": "information", "code": "informational"}
        return write({"resourceType": "OperationOutcome", "issue": [told]})
    return write(_bundle(original, code, issue, said_time(now)))


def _bundle(original: Original, code: str, issue: Json | None, now: str) -> Json:
    """The Acknowledgement. Its sender is the original's receiver, and the other way about."""
    header, sender, receiver, outcome = (str(uuid4()) for _ in range(4))
    response: Json = {"identifier": original.id, "code": code}
    if issue:
        response["details"] = {"reference": f"OperationOutcome/{outcome}"}
    resources = [
        _header(header, original, (sender, receiver), response),
        _said(original, receiver, now),
        _own(header, original, sender, now),
        organisation(sender, original.receiver),
        organisation(receiver, original.sender),
    ]
    if issue:
        words = f"Acknowledgement: {code}"
        resources.append(resource("OperationOutcome", outcome, _OUTCOME, words, {"issue": [issue]}))
    return bundle(str(uuid4()), _BUNDLE, _BASE, now, resources)


def _header(identity: str, original: Original, parties: tuple[str, str], response: Json) -> Json:
    sender, receiver = parties
    content = {
        "eventCoding": {"system": EVENT_CODES, "code": ACKNOWLEDGEMENT},
        "destination": [destination(original.sender, {"reference": f"Organization/{receiver}"})],
        "sender": {"reference": f"Organization/{sender}"},
        "source": {"endpoint": original.receiver.endpoint},
        "response": response,
        "definition": _DEFINITION,
    }
    return resource("MessageHeader", identity, _HEADER, f"Acknowledgement: {response['code']}", content)


def _said(original: Original, sender: str, now: str) -> Json:
    """The original's Provenance, once more; what of it cannot be repeated is left out."""
    said = original.said
    content = {
        "target": [{"reference": f"MessageHeader/{original.id}"}],
        "occurredDateTime": said.occurred,
        "recorded": said.recorded or said.occurred or now,
        "activity": activity(said.activity) if said.activity else None,
        "agent": [{"who": {"reference": f"Organization/{sender}"}}],
    }
    words = f"Message: {said.activity or 'received'}"
    return resource("Provenance", said.id or str(uuid4()), PROVENANCE, words, content)


def _own(header: str, original: Original, sender: str, now: str) -> Json:
    content = {
        "target": [{"reference": f"MessageHeader/{header}"}],
        "occurredDateTime": now,
        "recorded": now,
        "activity": activity("acknowledgement"),
        "agent": [{"who": {"reference": f"Organization/{sender}"}}],
        "entity": [{"role": "revision", "what": {"reference": f"MessageHeader/{original.id}"}}],
    }
    return resource("Provenance", str(uuid4()), PROVENANCE, "Message: acknowledgement", content)
