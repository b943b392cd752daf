"""Each citizen's own list in the access log, also of the records that are there already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.domain.listing import Head, Pages, list_key
from gateway.store.log_tables import LOG_LISTS

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """The next checkpoint commits to all lists; the older ones commit to none."""
    for statement in LOG_LISTS:
        op.execute(statement)
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT l.tree_index, l.leaf, r.citizen FROM log_leaf l JOIN access_record r ON r.id = l.record_id"
            " ORDER BY l.tree_index"
        )
    )
    heads: dict[bytes, Head] = {}
    told = []
    for index, leaf, citizen in rows:
        if key := list_key(citizen):
            heads[key] = heads.get(key, Head()).after(index, bytes(leaf))
            told.append({"i": index, "k": key, "n": heads[key].entries, "h": heads[key].digest})
    if not told:
        return
    op.execute("ALTER TABLE log_leaf DISABLE TRIGGER append_only")
    connection.execute(
        sa.text("UPDATE log_leaf SET list_key = :k, list_place = :n, list_head = :h WHERE tree_index = :i"), told
    )
    op.execute("ALTER TABLE log_leaf ENABLE TRIGGER append_only")
    grown = Pages({}, {}, set())
    grown.root(heads)
    pages = [{"p": path, "c": children} for path, children in grown.pages.items()]
    connection.execute(sa.text("INSERT INTO log_page (path, children) VALUES (:p, :c)"), pages)


def downgrade() -> None:
    """Without lists; checkpoints that commit to them stay as they are."""
    op.drop_table("log_page")
    op.drop_index("ix_log_leaf_list", "log_leaf")
    op.execute("ALTER TABLE log_leaf DROP COLUMN list_key, DROP COLUMN list_place, DROP COLUMN list_head")
