"""History of one resource and of a type, and $everything. http://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.domain.searching.matching import dates
from gateway.domain.when import BEGINNING
from gateway.errors import BadRequest
from gateway.flows import directory
from gateway.flows import everything as all_of
from gateway.flows import history as versions
from gateway.inbound.door import Inbound
from gateway.inbound.rest.answering import OF_ANSWER, answer, form_of, query
from gateway.inbound.rest.asking import given
from gateway.inbound.rest.kinds import DIRECTORY

_DIRECTORY_TAKES = ("_count", "_since", "_offset")


async def history_of_one(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/{kind}/{id}/_history"""
    return await _history(inbound, request, caller, request.path_params["id"])


async def history_of_type(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/{kind}/_history, of the citizens that `patient` or `patient.identifier` names, or of the circle."""
    return await _history(inbound, request, caller, "")


async def _history(inbound: Inbound, request: Request, caller: Caller, identity: str) -> Response:
    params = query(request)
    form, kind = form_of(request, params), request.path_params["kind"]
    wanted = [(name, value) for name, value in params if name not in OF_ANSWER]
    if kind not in DIRECTORY:
        return answer(request, form, await versions.history(inbound.gateway, caller, kind, wanted, identity))
    told = _of_directory(wanted)
    return answer(request, form, await directory.history(inbound.gateway, caller, kind, identity, **told))


def _of_directory(wanted: Sequence[tuple[str, str]]) -> dict[str, Any]:
    told: dict[str, Any] = {"since": BEGINNING, "count": 50, "offset": 0}
    for name, value in wanted:
        if name not in _DIRECTORY_TAKES:
            raise BadRequest("This is not asked of a history", hint=f"Served: {', '.join(_DIRECTORY_TAKES)}.")
        if name == "_since":
            told["since"] = dates.compiled(name, value)[1]
        elif value.isascii() and value.isdigit() and len(value) < 7:
            told[name[1:]] = int(value)
        else:
            raise BadRequest("This must be a whole number", where=name)
    return told


async def everything(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET or POST /fhir/Patient/{id}/$everything, /fhir/CarePlan/{id}/$everything"""
    params = [*query(request), *(await given(request) if request.method == "POST" else ())]
    form = form_of(request, params)
    kind = request.url.path.split("/")[2]
    wanted = [(name, value) for name, value in params if name not in OF_ANSWER]
    served = await all_of.everything(inbound.gateway, caller, kind, request.path_params["id"], wanted)
    return answer(request, form, served)
