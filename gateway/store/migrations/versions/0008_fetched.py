"""What was last fetched of whom from systems that are asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """One row per source and citizen, by a keyed hash, and one per source for its rounds."""
    op.create_table(
        "fetched",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("citizen", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "citizen", name=op.f("pk_fetched")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("fetched")
