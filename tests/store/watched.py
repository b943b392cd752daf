"""How statements would be carried out, whatever their values are."""

from __future__ import annotations

from typing import Any

from gateway.store.pool import Database


class Watched:
    """A database that tells how each statement would be carried out, planned once for all values."""

    def __init__(self, database: Database) -> None:
        self.database, self.plans = database, list[str]()

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        async with self.database.connection() as connection:
            await connection.execute(f"PREPARE watched AS {sql}")
            rows = await connection.fetch(f"EXPLAIN EXECUTE watched ({', '.join(['NULL'] * len(values))})")
            await connection.execute("DEALLOCATE watched")
        self.plans.append("\n".join(row[0] for row in rows))
        return []
