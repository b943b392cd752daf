"""What systems answered, for tests: made up, in the shapes that the rules expect."""

from __future__ import annotations

import json
from typing import Any

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.statement import Body
from gateway.translate.translation import Translation
from gateway.translate.vendor import Vendor
from tests.outbound.case_system import CPR

Json = dict[str, Any]
FETCHED = "2026-03-02T09:00:00+00:00"


def citizen(**more: Any) -> Json:
    identity = {"type": "cpr", "identifier": CPR}
    return {"id": 4711, "patientIdentifier": identity, "lastName": "Elmer", "firstName": "Bruno"} | more


def document(vendor: str = "nexus", *, fetched: str = FETCHED, asked: str = CPR, **content: list[Any]) -> bytes:
    """A document with this content; the citizen stands in it unless it says otherwise."""
    named = {"nexus": "koebenhavn", "momentum": "koebenhavn-jobcenter"}[vendor]
    person = citizen() if vendor == "nexus" else {"id": "b1", "cpr": CPR, "name": "Bruno Elmer"}
    whole = {"vendor": vendor, "installation": named, "fetched": fetched, "asked": asked}
    return json.dumps(whole | {"content": {"citizen": [person]} | content}).encode()


def element(kind: str, **value: Any) -> Json:
    return {"type": kind, **value}


def grant(*elements: Json, **more: Any) -> Json:
    return {"id": 1, "name": "Støtte", "currentElements": list(elements)} | more


def made(vendor: Vendor, raw: bytes, kind: str) -> list[Body]:
    """The bodies of one kind of resource, as their statements tell them."""
    return [one.body for one in vendor.translate(raw).statements if one.kind == kind]


def folded(vendor: Vendor, *translations: Translation) -> list[Body]:
    """What stands after these, in this order."""
    statements = [statement for one in translations for statement in one.statements]
    key = translations[0].citizen[0].key
    person = people({key: [key]}, ())[key]
    sources = {one.source.id: one.source for one in translations}
    return [one.body for one in fold(statements, person, vendor._ids, sources)]
