"""The parts that MedCom messages are written of: every one with its profile and a narrative, values escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from gateway.translate.medcom.names import ACTIVITY_CODES, DESTINATION_USE, DESTINATION_USES
from gateway.translate.medcom.original import Party

Json = dict[str, Any]

_MESSAGING = "http://medcomfhir.dk/ig/messaging/StructureDefinition"
ORGANIZATION = f"{_MESSAGING}/medcom-messaging-organization"
PROVENANCE = f"{_MESSAGING}/medcom-messaging-provenance"


def bundle(identity: str, profile: str, base: str, now: str, resources: Sequence[Json]) -> Json:
    """A message of these resources, the MessageHeader first. `base` is where their fullUrls begin."""
    entries = [{"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one} for one in resources]
    meta = {"profile": [profile]}
    return {
        "resourceType": "Bundle", "id": identity, "meta": meta, "type": "message", "timestamp": now, "entry": entries,
    }  # fmt: skip


def resource(kind: str, identity: str, profile: str, words: Sequence[str] | str, content: Json) -> Json:
    """A resource with profile and narrative, which MedCom requires of everything that is sent. `words` are the lines
    of the narrative, as plain text. Elements without a value are left out."""
    lines = [words] if isinstance(words, str) else words
    shown = "".join(f"<p>{escape(printable(line), quote=False)}</p>" for line in lines)
    return {
        "resourceType": kind,
        "id": identity,
        "meta": {"profile": [profile]} | content.get("meta", {}),
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{shown}</div>'},
        **{name: value for name, value in content.items() if name != "meta" and value not in (None, "", [], {})},
    }


def destination(party: Party, reference: Json) -> Json:
    """MessageHeader.destination: the one primary receiver."""
    use = {"url": DESTINATION_USE, "valueCoding": {"system": DESTINATION_USES, "code": "primary"}}
    return {"extension": [use], "endpoint": party.endpoint, "receiver": reference}


def organisation(identity: str, party: Party) -> Json:
    """An Organization with all its numbers."""
    numbers = [{"system": system, "value": value} for system, value in party.numbers]
    words = [party.name, *(value for _, value in party.numbers)] if party.name else party.numbers[0][1]
    return resource("Organization", identity, ORGANIZATION, words, {"identifier": numbers, "name": party.name})


def activity(code: str) -> Json:
    """Provenance.activity."""
    return {"coding": [{"system": ACTIVITY_CODES, "code": code}]}


def printable(text: str) -> str:
    """A text that both formats can hold on one line: control characters become blanks."""
    return "".join(one if one.isprintable() else " " for one in text)
