"""The fixture order and its variants."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from gateway.domain.resource import ids
from gateway.domain.statement import Statement
from gateway.translate.translation import Translation

PROJECT = Path(__file__).parents[3]
RAW = (PROJECT / "fixtures" / "messages" / "kl" / "order.json").read_bytes()

Json = dict[str, Any]


def order() -> Json:
    """The fixture, to be changed."""
    return json.loads(RAW)  # type: ignore[no-any-return]


def raw(bundle: Json) -> bytes:
    return json.dumps(bundle, ensure_ascii=False).encode()


def resources(bundle: Json, kind: str) -> list[Json]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def the(bundle: Json, kind: str, **having: str) -> Json:
    """The one resource of a kind that holds these texts: the=element, text somewhere in it."""
    found = [
        r
        for r in resources(bundle, kind)
        if all(text in json.dumps(r.get(n), ensure_ascii=False) for n, text in having.items())
    ]
    assert len(found) == 1, (kind, having, len(found))
    return found[0]


def _text(node: Any) -> str:
    return json.dumps(node, ensure_ascii=False)


def message(*entries: Json, focus: str, sender: str = "https://ffb.kk.example/fhir") -> Json:
    """An order message around resources."""
    header = copy.deepcopy(order()["entry"][0]["resource"])
    header |= {"source": {"endpoint": sender}, "focus": [{"reference": focus}]}
    header.pop("sender")
    header["destination"][0].pop("receiver")
    listed = [header, *entries]
    return {
        "resourceType": "Bundle",
        "type": "message",
        "timestamp": "2021-06-18T12:00:00Z",
        "entry": [{"fullUrl": f"{r['resourceType']}/{r['id']}", "resource": r} for r in listed],
    }


def said(translation: Translation, kind: str) -> list[Statement]:
    return [s for s in translation.statements if s.kind == kind]


def of(translation: Translation, resource: Json) -> Statement:
    """The statement about a resource of the message."""
    key = f"{translation.source.id}|{resource['resourceType']}|{resource['id']}"
    return next(s for s in translation.statements if s.key == key)


def our(resource: Json) -> str:
    """The reference to a resource of the message in our terms."""
    kind = resource["resourceType"]
    return f"{kind}/{ids(b'test')(kind, '|'.join(['koebenhavn-ffb', kind, resource['id']]))}"


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [r for item in node for r in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["reference"]] if isinstance(node.get("reference"), str) else []
    return own + [r for value in node.values() for r in references(value)]
