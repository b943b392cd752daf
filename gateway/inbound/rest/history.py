"""History of one resource and of a type, and $everything. http://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.flows import directory
from gateway.flows import everything as all_of
from gateway.flows import history as versions
from gateway.inbound.door import Inbound
from gateway.inbound.rest.answering import answer, form_of, query
from gateway.inbound.rest.asking import given
from gateway.inbound.rest.kinds import DIRECTORY


async def history_of_one(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/{kind}/{id}/_history"""
    return await _history(inbound, request, caller, request.path_params["id"])


async def history_of_type(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/{kind}/_history, of the citizens that `patient` or `patient.identifier` names, or of the circle."""
    return await _history(inbound, request, caller, "")


async def _history(inbound: Inbound, request: Request, caller: Caller, identity: str) -> Response:
    params = query(request)
    form, kind = form_of(request, params), request.path_params["kind"]
    if kind not in DIRECTORY:
        return answer(request, form, await versions.history(inbound.gateway, caller, kind, params, identity))
    return answer(request, form, await directory.history(inbound.gateway, caller, kind, identity, params))


async def everything(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET or POST /fhir/Patient/{id}/$everything, /fhir/CarePlan/{id}/$everything"""
    params = [*query(request), *(await given(request) if request.method == "POST" else ())]
    form = form_of(request, params)
    kind = request.url.path.split("/")[2]
    served = await all_of.everything(inbound.gateway, caller, kind, request.path_params["id"], params)
    return answer(request, form, served)
