"""Read, search and `$status` of Subscriptions. A client sees its own; of others' it is told what everybody is told of
what is not there. FHIR R4 Subscription (2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from gateway.domain.caller import Caller
from gateway.domain.subscription import status as status_of
from gateway.errors import NotFound
from gateway.flows.covering import covers_body
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.search.listing import listed, understood_alone
from gateway.flows.search.paging import opened
from gateway.flows.subscriptions.showing import KIND, body_of, recorded, served, url_of
from gateway.store import subscriptions, wire
from gateway.store.subscriptions import Subscribed


async def read(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """One of the caller's own. Raises NotFound."""
    return served(gateway, await _looked_at(gateway, caller, identity, "read"))


async def search(gateway: Gateway, caller: Caller, params: Sequence[tuple[str, str]]) -> Served:
    """A searchset of the caller's own."""
    position = opened(gateway, caller, KIND, params)
    query = understood_alone(gateway, KIND, position)
    mine = [body_of(one) for one in await subscriptions.of(gateway.database, caller.client)]
    bodies = [one for one in mine if covers_body(gateway, caller, one)]
    asked = f"GET {KIND}?{urlencode(list(position.params))}"
    await on_record(gateway, recorded(gateway, caller, "search-type", asked, None))
    return Served(listed(gateway, caller, query, position, bodies))


async def status(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """`$status`: how it stands, and how many events it was told of."""
    found = await _looked_at(gateway, caller, identity, "operation", "/$status")
    told = status_of(url_of(gateway, identity), found.status, found.topic, "query-status", found.told)
    entry = {"resource": told, "search": {"mode": "match"}}
    return Served(wire.encode({"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [entry]}))


async def _looked_at(
    gateway: Gateway, caller: Caller, identity: str, interaction: str, operation: str = ""
) -> Subscribed:  # fmt: skip
    """One of the caller's own, on record. Raises NotFound."""
    asked = f"GET {KIND}/{identity}{operation}"
    found = await subscriptions.find(gateway.database, identity, caller.client)
    if found is None or not covers_body(gateway, caller, body_of(found)):
        await on_record(gateway, record_of(gateway, caller, interaction, KIND, "", NOTHING, query=asked))
        raise NotFound
    await on_record(gateway, recorded(gateway, caller, interaction, asked, found))
    return found
