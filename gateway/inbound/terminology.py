"""The operations on codes: `$lookup`, `$validate-code`, `$subsumes`, `$translate`.

http://hl7.org/fhir/R4/terminology-service.html

Asked by URL or by a Parameters resource. The tables hold nothing of a citizen, so there is nothing to decide and
nothing to put on record; a token is needed all the same. What is asked is never told back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.errors import NotFound
from gateway.flows.parts import Served
from gateway.inbound.bodies import read_body
from gateway.inbound.door import Inbound
from gateway.inbound.negotiate import sent
from gateway.inbound.rest.answering import OF_ANSWER, form_of, query
from gateway.inbound.rest.answering import answer as answered
from gateway.translate.fhir import parse
from gateway.translate.terms import answers, asked, definitions
from gateway.translate.terms.asked import Asked

_BYTES = 65_536

_Answer = Callable[[Inbound, Asked], dict[str, Any]]


def _door(kind: str, operation: str, answer: _Answer) -> Callable[[Inbound, Request, Caller], Awaitable[Response]]:
    async def door(inbound: Inbound, request: Request, caller: Caller) -> Response:
        params = query(request)
        form = form_of(request, params)
        wanted = [(name, value) for name, value in params if name not in OF_ANSWER]
        if request.method == "POST":
            resource = parse(await read_body(request, _BYTES), sent(request.headers.get("content-type", "")))
            question = asked.of_resource(kind, operation, resource, wanted)
        else:
            question = asked.of_query(kind, operation, wanted)
        if "id" in request.path_params:
            question = asked.about(question, _url(inbound, kind, request.path_params["id"]))
        return answered(request, form, Served(msgspec.json.encode(answer(inbound, question))))

    return door


def _url(inbound: Inbound, kind: str, identity: str) -> str:
    """The URL of the definition that is asked itself. Raises NotFound."""
    found = definitions.url_of(inbound.gateway.terms, kind, identity)
    if not found:
        raise NotFound
    return found


def _today(inbound: Inbound) -> str:
    return inbound.gateway.clock().date().isoformat()


lookup = _door(
    "CodeSystem", "$lookup", lambda inbound, told: answers.lookup(inbound.gateway.terms, told, _today(inbound))
)
"""GET, POST /fhir/CodeSystem/$lookup"""

validate_in_system = _door(
    "CodeSystem", "$validate-code",
    lambda inbound, told: answers.validate_in_system(inbound.gateway.terms, told, _today(inbound)),
)  # fmt: skip
"""GET, POST /fhir/CodeSystem/$validate-code, /fhir/CodeSystem/{id}/$validate-code"""

subsumes = _door("CodeSystem", "$subsumes", lambda inbound, told: answers.subsumes(inbound.gateway.terms, told))
"""GET, POST /fhir/CodeSystem/$subsumes, /fhir/CodeSystem/{id}/$subsumes"""

validate_in_set = _door(
    "ValueSet", "$validate-code",
    lambda inbound, told: answers.validate_in_set(inbound.gateway.terms, told, _today(inbound)),
)  # fmt: skip
"""GET, POST /fhir/ValueSet/$validate-code, /fhir/ValueSet/{id}/$validate-code"""

translate = _door(
    "ConceptMap", "$translate",
    lambda inbound, told: answers.translate(inbound.gateway.terms, told, _today(inbound), inbound.gateway.labeller),
)  # fmt: skip
"""GET, POST /fhir/ConceptMap/$translate, /fhir/ConceptMap/{id}/$translate"""
