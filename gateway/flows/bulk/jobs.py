"""An export is put up, asked about, and forgotten."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.domain.caller import Caller
from gateway.domain.record import Decision, Outcome
from gateway.errors import Forbidden, GatewayError, NotFound, TooMany
from gateway.flows.bulk.asked import Asked, exporting, of_job, own_job, owner_of, understood
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway
from gateway.flows.read import no_purpose
from gateway.flows.search.paging import Params
from gateway.store import bulk, wire
from gateway.store.exports import BULK, KEPT, Job
from gateway.store.log import Connection

MOST = 5
"""So many exports of one client are made at once."""

RETRY_SECONDS = 2

_SETTLED = timedelta(minutes=1)
"""What was begun to be written before the export and committed behind it is met again by the next `_since`."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far an export is: `manifest` is empty while it is being made. It is kept until `expires`."""

    manifest: bytes
    expires: datetime


async def start(gateway: Gateway, caller: Caller, what: str, params: Params, kinds: Collection[str]) -> str:
    """Put an export of the caller's circle up and on record, asked for at `what`; gives the id of its job. Raises
    BadRequest, Forbidden for a token that does not cover a type that is named, or that overrides, and TooMany."""
    asked = understood(gateway, caller, what, params, kinds)
    record = replace(
        record_of(gateway, caller, "export", "Patient", "", NOTHING, query=asked.told, operation="export"),
        decision=Decision.PERMIT, outcome=Outcome.SUCCESS,
    )  # fmt: skip
    refused = _refused(asked)
    if refused is not None:
        denied = replace(record, decision=Decision.DENY, outcome=Outcome.MINOR, outcome_text=refused.text)
        await on_record(gateway, denied)
        raise refused
    types = asked.types or tuple(kind for kind in kinds if exporting(caller).covers(kind))
    asked = replace(asked, types=types)
    await on_record(gateway, record)
    client = gateway.fingerprint(b"bulk-client", caller.client.encode())
    job = Job(secrets.token_hex(16), gateway.clock(), asked.seal(gateway), "", 0, "", BULK, client)
    if not await bulk.start(gateway.database, owner_of(gateway, caller), job, MOST):
        raise TooMany(f"{MOST} exports of this client are being made", seconds=30)
    return job.id


def _refused(asked: Asked) -> Forbidden | None:
    caller = asked.caller
    if not caller.purposes:
        return no_purpose()
    if caller.override is not None:
        return Forbidden("An override is of one citizen, not of a circle")
    missing = [kind for kind in asked.types if not exporting(caller).covers(kind)]
    if missing:
        needed = ", ".join(f"system/{kind}.rs" for kind in missing)
        return Forbidden("The token may not both read and search what is asked for", hint=f"It takes {needed}.")
    return None


async def status(gateway: Gateway, caller: Caller, id: str) -> Status:
    """How far an export of this caller is. Raises NotFound, and GatewayError for one that was given up."""
    job = await own_job(gateway, caller, id)
    if job.failed:
        raise GatewayError("The export failed again and again, and is tried no more", hint="Ask for a new one.")
    return Status(job.manifest.encode(), job.made_at + KEPT[BULK])


async def cancel(gateway: Gateway, caller: Caller, id: str) -> None:
    """Forget an export of this caller, made or not. Raises NotFound."""
    if not await bulk.delete(gateway.database, owner_of(gateway, caller), id):
        raise NotFound


async def manifest(gateway: Gateway, connection: Connection, job: Job) -> str:
    """What was made. No numbers of lines: a line may not be had any more when its file is fetched."""
    url = f"{gateway.public_url}/bulk/{job.id}"
    told = {
        "transactionTime": (job.made_at - _SETTLED).isoformat(timespec="milliseconds"),
        "request": f"{gateway.public_url}{of_job(gateway, job).url}",
        "requiresAccessToken": True,
        "output": [
            {"type": kind, "url": f"{url}/{kind}-{number}"} for kind, number in await bulk.files(connection, job.id)
        ],
        "error": [],
    }
    return wire.encode(told).decode()
