"""What systems were registered for, and since when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "registration",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caller", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("client", "since", name=op.f("pk_registration")),
    )


def downgrade() -> None:
    """Decisions of the past are explained by the registrations of today again."""
    op.drop_table("registration")
