"""Search, by URL and by form. http://hl7.org/fhir/R4/http.html#search"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.domain.searching.query import ANY
from gateway.flows import audit, directory, provenance, subscriptions
from gateway.flows import search as searched
from gateway.inbound import definitions
from gateway.inbound.bodies import read_form
from gateway.inbound.door import Inbound
from gateway.inbound.rest.answering import answer, form_of, query
from gateway.inbound.rest.kinds import DIRECTORY


async def search_by_url(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/{kind}?…"""
    return await _search(inbound, request, caller, query(request))


async def search_by_form(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir/{kind}/_search, which keeps identifiers out of URLs; parameters of the URL count too."""
    return await _search(inbound, request, caller, [*query(request), *await read_form(request)])


async def within(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/Patient/{id}/{kind}?…: what is told of one citizen. R4 3.1.1.2"""
    return await _within(inbound, request, caller, query(request))


async def within_form(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir/Patient/{id}/{kind}/_search"""
    return await _within(inbound, request, caller, [*query(request), *await read_form(request)])


async def _within(inbound: Inbound, request: Request, caller: Caller, params: list[tuple[str, str]]) -> Response:
    kind, patient = request.path_params.get("kind", ANY), request.path_params["id"]
    if kind in ("AuditEvent", "Provenance"):
        return await _search(inbound, request, caller, [*params, ("patient", patient)])
    form = form_of(request, params)
    return answer(request, form, await searched.search(inbound.gateway, caller, kind, params, patient))


async def _search(inbound: Inbound, request: Request, caller: Caller, params: list[tuple[str, str]]) -> Response:
    form = form_of(request, params)
    kind = request.path_params["kind"]
    if kind in definitions.KINDS:
        return answer(request, form, definitions.search(inbound, caller, kind, params))
    if kind == "AuditEvent":
        return answer(request, form, await audit.search(inbound.gateway, caller, params))
    if kind == "Provenance":
        return answer(request, form, await provenance.search(inbound.gateway, caller, params))
    if kind == "Subscription":
        return answer(request, form, await subscriptions.search(inbound.gateway, caller, params))
    if kind in DIRECTORY:
        return answer(request, form, await directory.search(inbound.gateway, caller, kind, params))
    return answer(request, form, await searched.search(inbound.gateway, caller, kind, params))
