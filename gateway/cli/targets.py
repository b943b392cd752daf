"""The languages that `gateway translate --to` writes, and what it writes from: FHIR resources of one file."""

from __future__ import annotations

import importlib
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from gateway.domain.resource import Resource
from gateway.domain.statement import Body
from gateway.errors import GatewayError
from gateway.translate.fhir import parse
from gateway.translate.telling import of_resources
from gateway.translate.translation import Translation

TARGETS: Mapping[str, str] = {
    "hl7v2": "gateway.translate.hl7v2.write.resources",
    "medcom": "gateway.translate.medcom.out.resources",
    "medcom-xml": "gateway.translate.medcom.out.resources_xml",
    "oioxml": "gateway.translate.oioxml.out.resources",
    "edifact": "gateway.translate.edifact.resources",
    "kl": "gateway.translate.kl.write.resources",
    "oio": "gateway.translate.oio.write.resources",
    "sf2900": "gateway.translate.sf2900.resources",
    "fasit": "gateway.translate.fasit.resources",
}
"""Language → the module whose `messages(resources, now, mappings)` gives the bytes of each message; `mappings` is the
folder of rules and code tables. It is loaded when it is asked for. Raises BadRequest when nothing can be written in it.
"""


_BACK = frozenset({"oio", "sf2900", "fasit"})


def written(target: str, resources: Sequence[Body], now: datetime, mappings: Path) -> list[bytes]:
    """The messages that these resources become."""
    made: list[bytes] = importlib.import_module(TARGETS[target]).messages(resources, now, mappings)
    return made


def bodies_of(target: str, resources: Iterable[Resource]) -> list[Body]:
    """What a language is written from. Only a hospital's stays, goals and letters are told to a municipality: a
    municipality's own are not told to it as if a hospital had said them."""
    return [
        one.body
        for one in resources
        if target not in _BACK or one.sector == "region" or not of_resources.is_told(one.body)
    ]


def resources_of(raw: bytes) -> list[Body] | None:
    """The resources in a file that holds a FHIR resource or a Bundle of them; None for a message of any language."""
    try:
        body = parse(raw)
    except GatewayError:
        return None  # no FHIR: what it is, its own language tells
    if body["resourceType"] != "Bundle":
        return [body]
    if body.get("type") == "message":
        return None
    return [_placed(entry) for entry in body.get("entry", []) if "resource" in entry]


def files_of(translations: Iterable[Translation]) -> list[Body]:
    """The files of correspondence as Binary resources, as which the writers look for them."""
    return [
        {"resourceType": "Binary", "id": one.id, "contentType": one.content_type, "data": b64encode(one.body).decode()}
        for translation in translations
        for one in translation.attached
    ]


def _placed(entry: Body) -> Body:
    """An entry's resource; one without an id is known by the end of its fullUrl, as references to it are."""
    resource: Body = entry["resource"]
    end = str(entry.get("fullUrl", "")).rpartition("/")[2].removeprefix("urn:uuid:")
    return resource if resource.get("id") or not end else {**resource, "id": end}
