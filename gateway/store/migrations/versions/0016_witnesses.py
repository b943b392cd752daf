"""Cosignatures of the log's checkpoints, what was seen of other logs, and the end of a record's time."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

# Witnesses' signatures under our checkpoints, each beside the checkpoint that it is of; and `witnessed`, of each log
# that this gateway is a witness of the newest checkpoint that it has seen.
_WITNESSES: tuple[str, ...] = (
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
_FORGETTING: tuple[str, ...] = (
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


def upgrade() -> None:
    """Three tables, an index that finds the checkpoint of a day, and the one function that removes records."""
    for statement in (*_WITNESSES, *_FORGETTING):
        op.execute(statement)


def downgrade() -> None:
    """Without them nothing is ever removed."""
    op.execute("DROP TRIGGER kept ON access_record")
    op.execute("DROP TRIGGER append_only ON access_record")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_record"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("DROP FUNCTION forget_access_records, refuse_removal")
    op.execute("DROP TABLE cosignature, witnessed, log_forgotten")
    op.execute("DROP INDEX ix_checkpoint_made_at")
