"""What a municipality sees of a citizen whom it has handed over: what it said itself, and what it had before it left.

What others have a word in too is shown to it as it stood then, unless the citizen's consent or an override shows more:
who lives where now, and under which number, is not for the old municipality (domain/handover.py). In a Patient
everybody may have a word, and whether anybody has is as little for it: that always stands as it stood, and who may not
see the last version of it names none (flows/writing/standing.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.decide import Basis, Denial, Permit, Reason
from gateway.domain.handover import left_at, own_sources
from gateway.flows.ground import Known
from gateway.flows.parts import Gateway
from gateway.store import resources, wire
from gateway.store.resources import Reader, Sealed

Key = tuple[str, str]


def when_left(gateway: Gateway, caller: Caller, known: Known) -> datetime | None:
    """When the caller's municipality handed the citizen over, None for everybody who has not."""
    if not known.teams:
        return None
    own = own_sources(caller, gateway.sources)
    organisations = {
        caller.organisation.key,
        *caller.member_of,
        *(gateway.sources[one].organisation.key for one in own),
    }
    return left_at(map(wire.decode, known.teams), organisations, gateway.clock()) if own else None


async def as_left(
    gateway: Gateway, database: Reader, caller: Caller, parts: Sequence[Sealed], permits: dict[Key, Permit],
    denials: dict[Key, Denial], left: datetime, *, version: bool = False, past: Sequence[Sealed] | None = None,
) -> list[Sealed]:  # fmt: skip
    """The parts as the caller may see them: shared ones in the version from when it left. What was not there then is
    denied, and so is a later `version` that is asked for by its number. `past` are the older versions where they came
    with the parts."""
    own = own_sources(caller, gateway.sources)
    later = [part for part in parts if _is_later(part, permits.get(part.key), own, left)]
    if not later:
        return list(parts)
    named = [] if version else [part.key for part in later]
    if past is None:
        stood = {one.key: one for one in await resources.as_they_stood(database, named, left)}
    else:
        stood = {one.key: one for one in sorted(past, key=lambda one: one.version) if one.updated <= left}
    for part in later:
        if part.key not in stood:
            permit = permits.pop(part.key)
            denials[part.key] = Denial(permit.kind, permit.id, Reason.HANDED_OVER, permit.rule, permit.law)
    return [stood.get(part.key, part) for part in parts]


def _is_later(part: Sealed, permit: Permit | None, own: frozenset[str], left: datetime) -> bool:
    """Whether it is shown as the caller's own, others have a word in it too or might have, and it changed since."""
    tellers = part.facts.sources or (part.facts.source,)
    others = part.facts.kind == "Patient" or not own.issuperset(tellers)
    return permit is not None and permit.basis is Basis.OWN and part.updated > left and others
