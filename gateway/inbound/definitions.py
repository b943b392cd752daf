"""The code systems, value sets and concept maps that the gateway knows, and the profiles and operations of its own, as
resources: read and searched.

Nothing of a citizen is in them, so a look at them is no look-up, and every client with a token may have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from gateway.domain.caller import Caller
from gateway.domain.searching.extract import Extract
from gateway.domain.searching.hops import unknown
from gateway.domain.searching.matching import split
from gateway.domain.searching.parameter import Parameter
from gateway.domain.searching.query import MOST, understand
from gateway.errors import BadRequest, NotFound
from gateway.flows.parts import Served
from gateway.flows.search.listing import listed
from gateway.flows.search.paging import opened
from gateway.inbound.door import Inbound
from gateway.translate import published
from gateway.translate.terms import definitions
from gateway.translate.terms.terms import Terms, folded

KINDS = (*definitions.KINDS, *published.KINDS)
PARAMETERS: Mapping[str, str] = {
    "_id": "token", "url": "uri", "name": "string", "title": "string", "status": "token", "version": "token",
    "date": "date", "publisher": "string", "description": "string",
}  # fmt: skip
"""What a search takes, by its FHIR type: the elements of the same names."""


def read(inbound: Inbound, kind: str, identity: str) -> Served:
    """One of them, with all that it holds. Raises NotFound."""
    if kind in published.KINDS:
        found = published.definition(kind, identity)
    else:
        found = definitions.definition(inbound.gateway.terms, kind, identity)
    if found is None:
        raise NotFound
    return Served(msgspec.json.encode(found))


def search(inbound: Inbound, caller: Caller, kind: str, params: Sequence[tuple[str, str]]) -> Served:
    """A searchset of what is known here, without codes and elements. Raises BadRequest for what is not served; for
    links as every search."""
    gateway = inbound.gateway
    position = opened(gateway, caller, kind, params)
    urls = [value for name, value in position.params if name == "url" and value]
    query = understand(kind, _SERVED, [one for one in position.params if one[0] != "url" or not one[1]], gateway.here)
    if query.named:
        raise unknown(kind, "patient", _SERVED)
    if query.wide:
        raise BadRequest("No chain, _has or include is served for this type", where=kind)
    if all(name != "_count" for name, _ in position.params):
        query = replace(query, count=MOST)
    terms = gateway.terms
    known = published.metadata(kind) if kind in published.KINDS else definitions.metadata(terms, kind)
    found = (one for one in known if all(_is_at(terms, one, value) for value in urls))
    return Served(listed(gateway, caller, query, position, found))


def _is_at(terms: Terms, body: Mapping[str, Any], value: str) -> bool:
    """A URL is the same however it is written (folded), an older one of a system too."""
    return folded(str(body.get("url", ""))) in [folded(terms.canonical(one)) for one in split(value, ",")]


def _element(name: str) -> Extract:
    return lambda body: [body[name]] if name in body else []


_SERVED = {
    kind: {
        name: Parameter(name, form, _element(name.removeprefix("_")))
        for name, form in PARAMETERS.items()
    }
    for kind in KINDS
}  # fmt: skip
