"""Citizens, messages, statements, resources and used assertions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# The access log. `access_record` is what happened, written with the answer in one transaction; its columns beside
# `body` are for the auditor's search. `log_pending` names the records that have no place in the tree yet. `log_leaf`,
# `log_node` (complete subtrees from level 1 up) and `checkpoint` are the tree. Rows are only ever added: the database
# refuses any other change. Whoever owns the tables can switch that off; then the signed tree tells.
_APPEND_ONLY = ("access_record", "log_leaf", "log_node", "checkpoint")
_LOG: tuple[str, ...] = (
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


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "citizen",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citizen")),
    )
    op.create_table(
        "identity",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("citizen", sa.Text(), nullable=False),
        sa.Column("identifiers", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_identity")),
    )
    op.create_index("ix_identity_citizen", "identity", ["citizen"], unique=False)
    op.create_index("ix_identity_identifiers", "identity", ["identifiers"], unique=False, postgresql_using="gin")
    op.create_table(
        "merge",
        sa.Column("survivor", sa.Text(), nullable=False),
        sa.Column("loser", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("survivor", "loser", name=op.f("pk_merge")),
    )
    op.create_index("ix_merge_loser", "merge", ["loser"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("citizen", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_message_fingerprint")),
    )
    op.create_index("ix_message_source_message_id", "message", ["source", "message_id"], unique=False)
    op.create_index(
        "ix_message_state", "message", ["state"], unique=False, postgresql_where=sa.text("state = 'quarantined'")
    )
    op.create_table(
        "resource",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("citizen", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=True),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_resource")),
    )
    op.create_index("ix_resource_citizen_kind", "resource", ["citizen", "kind"], unique=False)
    op.create_table(
        "resource_version",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("citizen", sa.Text(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", "version", name=op.f("pk_resource_version")),
    )
    op.create_table(
        "used_assertion",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client", "jti", name=op.f("pk_used_assertion")),
    )
    op.create_table(
        "statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("citizen", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name=op.f("fk_statement_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    op.create_index("ix_statement_citizen_kind_key", "statement", ["citizen", "kind", "key"], unique=False)
    op.create_index("ix_statement_message", "statement", ["message"], unique=False)
    for statement in _LOG:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE checkpoint, log_node, log_leaf, log_pending, access_record")
    op.execute("DROP FUNCTION refuse_change")
    op.drop_index("ix_statement_message", table_name="statement")
    op.drop_index("ix_statement_citizen_kind_key", table_name="statement")
    op.drop_table("statement")
    op.drop_table("used_assertion")
    op.drop_table("resource_version")
    op.drop_index("ix_resource_citizen_kind", table_name="resource")
    op.drop_table("resource")
    op.drop_index("ix_message_state", table_name="message", postgresql_where=sa.text("state = 'quarantined'"))
    op.drop_index("ix_message_source_message_id", table_name="message")
    op.drop_table("message")
    op.drop_index("ix_merge_loser", table_name="merge")
    op.drop_table("merge")
    op.drop_index("ix_identity_identifiers", table_name="identity", postgresql_using="gin")
    op.drop_index("ix_identity_citizen", table_name="identity")
    op.drop_table("identity")
    op.drop_table("citizen")
