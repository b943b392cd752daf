"""Read and vread of one resource, and the joint plan. http://hl7.org/fhir/R4/http.html#read"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.errors import BadRequest, NotFound
from gateway.flows import audit, directory, joint_plan, provenance, read, subscriptions
from gateway.inbound import definitions, files
from gateway.inbound.door import Inbound
from gateway.inbound.rest.answering import OF_ANSWER, answer, form_of, form_of_one, query
from gateway.inbound.rest.asking import given, moment_of
from gateway.inbound.rest.kinds import DIRECTORY

_VERSION = re.compile(r"[1-9]\d{0,8}", re.ASCII)


async def read_one(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/{kind}/{id}"""
    kind, identity = request.path_params["kind"], request.path_params["id"]
    if kind == "Binary":
        return await files.read_one(inbound, request, caller, identity)
    form = form_of_one(request)
    if kind in definitions.KINDS:
        return answer(request, form, definitions.read(inbound, kind, identity))
    if kind == "AuditEvent":
        return answer(request, form, await audit.read(inbound.gateway, caller, identity))
    if kind == "Provenance":
        return answer(request, form, await provenance.read(inbound.gateway, caller, identity))
    if kind == "Subscription":
        return answer(request, form, await subscriptions.read(inbound.gateway, caller, identity))
    one = directory.read if kind in DIRECTORY else read.read
    return answer(request, form, await one(inbound.gateway, caller, kind, identity))


async def read_version(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /fhir/{kind}/{id}/_history/{version}"""
    form = form_of_one(request)
    kind, identity, version = (request.path_params[name] for name in ("kind", "id", "version"))
    number = int(version) if _VERSION.fullmatch(version) else 0
    if not number:
        raise NotFound
    one = directory.read if kind in DIRECTORY else read.read
    return answer(request, form, await one(inbound.gateway, caller, kind, identity, number))


async def joint(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET or POST /fhir/Patient/{id}/$joint-plan: a collection Bundle, composed for this caller; with `at` (a date or
    dateTime) as it stood then."""
    params = [*query(request), *(await given(request) if request.method == "POST" else ())]
    form, wanted = form_of(request, params), [(name, value) for name, value in params if name not in OF_ANSWER]
    if [name for name, _ in wanted] not in ([], ["at"]):
        raise BadRequest("This is not asked of a plan", where="the query", hint="Served: at.")
    at = moment_of(inbound.gateway.clock(), wanted[0][1], "at") if wanted else None
    return answer(request, form, await joint_plan.joint_plan(inbound.gateway, caller, request.path_params["id"], at))
