"""All citizens, a page at a time, for work that goes through everybody."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.store.pool import Database

_PAGE = """
SELECT c.id FROM citizen c WHERE c.id > $1 AND EXISTS (SELECT FROM identity i WHERE i.citizen = c.id)
 ORDER BY c.id LIMIT $2
"""


async def after(database: Database, last: str, most: int) -> Sequence[str]:
    """The next citizens (Patient ids) after this one, in the order of their ids."""
    return [row["id"] for row in await database.fetch(_PAGE, last, most)]
