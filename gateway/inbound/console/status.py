"""How the log stands: its size, its newest checkpoint, and how the page knows that nothing is missing."""

from __future__ import annotations

from starlette.responses import Response

from gateway.flows.log_status import log_status
from gateway.inbound.console.frame import Here


async def show(here: Here) -> Response:
    """GET /console/status"""
    return here.page("status.html", log=await log_status(here.gateway))
