"""The tables of the access log. Rows are only ever added: the database itself refuses any other change.

A refusal can be switched off by whoever owns the tables; that is what the signed tree is for (domain/verify_log.py).
`access_record` is what happened, written with the answer in one transaction; its columns beside `body` exist for
the auditor's search. `log_pending` names the records that have no place in the tree yet. `log_leaf`, `log_node`
(complete subtrees from level 1 up) and `checkpoint` are the tree.
"""

from __future__ import annotations

_APPEND_ONLY = ("access_record", "log_leaf", "log_node", "checkpoint")

LOG_TABLES: tuple[str, ...] = (
    """
    CREATE TABLE access_record (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        recorded_at timestamptz NOT NULL,
        citizen text NOT NULL,
        client text NOT NULL,
        user_key text NOT NULL,
        organisation text NOT NULL,
        decision text NOT NULL,
        interaction text NOT NULL,
        purpose text NOT NULL,
        trace text NOT NULL,
        body bytea NOT NULL,
        salt bytea NOT NULL,
        leaf bytea NOT NULL CHECK (octet_length(leaf) = 32)
    )
    """,
    *(
        f"CREATE INDEX ix_access_record_{name} ON access_record ({key}recorded_at DESC, id DESC) {where}"
        for name, key, where in (
            ("time", "", ""),
            ("citizen", "citizen, ", "WHERE citizen <> ''"),
            ("user_key", "user_key, ", "WHERE user_key <> ''"),
            ("organisation", "organisation, ", ""),
            ("decision", "decision, ", "WHERE decision <> 'permit'"),
        )
    ),
    # Claimed and deleted all the time: vacuumed by count, never by share.
    """
    CREATE TABLE log_pending (record_id bigint PRIMARY KEY)
        WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)
    """,
    """
    CREATE TABLE log_leaf (
        tree_index bigint PRIMARY KEY,
        record_id bigint NOT NULL UNIQUE,
        leaf bytea NOT NULL
    )
    """,
    "CREATE TABLE log_node (level smallint, idx bigint, hash bytea NOT NULL, PRIMARY KEY (level, idx))",
    """
    CREATE TABLE checkpoint (
        size bigint PRIMARY KEY,
        root bytea NOT NULL,
        note text NOT NULL,
        made_at timestamptz NOT NULL
    )
    """,
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    *(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in _APPEND_ONLY
    ),
)

# Each citizen's own list (domain/listing.py): which list a leaf stands in, where, and the chain's head there; null for
# what is about nobody. `log_page` is the map of all lists as the newest checkpoint commits to it: it can be made anew
# from the leaves, so it may be changed, and nothing is signed that does not continue it.
LOG_LISTS: tuple[str, ...] = (
    "ALTER TABLE log_leaf ADD COLUMN list_key bytea, ADD COLUMN list_place bigint, ADD COLUMN list_head bytea",
    "CREATE UNIQUE INDEX ix_log_leaf_list ON log_leaf (list_key, list_place) WHERE list_key IS NOT NULL",
    "CREATE TABLE log_page (path text PRIMARY KEY, children bytea NOT NULL CHECK (octet_length(children) = 512))",
)
