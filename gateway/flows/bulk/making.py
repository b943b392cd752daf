"""The circle of whoever asked is walked, part by part, by whichever node comes first."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from gateway.domain.caller import Caller
from gateway.domain.circle import sources_of_world
from gateway.flows.bulk.asked import Asked, exporting, of_job
from gateway.flows.bulk.jobs import manifest
from gateway.flows.bulk.narrowing import Filters, compiled, narrowed
from gateway.flows.looking import Seen, look, on_record, persons_of, record_of
from gateway.flows.parts import Gateway
from gateway.store import bulk, exports, population
from gateway.store.exports import BULK, Job

BATCH = 32
"""Citizens at a time."""
PART = 16
"""Batches whose lines stand in one file of each type."""

Standing = Callable[[Caller], Caller | None]
"""The caller as it is registered now; None where it is no more."""


async def make_bulk(gateway: Gateway, standing: Standing) -> int:
    """Make what was asked for and is not made; go on where another node, or this one before, stopped. How many. What
    somebody asked for who is registered no more is forgotten; what fails is raised, and tried again later, after the
    others (exports.TRIES times)."""
    made = 0
    while job := await exports.next_of(gateway.database, gateway.clock(), BULK):
        async with exports.trying(gateway.database, job.id):
            asked = of_job(gateway, job)
            caller = standing(asked.caller)
            if caller is None:
                await bulk.forget(gateway.database, job.id)
                continue
            await _make(gateway, job, replace(asked, caller=exporting(caller)))
        made += 1
    return made


async def _make(gateway: Gateway, job: Job, asked: Asked) -> None:
    """No connection is held meanwhile: each look takes one, and its record another (store/together.py)."""
    number, place = await bulk.reached(gateway.database, job.id)
    filters = compiled(gateway, asked.filters)
    while place is not None:
        named: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
        for _ in range(PART):
            place = await _batch(gateway, asked, filters, job, place or "", named)
            if place is None:
                break
            await asyncio.sleep(0)  # calls first
        if not await bulk.add(gateway.database, job.id, number, named, place, gateway.clock()):
            return  # forgotten meanwhile, or another node is at it
        number += 1
    async with gateway.database.connection() as connection:
        await exports.finish(connection, job.id, await manifest(gateway, connection, job))


async def _batch(
    gateway: Gateway, asked: Asked, filters: Filters, job: Job, after: str,
    named: dict[str, list[tuple[str, list[str]]]],
) -> str | None:  # fmt: skip
    """Decide about the next citizens, on record before anything of theirs can be fetched; gives the last of them, None
    at the end of the circle."""
    caller = asked.caller
    told = await population.circle(gateway.database, sources_of_world(caller, gateway.policy), after, BATCH)
    first = [one.told for one in told if one.first]
    found = await population.parts_of(gateway.database, first)
    looks = {
        one: narrowed(_within(await look(gateway, caller, parts, ground, persons_of(parts)), asked), filters)
        for one, (parts, ground) in found.items()
    }
    shown = {one: seen for one, seen in looks.items() if seen.permitted}
    about = f"bulk {job.id} of {asked.what}"
    await on_record(gateway, *(
        record_of(gateway, caller, "export", "Patient", one, seen, query=about, operation="export")
        for one, seen in shown.items()
    ))  # fmt: skip
    for one, seen in sorted(shown.items()):
        for kind in sorted({part.facts.kind for part, _ in seen.permitted}):
            ids = [part.facts.id for part, _ in seen.permitted if part.facts.kind == kind]
            named[kind].append((one, ids))
    return told[-1].told if len(told) == BATCH else None


def _within(seen: Seen, asked: Asked) -> Seen:
    """The look as far as it is at what was asked for. Nothing that is withheld is told by when it changed."""
    of_types = seen.of(asked.types)
    return replace(of_types, permitted=tuple(one for one in of_types.permitted if one[0].updated >= asked.since))
