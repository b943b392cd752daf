"""An auditor's export of the log: a job, made part by part beside the doors, signed, with a proof for each record.

Three files: `content` in the shape that was asked for, `proofs` (one JSON object per record: its place in the tree, its
leaf, the path to the root) and the manifest, a signed note of the log's key with the SHA-256 of both and the checkpoint
that the proofs lead to. What has no place under that checkpoint is not in it. No file names a citizen by number.
"""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from gateway.domain.audit_event import Server, audit_event
from gateway.domain.caller import Caller
from gateway.domain.checkpoint import sign_note
from gateway.domain.findable import holds
from gateway.domain.log_shapes import CSV_COLUMNS, SAPA_COLUMNS, csv_row, minlog2, sapa_row
from gateway.domain.merkle import inclusion_plan, needed, prove
from gateway.domain.municipality import residence_at
from gateway.domain.record import AccessRecord, BadRecord
from gateway.errors import NotFound, Unavailable
from gateway.flows.find_looks import NOBODY, Asked, admitted, asked_of
from gateway.flows.log import integrate
from gateway.flows.looking import on_record
from gateway.flows.parts import Gateway
from gateway.flows.saved_searches import owner_of
from gateway.store import exports, log, log_reading, log_standing, residences, wire
from gateway.store.exports import FILES, Job, Part
from gateway.store.log import Connection
from gateway.store.log_reading import Found
from gateway.store.sealing import sealed, unsealed

PART = 1000
"""Records in one part."""

SHAPES = {"ndjson": "ndjson", "csv": "csv", "sapa": "csv", "minlog2": "ndjson"}
"""Shape → the ending of its file."""

_PURPOSE = b"export"
_HEADS = {"csv": CSV_COLUMNS, "sapa": SAPA_COLUMNS}
ACTIVITIES = {
    "read": "Opslag", "vread": "Opslag", "history-instance": "Opslag", "history-type": "Opslag",
    "search-type": "Søgning", "operation": "Opslag", "create": "Oprettelse", "update": "Rettelse",
    "patch": "Rettelse", "delete": "Sletning", "import": "Modtagelse", "export": "Udtræk", "notify": "Advisering",
    "token": "Adgangsbillet", "login": "Log ind", "logout": "Log ud",
}  # fmt: skip
"""The Danish of interactions, as MinLog2's Activity."""


@dataclass(frozen=True, slots=True)
class Export:
    """One export as its auditor sees it: bytes of each file, 0 while it is being made; `failed`: it was given up."""

    id: str
    made_at: datetime
    shape: str
    query: str
    records: int
    made: bool
    manifest: str
    sizes: Mapping[str, int]
    failed: bool


async def start_export(gateway: Gateway, caller: Caller, asked: Asked, shape: str) -> str:
    """Put an export up and on record, under every citizen that it was asked for. Gives its id. Raises Forbidden unless
    the caller is an auditor with a purpose, NotFound for an unknown shape."""
    if shape not in SHAPES:
        raise NotFound
    record = await admitted(gateway, caller, "export", asked.query)
    named = [one for one in asked.citizens if one != NOBODY]
    await on_record(gateway, *([record.of(one) for one in named] or [record]))
    await integrate(gateway)
    request = sealed(gateway.secret, _PURPOSE, wire.encode({"shape": shape, "asked": asdict(asked)}))
    async with gateway.database.connection() as connection:
        newest = await log.latest(connection)
        if newest is None:  # integrate signs at least the empty tree
            raise Unavailable
        job = Job(secrets.token_hex(16), gateway.clock(), request, newest.note, 0, "")
        await exports.start(connection, owner_of(gateway, caller), job)
    return job.id


async def exports_of(gateway: Gateway, caller: Caller) -> Sequence[Export]:
    """The caller's exports, the newest first."""
    async with gateway.database.connection() as connection:
        jobs = await exports.of(connection, owner_of(gateway, caller))
        sizes = await exports.sizes(connection, [job.id for job in jobs])
    return [_export(gateway, job, sizes[job.id]) for job in jobs]


def _export(gateway: Gateway, job: Job, sizes: Mapping[str, int]) -> Export:
    shape, asked = _request(gateway, job)
    return Export(
        job.id, job.made_at, shape, asked.query, job.records, bool(job.manifest), job.manifest, sizes, job.failed
    )


async def opened(gateway: Gateway, caller: Caller, id: str) -> Export:
    """One of the caller's exports. Raises NotFound for anybody else's."""
    found = next((one for one in await exports_of(gateway, caller) if one.id == id), None)
    if found is None:
        raise NotFound
    return found


async def taken(gateway: Gateway, caller: Caller, id: str, file: str, start: int) -> AsyncIterator[bytes]:
    """A file of an export that is made, from a byte on. Each time it is taken is on record."""
    export = await opened(gateway, caller, id)
    if not export.made or file not in FILES:
        raise NotFound
    asked = f"export {id} {file} from byte {start}"
    await on_record(gateway, await admitted(gateway, caller, "export", asked))
    return exports.bodies(gateway.database, id, file, start)


