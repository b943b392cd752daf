"""The code systems, value sets and concept maps that the gateway knows, and the profiles and operations of its own, as
resources: read and searched.

Nothing of a citizen is in them, so a look at them is no look-up, and every client with a token may have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from gateway.errors import BadRequest, NotFound
from gateway.flows.parts import Served
from gateway.inbound.door import Inbound
from gateway.translate import published
from gateway.translate.terms import definitions
from gateway.translate.terms.terms import Terms, folded

KINDS = (*definitions.KINDS, *published.KINDS)
PARAMETERS: Mapping[str, str] = {"_id": "token", "url": "uri", "name": "string", "status": "token", "version": "token"}
_ELEMENTS = {"_id": "id"}


def read(inbound: Inbound, kind: str, identity: str) -> Served:
    """One of them, with all that it holds. Raises NotFound."""
    if kind in published.KINDS:
        found = published.definition(kind, identity)
    else:
        found = definitions.definition(inbound.gateway.terms, kind, identity)
    if found is None:
        raise NotFound
    return Served(msgspec.json.encode(found))


def search(inbound: Inbound, kind: str, params: Sequence[tuple[str, str]]) -> Served:
    """A searchset of what is known here, without codes and elements. Raises BadRequest for an unknown parameter."""
    for name, _ in params:
        if name not in PARAMETERS:
            raise BadRequest("A search parameter is not served here", hint=f"Served: {', '.join(PARAMETERS)}.")
    terms = inbound.gateway.terms
    known = published.metadata(kind) if kind in published.KINDS else definitions.metadata(terms, kind)
    found = [one for one in known if all(_fits(terms, one, name, value) for name, value in params)]
    base = f"{inbound.public_url}/fhir/{kind}"
    asked = f"?{urlencode(list(params))}" if params else ""
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": [{"relation": "self", "url": f"{base}{asked}"}],
    }
    entries = [{"fullUrl": f"{base}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in found]
    return Served(msgspec.json.encode(bundle | ({"entry": entries} if entries else {})))


def _fits(terms: Terms, body: Mapping[str, Any], name: str, value: str) -> bool:
    """http://hl7.org/fhir/R4/search.html: commas between alternatives; a string is how a name begins."""
    held = str(body.get(_ELEMENTS.get(name, name), ""))
    wanted = value.split(",")
    if name == "url":
        return folded(held) in [folded(terms.canonical(one)) for one in wanted]
    if name == "name":
        return any(held.lower().startswith(one.lower()) for one in wanted)
    return held in wanted
