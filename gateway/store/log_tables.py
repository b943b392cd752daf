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

# Witnesses' signatures under our checkpoints, each beside the checkpoint that it is of; and `witnessed`, of each log
# that this gateway is a witness of the newest checkpoint that it has seen.
LOG_WITNESSES: tuple[str, ...] = (
    """
    CREATE TABLE cosignature (
        size bigint NOT NULL REFERENCES checkpoint,
        witness text NOT NULL,
        line text NOT NULL,
        made_at timestamptz NOT NULL,
        PRIMARY KEY (size, witness)
    )
    """,
    "CREATE INDEX ix_cosignature_witness ON cosignature (witness, size)",
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON cosignature
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TABLE witnessed (
        origin text PRIMARY KEY,
        size bigint NOT NULL,
        root bytea NOT NULL,
        note text NOT NULL,
        seen_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_checkpoint_made_at ON checkpoint (made_at, size)",
)

# Retention. A record goes whole, with its salt, so that its leaf tells nothing and cannot be guessed; the leaf, its
# place and its citizen's list stay. Only `forget_access_records` makes room for that, and only for records that stand
# in the tree and are older than half a year, whatever it is asked for.
LOG_FORGETTING: tuple[str, ...] = (
    """
    CREATE TABLE log_forgotten (
        transaction bigint PRIMARY KEY,
        before timestamptz NOT NULL,
        made_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_forgotten
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.recorded_at < now() - interval '180 days'
            AND EXISTS (SELECT 1 FROM log_forgotten f
                WHERE f.transaction = pg_current_xact_id()::text::bigint AND OLD.recorded_at < f.before)
            AND EXISTS (SELECT 1 FROM log_leaf l WHERE l.record_id = OLD.id)
        THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    "DROP TRIGGER append_only ON access_record",
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON access_record
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER kept BEFORE DELETE ON access_record FOR EACH ROW EXECUTE FUNCTION refuse_removal()
    """,
    """
    CREATE FUNCTION forget_access_records(before_time timestamptz, most int) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        gone bigint;
    BEGIN
        INSERT INTO log_forgotten (transaction, before) VALUES (pg_current_xact_id()::text::bigint, before_time);
        DELETE FROM access_record WHERE id IN (
            SELECT r.id FROM access_record r JOIN log_leaf l ON l.record_id = r.id
             WHERE r.recorded_at < least(before_time, now() - interval '180 days') ORDER BY r.recorded_at LIMIT most);
        GET DIAGNOSTICS gone = ROW_COUNT;
        RETURN gone;
    END
    $$
    """,
)
