"""Every identifier once, so that two first messages about one new citizen cannot pass each other by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table of what is known."""
    op.create_table(
        "identifier",
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_identifier")),
    )
    op.execute("INSERT INTO identifier (key) SELECT DISTINCT unnest(identifiers) FROM identity")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("identifier")
