"""Bulk Data export: kick-off, status, files. http://hl7.org/fhir/uv/bulkdata/STU2/export.html

The addresses of a job are nobody's but the caller's who put it up: for all others they are as if they had never been.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.domain.caller import Caller
from gateway.errors import BadRequest
from gateway.flows import bulk
from gateway.inbound.door import Inbound
from gateway.inbound.rest.answering import OF_ANSWER, form_of, query
from gateway.inbound.rest.asking import given
from gateway.inbound.rest.kinds import CLINICAL

NDJSON = "application/fhir+ndjson"


async def kick_off(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET or POST /fhir/Patient/$export or /fhir/$export with `Prefer: respond-async`: begin an export of the caller's
    circle. Both are of the same: of a citizen nobody is told who is not in it."""
    params = [*query(request), *(await given(request) if request.method == "POST" else ())]
    form_of(request, params)
    if "respond-async" not in _preferred(request):
        raise BadRequest("An export is made beside the call", where="Prefer", hint="Send Prefer: respond-async.")
    wanted = [(name, value) for name, value in params if name not in OF_ANSWER]
    what = request.url.path.removeprefix("/fhir/")
    job = await bulk.start(inbound.gateway, caller, what, wanted, CLINICAL)
    return Response(b"", 202, {"Content-Location": f"{inbound.public_url}/bulk/{job}"})


def _preferred(request: Request) -> set[str]:
    """The preferences (RFC 7240), without what stands behind them."""
    told = ",".join(request.headers.getlist("prefer")).replace(";", ",")
    return {one.strip().lower() for one in told.split(",")}


async def status(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /bulk/{id}: 202 while it is being made, then the manifest; 500 when it was given up, with an outcome."""
    found = await bulk.status(inbound.gateway, caller, request.path_params["id"])
    if not found.manifest:
        return Response(b"", 202, {"X-Progress": "in progress", "Retry-After": str(bulk.RETRY_SECONDS)})
    expires = format_datetime(found.expires.astimezone(UTC), usegmt=True)
    return Response(found.manifest, 200, {"Expires": expires}, "application/json")


async def cancel(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """DELETE /bulk/{id}: stop it, and forget its files."""
    await bulk.cancel(inbound.gateway, caller, request.path_params["id"])
    return Response(b"", 202)


async def take(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /bulk/{id}/{file}: one resource per line."""
    lines = await bulk.taken(inbound.gateway, caller, request.path_params["id"], request.path_params["file"])
    return StreamingResponse(lines, 200, media_type=NDJSON)
