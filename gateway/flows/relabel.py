"""Relabel: what is kept is judged again by the tables of today: labels, data classes, all that decisions rest on.

Everybody's resources are folded anew from what was said and labelled as if it came now, so a row that was taken out of
a table lowers what it alone had raised. What does not change is not written; each citizen is one commit, so work that
was broken off goes on after the last one, or begins again and finds nothing to do for the first.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.domain.intake import Change
from gateway.domain.record import AccessRecord, Decision
from gateway.errors import GatewayError, NotFound, Unavailable
from gateway.flows.files import look_again
from gateway.flows.keeping import About, keep
from gateway.flows.parts import Gateway
from gateway.store import citizens, intake, resources

LANGUAGE = "relabel"
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Relabelled:
    """What became of one citizen: whether anything changed; `error` where it could not be worked out."""

    citizen: str
    changed: bool
    error: str = ""


async def relabel(gateway: Gateway, after: str = "") -> AsyncIterator[Relabelled]:
    """Every citizen after this one, in the order of their ids. Raises Unavailable when the database is away."""
    while page := await citizens.after(gateway.database, after, _PAGE):
        for citizen in page:
            yield await _relabelled(gateway, citizen)
        after = page[-1]


async def _relabelled(gateway: Gateway, citizen: str) -> Relabelled:
    now, number = gateway.clock(), secrets.token_hex(8)
    arrival = intake.Arrival(
        LANGUAGE, "", number, "relabel", gateway.fingerprint(b"relabel", number.encode()), now, b"", b""
    )

    def record(change: Change) -> AccessRecord:
        return AccessRecord(
            time=now, interaction="update", operation="relabel", decision=Decision.PERMIT, citizen=change.citizen
        )

    try:
        await look_again(gateway, citizen)
        person = await resources.identity_of(gateway.database, citizen, gateway.ids)
        kept = await keep(gateway, arrival, About((person,), (), ()), record, again=True)
    except NotFound:
        return Relabelled(citizen, changed=False)  # became another's identity meanwhile
    except Unavailable:
        raise
    except GatewayError as error:
        return Relabelled(citizen, changed=False, error=error.told())
    return Relabelled(citizen, changed=kept.change is not None)
