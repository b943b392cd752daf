"""An export that fails again and again is given up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """How often it was tried since it last got further, and whether it is tried no more."""
    op.add_column("export_job", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("export_job", sa.Column("failed", sa.Boolean(), nullable=False, server_default="false"))


def downgrade() -> None:
    """All are tried for ever."""
    op.drop_column("export_job", "failed")
    op.drop_column("export_job", "tries")
