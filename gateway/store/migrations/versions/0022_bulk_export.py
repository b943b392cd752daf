"""Exports in bulk stand beside those of the log: whose system's, and where they go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("export_job", sa.Column("sort", sa.Text(), nullable=False, server_default="log"))
    op.add_column("export_job", sa.Column("client", sa.LargeBinary(), nullable=False, server_default=""))
    op.add_column("export_job", sa.Column("place", sa.Text(), nullable=True, server_default=""))
    op.add_column("export_job", sa.Column("parts", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Forget the exports in bulk, and drop the columns."""
    op.execute("DELETE FROM export_job WHERE sort <> 'log'")
    for column in ("parts", "place", "client", "sort"):
        op.drop_column("export_job", column)
