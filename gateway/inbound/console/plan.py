"""The joint plan as a page, for a person whose system opened it with a ticket.

The plan's address holds the Patient id, which nobody can guess or turn back. Every view goes through the joint plan's
flow, so it is decided and recorded like any other look.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from starlette.responses import Response

from gateway.errors import NotFound
from gateway.flows.joint_plan import told_plan
from gateway.inbound.console.frame import Here
from gateway.inbound.console.plan_view import plan_view
from gateway.translate.terms.wording import worded

_decode = msgspec.json.Decoder(float_hook=Decimal).decode  # what was measured is shown with every digit it has


async def show(here: Here) -> Response:
    """GET /console/plan/{id}: the joint plan as this session's user may see it; every view is a recorded look."""
    patient = here.request.path_params["id"]
    if patient != here.visit.patient:
        raise NotFound
    caller = here.caller
    served, tellers = await told_plan(here.gateway, caller, patient)
    reader = ", ".join(filter(None, (caller.user_name, caller.user_role, caller.organisation_name)))
    bundle = worded(here.gateway.terms, _decode(served.body))
    shown = plan_view(bundle, here.gateway.clock(), here.t, tellers)
    now = here.moment(here.gateway.clock())
    return here.page("plan.html", plan=shown, reader=reader or caller.client_name, now=now)
