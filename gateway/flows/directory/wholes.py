"""What is a part of something is no part of itself: Organization.partOf, Location.partOf. FHIR R4 8.6, 8.7.

Asked where nobody else writes to the directory, of what stands when all of a transaction is written: so two who write
at once make no circle either, and the order of entries says nothing.
"""

from __future__ import annotations

from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.directory import name_of
from gateway.errors import RuleBroken
from gateway.flows.directory.showing import shown
from gateway.flows.parts import Gateway
from gateway.store import directory
from gateway.store.pool import Connection

LEVELS = 100
"""So many may stand above something."""
_KINDS = ("Organization", "Location")

Body = dict[str, Any]


async def check_whole(
    gateway: Gateway, connection: Connection, caller: Caller, written: Body, heights: dict[str, int]
) -> None:
    """Raises RuleBroken where what is written leads up to itself, as far as this caller may see: through what is hidden
    nobody learns of what. A circle that others have made above is theirs. `heights` are the levels above those that the
    same transaction has followed to the top: nobody climbs there twice."""
    kind, here, passed = written["resourceType"], written, [written["id"]]
    if kind not in _KINDS:
        return
    while (above := await _above(gateway, connection, caller, kind, here)) is not None:
        if above["id"] == written["id"]:
            raise RuleBroken(
                "This would be a part of itself", where=f"{kind}.partOf",
                hint="Follow partOf upwards from there: it leads back here.",
            )  # fmt: skip
        if above["id"] in passed:
            return
        passed.append(above["id"])
        if len(passed) + heights.get(f"{kind}/{above['id']}", 0) > LEVELS:
            raise RuleBroken("There are more than a hundred levels above this", where=f"{kind}.partOf")
        if f"{kind}/{above['id']}" in heights:
            break
        here = above
    top = heights.get(f"{kind}/{passed[-1]}", 0)
    heights |= {f"{kind}/{one}": top + below for below, one in enumerate(reversed(passed))}


async def _above(gateway: Gateway, connection: Connection, caller: Caller, kind: str, here: Body) -> Body | None:
    """What it is a part of; None where that is told by tables, is not here, or is named by a number of several."""
    reference = here.get("partOf", {})
    literal = str(reference.get("reference", "")).removeprefix(f"{gateway.public_url}/fhir/")
    if literal:
        told, _, rest = literal.partition("/")
        found = await directory.find(connection, kind, rest.partition("/")[0]) if told == kind else None
        entries = [found] if found and not found.withdrawn else []
    else:
        numbers = [name for name in name_of(reference) if name not in gateway.registry.numbers]
        entries = await directory.going_by(connection, kind, numbers, 10)
    bodies = shown(gateway, caller, entries).bodies
    others = [one for one in bodies if literal or one["id"] != here["id"]]
    return next(iter(others or bodies), None) if len(others) <= 1 else None
