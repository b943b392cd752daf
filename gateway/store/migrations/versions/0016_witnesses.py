"""Cosignatures of the log's checkpoints, what was seen of other logs, and the end of a record's time."""

from __future__ import annotations

from alembic import op

from gateway.store.log_tables import LOG_FORGETTING, LOG_WITNESSES

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Three tables, an index that finds the checkpoint of a day, and the one function that removes records."""
    for statement in (*LOG_WITNESSES, *LOG_FORGETTING):
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
