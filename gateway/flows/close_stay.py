"""Close a stay whose discharge never came, or take that back: a person's word, kept and on record like a source's."""

from __future__ import annotations

import secrets
from datetime import datetime

from gateway.domain.by_hand import closing
from gateway.domain.intake import Change
from gateway.domain.record import AccessRecord, Decision
from gateway.domain.statement import Statement
from gateway.errors import BadRequest, NotFound
from gateway.flows.keeping import About, keep
from gateway.flows.parts import Gateway
from gateway.store import intake, resources

LANGUAGE = "by-hand"


async def close_stay(gateway: Gateway, stay: str, at: datetime, who: str, reason: str, *, undo: bool = False) -> None:
    """Keep that the stay with this Encounter id ended at `at`, as `who` says for this reason; `undo` takes it back.

    Raises NotFound for an id that is no stay's, BadRequest for a time to come or without a name or reason.
    """
    now = gateway.clock()
    if at > now or not who.strip() or not reason.strip():
        raise BadRequest("A stay is closed at a time that has been, by somebody, for a reason")
    found = await resources.find(gateway.database, "Encounter", stay)
    citizen = found.sealed.facts.citizen if found else ""
    said = await resources.told_of_stays(gateway.database, citizen)
    number = secrets.token_hex(8)
    one = closing(said, stay, at, now, number, gateway.ids, gateway.sources, undo=undo)
    if one is None:
        raise NotFound("There is no stay with this id")
    person = await resources.identity_of(gateway.database, citizen, gateway.ids)
    operation = "reopen-stay" if undo else "close-stay"

    def record(change: Change) -> AccessRecord:
        return AccessRecord(
            time=now, interaction="update", decision=Decision.PERMIT, citizen=change.citizen, kind="Encounter",
            resources=(f"Encounter/{stay}",), operation=operation, user=f"urn:faellesplan:operator|{who}",
            user_name=who, override_reason=reason,
        )  # fmt: skip

    await keep(gateway, _arrival(gateway, one, number, operation, now), About((person,), (), (one,)), record)


def _arrival(gateway: Gateway, one: Statement, number: str, operation: str, now: datetime) -> intake.Arrival:
    """No message came: the row says which word was kept, and when."""
    seen = gateway.fingerprint(b"by-hand", number.encode())
    return intake.Arrival(LANGUAGE, one.source, number, operation, seen, now, b"", b"")
