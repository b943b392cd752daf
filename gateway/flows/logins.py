"""Who came in and who left, who was refused and why: on record before the answer, like every look."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.caller import Caller
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway


async def record_login(
    gateway: Gateway, caller: Caller | None, why: str = "", *, client: str = "", trace: str = "", address: str = "",
    logout: bool = False, note: str = "",
) -> None:  # fmt: skip
    """A login that went well (`note` says how far), or was refused because of `why`.

    `caller` is the person as far as that is known. What was typed is never put on record: people type passwords and
    numbers into the wrong field."""
    interaction = "logout" if logout else "login"
    record = AccessRecord(gateway.clock(), interaction, Decision.DENY, client=client, trace=trace)
    if caller:
        who = record_of(gateway, caller, interaction, "", "", NOTHING)
        record = replace(who, client=client or who.client, trace=trace or who.trace)
    record = replace(
        record, decision=Decision.DENY if why else Decision.PERMIT, outcome=Outcome.MINOR if why else Outcome.SUCCESS,
        outcome_text=why or note, address=address or record.address,
    )  # fmt: skip
    await on_record(gateway, record)
