"""Which Communications become which CareCommunications, with their files and the messages that they answer."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from gateway.domain.correspondence import without_bare_files
from gateway.translate.medcom.carecommunication.write import letter
from gateway.translate.medcom.out.whom import patient_of
from gateway.translate.rules.codes import CodeTable

Json = dict[str, Any]


def letters(resources: Sequence[Json], now: datetime, locations: CodeTable) -> Iterator[Json]:
    """A CareCommunication for every Communication, in the order in which they were sent. Files are the Binary resources
    that attachments point at; what a message answers stands in its chain where it is at hand.

    Raises MissingField, NoCitizen.
    """
    files = {
        f"Binary/{one['id']}": base64.b64decode(one["data"])
        for one in resources
        if one.get("resourceType") == "Binary" and "id" in one and "data" in one
    }
    told = [one for one in resources if one.get("resourceType") == "Communication"]
    for one in sorted(without_bare_files(told), key=lambda one: (one.get("sent", ""), one.get("id", ""))):
        patient = patient_of(one.get("subject", {}), resources, "Communication.subject")
        yield letter(one, patient, locations, now, files, list(_answered(one, told))).bundle


def _answered(communication: Json, told: Sequence[Json]) -> Iterator[Json]:
    """The messages that this one answers, directly and then further back."""
    seen = [communication]
    while former := next((one for one in told if _answers(seen[-1], one) and one not in seen), None):
        seen.append(former)
        yield former


def _answers(communication: Json, other: Json) -> bool:
    numbers = [number.get("value") for number in other.get("identifier", ())]
    return any(
        reference.get("reference") == f"Communication/{other.get('id')}"
        or reference.get("identifier", {}).get("value", "") in numbers
        for reference in communication.get("inResponseTo", ())
    )
