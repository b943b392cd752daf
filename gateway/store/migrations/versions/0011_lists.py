"""Each citizen's own list in the access log, also of the records that are there already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from gateway.domain.listing import Head, Pages, list_key

revision = "0011"
down_revision = "0010"

# Each citizen's own list (domain/listing.py): which list a leaf stands in, where, and the chain's head there; null for
# what is about nobody. `log_page` is the map of all lists as the newest checkpoint commits to it: it can be made anew
# from the leaves, so it may be changed, and nothing is signed that does not continue it.
_LISTS = (
    "ALTER TABLE log_leaf ADD COLUMN list_key bytea, ADD COLUMN list_place bigint, ADD COLUMN list_head bytea",
    "CREATE UNIQUE INDEX ix_log_leaf_list ON log_leaf (list_key, list_place) WHERE list_key IS NOT NULL",
    "CREATE TABLE log_page (path text PRIMARY KEY, children bytea NOT NULL CHECK (octet_length(children) = 512))",
)
_AT_ONCE = 1000
_NEXT = sa.text(
    "SELECT l.tree_index, l.leaf, r.citizen FROM log_leaf l JOIN access_record r ON r.id = l.record_id"
    " WHERE l.tree_index > :after ORDER BY l.tree_index LIMIT :most"
)
_LIST = sa.text("UPDATE log_leaf SET list_key = :k, list_place = :n, list_head = :h WHERE tree_index = :i")
_PAGE = sa.text("INSERT INTO log_page (path, children) VALUES (:p, :c)")


def upgrade() -> None:
    """The next checkpoint commits to all lists; the older ones commit to none. The log is read part by part; what is
    held is one head and, in the end, the pages of the map for each citizen in it, whatever the number of looks."""
    for statement in _LISTS:
        op.execute(statement)
    connection = op.get_bind()
    heads: dict[bytes, Head] = {}
    op.execute("ALTER TABLE log_leaf DISABLE TRIGGER append_only")
    for rows in _parts(connection):
        told = []
        for index, leaf, citizen in rows:
            if key := list_key(citizen):
                heads[key] = heads.get(key, Head()).after(index, bytes(leaf))
                told.append({"i": index, "k": key, "n": heads[key].entries, "h": heads[key].digest})
        if told:
            connection.execute(_LIST, told)
    op.execute("ALTER TABLE log_leaf ENABLE TRIGGER append_only")
    if heads:
        grown = Pages({}, {}, set())
        grown.root(heads)
        pages = [{"p": path, "c": children} for path, children in grown.pages.items()]
        for start in range(0, len(pages), _AT_ONCE):
            connection.execute(_PAGE, pages[start : start + _AT_ONCE])


def _parts(connection: sa.Connection) -> Iterator[Sequence[Any]]:
    after = -1
    while rows := connection.execute(_NEXT, {"after": after, "most": _AT_ONCE}).all():
        yield rows
        after = rows[-1].tree_index


def downgrade() -> None:
    """Without lists; checkpoints that commit to them stay as they are."""
    op.drop_table("log_page")
    op.drop_index("ix_log_leaf_list", "log_leaf")
    op.execute("ALTER TABLE log_leaf DROP COLUMN list_key, DROP COLUMN list_place, DROP COLUMN list_head")
