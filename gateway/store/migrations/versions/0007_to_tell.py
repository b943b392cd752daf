"""Resources that a municipality may have to be told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """What waits to be looked at; written with its cause, gone when it was worked through."""
    op.create_table(
        "to_tell",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_to_tell"),
    )


def downgrade() -> None:
    """What waited is told by nobody."""
    op.drop_table("to_tell")
