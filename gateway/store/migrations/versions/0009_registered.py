"""Of every registered case and document the identities under which it was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """One row per thing and identity."""
    op.create_table(
        "registered",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded", sa.DateTime(timezone=True), nullable=False),
        sa.Column("teller", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", "identity", name=op.f("pk_registered")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("registered")
