"""What becomes of messages together."""

from __future__ import annotations

from functools import cache
from typing import Any

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.resource import Resource, ids
from gateway.translate.translation import Translation
from gateway.translate.ydelse import Ydelse

IDS = ids(b"test")


@cache
def translated(ydelse: Ydelse, raw: bytes) -> Translation:
    """A message, which comes in many orders and is translated alike in each."""
    return ydelse.translate(raw)


def folded(ydelse: Ydelse, *messages: bytes) -> list[Resource]:
    """The resources of the one citizen that the messages are about, arrived in this order."""
    said = [translated(ydelse, one) for one in messages]
    citizen = said[0].citizen[0]
    sources = {one.source.id: one.source for one in said}
    person = next(iter(people({citizen.key: {citizen.key}}, set()).values()))
    return fold([s for one in said for s in one.statements], person, IDS, sources)


def of(kind: str, made: list[Resource]) -> list[dict[str, Any]]:
    """The bodies of one type."""
    return [one.body for one in made if one.kind == kind]


def alert(ydelse: Ydelse, *messages: bytes) -> dict[str, Any] | None:
    """The only alert, if there is one."""
    found = of("Flag", folded(ydelse, *messages))
    assert len(found) <= 1
    return found[0] if found else None
