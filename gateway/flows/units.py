"""What the directory tells of which organisation is a part of which: heard after every change, and now and then.

By it denies of the citizens reach further (domain/consent/units.py). An organisation goes by several numbers, and a
consent may name any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.consent.units import Part, Units
from gateway.domain.directory import identifiers_of, name_of
from gateway.domain.when import danish_day
from gateway.flows.parts import Gateway
from gateway.store import directory, wire
from gateway.store.directory import Entry


async def hear_units(gateway: Gateway) -> None:
    """Ask the directory, where it was written since; once more where somebody else has heard meanwhile, and may have
    heard later. Raises Unavailable."""
    policy = gateway.policy
    while (writes := await directory.writes(gateway.database)) != (before := policy.heard):
        told = [part for entry in await directory.parts(gateway.database) for part in _told(entry)]
        if policy.heard == before:
            policy.units, policy.heard = policy.units.hearing(told), writes
            return


async def units_at(gateway: Gateway, moment: datetime) -> Units:
    """What was known then, as far as the tables' days and the directory's versions tell. Raises Unavailable."""
    told = [part for entry in await directory.parts_at(gateway.database, moment) for part in _told(entry)]
    return gateway.policy.units.at(danish_day(moment), told)


def _told(entry: Entry) -> Iterator[Part]:
    body = wire.decode(entry.body)
    own = [f"Organization/{entry.id}", *identifiers_of(body)]
    for name in own:
        for other in (*own, *name_of(body.get("partOf", {}))):
            if name != other:
                yield name, other
