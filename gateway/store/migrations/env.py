"""Alembic's entry: one connection, given by migrate.py, which also holds the lock against other nodes."""

from __future__ import annotations

from alembic import context

from gateway.store.schema import metadata

# The access log's tables are append-only by trigger and are written in SQL; autogenerate leaves them alone.
LOG_TABLES = frozenset(
    {"access_record", "log_pending", "log_leaf", "log_node", "checkpoint", "log_page"}
    | {"log_forgotten", "cosignature", "witnessed"}
)


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    return not (kind == "table" and name in LOG_TABLES)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=_ours,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
