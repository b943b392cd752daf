"""When the log was looked through; findings of one person at two organisations; when a source last spoke."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
_OPEN = sa.text("outcome = ''")


def upgrade() -> None:
    """A table and two indexes."""
    op.create_table(
        "suspicion_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looks", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspicion_run")),
    )
    op.drop_index("uq_suspicion_open", "suspicion")
    columns = ["user_key", "organisation", "citizen"]
    op.create_index("uq_suspicion_open", "suspicion", columns, unique=True, postgresql_where=_OPEN)
    op.create_index("ix_message_source_received_at", "message", ["source", "received_at"])


def downgrade() -> None:
    """As it was before."""
    op.drop_index("ix_message_source_received_at", "message")
    op.drop_index("uq_suspicion_open", "suspicion")
    op.create_index("uq_suspicion_open", "suspicion", ["user_key", "citizen"], unique=True, postgresql_where=_OPEN)
    op.drop_table("suspicion_run")
