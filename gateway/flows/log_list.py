"""A citizen's own list of looks, with the proof that it is whole (domain/list_proof.py)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.insight import CITIZEN
from gateway.domain.list_proof import Told, written
from gateway.domain.log_lines import entry_told
from gateway.domain.record import AccessRecord, Decision, Outcome, from_bytes
from gateway.errors import BadRequest, Forbidden, NotFound
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway
from gateway.flows.read import no_purpose
from gateway.store import resources
from gateway.store.log_lists import lists_of

_PATIENT = re.compile(r"[0-9a-f]{32}")


async def citizen_list(gateway: Gateway, caller: Caller, patient: str) -> bytes:
    """Everything that is on record of this citizen, under all identities, and the proof.

    For an auditor who says why, and for the citizen. The look is on record first; its own record stands in the next
    list. Raises Forbidden, and NotFound before the first checkpoint.
    """
    if not _PATIENT.fullmatch(patient):  # whatever else stands here may be the number of a person
        raise BadRequest("This is not the id of a Patient")
    record = record_of(gateway, caller, "export", "AuditEvent", "", NOTHING, query=f"list of Patient/{patient}")
    if not await _may(gateway, caller, patient):
        await on_record(gateway, record.of(patient))
        raise Forbidden("Only auditors and the citizen read this list") if caller.purposes else no_purpose()
    permitted = replace(record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS)
    people = await resources.same_people(gateway.database, [patient])
    await on_record(gateway, *(permitted.of(one) for one in people))
    return await proved_list(gateway, people, _kept(gateway) if caller.role == "citizen" else None)


Hide = Callable[[AccessRecord], bool]


async def proved_list(gateway: Gateway, people: Sequence[str], hide: Hide | None = None) -> bytes:
    """The lists of these identities as one object that anyone can verify; the caller has put the look on record. Of a
    record that `hide` is true of, the content and its salt are left out: its leaf shows that it was there."""
    async with gateway.database.connection() as connection:
        found = await lists_of(connection, people)
    if found is None:
        raise NotFound
    lists = [
        Told(one.citizen, [entry_told(*_without(row, hide)) for row in one.entries], one.path, one.beside)
        for one in found.lists
    ]
    return written(gateway.log_key.vkey, found.newest.note, lists, found.tree)


def _without(row: Iterable[Any], hide: Hide | None) -> tuple[int, int, bytes, bytes | None, bytes | None]:
    index, number, leaf, salt, body = row
    kept = hide is not None and bool(body) and hide(from_bytes(body))
    return (index, number, leaf, None, None) if kept else (index, number, leaf, salt, body)


def _kept(gateway: Gateway) -> Hide:
    """What mappings/policy/insight.csv keeps something of from the citizen."""
    return lambda record: bool(gateway.insight.kept(record, CITIZEN, gateway.clock()))


async def _may(gateway: Gateway, caller: Caller, patient: str) -> bool:
    if not caller.purposes:
        return False
    if caller.role == "citizen":
        known = await resources.citizens_of(gateway.database, [caller.user])  # a number may be several people's
        return len(known) == 1 and patient in await resources.same_people(gateway.database, [known[0][1]])
    return caller.role == "auditor"
