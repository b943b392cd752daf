"""Which resources become which HL7 v2 messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.domain.plan import is_joint
from gateway.errors import BadRequest
from gateway.translate.hl7v2.write import plan
from gateway.translate.hl7v2.write.document import document
from gateway.translate.hl7v2.write.message import Envelope, message_id

Json = Mapping[str, Any]

KINDS: Mapping[str, Callable[[Json, Json, Sequence[Json], Envelope], bytes]] = {
    "DocumentReference": document,
    "Goal": plan.goal,
    "Condition": plan.problem,
    "CarePlan": plan.pathway,
}
"""Type → what writes one of it: (the resource, its Patient, everything there is, the envelope) → a message."""


def messages(resources: Sequence[Json], now: datetime, mappings: Path) -> list[bytes]:
    """One message for each resource that a hospital can be told of, in the order of `resources`. No table of `mappings`
    is needed for it.

    Raises BadRequest when there is none, or when nobody says whom it is about. What is composed for a reader is told
    to nobody: its parts are.
    """
    resources = [one for one in resources if not is_joint(str(one.get("resourceType")), str(one.get("id")))]
    told = [one for one in resources if one.get("resourceType") in KINDS]
    if not told:
        raise BadRequest("Nothing here becomes an HL7 v2 message", hint=f"These do: {', '.join(KINDS)}.")
    return [_message(one, resources, now) for one in told]


def _message(resource: Json, resources: Sequence[Json], now: datetime) -> bytes:
    kind = str(resource["resourceType"])
    number = message_id(kind, json.dumps(resource, sort_keys=True, default=str))
    return KINDS[kind](resource, _patient(resource, resources), resources, Envelope(number, now))


def _patient(resource: Json, resources: Sequence[Json]) -> Json:
    """The Patient that a resource is about: the one that its subject names, by reference or identifier."""
    subject = resource.get("subject", {})
    wanted = str(subject.get("reference", "")).rpartition("/")[2].removeprefix("urn:uuid:")
    found = [one for one in resources if one.get("resourceType") == "Patient" and one.get("id") == wanted and wanted]
    if found:
        return found[0]
    if subject.get("identifier"):
        return {"resourceType": "Patient", "identifier": [subject["identifier"]]}
    raise BadRequest(
        "Nobody says whom this is about",
        where=f"{resource['resourceType']}.subject",
        hint="Give a Bundle that holds the Patient as well.",
    )