async def make_exports(gateway: Gateway) -> int:
    """Make what was asked for and is not made; go on where another node, or this one before, stopped. How many. What
    fails is raised, and tried again later (exports.TRIES times), after the others."""
    made = 0
    while job := await exports.next_of(gateway.database, gateway.clock()):
        async with exports.trying(gateway.database, job.id), gateway.database.connection() as connection:
            await _make(gateway, connection, job)
        made += 1
    return made


async def _make(gateway: Gateway, connection: Connection, job: Job) -> None:
    shape, asked = _request(gateway, job)
    number, after, ended = await exports.reached(connection, job.id)
    while not ended:
        part = await _part(gateway, connection, job, asked, shape, number, after)
        await exports.add(connection, job.id, number, part, gateway.clock())
        number, after, ended = number + 1, part.following, part.following is None
    await exports.finish(connection, job.id, await _manifest(gateway, connection, job, shape))


async def _part(
    gateway: Gateway, connection: Connection, job: Job, asked: Asked, shape: str, number: int,
    after: tuple[datetime, int] | None,
) -> Part:  # fmt: skip
    found = await log_reading.find(connection, asked.search, PART, after)
    size = int(job.note.split("\n")[1])
    told = [(one, record) for one in found if (record := _placed(one, size, asked)) is not None]
    lines = _HEADS.get(shape, ()) if number == 0 else ()
    rows = [(one.id, record) for one, record in told]
    if shape == "sapa":
        content = _table(lines, await _with_residence(connection, rows))
    else:
        content = _shaped(gateway, shape, lines, rows)
    proofs = await _proofs(connection, [one for one, _ in told], size)
    return Part(content, proofs, len(told), found[-1].cursor if len(found) == PART else None)


def _placed(found: Found, size: int, asked: Asked) -> AccessRecord | None:
    """The record, where it has a place under the checkpoint, still has its bytes, and says what was asked for."""
    if found.index is None or found.index >= size:
        return None
    try:
        record = found.record
    except BadRecord:
        return None
    return record if holds(record, asked.told) else None


def _shaped(gateway: Gateway, shape: str, head: Sequence[str], told: Sequence[tuple[int, AccessRecord]]) -> bytes:
    if shape == "csv":
        return _table(head, [csv_row(*one) for one in told])
    origin = gateway.log_key.origin
    server = Server(origin, f"{gateway.public_url}/fhir")
    if shape == "minlog2":
        return b"".join(wire.encode(minlog2(number, one, origin, ACTIVITIES)) + b"\n" for number, one in told)
    return b"".join(wire.encode(audit_event(one, str(number), server)) + b"\n" for number, one in told)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([*([head] if head else []), *rows])
    return (("\ufeff" if head else "") + out.getvalue()).encode()  # with the mark by which Excel knows UTF-8


async def _with_residence(connection: Connection, told: Sequence[tuple[int, AccessRecord]]) -> list[list[str]]:
    """SAPA's rows, with where each citizen lived when the look was, as far as plans tell it."""
    known = await residences.told_of(connection, sorted({record.citizen for _, record in told if record.citizen}))
    return [
        sapa_row(number, record, residence_at(known.get(record.citizen, ()), record.time)) for number, record in told
    ]


async def _proofs(connection: Connection, found: Sequence[Found], size: int) -> bytes:
    """A line for each record: its bytes and salt give its leaf, and the path leads from there to the root."""
    plans = {one.id: inclusion_plan(one.index or 0, size) for one in found}
    wanted = {place for plan in plans.values() for place in needed(plan)}
    nodes = await log.nodes(connection, sorted(wanted))
    salts = await log_standing.salts_of(connection, list(plans))

    def line(one: Found) -> bytes:
        path = prove(plans[one.id], lambda level, index: nodes[level, index])
        told = {"id": one.id, "index": one.index, "salt": salts[one.id].hex(), "body": one.body.decode()}
        return wire.encode({**told, "path": [b64encode(step).decode() for step in path]}) + b"\n"

    return b"".join(map(line, found))


async def _manifest(gateway: Gateway, connection: Connection, job: Job, shape: str) -> str:
    """A signed note: what the files are, and the checkpoint under which they can be checked."""
    lines = [f"{gateway.log_key.origin}/export", job.id, f"shape {shape}"]
    for file in FILES:
        digest = hashlib.sha256()
        async for body in exports.bodies(connection, job.id, file):
            digest.update(body)
        lines.append(f"sha256 {file} {digest.hexdigest()}")
    size, root = job.note.split("\n")[1:3]
    text = "\n".join([*lines, f"checkpoint {size} {root}"]) + "\n"
    return sign_note(text, gateway.log_key.public, gateway.log_key.sign)


def _request(gateway: Gateway, job: Job) -> tuple[str, Asked]:
    told = wire.decode(unsealed(gateway.secret, _PURPOSE, job.request))
    return str(told["shape"]), asked_of(wire.encode(told["asked"]))
