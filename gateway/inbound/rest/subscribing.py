"""`$status` of a Subscription, and who a subscriber is by now.

http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/OperationDefinition-backport-subscription-status.html
"""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.domain.limits import still_open
from gateway.domain.scope import LEVELS
from gateway.flows import subscriptions
from gateway.inbound.clients import Clients
from gateway.inbound.door import Inbound
from gateway.inbound.rest.answering import answer, only_form
from gateway.inbound.scopes import narrow


async def status(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET and POST /fhir/Subscription/{id}/$status"""
    form = only_form(request)
    return answer(request, form, await subscriptions.status(inbound.gateway, caller, request.path_params["id"]))


def standing(clients: Clients) -> subscriptions.Standing:
    """How a subscriber is registered now: it keeps no scope, purpose, unit, source or case that its client has lost,
    gets none that it was not let in for, and nothing at all where the client is gone or is somebody else by now."""
    known = {client.id: client for client in clients}

    def now(caller: Caller) -> Caller | None:
        client = known.get(caller.client)
        if client is None or (client.organisation, client.sector, client.role) != (
            caller.organisation, caller.sector, caller.role,
        ):  # fmt: skip
            return None
        scopes = tuple(map(str, narrow(" ".join(caller.scopes), client.scopes, levels=LEVELS)))
        cases = still_open(caller.cases, client.cases)
        if not scopes or cases is None or not set(caller.purposes) <= set(client.purposes):
            return None
        return replace(
            caller, scopes=scopes, sends=client.sends, member_of=client.member_of, cases=cases, override=None
        )

    return now
