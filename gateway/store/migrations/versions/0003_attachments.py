"""Files of correspondence, beside the resources."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table; what is in it is packed already, so PostgreSQL is not to try again."""
    op.create_table(
        "attachment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("communication", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.execute("ALTER TABLE attachment ALTER COLUMN body SET STORAGE EXTERNAL")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("attachment")
