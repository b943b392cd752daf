"""Who came in and who left, who was refused and why: on record before the answer, like every look."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.caller import Caller
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.flows.parts import Gateway
from gateway.store.log import append


async def record_login(
    gateway: Gateway, caller: Caller | None, why: str = "", *, client: str = "", trace: str = "", address: str = "",
    logout: bool = False, note: str = "",
) -> None:  # fmt: skip
    """A login that went well (`note` says how far), or was refused because of `why`.

    `caller` is the person as far as that is known. What was typed is never put on record: people type passwords and
    numbers into the wrong field."""
    record = AccessRecord(
        time=gateway.clock(),
        interaction="logout" if logout else "login",
        decision=Decision.DENY if why else Decision.PERMIT,
        client=client,
        outcome=Outcome.MINOR if why else Outcome.SUCCESS,
        outcome_text=why or note,
        trace=trace,
        address=address,
    )
    async with gateway.database.connection() as connection:
        await append(connection, [_of(record, caller) if caller else record])


def _of(record: AccessRecord, caller: Caller) -> AccessRecord:
    return replace(
        record, client=record.client or caller.client, client_name=caller.client_name, user=caller.user,
        user_name=caller.user_name, user_role=caller.user_role, organisation=caller.organisation.key,
        organisation_name=caller.organisation_name, sector=caller.sector, purposes=caller.purposes,
    )  # fmt: skip
