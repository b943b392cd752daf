"""What systems are registered for is noted with its time, so that a decision of the past is explained by what held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.policy import Owners
from gateway.flows.parts import Gateway
from gateway.store import registrations


@dataclass(frozen=True, slots=True)
class Registered:
    """All systems as they were registered at one moment. A Caller stands for each, with all its purposes and nobody in
    front of it."""

    systems: dict[str, Caller]

    @property
    def owners(self) -> Owners:
        """Whose own a source's data were."""
        found: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for one in self.systems.values():
            for source in one.sends:
                found[source].add((one.organisation.key, one.role))
        return found


async def note_registrations(gateway: Gateway, systems: Iterable[Caller]) -> int:
    """Keep what differs from the last time; how many systems that is. Raises Unavailable."""
    return await registrations.note(gateway.database, gateway.clock(), {one.client: one for one in systems})


async def registered_at(gateway: Gateway, moment: datetime) -> Registered | None:
    """All systems as they were then; None where nobody had begun to note it."""
    began = await registrations.began(gateway.database)
    if began is None or moment < began:
        return None
    return Registered(await registrations.at(gateway.database, moment))
