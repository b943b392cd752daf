"""Ids of messages, to know one that is used again for other content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "message_number",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("concerns", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "number", "concerns", name=op.f("pk_message_number")),
    )
    op.create_index("ix_message_number_source_envelope", "message_number", ["source", "envelope"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("message_number")
