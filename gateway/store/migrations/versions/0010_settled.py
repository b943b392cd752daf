"""Registrations tell whether it is settled that they are about one citizen, and which message told them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """What stands there was settled by the message that told it."""
    op.add_column("registered", sa.Column("message", sa.LargeBinary(), nullable=False, server_default=""))
    op.add_column("registered", sa.Column("settled", sa.Boolean(), nullable=False, server_default="true"))
    op.create_index(
        op.f("ix_registered_unsettled"), "registered", ["kind", "key"], postgresql_where=sa.text("NOT settled")
    )


def downgrade() -> None:
    """Without them."""
    op.drop_index(op.f("ix_registered_unsettled"), "registered")
    op.drop_column("registered", "settled")
    op.drop_column("registered", "message")
