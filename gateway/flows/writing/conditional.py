"""Conditional writes: the resource is named by a search. http://hl7.org/fhir/R4/http.html#ccreate

The search finds what the caller may see and nothing else, so that no condition tells of a hidden resource. It holds as
of a revision of the citizen: when somebody else writes about the citizen meanwhile, it is asked again, so two who
create at once under one condition make one resource.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace

from gateway.domain.caller import Caller
from gateway.domain.record import AccessRecord
from gateway.errors import BadRequest, NotFound, SeveralMatch
from gateway.flows import search
from gateway.flows.directory import Effort
from gateway.flows.parts import Gateway
from gateway.flows.writing.asked import Around, Asked, Criteria, Standing, Word, Work, names_in
from gateway.flows.writing.create import place_of
from gateway.store import resources


async def matching(
    gateway: Gateway, caller: Caller, kind: str, criteria: Criteria, looks: list[AccessRecord], effort: Effort,
    gone: Collection[str] = (),
) -> tuple[str, int] | None:  # fmt: skip
    """The (id, version) of the one resource that meets the condition as far as this caller may see; what was looked at
    is added to `looks`, and counted in `effort`. `gone` is taken back in the same transaction. Raises SeveralMatch,
    BadRequest for a condition that names nothing."""
    if not [name for name, _ in criteria if not name.startswith("_") or name == "_id"]:
        raise BadRequest(
            "A condition names at least one search parameter",
            where=kind,
            hint="For instance identifier, patient or _id.",
        )
    asked = f"GET {kind}{names_in(criteria)}"
    there, records = await search.visible(gateway, caller, kind, list(criteria), asked, effort, most=2 + len(gone))
    looks += records
    found = [one for one in there if f"{kind}/{one[1]}" not in gone]
    if len(found) > 1:
        raise SeveralMatch(hint="Narrow the condition.")
    return (found[0][1], found[0][2]) if found else None


async def found_by(gateway: Gateway, caller: Caller, work: Work, effort: Effort) -> Work:
    """The update, patch or delete of the one resource that its condition finds; a create for an update that finds none.
    Raises NotFound, SeveralMatch, BadRequest."""
    asked = work.asked
    if asked.criteria is None or asked.interaction == "create":
        return work
    found = await matching(gateway, caller, asked.kind, asked.criteria, work.looks, effort)
    if found:
        if asked.interaction == "update" and asked.body.get("id", found[0]) != found[0]:
            raise BadRequest("The id in the body is not that of the resource found", where=f"{asked.kind}.id")
        return replace(work, asked=replace(asked, identity=found[0]))
    if asked.interaction != "update":
        raise NotFound
    if "id" in asked.body:
        raise BadRequest("The gateway gives the ids", where=f"{asked.kind}.id", hint="Leave it out.")
    created = replace(work.record, interaction="create")
    return replace(work, asked=replace(asked, interaction="create"), record=created)


async def unless_there(gateway: Gateway, caller: Caller, work: Work, word: Word, around: Around) -> Word | Standing:
    """A create under a condition: what is there already, or the word as long as nobody else writes of its citizen."""
    asked = work.asked
    if asked.criteria is None:
        return word
    revision = await resources.revision_of(gateway.database, word.citizen)
    found = await matching(gateway, caller, asked.kind, asked.criteria, work.looks, around.effort, around.gone)
    return Standing(asked.kind, found[0]) if found else replace(word, revision=revision)


async def token_for(gateway: Gateway, caller: Caller, asked: Asked) -> str:
    """What the key of a new resource is made of. Of a citizen without any number two creates under one condition have
    the same, so that they meet."""
    if asked.kind != "Patient" or asked.criteria is None:
        return secrets.token_hex(16)
    told = [",".join(caller.sends), *(f"{name}={value}" for name, value in sorted(asked.criteria))]
    token = gateway.fingerprint(b"condition", *(one.encode() for one in told)).hex()[:32]
    _, identity = place_of(gateway, caller, asked, token)
    return secrets.token_hex(16) if await resources.find(gateway.database, "Patient", identity) else token
