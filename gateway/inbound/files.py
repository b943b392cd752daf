"""GET /fhir/Binary/{id} and POST /fhir/Binary: a file of correspondence or of a document.
http://hl7.org/fhir/R4/binary.html

As it is or as a FHIR Binary, sent piece by piece, so that many readers of large files do not fill the memory; to be
saved, never to be shown by a browser as a page of ours.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.domain.caller import Caller
from gateway.domain.correspondence import OpenedFile
from gateway.errors import BadRequest
from gateway.flows.read_file import read_file
from gateway.flows.writing.file import File, attach, file_in, sound
from gateway.inbound import negotiate
from gateway.inbound.bodies import read_body
from gateway.inbound.door import Inbound, check_scopes
from gateway.inbound.negotiate import NotAcceptable, media_type
from gateway.inbound.rest.answering import answer, only_form
from gateway.translate.fhir import parse

_SAVED = {"Content-Disposition": "attachment", "Vary": "Accept, Authorization"}


class _Pieces(StreamingResponse):
    """Sent as it is read, and nothing else: Starlette's own also waits for the caller to go away, beside it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.stream_response(send)


async def read_one(inbound: Inbound, request: Request, caller: Caller, identity: str) -> Response:
    """The file in its own type, or as JSON or XML where the caller names FHIR's first."""
    params = request.query_params
    if any(name != "_format" for name in params):
        raise BadRequest("Only _format may stand here", where="the query")
    file = await read_file(inbound.gateway, caller, identity)
    form = _form(request.headers.get("accept", ""), params.get("_format", ""), file.content_type)
    headers = {**_SAVED, "X-Security-Context": f"{inbound.public_url}/fhir/{file.owner}"}
    if not form:
        headers["Content-Length"] = str(file.size)
        return _Pieces(file.pieces, 200, headers, file.content_type)
    opening, closing = _around(file, identity, form)
    return _Pieces(_resource(file, opening, closing), 200, headers, f"{form}; charset=utf-8")


async def create(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir/Binary: a file for a document, as a Binary in JSON or XML, or as it is with `X-Security-Context`. It
    changes the document, and takes the scope of that too."""
    form = only_form(request)
    caller = await check_scopes(
        inbound.gateway, caller, ("DocumentReference.u",), "POST /fhir/{kind}", "create", "Binary"
    )
    if "if-none-exist" in request.headers:
        raise BadRequest("The same file is kept once", where="If-None-Exist")
    content_type = request.headers.get("content-type", "")
    raw, name = await read_body(request, inbound.message_bytes), media_type(content_type).name
    if negotiate.names_fhir(name):
        file = file_in(parse(raw, negotiate.sent(content_type)))
    else:
        file = sound(File(b64encode(raw).decode(), name, request.headers.get("x-security-context", "")))
    return answer(request, form, await attach(inbound.gateway, caller, file), written=True)


def _form(accept: str, override: str, own: str) -> str:
    """A FHIR format, or nothing for the file as it is. The first that fits counts. Raises NotAcceptable."""
    if override:
        return negotiate.wanted("", override)
    own = own.partition(";")[0]
    for text in accept.split(",") if accept else ["*/*"]:
        name = media_type(text).name
        if name in (own, "*/*", f"{own.partition('/')[0]}/*"):
            return ""
        if negotiate.names_fhir(name):
            return negotiate.wanted(name)
    raise NotAcceptable(f"The file is {own}; {negotiate.JSON} and {negotiate.XML} are written too", where="Accept")


def _around(file: OpenedFile, identity: str, form: str) -> tuple[bytes, bytes]:
    """What stands before and behind the base64. Ids are hex and types come from our tables: nothing to escape."""
    context = file.owner
    if form == negotiate.JSON:
        head = f'{{"resourceType":"Binary","id":"{identity}","contentType":"{file.content_type}",'
        return f'{head}"securityContext":{{"reference":"{context}"}},"data":"'.encode(), b'"}'
    head = f'<Binary xmlns="http://hl7.org/fhir"><id value="{identity}"/><contentType value="{file.content_type}"/>'
    head += f'<securityContext><reference value="{context}"/></securityContext><data value="'
    return head.encode(), b'"/></Binary>'


async def _resource(file: OpenedFile, opening: bytes, closing: bytes) -> AsyncIterator[bytes]:
    yield opening
    async for piece in file.pieces:
        yield b64encode(piece)
    yield closing
