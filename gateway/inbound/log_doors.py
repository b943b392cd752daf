"""The doors of the access log: what outside verifiers read (https://c2sp.org/tlog-tiles), proofs, and the witness.

Only `GET /log/lists/{id}` tells of anybody, and takes a token; all others tell sizes, times and hashes.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller
from gateway.domain.when import last_instant
from gateway.domain.witness import NotThere
from gateway.errors import BadRequest, NotFound
from gateway.flows import log, log_list, witness
from gateway.inbound.bodies import read_body
from gateway.inbound.door import Inbound

_TEXT = "text/plain; charset=utf-8"
_TILE = re.compile(r"((?:x\d{3}/){0,6})(\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))?", re.ASCII)
_FULL = 256
_NEVER_CHANGES = {"Cache-Control": "public, max-age=31536000, immutable"}


async def checkpoint(inbound: Inbound, request: Request) -> Response:
    """GET /log/checkpoint: the access log's newest signed checkpoint, for whoever witnesses it."""
    return Response(await log.latest_checkpoint(inbound.gateway), media_type=_TEXT)


async def keys(inbound: Inbound, request: Request) -> Response:
    """GET /log/keys: who signs this log, and who cosigns others here, as verifier keys (https://c2sp.org/signed-note)."""
    gateway = inbound.gateway
    own = [("log", gateway.log_key), ("witness", gateway.witnessing.key)]
    return Response("".join(f"{name} {key.vkey}\n" for name, key in own if key), media_type=_TEXT)


async def cosigned(inbound: Inbound, request: Request) -> Response:
    """GET /log/checkpoint/cosigned: the newest that a witness has cosigned, with the cosignatures."""
    return Response(await log.cosigned_checkpoint(inbound.gateway), media_type=_TEXT)


async def checkpoint_on(inbound: Inbound, request: Request) -> Response:
    """GET /log/checkpoint/on/{day}: the one in force at the end of that day (Danish time), or at that moment."""
    return Response(await log.checkpoint_before(inbound.gateway, _moment(request.path_params["day"])), media_type=_TEXT)


async def tile(inbound: Inbound, request: Request) -> Response:
    """GET /log/tile/{level}/{N}[.p/{W}] and /log/tile/entries/{N}[.p/{W}]"""
    level, (number, width) = request.path_params["level"], _numbered(request.path_params["rest"])
    if level == "entries":
        body = await log.entries(inbound.gateway, number, width)
    elif level in ("0", "1", "2", "3", "4", "5"):
        body = await log.tile(inbound.gateway, int(level), number, width)
    else:
        raise NotFound
    return Response(body, headers=_NEVER_CHANGES, media_type="application/octet-stream")


def _numbered(text: str) -> tuple[int, int]:
    """x001/x234/067.p/8 → 1234067, 8"""
    found = _TILE.fullmatch(text)
    width = int(found[3]) if found and found[3] else _FULL
    if found is None or found[1].startswith("x000") or (found[3] and width >= _FULL):
        raise NotFound
    return int(found[1].replace("x", "").replace("/", "") + found[2]), width


async def inclusion(inbound: Inbound, request: Request) -> Response:
    """GET /log/inclusion?index=N or ?id=N: the proof that a record is in the newest tree, by its place or by the id of
    its AuditEvent."""
    asked = _asked(request, {"index"}, {"id"})
    index = asked.get("index")
    if index is not None:
        return _json(await log.inclusion(inbound.gateway, index=_number(index)))
    return _json(await log.inclusion(inbound.gateway, record=_number(asked["id"])))


async def consistency(inbound: Inbound, request: Request) -> Response:
    """GET /log/consistency?old=N&new=M, or ?from=DAY&to=DAY: the proof that a later tree begins with an older one."""
    asked = _asked(request, {"old", "new"}, {"from", "to"})
    if "old" in asked:
        return _json(await log.consistency(inbound.gateway, _number(asked["old"]), _number(asked["new"])))
    return _json(await log.consistency_between(inbound.gateway, _moment(asked["from"]), _moment(asked["to"])))


async def citizen_list(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """GET /log/lists/{id}: all looks at one citizen, with the proof that none is left out."""
    body = await log_list.citizen_list(inbound.gateway, caller, request.path_params["id"])
    return Response(body, media_type="application/json")


async def add_checkpoint(inbound: Inbound, request: Request) -> Response:
    """POST /log/witness/add-checkpoint (https://c2sp.org/tlog-witness): our cosignature of another log's checkpoint.

    409 with the size that is known where the old size is another; 422 where the proof is wrong; 403 where the note is
    not signed by the log; 404 for a log that is not witnessed here.
    """
    raw = await read_body(request, _MOST)
    try:
        return Response(await witness.add_checkpoint(inbound.gateway, raw), media_type=_TEXT)
    except NotThere as known:
        return Response(f"{known.size}\n", 409, {"Content-Type": "text/x.tlog.size"})


async def witnessed(inbound: Inbound, request: Request) -> Response:
    """GET /log/witness?origin=NAME: the newest checkpoint of another log that was cosigned here."""
    return Response(await witness.seen_of(inbound.gateway, _asked(request, {"origin"})["origin"]), media_type=_TEXT)


_MOST = 100_000  # bytes of a request to the witness


def _asked(request: Request, *ways: set[str]) -> dict[str, str]:
    """The query, which names exactly the parameters of one way to ask."""
    asked = parse_qsl(request.url.query, keep_blank_values=True)
    told = dict(asked)
    if len(told) != len(asked) or set(told) not in ways:
        names = " or ".join(" and ".join(sorted(way)) for way in ways)
        raise BadRequest("These parameters are not understood", hint=f"Give {names}.")
    return told


def _number(text: str) -> int:
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise BadRequest("This must be a whole number")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        if _DAY.fullmatch(text):
            return last_instant(text)
    except ValueError:
        pass
    raise BadRequest("This is not a day or a moment", hint="For instance 2026-03-01 or 2026-03-01T12:00:00Z.")


def _json(told: log.Told) -> Response:
    return Response(orjson.dumps(told), media_type="application/json")
