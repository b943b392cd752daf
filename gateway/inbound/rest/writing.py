"""Create and update. http://hl7.org/fhir/R4/http.html#create"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.flows import record_consent, write_message
from gateway.inbound import negotiate
from gateway.inbound.bodies import read_body
from gateway.inbound.door import Inbound
from gateway.inbound.rest.answering import answer, only_form
from gateway.translate.fhir import parse, write_json

CONSENT_BYTES = 262_144
"""The largest Consent taken: every look at the citizen reads it."""


async def create(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir/Consent, which is kept; POST /fhir/Communication, which is sent as well."""
    form = only_form(request)
    if request.path_params["kind"] == "Communication":
        raw = await _resource(inbound, request, inbound.message_bytes)
        return answer(request, form, await write_message.write_message(inbound.gateway, caller, raw), written=True)
    raw = await _resource(inbound, request)
    return answer(request, form, await record_consent.record_consent(inbound.gateway, caller, raw), written=True)


async def update_consent(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """PUT /fhir/Consent/{id}; If-Match is checked when given."""
    form = only_form(request)
    raw = await _resource(inbound, request)
    identity, if_match = request.path_params["id"], request.headers.get("if-match", "")
    made = await record_consent.record_consent(inbound.gateway, caller, raw, identity, if_match)
    return answer(request, form, made, written=True)


async def _resource(inbound: Inbound, request: Request, limit: int = CONSENT_BYTES) -> bytes:
    """The resource of the body as FHIR JSON."""
    content_type = request.headers.get("content-type", "")
    sent = negotiate.sent(content_type)
    raw = await read_body(request, min(inbound.message_bytes, limit))
    return raw if sent == negotiate.JSON else write_json(parse(raw, content_type))
