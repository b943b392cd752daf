"""`$validate`: http://hl7.org/fhir/R4/resource-operation-validate.html

Any token may ask, as nothing is looked up: the resource is checked as it was sent, kept nowhere and told back nowhere.
A resource that is invalid, or cannot be read at all, is answered with 200 and an OperationOutcome; another status says
that nothing was validated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.errors import BadRequest, NotFound
from gateway.flows.parts import Served
from gateway.inbound.bodies import read_body
from gateway.inbound.door import Inbound
from gateway.inbound.negotiate import sent
from gateway.inbound.rest.answering import OF_ANSWER, answer, form_of, query
from gateway.translate.fhir.outcome import validated
from gateway.translate.fhir.shape import is_resource
from gateway.translate.fhir.validating import Problem, validate
from gateway.translate.fhir.validating.modifying import modifying
from gateway.translate.fhir.validating.reading import read
from gateway.translate.fhir.validating.written import WRITTEN, expected
from gateway.translate.r4 import definitions

_BYTES = 2_097_152
_WRITING = ("create", "update")
_MODES = (*_WRITING, "profile")
_NAMES = ("resource", "mode", "profile")

_WORKER = ThreadPoolExecutor(1, "validate")
"""One at a time, beside the doors: a large resource takes seconds, and nobody else's look waits for it."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be validated, as what, and against which profiles."""

    resource: Json
    mode: str = ""
    profiles: tuple[str, ...] = ()


async def validate_resource(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir/$validate, POST /fhir/{kind}/$validate, POST /fhir/{kind}/{id}/$validate"""
    kind, identity = (request.path_params.get(name, "") for name in ("kind", "id"))
    if kind and not is_resource(kind, definitions().facts):
        raise NotFound
    params = query(request)
    form = form_of(request, params)
    wanted = [(name, value) for name, value in params if name not in OF_ANSWER]
    content_type = request.headers.get("content-type", "")
    sent(content_type)
    raw = await read_body(request, min(inbound.message_bytes, _BYTES))
    problems = await asyncio.get_running_loop().run_in_executor(
        _WORKER, _found, raw, content_type, (kind, identity), wanted
    )
    return answer(request, form, Served(msgspec.json.encode(validated(problems))))


def _found(raw: bytes, content_type: str, at: tuple[str, str], query: Sequence[tuple[str, str]]) -> list[Problem]:
    """All problems; `at` are the type and the id of the path, empty where it has none."""
    body, faults = read(raw, content_type)
    if body is None:
        return faults
    asked = _asked(body, at[0], query)
    writing = asked.mode in _WRITING
    expects = expected(asked.resource.get("resourceType")) if writing else ()
    found = [*validate(asked.resource, (*asked.profiles, *expects)), *_of_asking(asked, *at), *faults]
    found += modifying(asked.resource) if writing else ()
    return sorted(found, key=lambda one: one.rank)


def _asked(body: Json, kind: str, query: Sequence[tuple[str, str]]) -> _Asked:
    """Parameters with a `resource` are the operation's; all else is the resource itself. Raises BadRequest."""
    parameters = body.get("parameter") if body.get("resourceType") == "Parameters" else None
    listed = [one for one in parameters if isinstance(one, dict)] if isinstance(parameters, list) else []
    named = [one.get("resource") for one in listed if one.get("name") == "resource"]
    held = [one for one in named if isinstance(one, dict)]
    given = list(query)
    if held:
        given += [
            (str(one.get("name")), str(next((v for k, v in one.items() if k.startswith("value")), "")))
            for one in listed
            if one.get("name") != "resource"
        ]
    elif body.get("resourceType") == "Parameters" and kind not in ("", "Parameters"):
        raise BadRequest("There is no resource to validate", where="Parameters.parameter", hint="Name it resource.")
    if any(name not in _NAMES for name, _ in given) or len(held) > 1:
        raise BadRequest("This parameter is not served", hint=f"Served: {', '.join(_NAMES)}, resource once.")
    modes = [value for name, value in given if name == "mode"]
    if any(mode not in _MODES for mode in modes) or len(modes) > 1:
        raise BadRequest("This mode is not served", where="mode", hint=f"One of {', '.join(_MODES)}.")
    return _Asked(held[0] if held else body, "".join(modes), tuple(v for name, v in given if name == "profile"))


def _of_asking(asked: _Asked, kind: str, identity: str) -> list[Problem]:
    """What the way of asking adds: type and id of the path, the id of an update, what is written here at all."""
    held, found = asked.resource.get("resourceType"), []
    if kind and held != kind:
        found.append(Problem("", f"This is no {kind}.", "invalid"))
    if identity and asked.resource.get("id", identity) != identity:
        found.append(Problem(f"{kind}.id", "The id in the body is not the id in the URL.", "invalid"))
    if asked.mode == "update" and "id" not in asked.resource:
        found.append(Problem(f"{kind or 'Resource'}.id", "An update names the id.", "required"))
    if asked.mode in _WRITING and (str(held), asked.mode) not in WRITTEN:
        found.append(Problem("", f"Resources of this type are not open to {asked.mode} here.", "not-supported"))
    return found
