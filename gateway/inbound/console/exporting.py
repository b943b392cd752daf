"""Udtræk: what a search found, as files that can be checked elsewhere. Made beside the doors; taken whole or from a
byte on, so that a broken download goes on where it ended."""

from __future__ import annotations

import re

from starlette.responses import Response, StreamingResponse

from gateway.errors import BadRequest, NotFound
from gateway.flows.export_looks import SHAPES, Export, exports_of, opened, start_export, taken
from gateway.flows.find_looks import NOBODY
from gateway.flows.log_list import citizen_list
from gateway.inbound.console.frame import Here
from gateway.inbound.console.search import running

_RANGE = re.compile(r"bytes=(\d{1,15})-")
_TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


class BeyondTheEnd(BadRequest):
    """The file ends before the byte that was asked for."""

    status = 416


async def start(here: Here) -> Response:
    """POST /console/search/{id}/export (shape): put it up."""
    await start_export(here.gateway, here.caller, running(here).asked, here.form.get("shape", ""))
    return here.go("/console/exports")


async def whole_list(here: Here) -> Response:
    """GET /console/search/{id}/list: all that is on record of the citizen of this search, with the proof."""
    citizens = running(here).asked.citizens
    if not citizens or citizens == (NOBODY,):
        raise NotFound
    content = await citizen_list(here.gateway, here.caller, citizens[0])
    named = f'attachment; filename="faellesplan-list-{here.gateway.clock():%Y%m%d-%H%M}.json"'
    return Response(content, media_type="application/json", headers={"Content-Disposition": named})


async def show(here: Here) -> Response:
    """GET /console/exports: this auditor's exports, and how far they are. Reloads itself while one is being made."""
    found = await exports_of(here.gateway, here.caller)
    moments = {one.id: here.moment(one.made_at) for one in found}
    page = here.page("exports.html", exports=found, moment_of=moments, vkey=here.gateway.log_key.vkey)
    if not all(one.made or one.failed for one in found):
        page.headers["Refresh"] = "3"
    return page


async def take(here: Here) -> Response:
    """GET /console/exports/{id}/{file}: content, proofs or manifest."""
    export = await opened(here.gateway, here.caller, here.request.path_params["id"])
    file = here.request.path_params["file"]
    if file == "manifest" and export.made:
        return Response(export.manifest, media_type="text/plain", headers=_named(export, "manifest", "txt"))
    if file not in export.sizes:
        raise NotFound
    size, start = export.sizes[file], _from(here.request.headers.get("range", ""))
    if start and start >= size:
        raise BeyondTheEnd
    ending = SHAPES[export.shape] if file == "content" else "ndjson"
    headers = {**_named(export, file, ending), "Accept-Ranges": "bytes", "Content-Length": str(size - start)}
    if start:
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    body = await taken(here.gateway, here.caller, export.id, file, start)
    return StreamingResponse(body, 206 if start else 200, headers, _TYPES[ending])


def _from(asked: str) -> int:
    """The first byte that is asked for; 0 where no single open range is (RFC 9110 14.2: others may be left alone)."""
    found = _RANGE.fullmatch(asked)
    return int(found[1]) if found else 0


def _named(export: Export, file: str, ending: str) -> dict[str, str]:
    name = f"faellesplan-log-{export.made_at:%Y%m%d}-{export.shape}-{export.id[:8]}.{file}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{name}"', "ETag": f'"{export.id}-{file}"'}
