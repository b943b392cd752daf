"""What is a part of something, rests on it or replaces it does not lead back to itself: CarePlan.partOf, basedOn and
replaces, Task.partOf, and the same of other types.

Only what a write adds is followed, and only through what its writer may see: a refusal tells of nothing hidden. Where
something was followed, the word holds as of a revision of the citizen: two who write at once make no circle either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.domain.caller import Caller
from gateway.errors import RuleBroken
from gateway.flows.directory import Effort
from gateway.flows.looking import look_at_one, opened
from gateway.flows.parts import Gateway
from gateway.flows.writing.asked import Json, Word
from gateway.store import resources, wire

RELATIONS = ("partOf", "basedOn", "replaces", "previous", "derivedFrom", "hasMember")
LEVELS = 100
"""So many may stand above something."""
_OURS = re.compile(r"([A-Z][A-Za-z]+/[0-9a-f]{32})(?:/_history/\d+)?", re.ASCII)

Place = tuple[str, str]
"""The type and id of a resource."""


async def unless_in_circle(
    gateway: Gateway, caller: Caller, word: Word, written: Mapping[str, Json], effort: Effort
) -> Word:
    """The word, as long as nobody else writes of its citizen where that matters. `written` is what is written together,
    by references. Raises RuleBroken with the element that leads back, BadRequest where there is too much to follow."""
    added = {name: led for name in RELATIONS if (led := _led(word.statement.body, name))}
    if not added or (word.created and not any(_names(body, word.reference) for body in written.values())):
        return word  # what is made now is named by nobody yet
    revision = await resources.revision_of(gateway.database, word.citizen)
    stood = {} if word.created else (await _seen(gateway, caller, {word.reference})).get(word.reference, {})
    for name, led in added.items():
        if await _leads_back(gateway, caller, word.reference, name, led - _led(stood, name), written, effort):
            raise RuleBroken(
                "This would lead back to itself", where=f"{word.statement.kind}.{name}",
                hint=f"Follow {name} from there: it leads back here.",
            )  # fmt: skip
    return replace(word, revision=revision) if word.revision < 0 else word


async def _leads_back(
    gateway: Gateway, caller: Caller, start: str, name: str, led: set[str], written: Mapping[str, Json], effort: Effort
) -> bool:
    """Whether one relation leads from these back to where it started."""
    passed: set[str] = set()
    for _ in range(LEVELS + 1):
        if start in led or not led:
            return bool(led)
        effort.add(len(led), start.partition("/")[0])
        passed |= led
        stands = await _seen(gateway, caller, led - written.keys())
        above = [written[one] if one in written else stands.get(one, {}) for one in led]
        led = {one for body in above for one in _led(body, name)} - passed
    raise RuleBroken("There are more than a hundred levels above this", where=f"{start.partition('/')[0]}.{name}")


async def _seen(gateway: Gateway, caller: Caller, wanted: set[str]) -> dict[str, Json]:
    """Those of these resources that the caller may see, as it may see them."""
    found = await resources.find_all(gateway.database, [_place(one) for one in wanted])
    seen = {f"{kind}/{id_}": await look_at_one(gateway, gateway.database, caller, one)
            for (kind, id_), one in found.items()}  # fmt: skip
    return {name: wire.decode(opened(one)[0]) for name, one in seen.items() if one.permitted and not one.gone}


def _place(reference: str) -> Place:
    kind, _, identity = reference.partition("/")
    return kind, identity


def _names(body: Json, reference: str) -> bool:
    return any(reference in _led(body, name) for name in RELATIONS)


def _led(body: Json, name: str) -> set[str]:
    """What a relation of a resource leads to, without versions; what cannot be an id of ours leads nowhere."""
    told: Any = body.get(name, ())
    each = told if isinstance(told, list) else [told]
    literals = [str(one.get("reference", "")) for one in each if isinstance(one, dict)]
    return {match[1] for one in literals if (match := _OURS.fullmatch(one))}
