"""Resources that are read as they are now are found together (together.py), each with what its decision rests on."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.store import resources
from gateway.store.pool import Database
from gateway.store.resources import Found
from gateway.store.together import Together

TOGETHER = 64
"""So many resources are found by one statement at most."""


class Finder:
    """Finds one resource for each who asks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: Together[tuple[str, str], Found | None] = Together(self._find, TOGETHER)

    async def find(self, kind: str, identity: str) -> Found | None:
        """As `resources.find`. Raises Unavailable."""
        return await self._asked.ask((kind, identity))

    async def _find(self, asked: Sequence[tuple[str, str]]) -> Sequence[Found | None]:
        if len(asked) == 1:
            return [await resources.find(self._database, *asked[0])]
        found = await resources.find_all(self._database, set(asked))
        return [found.get(one) for one in asked]
